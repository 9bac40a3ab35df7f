"""One request, however it comes in."""

import json
from collections.abc import Callable, Iterable
from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from climbpath import board as boards
from climbpath.api import parse_request
from climbpath.beta.body import Climber
from climbpath.board import Setup
from climbpath.errors import ClimbpathError
from climbpath.generator.request import (
    DEFAULT_GUIDANCE,
    NO_RULES,
    OWN,
    Request,
    Sampling,
    can_be_guided,
    default_guidance,
    parse_rules,
)
from climbpath.generator.sample import thin_evidence
from climbpath.grades import LADDER
from climbpath.problem import Rules
from support.commands import ROOT
from support.making import SETUP, ask, write_json
from support.untrained import GIVEN_GRADE, model

SOME_GRADES = st.lists(st.sampled_from(LADDER), min_size=1, unique=True).map(",".join)


@given(SOME_GRADES, st.integers(1, 10_000), st.integers(0, 2**32 - 1))
def test_grades_share_the_number_to_one(grades: str, number: int, seed: int) -> None:
    counts = ask(grades, number, seed=seed).counts()
    assert list(counts) == grades.split(",")
    assert sum(counts.values()) == number
    assert max(counts.values()) - min(counts.values()) <= 1
    assert ask(grades, number, seed=seed).counts() == counts


def test_the_seed_draws_which_grades_get_one_more() -> None:
    drawn = [ask("6C,6C+,7A", 4, seed=seed).counts() for seed in range(30)]
    assert {grade for counts in drawn for grade, count in counts.items() if count == 2} == {"6C", "6C+", "7A"}


@pytest.mark.parametrize("number", [0, -1])
def test_nothing_cannot_be_asked_for(number: int) -> None:
    with pytest.raises(ClimbpathError, match=f"cannot generate {number} problems: ask for at least 1"):
        ask("7A", number)


def test_python_asks_for_the_angle_that_is_usual_on_the_board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLIMBPATH_HOME", str(tmp_path))
    facts = json.loads((ROOT / "src/climbpath/boards/tension-1.json").read_text(encoding="utf-8"))
    boards.file_of("a-steep-wall").parent.mkdir(parents=True, exist_ok=True)
    write_json(boards.file_of("a-steep-wall"), facts | {"angles": [45, 50]})
    for board, usual in {"a-steep-wall": 50, "tension-1": 40}.items():
        assert parse_request("V5", board=board).setup == Setup(board, usual)
        assert parse_request("V5", board=board, angle=None).setup == Setup(board, None)


def test_an_impossible_climber_is_refused() -> None:
    with pytest.raises(ClimbpathError):
        ask("7A", 1, climber=Climber(20))


def test_a_request_without_a_seed_gets_one_and_is_not_changed_afterwards() -> None:
    requests = [Request(setup=SETUP, grades=("7A",)) for _ in range(3)]
    assert len({request.seed for request in requests}) > 1
    with pytest.raises(FrozenInstanceError):
        requests[0].number = 2  # type: ignore[misc]  # that is what is refused


def test_requests_of_one_condition_differ_in_grades_number_and_seed_alone() -> None:
    one = ask("7A", 1)
    assert replace(one, grades=("6B",), number=5, seed=9).batch_key == one.batch_key
    others = [
        replace(one, setup=Setup("moonboard-masters-2017", 40)),
        replace(one, rules=Rules(max_holds=8)),
        replace(one, sampling=Sampling(temperature=1.5)),
        replace(one, climber=Climber(165)),
        replace(one, any_grade=True),
    ]
    assert len({other.batch_key for other in (one, *others)}) == 6


@pytest.mark.parametrize(
    ("any_grade", "guided", "expected_guidance"),
    [(False, True, 1.0), (True, True, DEFAULT_GUIDANCE), (False, False, 1.0), (True, False, 1.0)],
)
def test_guidance_that_is_not_named_is_the_default(any_grade: bool, guided: bool, expected_guidance: float) -> None:
    asked = model() if guided else model(GIVEN_GRADE)
    assert can_be_guided(asked) == guided
    assert default_guidance(asked, any_grade) == expected_guidance
    request = ask("7A", 1, sampling=Sampling(temperature=0.8, consensus=False), any_grade=any_grade)
    assert request.sampling_for(asked) == Sampling(0.8, 1.0, expected_guidance, False)
    assert replace(request, sampling=OWN).sampling_for(asked) == OWN
    assert replace(request, sampling=Sampling(guidance=3.5)).sampling_for(asked).guidance == 3.5


@pytest.mark.parametrize("spelled", ["f5, e12", ["F5", "E12"], ("E12", "F5"), {"E12": 1, "F5": 2}])
def test_holds_come_as_text_or_in_any_collection(spelled: str | Iterable[str]) -> None:
    holds = frozenset({"F5", "E12"})
    rules = parse_rules("moonboard-2016", pin=spelled, ban="d9")
    assert (rules.pins, rules.bans) == (holds, frozenset({"D9"}))
    assert parse_rules("moonboard-2016", ban=spelled).bans == holds
    assert parse_rules("moonboard-2016", start="F5").start == frozenset({"F5"})
    assert parse_rules("moonboard-2016", finish=["G18", "E18"]).finish == frozenset({"E18", "G18"})


@pytest.mark.parametrize("spelled", ["f5s D9h, E12 g18e", ["F5s", "d9H", "E12", "G18e"]])
def test_pins_are_marked_with_their_role_as_in_the_notation(spelled: str | list[str]) -> None:
    rules = parse_rules("moonboard-2016", pin=spelled)
    assert rules.start_pins == {"F5"}
    assert rules.hand_pins == {"D9"}
    assert rules.pins == {"E12"}
    assert rules.finish_pins == {"G18"}
    assert rules.all_pins == {"F5", "D9", "E12", "G18"}


@pytest.mark.parametrize(
    ("pin", "message"),
    [
        ("F5x", "cannot read 'F5x': write holds as G2, with s, h, f or e behind for start, hand, foot, end"),
        ("F5-G6", "cannot read 'F5-G6'"),
        ("G13e", "G13 cannot be a finish hold: on MoonBoard 2016 finishes are in row 18"),
        ("F5s F5h", "F5 is pinned in two roles"),
        ("A6", "there is no hold 'A6'"),
    ],
)
def test_a_pin_that_cannot_be_is_refused_in_words(pin: str, message: str) -> None:
    with pytest.raises(ClimbpathError, match=message):
        parse_rules("moonboard-2016", pin=pin)


def test_start_and_finish_may_be_marked_as_in_the_notation() -> None:
    rules = parse_rules("moonboard-2016", start="F5s,g6", finish=["G18e"])
    assert rules.start == frozenset({"F5", "G6"})
    assert rules.finish == frozenset({"G18"})
    for start in ("F5e", "F5h", "D9f"):
        with pytest.raises(ClimbpathError, match=f"{start} (is marked as another role|cannot be)|cannot be a finish"):
            parse_rules("moonboard-2016", start=start)


@pytest.mark.parametrize("spelled", ["original,A", ["Original", "a"]])
def test_hold_sets_come_as_text_or_list(spelled: str | list[str]) -> None:
    assert parse_rules("moonboard-2016", hold_sets=spelled).hold_sets == frozenset({"A", "Original"})


@pytest.mark.parametrize("nothing", [None, "", []])
def test_what_is_not_named_is_no_rule(nothing: str | list[str] | None) -> None:
    everywhere = dict.fromkeys(("pin", "start", "finish", "ban", "hold_sets"), nothing)
    assert parse_rules("moonboard-2016", **everywhere) == NO_RULES
    given = parse_rules("moonboard-2016", min_holds=4, max_holds=6, max_reach=120.0)
    assert given == Rules(min_holds=4, max_holds=6, max_reach=120.0)


@pytest.mark.parametrize("field", ["pin", "start", "finish", "ban"])
def test_unknown_holds_are_named(field: str) -> None:
    for spelled in ("L19", ["L19"]):
        with pytest.raises(ClimbpathError, match="L19"):
            parse_rules("moonboard-2016", **{field: spelled})  # type: ignore[arg-type]  # no number is among them


def test_unknown_hold_sets_are_named() -> None:
    with pytest.raises(ClimbpathError, match="no hold set 'plastic'"):
        parse_rules("moonboard-2016", hold_sets="plastic")


def test_a_request_is_written_in_plain_json() -> None:
    rules = parse_rules("moonboard-2016", pin="F5,E12", hold_sets="Original,A", max_reach=150.0)
    request = ask("6C,7A", 5, rules=rules, climber=Climber(165, 3), any_grade=True, sampling=Sampling(top_p=0.9))
    written = request.to_dict()
    assert json.loads(json.dumps(written)) == written
    assert written == {
        "setup": "moonboard-2016@40",
        "grades": ["6C", "7A"],
        "number": 5,
        "rules": {
            "min_holds": NO_RULES.min_holds,
            "max_holds": NO_RULES.max_holds,
            "max_feet": None,
            "max_reach": 150.0,
            "size": None,
            "hold_sets": ["A", "Original"],
            "start": None,
            "finish": None,
            "pins": ["E12", "F5"],
            "start_pins": [],
            "hand_pins": [],
            "foot_pins": [],
            "finish_pins": [],
            "bans": [],
        },
        "sampling": {"temperature": 1.0, "top_p": 0.9, "guidance": None, "consensus": True},
        "method": "Feet follow hands",
        "climber": {"height": 165, "ape": 3},
        "any_grade": True,
        "mirror": False,
        "seed": 0,
    }
    assert ask("7A", 1).to_dict()["climber"] is None


@pytest.mark.parametrize("wrap", [list, tuple, set, frozenset, ", ".join, " ".join, iter])
def test_holds_and_hold_sets_are_understood_as_text_and_as_any_list(wrap: Callable[[list[str]], Any]) -> None:
    rules = parse_rules(
        "moonboard-2016",
        pin=wrap(["e8", "D9"]),
        start=wrap(["F5"]),
        finish=wrap(["G18"]),
        ban=wrap(["G2", "h10"]),
        hold_sets=["Hold Set A", "original"],
    )
    assert rules.pins == {"E8", "D9"}
    assert rules.bans == {"G2", "H10"}
    assert rules.start == frozenset({"F5"})
    assert rules.finish == frozenset({"G18"})
    assert rules.hold_sets == frozenset({"A", "Original"})


@pytest.mark.parametrize("nothing", [None, "", " ", ",", [], (), set()])
def test_nothing_named_is_no_condition(nothing: Any) -> None:
    fields = dict.fromkeys(("pin", "start", "finish", "ban", "hold_sets"), nothing)
    assert parse_rules("moonboard-2016", **fields) == Rules()


@pytest.mark.parametrize("field", ["pin", "start", "finish", "ban", "hold_sets"])
@pytest.mark.parametrize("wrong", [0, 5, 2.5, True, b"F5", [5], ["F5", None], {"F5": 1, 2: 3}, [["F5"]], object()])
def test_what_is_no_list_of_names_is_refused_in_words(field: str, wrong: Any) -> None:
    with pytest.raises(
        ClimbpathError, match=r"(holds|hold sets) are (a text such as|named by text, as in) '(F5,G6|A,Orig)"
    ):
        parse_rules("moonboard-2016", **{field: wrong})


def test_the_grades_that_a_model_knows_are_listed_from_the_easiest() -> None:
    shuffled = replace(model(), evidence={SETUP: {"7B": 9, "6B+": 9, "6C": 9, "5+": 9, "8A": 0}})
    with pytest.raises(ClimbpathError, match=r"it knows 5\+, 6B\+, 6C, 7B$"):
        thin_evidence(shuffled, SETUP, "8C")


@pytest.mark.parametrize(("board", "angle"), [("tension-1", 71), ("kilter-original", 33), ("moonboard-2016", None)])
def test_an_angle_that_the_board_lacks_is_refused(board: str, angle: int | None) -> None:
    with pytest.raises(ClimbpathError, match="can be set to"):
        Request(setup=Setup(board, angle), grades=boards.load(board).ladder[5:6])
