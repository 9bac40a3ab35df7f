"""climbpath workout: an evening on the board, as a plan, as a sheet and on the command line."""

import io
import itertools
import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

import climbpath
from climbpath import api
from climbpath import board as boards
from climbpath.beta import solver
from climbpath.beta.body import Climber
from climbpath.board import Setup
from climbpath.drawing import problem as drawing
from climbpath.drawing.shapes import Text
from climbpath.errors import ClimbpathError
from climbpath.features import presence, similarity
from climbpath.generator import sample
from climbpath.grades import LADDER, rank
from climbpath.model.checkpoint import bundled_model
from climbpath.naming import suggested_name
from climbpath.problem import Problem, Rules, parse_notation, violations
from climbpath.workout import outline as outlines
from climbpath.workout import plan as planner
from climbpath.workout import sheet
from climbpath.workout.plan import Slot, Workout
from support.commands import climbpath as run_climbpath
from support.making import EVERY_BOARD

CLIMBER = Climber(172, -3)
SEED = 5


def planned(grade: str, minutes: int, climber: Climber = CLIMBER, **conditions: str | int) -> Workout:
    settings = {"seed": SEED} | conditions
    return planner.plan(climbpath.load(), grade, minutes, climber, **settings)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def evening() -> Workout:
    return planned("6C..7A+", 60)


@pytest.fixture(scope="module")
def short() -> Workout:
    return planned("6B+", 20)


def slots_of(one: Workout) -> list[Slot]:
    return [slot for section in one.sections for slot in section.slots]


def grades_of(one: Workout) -> list[list[str]]:
    return [[slot.problem.grade or "" for slot in section.slots] for section in one.sections]


def mean_similarity(problems: list[Problem]) -> float:
    held = presence([problem.holds for problem in problems], boards.load(problems[0].board))
    alike = similarity(held, held)
    return float(alike[~np.eye(len(alike), dtype=bool)].mean())


def check_evening(board: str, grade: str) -> None:
    """An evening on a board: valid problems, no two alike, of grades of its ladder, with a sheet."""
    layout = boards.load(board)
    angle = None if layout.has_angle(None) else 40
    planned_there = planner.plan(climbpath.load(), grade, 20, CLIMBER, board=board, angle=angle, seed=SEED)
    problems = [slot.problem for slot in slots_of(planned_there)]
    assert problems
    assert {(one.board, one.grade in layout.ladder) for one in problems} == {(board, True)}
    assert not any(violations(problem) for problem in problems)
    assert len({problem.key for problem in problems}) == len(problems)
    assert all(not slot.beta.too_far for slot in slots_of(planned_there))
    assert sheet.png(planned_there).startswith(b"\x89PNG")


def test_an_evening_on_a_board_whose_grades_are_v_grades() -> None:
    check_evening("tension-1", "V4..V5")


@pytest.mark.slow
@pytest.mark.parametrize("board", EVERY_BOARD)
def test_an_evening_on_every_board(board: str) -> None:
    check_evening(board, "6C..7A")


def test_every_problem_is_valid_new_and_within_reach(evening: Workout) -> None:
    problems = [slot.problem for slot in slots_of(evening)]
    assert not any(violations(problem) for problem in problems)
    assert len({problem.key for problem in problems}) == len(problems)
    known = set(bundled_model("moonboard").known_keys.tolist())
    assert not any(problem.key in known for problem in problems)
    assert [found.too_far for found in solver.solve(problems, CLIMBER)] == [0] * len(problems)
    assert [slot.number for slot in slots_of(evening)] == list(range(1, len(problems) + 1))


def test_warm_up_below_the_range_then_up_and_down_then_the_top_and_a_step_more(evening: Workout) -> None:
    assert [section.name for section in evening.sections] == ["Warm-up", "Pyramid", "Projects"]
    warm_up, pyramid, projects = grades_of(evening)
    assert warm_up == sorted(warm_up, key=rank)
    assert rank(warm_up[-1]) < rank("6C")
    top = pyramid.index(max(pyramid, key=rank))
    assert pyramid[: top + 1] == sorted(pyramid[: top + 1], key=rank)
    assert pyramid[top:] == sorted(pyramid[top:], key=rank, reverse=True)
    counts = Counter(pyramid)
    assert list(counts) == ["6C", "6C+", "7A"]
    assert all(counts[low] >= counts[high] for low, high in itertools.pairwise(counts))
    assert projects == ["7A+", "7B"]


def crux_of(slot: Slot) -> float:
    return slot.beta.moves[slot.beta.crux].difficulty


def test_a_warm_up_has_no_hard_crux_and_rises(evening: Workout) -> None:
    warm_up = evening.sections[0].slots
    usual = solver.solve(climbpath.load().generate("6B+", 100, seed=1, climber=CLIMBER), CLIMBER)
    assert {slot.problem.grade for slot in warm_up} == {"6B+"}
    assert max(map(crux_of, warm_up)) < np.median([one.moves[one.crux].difficulty for one in usual])
    assert np.mean([slot.beta.difficulty for slot in warm_up]) < np.mean([one.difficulty for one in usual])
    assert not any("hard crux" in slot.style for slot in warm_up)


def test_a_warm_up_rises_through_the_grades_below_the_range() -> None:
    one = planned("6C+..7A", 60, board="moonboard-masters-2017")
    grades = grades_of(one)[0]
    assert grades == sorted(grades, key=rank)
    assert len(set(grades)) >= 4
    assert rank(grades[-1]) < rank("6C+")


EVIDENCE = dict.fromkeys(LADDER[:16], 100)


@given(
    minutes=st.integers(outlines.SHORTEST, outlines.LONGEST),
    low=st.integers(0, 15),
    width=st.integers(0, 6),
    evidence=st.sampled_from([EVIDENCE, {"6B+": 9, "7A": 50}]),
)
@example(minutes=10, low=0, width=0, evidence=EVIDENCE)
def test_warm_up_tries_and_rests_add_up_to_the_minutes(
    minutes: int, low: int, width: int, evidence: dict[str, int]
) -> None:
    parts = outlines._parts(LADDER[low : low + width + 1], minutes, evidence)
    tries = [number for part in parts for number in part.tries]
    rests = [rest for part in parts for rests in part.rests for rest in rests]
    assert outlines.TRY_S * sum(tries) + sum(rests) == 60 * minutes
    assert all(outlines._minutes(part) * 60 == 60 * sum(part.tries) + sum(map(sum, part.rests)) for part in parts)
    assert [len(one) for part in parts for one in part.rests] == [*tries[:-1], tries[-1] - 1], "the last try has none"
    assert min(tries) >= 1
    assert outlines._minutes(parts[0]) <= outlines.LONGEST_WARM_UP
    for part in parts:
        own = [rest for rests in part.rests for rest in rests]
        assert len(part.grades) == len(part.tries) == len(part.rests) > 0
        assert not own or max(own) - min(own) <= outlines.REST_STEP_S
        assert own == sorted(own)
    assert all(60 <= rest <= 300 for rest in rests)


@pytest.mark.parametrize(("grade", "minutes"), [("6B+", 10), ("6B+..8A", 33), ("6B+", 90)])
def test_a_workout_takes_the_minutes_asked_for(grade: str, minutes: int) -> None:
    one = planned(grade, minutes)
    assert sum(slot.seconds for slot in slots_of(one)) == 60 * minutes
    assert sum(section.minutes for section in one.sections) == minutes
    assert planner.text(one).splitlines()[-1].split()[0] == planner.clock(minutes)


def listed(*hands: str, grade: str | None = "6C") -> tuple[Problem, ...]:
    return tuple(parse_notation(f"F5s {one} G18e", "moonboard-2016", 40, grade) for one in hands)


def test_a_list_becomes_a_workout_the_easiest_first_after_a_warm_up() -> None:
    problems = [*listed("D9 G13 I16", "E10 G13 E15", grade="7A"), *listed("D9 G13 H16"), *listed("D9 E13", grade=None)]
    evening = outlines.Evening(
        setup=problems[0].setup, minutes=60, climber=CLIMBER, name="Projects", listed=tuple(problems)
    )
    generator = climbpath.load()
    outlined = outlines.outline(generator, evening)
    (request,) = outlined.requests
    one = planner.filled(outlined, [*generator.run(request)])
    assert [section.name for section in one.sections] == ["Warm-up", "Projects"]
    assert [slot.problem for slot in one.sections[1].slots] == [problems[2], problems[0], problems[1], problems[3]]
    assert {slot.problem.grade for slot in one.sections[0].slots} == {"6B+"}
    assert sum(slot.seconds for slot in slots_of(one)) == 3600
    assert one.title == "Projects · 60 min · 172 cm, ape -3"
    assert planner.text(one).count("hand to") == len(slots_of(one))
    assert sheet.png(one).startswith(b"\x89PNG")


def test_a_list_needs_no_warm_up_that_a_model_with_little_evidence_cannot_give() -> None:
    model = bundled_model("moonboard")
    thin = {setup: dict.fromkeys(counts, 1) for setup, counts in model.evidence.items()}
    problems = listed("D9 G13")
    evening = outlines.Evening(setup=problems[0].setup, minutes=20, listed=problems)
    outlined = outlines.outline(api.Generator(replace(model, evidence=thin)), evening)
    assert [part.name for part in outlined.parts] == ["List"]
    assert outlined.requests == ()


def test_a_long_list_gives_what_there_is_time_for() -> None:
    problems = listed(*(f"{column}{row} G13" for column in "DE" for row in range(7, 13)))
    evening = outlines.Evening(setup=problems[0].setup, minutes=30, name="All", listed=problems)
    part = outlines.outline(climbpath.load(), evening).parts[-1]
    assert part.listed == problems[: len(part.listed)]
    assert 1 < len(part.listed) < len(problems)


def test_a_list_of_a_board_without_a_model_has_no_warm_up_and_says_so() -> None:
    problem = parse_notation("F3s E5 F7 F12e", "moonboard-mini-2020", 40, "6C")
    evening = outlines.Evening(setup=problem.setup, minutes=20, listed=(problem,))
    outlined = outlines.outline(api.Generator(bundled_model("kilter")), evening)
    assert outlined.requests == ()
    one = planner.filled(outlined, [])
    assert [section.name for section in one.sections] == ["List"]
    assert "warm up elsewhere first" in one.sections[0].advice
    assert sum(slot.seconds for slot in slots_of(one)) == 20 * 60


def test_a_list_of_two_boards_is_refused() -> None:
    problem = parse_notation("F3s E5 F7 F12e", "moonboard-mini-2020", 40, "6C")
    with pytest.raises(ClimbpathError, match="on one board: leave out the problem on MoonBoard Mini 2020"):
        outlines.Evening(setup=Setup("moonboard-2016", 40), listed=(problem,))


def test_where_nothing_is_easier_the_warm_up_is_at_the_bottom_and_says_so(short: Workout) -> None:
    assert set(grades_of(short)[0]) == {"6B+"}
    assert "climb a few easy ones elsewhere first" in short.sections[0].advice


def test_the_same_seed_plans_the_same(short: Workout) -> None:
    assert planned("6B+", 20) == short
    assert planned("6B+", 20, seed=SEED + 1) != short


def test_problems_are_varied(evening: Workout) -> None:
    chosen = [slot.problem for slot in slots_of(evening)]
    rng = np.random.default_rng(0)
    counts = Counter(problem.grade or "" for problem in chosen)
    drawn = climbpath.load().generate(",".join(counts), 48 * len(counts), seed=1, guidance=2, climber=CLIMBER)
    at_random = []
    for _ in range(50):
        some: list[Problem] = []
        for grade, number in counts.items():
            same = [problem for problem in drawn if problem.grade == grade]
            some += [same[i] for i in rng.choice(len(same), number, replace=False)]
        at_random.append(mean_similarity(some))
    assert mean_similarity(chosen) < 0.8 * np.mean(at_random)
    assert len({slot.style for slot in slots_of(evening)}) > len(chosen) / 3


def test_traits_are_measured_on_the_beta() -> None:
    (climbed,) = solver.solve([parse_notation("J5 F9 I12 F15 E18")])
    assert [(move.hand, move.hold) for move in climbed.moves[:4]] == [
        ("LH", "F9"),
        ("RH", "I12"),
        ("LH", "F15"),
        ("RH", "E18"),
    ]
    ways = [np.hypot(80, 80), np.hypot(20, 140), 120, np.hypot(80, 120)]
    measured = dict(zip(planner.TRAITS, planner.traits(climbed), strict=True))
    assert measured["long moves"] == pytest.approx(np.mean(ways))
    assert measured["many moves"] == 4
    assert measured["sideways"] == pytest.approx(180 / sum(ways))
    assert measured["crossing"] == pytest.approx(20)  # RH past F15
    hard = [move.difficulty for move in climbed.moves if not move.is_match]
    assert measured["hard crux"] == pytest.approx(max(hard) / np.mean(hard))
    assert 0 < measured["poor holds"] < 1


def test_styles_are_words_of_the_traits(evening: Workout) -> None:
    for slot in slots_of(evening):
        assert 1 <= len(slot.style) <= 2
        assert set(slot.style) <= {*planner.TRAITS, planner.NO_STYLE}


def test_conditions_are_kept_or_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    one = planned("6B+", 20, hold_sets="A,Original", ban="F5,G13", climber=Climber(160))
    rules = Rules(hold_sets=frozenset({"A", "Original"}), bans=frozenset({"F5", "G13"}))
    assert not any(violations(slot.problem, rules) for slot in slots_of(one))
    monkeypatch.setattr(sample, "PATIENCE", 2)  # gives up sooner, so that the test is quick
    monkeypatch.setattr(sample, "RAREST", 1)
    others = [label for label in boards.load("moonboard-2016").labels if label not in ("D6", "D12", "D18")]
    with pytest.raises(ClimbpathError, match=r"found nothing: the grader calls none of the 1 new problems"):
        planned("6B+", 20, climber=Climber(180), ban=",".join(others))


def test_where_there_are_too_few_the_reason_is_that_of_the_generator() -> None:
    outlined = outlines.outline(
        climbpath.load(), outlines.Evening(setup=Setup("moonboard-2016", 40), grades=("6C",), minutes=20)
    )
    with pytest.raises(ClimbpathError, match=r"and there are 0: the grader calls none 6C, or choose fewer minutes"):
        planner.filled(outlined, [], "the grader calls none 6C")
    with pytest.raises(
        ClimbpathError, match=r"there are 0: loosen one of its conditions \(the reach of a climber of 175 cm"
    ):
        planner.filled(outlined, [])


@pytest.mark.parametrize(
    ("climber", "conditions", "message"),
    [
        (Climber(300), {}, "100 to 230 cm .*, not 300 cm"),
        (CLIMBER, {"ban": "F99"}, "there is no hold 'F99'"),
        (CLIMBER, {"hold_sets": "D"}, "has no hold set 'D'"),
    ],
)
def test_what_cannot_be_planned_says_why(climber: Climber, conditions: dict[str, str], message: str) -> None:
    with pytest.raises(ClimbpathError, match=message):
        planned("6C", 20, climber, **conditions)


def test_a_board_unknown_to_the_grader_has_no_predictions(short: Workout, monkeypatch: pytest.MonkeyPatch) -> None:
    assert any(planner.opinion(slot).startswith("perhaps ") for slot in slots_of(short))
    for module in (api, planner):
        monkeypatch.setattr(module, "grader_of", lambda setup: None)
    one = planned("6B+", 20)
    assert {slot.prediction for slot in slots_of(one)} == {None}
    assert "grader" not in planner.text(one)
    assert planner.to_dict(one)["sections"][0]["problems"][0]["grader"] is None
    assert sheet.png(one).startswith(b"\x89PNG")


def test_the_text_has_every_problem_with_its_time(evening: Workout) -> None:
    lines = planner.text(evening).splitlines()
    assert lines[0] == "6C to 7A+ · 60 min · 172 cm, ape -3"
    for section, start in zip(evening.sections, planner.starts(evening), strict=True):
        assert any(planner.clock(start) in line and section.name in line for line in lines)
    for slot in slots_of(evening):
        (line,) = (line for line in lines if f" {slot.number}. " in line and slot.problem.notation in line)
        assert slot.style[0] in line
        assert suggested_name(slot.problem) == slot.problem.name
        assert slot.problem.name in line
        assert "Crux: move " in line
    assert lines[-1].split() == ["1:00", "Done"]


def test_json_holds_all_of_the_plan(evening: Workout) -> None:
    record = json.loads(json.dumps(planner.to_dict(evening)))
    assert (record["minutes"], record["seed"], record["grades"]) == (60, SEED, ["6C", "6C+", "7A", "7A+"])
    assert record["climber"] == {"height": 172, "ape": -3}
    assert sum(section["minutes"] for section in record["sections"]) == record["minutes"]
    problems = [problem for section in record["sections"] for problem in section["problems"]]
    assert [Problem.from_dict(one["problem"]) for one in problems] == [slot.problem for slot in slots_of(evening)]
    for one, slot in zip(problems, slots_of(evening), strict=True):
        assert slot.prediction
        assert one["grader"]["grade"] == slot.prediction.grade
        assert sum(one["grader"]["probabilities"].values()) == pytest.approx(1, abs=0.01)
        assert len(one["beta"]["moves"]) == len(slot.beta.moves)
        assert one["style"] == list(slot.style)


def test_the_sheet_is_a4_pages_and_one_long_picture_for_a_phone(evening: Workout) -> None:
    document = sheet.pdf(evening)
    assert document.startswith(b"%PDF")
    pages = len(re.findall(rb"/Type /Page\b(?!s)", document))
    assert pages == 3
    boxes = re.findall(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", document)
    assert [(round(float(w)), round(float(h))) for w, h in boxes] == [(595, 842)] * pages  # A4 in points
    with Image.open(io.BytesIO(sheet.png(evening))) as picture:
        assert picture.width == sheet.PNG_WIDTH
        assert picture.height > 2 * picture.width
        assert np.asarray(picture.convert("L")).mean() > 200  # light, so that it takes little ink
    assert sheet.pdf(evening) == document


@pytest.mark.parametrize("form", [sheet.A4, sheet.PHONE], ids=["A4", "phone"])
def test_a_sheet_names_problems_and_hold_sets_and_keeps_to_its_page(evening: Workout, form: Any) -> None:
    layout = boards.load(slots_of(evening)[0].problem.board)
    legend, foot = sheet._legend(layout, ["Original", "A"], form)
    words = []
    for shapes, end in sheet._layout(evening, form, None, foot):
        texts = [shape for shape in shapes if isinstance(shape, Text)]
        assert all(text.y <= end for text in texts)
        words += [text.text for text in texts]
    assert {slot.problem.name for slot in slots_of(evening)} <= set(words)
    named = {shape.text for shape in legend if isinstance(shape, Text)}
    assert {"start", "hand", "finish", "hardest move", "Original", "Set A"} == named


@pytest.mark.parametrize("name", boards.names())
@pytest.mark.parametrize("form", [sheet.A4, sheet.PHONE], ids=["A4", "phone"])
def test_the_legend_of_a_sheet_has_as_many_lines_as_its_hold_sets_take(form: Any, name: str) -> None:
    layout = boards.load(name)
    legend, height = sheet._legend(layout, layout.hold_sets, form)
    words = [shape for shape in legend if isinstance(shape, Text)]
    assert {drawing.set_words(one) for one in layout.hold_sets} <= {word.text for word in words}
    assert all(word.x + sheet._ems(word.text) * word.size <= sheet._WIDTH - sheet._MARGIN for word in words)
    assert max(word.y for word in words) <= height


def test_words_on_the_phones_sheet_are_legible_at_arms_length() -> None:
    """A phone is some 65 mm wide: 11.5 of 360 units are 2 mm, twelve minutes of arc from 60 cm."""
    assert sheet.PHONE.small * 65 / sheet._WIDTH >= 1.9


def test_the_command_writes_all_files_and_overwrites_none(tmp_path: Path) -> None:
    arguments = ("workout", "--grade", "6B+", "--minutes", 10, "--height", 172, "--ape", -3, "--seed", SEED)
    done = run_climbpath(*arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("6B+ · 10 min · 172 cm, ape -3\n")
    folder = tmp_path / "out/workout"
    assert {path.name for path in folder.iterdir()} == {"workout.pdf", "workout.png", "workout.json"}
    assert json.loads((folder / "workout.json").read_text("utf-8")) == planner.to_dict(planned("6B+", 10))
    refused = run_climbpath(*arguments, "--out", folder, cwd=tmp_path)
    assert refused.returncode == 2
    assert "--force" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--grade", "6C", "--minutes", 9), "10 to 300 minutes, not 9"),
        (("--grade", "6C", "--minutes", 301), "10 to 300 minutes, not 301"),
        (("--grade", "7A..6C"), "'7A..6C' runs backwards: write 6C..7A"),
        (("--grade", "6C..8C+"), "has not learned grade 8C"),
        (("--grade", "6C", "--format", "gif"), "there is no format 'gif'"),
    ],
)
def test_bad_input_exits_with_2_and_a_way_out(arguments: tuple[object, ...], message: str, tmp_path: Path) -> None:
    done = run_climbpath("workout", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())
