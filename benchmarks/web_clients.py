"""Clients of the web app, for locust; benchmarks/web.py starts them."""

import random
import uuid
from datetime import date
from typing import Any

from locust import FastHttpUser, between, constant, task

BOARD = "moonboard-2016"
GRADES = ["6B", "6B+", "6C", "6C+", "7A", "7A+", "7B", "7B+"]
LABELS = ["F5", "D9", "G13", "I16", "E8", "H10", "C13", "F11", "E12", "D15"]


class Single(FastHttpUser):
    """Asks for one problem, again and again, without a pause."""

    wait_time = constant(0)

    @task
    def generate(self) -> None:
        """One problem."""
        self.client.post("/api/generate", json={"board": BOARD, "grades": [random.choice(GRADES)]}, name="generate")


class Climber(FastHttpUser):
    """Looks at problems, composes, and keeps a logbook, with up to a second between steps."""

    wait_time = between(0.2, 1.0)

    def on_start(self) -> None:
        """Create a profile."""
        self.profile = uuid.uuid4()
        self.client.put(f"/api/profiles/{self.profile}", json={"name": "climber"}, name="profile")
        self.problem: dict[str, Any] = {"start": ["F5"], "hands": ["D9", "G13"], "finish": ["G18"]}

    @task(6)
    def next_problem(self) -> None:
        """What the page requests in advance."""
        body = {"board": BOARD, "grades": random.sample(GRADES, 3), "number": 6}
        with self.client.post("/api/generate", json=body, name="generate six", catch_response=True) as answer:
            if answer.status_code == 200:
                found = answer.json()["problems"][0]
                fields = ("board", "angle", "grade", "start", "hands", "finish")
                self.problem = {field: found[field] for field in fields}

    @task(6)
    def grade_and_beta(self) -> None:
        """What the page shows of a problem."""
        self.client.post("/api/grade", json=self.problem, name="grade")
        self.client.post("/api/beta", json={"problem": self.problem}, name="beta")

    @task(2)
    def complete(self) -> None:
        """A problem around two pins."""
        body = {"board": BOARD, "grades": ["6C", "7A"], "pins": random.sample(LABELS, 2)}
        self.client.post("/api/generate", json=body, name="complete")

    @task(1)
    def log(self) -> None:
        """Save, tick, and look into the logbook."""
        with self.client.post(
            f"/api/problems?profile={self.profile}", json=self.problem, name="save", catch_response=True
        ) as answer:
            if answer.status_code not in (200, 201):
                return
            identity = answer.json()["identity"]
        tick = {"day": date.today().isoformat(), "attempts": 2}
        path = f"/api/problems/{identity}/ticks/{uuid.uuid4()}?profile={self.profile}"
        self.client.put(path, json=tick, name="tick")
        self.client.get(f"/api/problems?profile={self.profile}", name="logbook")

    @task(1)
    def similar(self) -> None:
        """Problems like the last one."""
        self.client.post(f"/api/similar?profile={self.profile}", json=self.problem, name="similar")

    @task(1)
    def picture(self) -> None:
        """A download."""
        kind = random.choice(["svg", "png", "gif"])
        self.client.get(f"/api/picture/{kind}?problem=F5s-D9-G13-I16-G18e", name=kind)
