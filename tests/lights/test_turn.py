"""Whose turn it is at a board that several climbers light."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from climbpath.errors import ClimbpathError
from climbpath.lights.turn import IDLE_S, MOST_WAITING, SILENT_S, HeldError, Turn


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def turn(clock: Clock) -> Turn:
    return Turn(clock)


def test_the_first_to_ask_holds_the_board_and_the_others_are_told_who(turn: Turn) -> None:
    assert turn.ask("1", "Kim") == ("Kim", True, 0)
    assert turn.ask("2", "Ada") == ("Kim", False, 0)
    assert turn.ask("3", "Bo") == ("Kim", False, 1)
    turn.light("1")
    with pytest.raises(HeldError, match="Kim holds the board"):
        turn.light("2")
    assert turn.standing(None) == ("Kim", False, 2)


def test_the_next_in_line_has_the_board_when_the_holder_leaves(turn: Turn) -> None:
    for client, name in (("1", "Kim"), ("2", "Ada"), ("3", "Bo")):
        turn.ask(client, name)
    turn.leave("2")
    turn.leave("1")
    assert turn.standing("3") == ("Bo", True, 0)
    turn.leave("3")
    turn.leave("3")
    assert turn.standing("3") == (None, False, 0)
    with pytest.raises(HeldError, match="ask for the board first"):
        turn.light("3")


def test_who_is_silent_loses_the_board_and_a_place(turn: Turn, clock: Clock) -> None:
    turn.ask("1", "Kim")
    turn.ask("2", "Ada")
    clock.now = SILENT_S
    turn.ask("2", "Ada")
    clock.now = SILENT_S + 1
    assert turn.standing("2") == ("Ada", True, 0)
    assert turn.ask("1", "Kim") == ("Ada", False, 0)


def test_a_holder_who_lights_nothing_for_long_makes_room_only_for_others(turn: Turn, clock: Clock) -> None:
    turn.ask("1", "Kim")
    while clock.now < 2 * IDLE_S:
        clock.now += SILENT_S / 2
        assert turn.ask("1", "Kim").is_mine
    assert turn.ask("2", "Ada").is_mine
    assert not turn.ask("1", "Kim").is_mine
    for _ in range(100):
        clock.now += SILENT_S / 2
        turn.light("2")
        turn.ask("1", "Kim")
    assert turn.standing("2").is_mine


def test_a_new_holder_has_the_whole_time(turn: Turn, clock: Clock) -> None:
    turn.ask("1", "Kim")
    for _ in range(int(IDLE_S / SILENT_S)):
        turn.ask("1", "Kim")
        turn.light("1")
        turn.ask("2", "Ada")
        clock.now += SILENT_S
    turn.leave("1")
    assert turn.ask("2", "Ada").is_mine
    turn.ask("3", "Bo")
    assert turn.ask("2", "Ada").is_mine


def test_the_line_has_an_end(turn: Turn) -> None:
    for i in range(MOST_WAITING + 1):
        turn.ask(str(i), "Kim")
    with pytest.raises(ClimbpathError, match="too many climbers wait"):
        turn.ask("one more", "Ada")
    turn.ask("7", "Kim")


@given(steps=st.lists(st.tuples(st.sampled_from(["ask", "leave", "light", "wait"]), st.integers(0, 4)), max_size=60))
def test_at_most_one_holds_the_board_whatever_happens(steps: list[tuple[str, int]]) -> None:
    clock = Clock()
    turn = Turn(clock)
    for what, who in steps:
        clock.now += 40 if what == "wait" else 1
        if what == "ask":
            turn.ask(str(who), f"climber {who}")
        elif what == "leave":
            turn.leave(str(who))
        elif what == "light":
            is_mine = turn.standing(str(who)).is_mine
            try:
                turn.light(str(who))
            except HeldError:
                assert not is_mine
            else:
                assert is_mine
        assert sum(turn.standing(str(i)).is_mine for i in range(5)) == min(1, len(turn.places))
