"""Places for requests: a full server says so at once, and no address takes all places."""

import math
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import ASGIApp

from climbpath.generator import sample
from climbpath.problem import Problem
from climbpath.web import turns
from climbpath.web.turns import (
    BUCKET_S,
    BUSY,
    HALF_LIFE_S,
    LATE_S,
    MOST_PLACES,
    SHARE,
    BusyError,
    Client,
    Gate,
    Places,
    Turns,
    Used,
)
from support.server import eventually
from support.serving import KIM, TIMEOUT, client_of

A, B = Client("a", "a 1"), Client("b", "b 1")


def taken(places: Places, address: str, most: int | None = None) -> int:
    """How many places an address gets."""
    for number in range(1000):
        try:
            places.take(address, most)
        except BusyError:
            return number
    raise AssertionError("there is no end of places")


def test_an_address_alone_has_most_places_and_others_still_find_some() -> None:
    places = Places(64, 4)
    assert [taken(places, address) for address in "abcd"] == [52, 10, 2, 0]
    places.free("a")
    places.take("d")


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.booleans()), max_size=300))
def test_there_are_never_more_than_the_most_and_the_first_request_of_an_address_finds_a_free_place(
    steps: list[tuple[str, bool]],
) -> None:
    places, held = Places(MOST_PLACES, SHARE), Counter[str]()
    for address, takes in steps:
        if not takes and held[address]:
            places.free(address)
            held[address] -= 1
        elif takes:
            is_room = places.held.total() < MOST_PLACES
            try:
                places.take(address)
                held[address] += 1
            except BusyError:
                assert held[address] or not is_room
        assert places.held == +held
        assert places.held.total() <= MOST_PLACES


def test_who_has_used_less_time_comes_first_by_address_then_by_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    used = Used()
    assert used.rank(A) == used.rank(B) == (0, 0)
    used.charge(A, BUCKET_S)
    assert used.rank(B) < used.rank(A)
    other = A._replace(connection="a 2")
    assert used.rank(B) < used.rank(other) < used.rank(A)
    used.charge(B, BUCKET_S * 1.1)
    assert used.rank(B) == used.rank(A)
    now += 10 * HALF_LIFE_S
    assert used.rank(A) == (0, 0)


def test_a_heavy_address_leaves_places_to_others_if_there_are_others() -> None:
    places, used = Places(MOST_PLACES, SHARE), Used()
    for _ in range(50):
        used.charge(A, 0.2)
        Turns(used).took(A, 0.2)
    assert used.is_heavy("a")
    assert used.most_before("a") is None, "nobody else is there"
    used.charge(B, 0.1)
    assert used.most_before("b") is None
    most = used.most_before("a")
    assert most
    assert turns.LEAST_HEAVY <= most <= turns.WAIT_S / 0.2 + 1
    for _ in range(3):
        places.take("b")
    assert 0 < taken(places, "a", most) < most - 3
    assert taken(places, "c") > 20


@dataclass(eq=False)
class One:
    """A request that waits."""

    client: Client
    since: float


def test_who_has_waited_long_has_every_second_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 1000.0)
    used = Used()
    used.charge(A, 5)
    order = Turns(used)
    late = [One(A, 1000 - LATE_S - 1 - i) for i in range(3)]
    waiting = [One(A, 999.0), *late, *(One(B, 999.0) for _ in range(3)), One(A, math.inf)]
    turns_of = []
    while waiting:
        first = order.next(waiting)
        waiting.remove(first)
        turns_of.append((first.client.address, first.since))
    assert turns_of[:6] == [
        ("a", late[2].since),
        ("b", 999),
        ("a", late[1].since),
        ("b", 999),
        ("a", late[0].since),
        ("b", 999),
    ]
    assert turns_of[6:] == [("a", 999), ("a", math.inf)]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 2)), min_size=1, max_size=60))
def test_nobody_who_waits_is_passed_over_for_ever(arrivals: list[tuple[str, float]]) -> None:
    """Whoever comes later with less used time: after LATE_S a request waits for two turns of each before it at most."""
    now = 1000.0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "monotonic", lambda: now)
        order = Turns(Used())
        old = One(A, now)
        order.took(A, 100)
        waiting, turns_since_late = [old], 0
        for address, seconds in arrivals * 4:
            waiting.append(One(Client(address, address), now))
            first = order.next(waiting)
            waiting.remove(first)
            if first is old:
                return
            now += seconds
            turns_since_late += now > old.since + LATE_S
            assert turns_since_late <= 2


def test_the_wait_of_a_newcomer_counts_those_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 1000.0)
    order = Turns(Used())
    for _ in range(200):
        order.took(A, 0.5)
        order.used.charge(A, 0.5)
    waiting = [One(A, 999.0)] * 10 + [One(B, 999.0)] * 2
    assert order.wait(waiting, A) == pytest.approx(12 * 0.5, rel=0.01)
    assert order.wait(waiting, B) == pytest.approx(2 * 0.5, rel=0.01)


def test_clients_long_gone_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    used = Used()
    for number in range(turns.MOST_CLIENTS):
        used.charge(Client(f"{number}", f"{number} 1"), 1)
    now += 10 * HALF_LIFE_S
    used.charge(A, 1)
    assert used.rank(A) > used.rank(B) == (0, 0)
    assert len(used.used) <= turns.MOST_CLIENTS


@pytest.fixture
def gates(monkeypatch: pytest.MonkeyPatch) -> list[Gate]:
    """The gates of the apps that are served, filled at their first requests."""
    made: list[Gate] = []
    begin = Gate.__init__

    def noted(self: Gate, app: ASGIApp, used: Used) -> None:
        begin(self, app, used)
        made.append(self)

    monkeypatch.setattr(Gate, "__init__", noted)
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


def test_where_all_places_are_taken_the_answer_is_429_at_once(
    tmp_path: Path, gates: list[Gate], held_up: tuple[threading.Event, threading.Event]
) -> None:
    """The running requests finish, and later requests are served as before."""
    started, go_on = held_up
    with client_of(tmp_path) as client, ThreadPoolExecutor(8) as pool:
        gates[0].work = Places(4, 3)

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
        client.ask("GET", "/api/profiles")  # the logbook has places of its own
        go_on.set()
        assert sorted(one.result().status_code for one in (running, *others)) == [200, 200, 200, 429, 429]
        client.ask("POST", "/api/generate", json={})


def test_every_request_that_costs_work_needs_a_place(tmp_path: Path, gates: list[Gate]) -> None:
    with client_of(tmp_path) as client:
        gates[0].work = Places(0, 1)
        for method, path in (
            ("POST", "/api/generate"),
            ("POST", "/api/grade"),
            ("POST", "/api/workout"),
            ("GET", "/api/picture/png?problem=F5s-G18e"),
            ("POST", "/api/whatever/comes"),
        ):
            assert client.refusal(method, path, 429) == BUSY, path
        client.ask("GET", "/icon.svg")


def test_the_logbook_needs_none_of_the_places_for_work(tmp_path: Path, gates: list[Gate]) -> None:
    with client_of(tmp_path) as client:
        gates[0].work = Places(0, 1)
        problem = {"start": ["F5"], "finish": ["G18"]}
        client.post(f"/api/problems?profile={KIM}", problem, 201)
        for path in ("profiles", "problems", "statistics", "export/json", "export/csv", "export/app", "not-found"):
            client.ask("GET", f"/api/{path}?profile={KIM}")
        client.ask("POST", f"/api/import?profile={KIM}", data=b'[{"start": ["F5"], "finish": ["G18"]}]')
        assert gates[0].work.most == 0
        gates[0].logbook = Places(0, 1)
        assert client.refusal("GET", f"/api/statistics?profile={KIM}", 429) == BUSY


def test_who_has_used_much_still_reads_and_writes_the_logbook(tmp_path: Path, gates: list[Gate]) -> None:
    with client_of(tmp_path) as client:
        gate = gates[0]
        for address in ("127.0.0.1", "another"):
            gate.used.charge(Client(address, address), 100)
        gate.logbook.held = Counter({"others": turns.MOST_HEAVY})
        gate.work.held = Counter({"others": turns.MOST_HEAVY})
        client.ask("GET", f"/api/statistics?profile={KIM}")
        client.post(f"/api/problems?profile={KIM}", {"start": ["F5"], "finish": ["G18"]}, 201)
        assert client.refusal("POST", "/api/grade", 429) == BUSY


def test_a_client_that_disconnects_gives_its_place_back(
    tmp_path: Path, gates: list[Gate], held_up: tuple[threading.Event, threading.Event]
) -> None:
    started, _ = held_up
    with client_of(tmp_path) as client:
        host, port = client.address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=TIMEOUT) as connection:
            head = b"POST /api/generate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            connection.sendall(head + b"Content-Length: 2\r\n\r\n{}")
            assert started.wait(TIMEOUT)
            assert gates[0].work.held.total() == 1
        eventually(lambda: not gates[0].work.held)
