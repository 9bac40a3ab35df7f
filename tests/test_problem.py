import json
from dataclasses import FrozenInstanceError
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from climbpath import board as boards
from climbpath.errors import ClimbpathError
from climbpath.problem import Problem, Rules, faults, key_of, longest_reach, parse_notation, violations
from support.making import ANGLES, EVERY_BOARD, problems

MIRRORED = tuple(name for name in EVERY_BOARD if boards.load(name).has_mirror)
SIX = parse_notation("F5s E8 G11 E13 H15 G18e", grade="6C")


@given(problems(EVERY_BOARD, angles=ANGLES))
def test_json_round_trip(problem: Problem) -> None:
    assert Problem.from_dict(json.loads(json.dumps(problem.to_dict()))) == problem


@given(problems(EVERY_BOARD, angles=ANGLES))
def test_notation_round_trip(problem: Problem) -> None:
    again = parse_notation(problem.notation, problem.board, problem.angle, problem.grade)
    assert again.identity == problem.identity
    assert again.notation == problem.notation


@given(problems(EVERY_BOARD, angles=ANGLES), st.randoms(use_true_random=False))
def test_order_and_repetition_of_holds_make_no_difference(problem: Problem, random: Random) -> None:
    record = problem.to_dict()
    for role in ("start", "hands", "feet", "finish"):
        record[role] = random.sample(record[role], len(record[role])) + record[role]
    assert Problem.from_dict(record) == problem


@given(problems(EVERY_BOARD, angles=ANGLES))
def test_roles_and_angle_change_the_identity_and_not_the_key(problem: Problem) -> None:
    start, *rest = problem.holds
    other = Problem(board=problem.board, angle=problem.angle, start=(start,), finish=tuple(rest))
    assert other.key == problem.key == key_of(problem.board, reversed(problem.holds))
    assert (other.identity == problem.identity) == (
        (other.start, other.hands, other.feet, other.finish)
        == (problem.start, problem.hands, problem.feet, problem.finish)
    )


def test_a_key_stays_the_same_for_good() -> None:
    """Released models carry keys."""
    assert SIX.key == 0xF0A5C111FE1C444D


def test_one_board_s_holds_are_not_another_s() -> None:
    assert key_of("moonboard-2016", ["F5", "G18"]) != key_of("moonboard-masters-2017", ["F5", "G18"])


def test_a_problem_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        SIX.grade = "8A"  # type: ignore[misc]


def test_the_layout_s_own_labels_are_kept() -> None:
    """A million problems share 198 strings, whatever was read."""
    typed = Problem(start=("".join(("F", "5")),), finish=("".join(("G", "18")),))
    assert typed.start[0] is boards.load("moonboard-2016").hold("F5").label


def test_a_one_hold_start_stands_twice_in_the_sequence() -> None:
    assert SIX.sequence == ("F5", "F5", "E8", "G11", "E13", "H15", "G18")
    assert parse_notation("G2s F5s G18e").sequence == ("G2", "F5", "G18")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"finish": ("G18",)}, "no start hold"),
        ({"start": ("F5",)}, "no finish hold"),
        ({"start": ("F5",), "finish": ("G18",), "hands": ("F5",)}, "hold F5 has two roles"),
        ({"start": ("A6",), "finish": ("G18",)}, "no hold 'A6' on MoonBoard 2016"),
        ({"start": ("F5",), "finish": ("L19",)}, "no hold 'L19' on MoonBoard 2016"),
        ({"start": ("F5",), "finish": ("G18",), "angle": 30}, "MoonBoard 2016 can be set to 25° or 40°, not 30°"),
        ({"start": ("F5",), "finish": ("G18",), "angle": None}, "set to 25° or 40°, not an unknown angle"),
        (
            {"start": ("F5",), "finish": ("G18",), "grade": "V6"},
            "MoonBoard 2016 has no grade V6: its grades are 5. … 8C",
        ),
        ({"start": ("F5",), "finish": ("G18",), "board": "kilter"}, "choose from .*moonboard-2016"),
        ({"start": ("F5",), "finish": ("G18",), "grade": "7Z"}, "'7Z' is not a grade"),
        ({"start": ("F5",), "finish": ("G18",), "repeats": -1}, "cannot have -1 repeats"),
        ({"start": ("F5",), "finish": ("G18",), "repeats": 2**31}, "cannot have 2147483648 repeats"),
        ({"start": ("F5",), "finish": ("G18",), "angle": "40"}, "'angle' cannot be '40'"),
        ({"start": ("F5",), "finish": ("G18",), "angle": True}, "'angle' cannot be True"),
        ({"start": ("F5",), "finish": ("G18",), "benchmark": 1}, "'benchmark' cannot be 1"),
        ({"start": ("F5",), "finish": ("G18",), "name": ["x"]}, "'name' cannot be"),
        ({"start": "F5", "finish": ("G18",)}, "'start' cannot be 'F5'"),
        ({"start": (5,), "finish": ("G18",)}, "'start' cannot be"),
        ({"start": None, "finish": ("G18",)}, "'start' cannot be None"),
        ({"start": ("F5",), "finish": ("G18",), "route": 1}, "no field 'route'"),
    ],
)
def test_what_is_no_problem_is_refused_in_words(fields: dict[str, object], words: str) -> None:
    with pytest.raises(ClimbpathError, match=words):
        Problem.from_dict(fields)


@pytest.mark.parametrize("junk", [None, 5, "F5", ["F5"], [["F5"]]])
def test_a_record_that_is_no_object_is_refused(junk: Any) -> None:
    with pytest.raises(ClimbpathError, match="a problem is a JSON object"):
        Problem.from_dict(junk)


def test_junk_nested_without_end_is_refused_in_a_short_message() -> None:
    junk: list[object] = []
    for _ in range(100_000):
        junk = [junk]
    with pytest.raises(ClimbpathError) as caught:
        Problem.from_dict({"start": ["F5"], "finish": ["G18"], "name": junk})
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("F5s D9 hello G18", "cannot read 'hello'"),
        ("F5s D9x G18", "cannot read 'D9x'"),
        ("F5s Z9 G18", "no hold 'Z9'"),
        ("G2 B3 F5 D9 G18", "Mark one or two of G2, B3, F5"),
        ("D9 G18", "no start hold"),
        ("F5s D9", "no finish hold"),
        ("", "no start hold"),
    ],
)
def test_notation_that_cannot_be_read(text: str, words: str) -> None:
    with pytest.raises(ClimbpathError, match=words):
        parse_notation(text)


@given(problems(MIRRORED, angles=ANGLES))
def test_a_mirror_image_has_the_same_key_and_is_turned_back_by_another(problem: Problem) -> None:
    image = problem.mirrored
    assert image.key == problem.key
    assert not faults(image)
    assert image.mirrored.identity == problem.identity
    assert [len(image.start), len(image.hands), len(image.feet), len(image.finish)] == [
        len(problem.start), len(problem.hands), len(problem.feet), len(problem.finish)
    ]  # fmt: skip


def test_notation_with_roles_told_by_rows() -> None:
    assert parse_notation("g18, f5 d9") == parse_notation("F5s D9 G18e")


@given(problems(EVERY_BOARD, feet=False))
def test_sound_problems_have_no_faults(problem: Problem) -> None:
    assert faults(problem) == []


@pytest.mark.parametrize(
    ("notation", "words"),
    [
        ("G2s B3s F5s D9 G18e", "3 start holds (G2, B3, F5); a problem has one or two"),
        ("G2s B3s A5s F5s H5s G18e", "5 start holds (G2, B3, A5 and 2 more); a problem has one or two"),
        ("F5s D9 E18e G18e K18e", "3 finish holds"),
        ("E8s D9 G18e", "start hold E8 is not in rows 2 to 6"),
        ("F5s D9e", "finish hold D9 is not in row 18"),
    ],
)
def test_faults_are_told_in_words(notation: str, words: str) -> None:
    assert words in "; ".join(faults(parse_notation(notation)))


def test_longest_reach_is_measured_from_the_nearest_hold_before() -> None:
    assert longest_reach(parse_notation("F5s F10 F18e", "moonboard-masters-2017")) == 160
    assert longest_reach(parse_notation("F5s E8 F18e", "moonboard-masters-2017")) == pytest.approx(20 * 101**0.5)


def test_violations_of_rules() -> None:
    rules = Rules(
        min_holds=3,
        max_holds=5,
        max_reach=50,
        hold_sets=frozenset({"A"}),
        start=frozenset({"G2"}),
        finish=frozenset({"E18"}),
        pins=frozenset({"G11", "K8", "A5"}),
        bans=frozenset({"E8"}),
    )
    found = "; ".join(violations(SIX, rules))
    for words in ("6 holds, not 3 to 5", "over the reach of 50 cm", "hold sets A", "not G2", "not E18", "banned E8"):
        assert words in found
    assert "leaves out pinned A5, K8;" in found
    assert violations(SIX) == []
