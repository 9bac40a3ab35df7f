"""Fair scheduling: who has used the least time is next, and who has waited long is not passed over."""

import math
import time
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from climbpath.web.scheduling import BUCKET_S, HALF_LIFE_S, LATE_S, MOST_CLIENTS, Client, FairScheduler, Usage

A, B = Client("a", "a 1"), Client("b", "b 1")


def test_who_has_used_less_time_comes_first_by_address_then_by_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    usage = Usage()
    assert usage.rank(A) == usage.rank(B) == (0, 0)
    usage.charge(A, BUCKET_S)
    assert usage.rank(B) < usage.rank(A)
    other = A._replace(connection="a 2")
    assert usage.rank(B) < usage.rank(other) < usage.rank(A)
    usage.charge(B, BUCKET_S * 1.1)
    assert usage.rank(B) == usage.rank(A)
    now += 10 * HALF_LIFE_S
    assert usage.rank(A) == (0, 0)


@dataclass(eq=False)
class One:
    """A request that waits."""

    client: Client
    since: float


def test_who_has_waited_long_has_every_second_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 1000.0)
    usage = Usage()
    usage.charge(A, 5)
    scheduler = FairScheduler(usage)
    late = [One(A, 1000 - LATE_S - 1 - i) for i in range(3)]
    waiting = [One(A, 999.0), *late, *(One(B, 999.0) for _ in range(3)), One(A, math.inf)]
    turns_of = []
    while waiting:
        first = scheduler.next(waiting)
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
        scheduler = FairScheduler(Usage())
        old = One(A, now)
        scheduler.record(A, 100)
        waiting, turns_since_late = [old], 0
        for address, seconds in arrivals * 4:
            waiting.append(One(Client(address, address), now))
            first = scheduler.next(waiting)
            waiting.remove(first)
            if first is old:
                return
            now += seconds
            turns_since_late += now > old.since + LATE_S
            assert turns_since_late <= 2


def test_the_wait_of_a_newcomer_counts_those_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 1000.0)
    scheduler = FairScheduler(Usage())
    for _ in range(200):
        scheduler.record(A, 0.5)
        scheduler.usage.charge(A, 0.5)
    waiting = [One(A, 999.0)] * 10 + [One(B, 999.0)] * 2
    assert scheduler.expected_wait(waiting, A) == pytest.approx(12 * 0.5, rel=0.01)
    assert scheduler.expected_wait(waiting, B) == pytest.approx(2 * 0.5, rel=0.01)


def test_clients_long_gone_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    usage = Usage()
    for number in range(MOST_CLIENTS):
        usage.charge(Client(f"{number}", f"{number} 1"), 1)
    now += 10 * HALF_LIFE_S
    usage.charge(A, 1)
    assert usage.rank(A) > usage.rank(B) == (0, 0)
    assert len(usage.used) <= MOST_CLIENTS
