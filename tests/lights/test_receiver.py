"""The virtual board understands what is sent to it, in writes of any size, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from climbpath import board as boards
from climbpath.lights import aurora, moonboard, virtual
from climbpath.lights.leds import Light, holds_of
from climbpath.lights.messages import wall_of
from climbpath.lights.receiver import Fault, Receiver, Shown
from climbpath.problem import Problem
from support.fuzz import fuzzed
from support.making import problems

GREEN = {"start": "00FF00"}


def one_after_another(*parts: bytes) -> list[Shown | Fault]:
    return virtual.received(parts)


@given(problem=problems(details=False), data=st.data())
def test_a_moonboard_s_problem_arrives_however_it_is_cut(problem: Problem, data: st.DataObject) -> None:
    wall = wall_of(boards.load(problem.board))
    lights = wall.lights(holds_of(problem))
    message = moonboard.encode(lights, new_letters=True)
    size = data.draw(st.integers(1, 244))
    (shown,) = virtual.received(virtual.writes(message, size))
    assert isinstance(shown, Shown)
    assert virtual.labels_of(shown, wall) == [(light.label, light.role) for light in lights]


@given(count=st.integers(1, 250), level=st.sampled_from([2, 3]), size=st.integers(1, 244))
def test_an_aurora_board_s_lights_arrive_however_they_are_cut(count: int, level: int, size: int) -> None:
    lights = [Light(str(i), 3 * i, "start") for i in range(count)]
    (shown,) = virtual.received(virtual.writes(aurora.encode(lights, GREEN, level), size))
    assert isinstance(shown, Shown)
    assert [one.position for one in shown.lights] == [light.position for light in lights]
    assert shown.level == level


def test_flags_are_for_the_next_problem_alone() -> None:
    first, second = one_after_another(b"~D*~M*l#S1#", b"l#S2#")
    assert isinstance(first, Shown)
    assert isinstance(second, Shown)
    assert (first.extra_leds, first.mini, second.extra_leds, second.mini) == (True, True, False, False)
    (plain,) = one_after_another(b"~Dl#S1#")
    assert isinstance(plain, Shown)
    assert plain.extra_leds


def test_an_empty_message_puts_the_lights_out() -> None:
    for off in (moonboard.OFF, aurora.off(3), aurora.off(2)):
        (shown,) = one_after_another(off)
        assert isinstance(shown, Shown)
        assert not shown.lights


@pytest.mark.parametrize(
    "broken",
    [
        b"l#S1,X2#",
        b"l#S1,,P2#",
        b"l#S1,P#",
        b"l#S1,P-2#",
        b"l#S1,P999999#",
        bytes.fromhex("01047e0254100 01c03".replace(" ", "")),  # checksum
        bytes.fromhex("01047f02541000 1c04"),  # end
        bytes.fromhex("0101ae025103"),  # a middle packet alone
        bytes.fromhex("0101bd024203"),  # of no known kind
        bytes.fromhex("0102a9025402 03"),  # a part of a light
        b"hello",
        b"~X1",
        b"lo",
    ],
)
def test_what_makes_no_sense_shows_nothing_and_the_next_message_is_understood(broken: bytes) -> None:
    *faults, shown = one_after_another(broken, b"l#S4#")
    assert faults
    assert all(isinstance(fault, Fault) for fault in faults)
    assert isinstance(shown, Shown)
    assert [one.position for one in shown.lights] == [4]


def test_a_message_that_was_cut_off_is_not_mixed_with_the_next() -> None:
    fault, shown = one_after_another(b"l#S1,P2,E1", b"l#S4,E5#")
    assert isinstance(fault, Fault)
    assert isinstance(shown, Shown)
    assert [one.position for one in shown.lights] == [4, 5]


def test_an_endless_message_does_not_fill_the_memory() -> None:
    receiver = Receiver()
    faults = [outcome for _ in range(1000) for outcome in receiver.feed(b"l#" + b"S1," * 100)]
    assert faults
    assert len(receiver.buffer) < 10_000
    first = aurora.encode([Light(str(i), i, "start") for i in range(200)], GREEN, 3)
    start = first[: first[1] + 5]
    middle_data = b"Q" + start[5:-1]
    middle = bytes([1, len(middle_data), ~sum(middle_data) & 255, 2]) + middle_data + b"\3"
    receiver.feed(start)
    for _ in range(200):
        receiver.feed(middle)
    assert sum(map(len, receiver.parts)) < 20_000


def check_fuzzed(seeds: range) -> None:
    for seed in seeds:
        sent = fuzzed(seed)
        whole, bytewise = Receiver(), Receiver()
        outcomes = whole.feed(sent)
        cut = [outcome for i in range(len(sent)) for outcome in bytewise.feed(sent[i : i + 1])]
        assert [one for one in outcomes if isinstance(one, Shown)] == [one for one in cut if isinstance(one, Shown)]
        assert len(whole.buffer) <= len(sent)


def test_a_thousand_random_strings_crash_nothing() -> None:
    check_fuzzed(range(1000))


@pytest.mark.slow
def test_a_hundred_thousand_random_strings_crash_nothing() -> None:
    check_fuzzed(range(100_000))
