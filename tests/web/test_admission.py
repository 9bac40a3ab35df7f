"""Admission control: a full server says so at once, and no address takes all slots."""

import socket
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import ASGIApp

from climbpath.generator import sample
from climbpath.problem import Problem
from climbpath.web.admission import BUSY, MOST_SLOTS, SHARE, AdmissionControl, BusyError, Slots
from climbpath.web.scheduling import LEAST_HEAVY, MOST_HEAVY, WAIT_S, Client, FairScheduler, Usage
from support.server import eventually
from support.serving import KIM, TIMEOUT, client_of

A, B = Client("a", "a 1"), Client("b", "b 1")


def taken(slots: Slots, address: str, most: int | None = None) -> int:
    """How many slots an address gets."""
    for number in range(1000):
        try:
            slots.acquire(address, most)
        except BusyError:
            return number
    raise AssertionError("there is no end of slots")


def test_an_address_alone_has_most_slots_and_others_still_find_some() -> None:
    slots = Slots(64, 4)
    assert [taken(slots, address) for address in "abcd"] == [52, 10, 2, 0]
    slots.release("a")
    slots.acquire("d")


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.booleans()), max_size=300))
def test_there_are_never_more_than_the_most_and_the_first_request_of_an_address_finds_a_free_slot(
    steps: list[tuple[str, bool]],
) -> None:
    slots, held = Slots(MOST_SLOTS, SHARE), Counter[str]()
    for address, takes in steps:
        if not takes and held[address]:
            slots.release(address)
            held[address] -= 1
        elif takes:
            is_room = slots.held.total() < MOST_SLOTS
            try:
                slots.acquire(address)
                held[address] += 1
            except BusyError:
                assert held[address] or not is_room
        assert slots.held == +held
        assert slots.held.total() <= MOST_SLOTS


def test_a_heavy_address_leaves_slots_to_others_if_there_are_others() -> None:
    slots, usage = Slots(MOST_SLOTS, SHARE), Usage()
    for _ in range(50):
        usage.charge(A, 0.2)
        FairScheduler(usage).record(A, 0.2)
    assert usage.is_heavy("a")
    assert usage.limit_for("a") is None, "nobody else is there"
    usage.charge(B, 0.1)
    assert usage.limit_for("b") is None
    most = usage.limit_for("a")
    assert most
    assert LEAST_HEAVY <= most <= WAIT_S / 0.2 + 1
    for _ in range(3):
        slots.acquire("b")
    assert 0 < taken(slots, "a", most) < most - 3
    assert taken(slots, "c") > 20


@pytest.fixture
def controls(monkeypatch: pytest.MonkeyPatch) -> list[AdmissionControl]:
    """The admission control of each app that is served, there from its first request on."""
    made: list[AdmissionControl] = []
    begin = AdmissionControl.__init__

    def noted(self: AdmissionControl, app: ASGIApp, usage: Usage) -> None:
        begin(self, app, usage)
        made.append(self)

    monkeypatch.setattr(AdmissionControl, "__init__", noted)
    return made


@pytest.fixture
def held_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[threading.Event, threading.Event]]:
    """Sampling that waits: an event that is set once it has started, and one that lets it go on."""
    started, go_on = threading.Event(), threading.Event()
    sampled = sample.generate

    def generate(*arguments: Any, **options: Any) -> Iterator[Problem]:
        started.set()
        assert go_on.wait(TIMEOUT)
        return sampled(*arguments, **options)

    monkeypatch.setattr(sample, "generate", generate)
    yield started, go_on
    go_on.set()


def test_where_all_slots_are_taken_the_answer_is_429_at_once(
    tmp_path: Path, controls: list[AdmissionControl], held_up: tuple[threading.Event, threading.Event]
) -> None:
    """The running requests finish, and later requests are served as before."""
    started, go_on = held_up
    with client_of(tmp_path) as client, ThreadPoolExecutor(8) as pool:
        controls[0].work = Slots(4, 3)

        def ask() -> requests.Response:
            return requests.post(client.address + "/api/generate", json={}, timeout=TIMEOUT)

        running = pool.submit(ask)
        assert started.wait(TIMEOUT)
        others = [pool.submit(ask) for _ in range(4)]
        busy = [one.result() for _, one in zip(range(2), as_completed(others), strict=False)]
        for one in busy:
            assert one.status_code == 429
            assert one.headers["Retry-After"] == "1"
            assert float(one.headers["Server-Timing"].removeprefix("answer;dur=")) >= 0
            assert one.json() == {"error": BUSY}
        assert not running.done()
        client.ask("GET", "/api/profiles")  # the logbook has slots of its own
        go_on.set()
        assert sorted(one.result().status_code for one in (running, *others)) == [200, 200, 200, 429, 429]
        client.ask("POST", "/api/generate", json={})


def test_every_request_that_costs_work_needs_a_slot(tmp_path: Path, controls: list[AdmissionControl]) -> None:
    with client_of(tmp_path) as client:
        controls[0].work = Slots(0, 1)
        for method, path in (
            ("POST", "/api/generate"),
            ("POST", "/api/grade"),
            ("POST", "/api/workout"),
            ("GET", "/api/picture/png?problem=F5s-G18e"),
            ("POST", "/api/whatever/comes"),
        ):
            assert client.refusal(method, path, 429) == BUSY, path
        client.ask("GET", "/icon.svg")


def test_the_logbook_needs_none_of_the_slots_for_work(tmp_path: Path, controls: list[AdmissionControl]) -> None:
    with client_of(tmp_path) as client:
        controls[0].work = Slots(0, 1)
        problem = {"start": ["F5"], "finish": ["G18"]}
        client.post(f"/api/problems?profile={KIM}", problem, 201)
        for path in ("profiles", "problems", "statistics", "export/json", "export/csv", "export/app", "not-found"):
            client.ask("GET", f"/api/{path}?profile={KIM}")
        client.ask("POST", f"/api/import?profile={KIM}", data=b'[{"start": ["F5"], "finish": ["G18"]}]')
        assert controls[0].work.most == 0
        controls[0].logbook = Slots(0, 1)
        assert client.refusal("GET", f"/api/statistics?profile={KIM}", 429) == BUSY


def test_who_has_used_much_still_reads_and_writes_the_logbook(tmp_path: Path, controls: list[AdmissionControl]) -> None:
    with client_of(tmp_path) as client:
        control = controls[0]
        for address in ("127.0.0.1", "another"):
            control.usage.charge(Client(address, address), 100)
        control.logbook.held = Counter({"others": MOST_HEAVY})
        control.work.held = Counter({"others": MOST_HEAVY})
        client.ask("GET", f"/api/statistics?profile={KIM}")
        client.post(f"/api/problems?profile={KIM}", {"start": ["F5"], "finish": ["G18"]}, 201)
        assert client.refusal("POST", "/api/grade", 429) == BUSY


def test_a_client_that_disconnects_gives_its_slot_back(
    tmp_path: Path, controls: list[AdmissionControl], held_up: tuple[threading.Event, threading.Event]
) -> None:
    started, _ = held_up
    with client_of(tmp_path) as client:
        host, port = client.address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=TIMEOUT) as connection:
            head = b"POST /api/generate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            connection.sendall(head + b"Content-Length: 2\r\n\r\n{}")
            assert started.wait(TIMEOUT)
            assert controls[0].work.held.total() == 1
        eventually(lambda: not controls[0].work.held)
