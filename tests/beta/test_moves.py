"""A beta in words and in plain types."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from climbpath import board as boards
from climbpath.beta.body import Climber
from climbpath.beta.moves import HANDS, Move, describe, direction
from climbpath.beta.solver import solve
from climbpath.board import Hold
from climbpath.problem import Problem, parse_notation
from support.making import problems

CLIMBERS = st.builds(Climber, st.integers(140, 200), st.integers(-10, 10))


@pytest.mark.parametrize(
    ("to", "words"),
    [
        ("F12", "up"),
        ("F8", "down"),
        ("H10", "right"),
        ("D10", "left"),
        ("G11", "up-right"),
        ("E11", "up-left"),
        ("G9", "down-right"),
        ("E9", "down-left"),
        ("I11", "up-right"),  # a slope of one in three
        ("K11", "right"),  # one in five
        ("A11", "left"),
        ("G15", "up"),
        ("G13", "up-right"),
        ("F10", ""),
    ],
)
def test_ways_of_moves_in_words(to: str, words: str) -> None:
    def hold(label: str) -> Hold:
        x, y = 20.0 * "ABCDEFGHIJK".index(label[0]), 20.0 * (int(label[1:]) - 1)
        return Hold(label, x, y, "A", mirror=None, orientation=None, quality=None)

    assert direction(hold("F10"), hold(to)) == words


def test_a_beta_in_words() -> None:
    (found,) = solve([parse_notation("F5s G18e")], Climber(165))
    assert describe(found) == [
        "start  both hands on F5",
        "1. RH → G18  2.6 m up  crux  out of reach by 145 cm",
        "2. LH → G18  2.6 m up  match",
    ]
    layout = boards.load("moonboard-2016")
    (two,) = solve([parse_notation("E6s G6s E8 G10 E13 G15 E18e G18e")])
    lines = describe(two)
    assert lines[0] == "start  LH on E6, RH on G6"
    assert lines[1].startswith("1. LH → E8  0.4 m up")
    assert lines[3].startswith("3. LH → E13  1.0 m up")
    assert [line.endswith("  crux") for line in lines[1:]] == [i == two.crux for i in range(6)]
    assert layout.hold("E13").y - layout.hold("E8").y == 100


@settings(max_examples=60, deadline=None)
@given(problems(), CLIMBERS)
def test_every_move_has_its_line(problem: Problem, climber: Climber) -> None:
    (found,) = solve([problem], climber)
    start, *lines = describe(found)
    assert start.startswith("start  ")
    assert ("out of reach" in start) == bool(found.start_too_far)
    pattern = r"(\d+)\. ([LR]H) → ([A-K]\d+)  \d\.\d m(?: [a-z-]+)?(  match)?(  crux)?(  out of reach by \d+ cm)?"
    for number, (line, move) in enumerate(zip(lines, found.moves, strict=True), 1):
        match = re.fullmatch(pattern, line)
        assert match, line
        assert match.groups()[:3] == (str(number), move.hand, move.hold)
        is_crux = number - 1 == found.crux
        assert [part is not None for part in match.groups()[3:]] == [move.is_match, is_crux, move.too_far > 0]


@settings(max_examples=60, deadline=None)
@given(problems(), CLIMBERS)
def test_plain_types_have_everything(problem: Problem, climber: Climber) -> None:
    (found,) = solve([problem], climber)
    plain = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert Problem.from_dict(plain["problem"]) == problem
    assert plain["climber"] == {"height": climber.height, "ape": climber.ape}
    assert plain["start"] == dict(zip(HANDS, found.start, strict=True))
    assert [move["number"] for move in plain["moves"]] == list(range(1, len(found.moves) + 1))
    for record, move in zip(plain["moves"], found.moves, strict=True):
        again = Move(**{name: value for name, value in record.items() if name != "number"})
        assert again._replace(difficulty=0, too_far=0) == move._replace(difficulty=0, too_far=0)
        assert again[4:] == pytest.approx(move[4:], abs=1e-3)
    assert plain["crux"] == found.crux + 1
    assert plain["difficulty"] == pytest.approx(found.difficulty, abs=1e-3)
    assert tuple(plain["no_hand"]) == found.no_hand
    assert plain["climbable"] == (found.too_far == 0)
    assert plain["too_far_cm"] == pytest.approx(found.too_far, abs=0.1)
