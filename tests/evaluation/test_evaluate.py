"""climbpath evaluate: real runs on small data, and planted leaks that must be caught."""

import json
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from climbpath import board as boards
from climbpath.board import Setup
from climbpath.cli import cli
from climbpath.data.split import check_split, split
from climbpath.errors import ClimbpathError
from climbpath.evaluation import report as reports
from climbpath.evaluation.baseline_grader import TREES, BaselineGrader, grade_agreement
from climbpath.evaluation.evaluate import Held, calibration, confirmed, evaluate, held_out, likelihood, main_setup
from climbpath.evaluation.hold_lists import HoldLists, read_hold_lists
from climbpath.evaluation.likelihood import score
from climbpath.evaluation.results import ListRow
from climbpath.evaluation.two_sample import two_sample_auc
from climbpath.generator.sample import generate
from climbpath.grader.grader import bundled_grader
from climbpath.model.checkpoint import bundled_model
from climbpath.problem import Problem, Rules, violations
from support.making import SETUP, ask, random_problems
from support.untrained import SMALL, model

MODEL = bundled_model("moonboard")
BOARD = boards.load("moonboard-2016")


@pytest.fixture
def fewer_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    """Faster classifiers and graders: with the few problems of a test more trees do not help."""
    monkeypatch.setitem(TREES, "max_iter", 50)


@pytest.mark.usefixtures("fewer_trees")
def test_a_report_of_the_bundled_model_beside_a_list_from_elsewhere(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = tmp_path / "theirs.json"
    theirs.write_text(json.dumps([list(p.holds) for p in random_problems(120, seed=5)]))
    folder = tmp_path / "report"
    arguments = ("--data", tiny, "--samples", 120, "--compare", theirs, "--report", folder)
    command = ["evaluate", *map(str, arguments)]
    cli(command, standalone_mode=False)
    said = capsys.readouterr().out
    numbers = json.loads((folder / "report.json").read_text())
    assert numbers["split"] == "all"  # the model has seen none of these problems
    assert numbers["held_out"] + sum(numbers["left_out"].values()) == 300
    rows = numbers["setups"]["moonboard-2016@40"]["rows"]
    generated = next(row for name, row in rows.items() if name.startswith("generated"))
    assert generated["valid"] == 1.0
    assert generated["auc"]["value"] > 0.8, "random problems are told from the model's"
    assert rows["theirs"]["problems"] == 120
    assert rows["theirs"]["auc"]["value"] < 0.65, "random problems are not told from random ones"
    assert "<html" in (folder / "report.html").read_text()
    assert f"{numbers['likelihood']['all']['nats_per_problem']:.2f}" in said
    with pytest.raises(ClimbpathError, match="--force"):  # a report is not overwritten unasked
        cli(command, standalone_mode=False)


def test_a_held_out_key_in_training_is_caught() -> None:
    problems = random_problems(200)
    learned = split(problems)["train"]
    honest = replace(MODEL, train_keys=np.array(sorted({p.key for p in learned}), np.uint64))
    assert held_out(honest, problems, None).split == "test"
    leaked = [*learned, split(problems)["test"][0]]
    cheat = replace(MODEL, train_keys=np.array(sorted({p.key for p in leaked}), np.uint64))
    with pytest.raises(ClimbpathError, match=r"1 of the \d+ problems of the split 'test' are among those"):
        held_out(cheat, problems, None)
    with pytest.raises(ClimbpathError, match="are not held out"):
        held_out(honest, problems, "all")


def test_a_split_with_duplicates_is_caught() -> None:
    parts = split(random_problems(200))
    check_split(parts)
    twin = replace(parts["train"][0], grade="7C", name="the same holds under another name")
    with pytest.raises(ClimbpathError, match="is in train and in test"):
        check_split({**parts, "test": [*parts["test"], twin]})


def test_what_the_model_cannot_be_asked_is_counted() -> None:
    good, other, no_grade, unknown = random_problems(4)
    problems = [
        replace(good, grade="7A"),
        replace(other, method="Footless"),
        replace(no_grade, grade=None),
        replace(unknown, partial=True),
    ]
    held = held_out(MODEL, problems, "all")
    assert [p.grade for p in held.problems] == ["7A"]
    assert sum(held.left_out.values()) == 3
    with pytest.raises(ClimbpathError, match="nothing can be measured"):
        main_setup([held_out(MODEL, problems[1:], "all")])


def test_several_models_are_measured_each_on_its_own_boards() -> None:
    """As each alone: the joined nats are the mean of both, and what is longer does not change what is shorter."""
    other = model(replace(SMALL, boards=("tension-1",)))
    here = [replace(problem, grade="7A") for problem in random_problems(20)]
    there = [replace(problem, grade="V6") for problem in random_problems(30, "tension-1")]
    assert held_out(other, [*here, *there], "all", [there[0].setup]).left_out == {}
    both = likelihood([(MODEL, here), (other, there)])
    alone = [likelihood([(MODEL, here)]), likelihood([(other, there)])]
    rows = alone[0].by_setup | alone[1].by_setup
    assert both.by_setup.keys() == rows.keys()
    for setup, row in rows.items():  # padding to the longer problems of the other board may change the order of sums
        assert asdict(both.by_setup[setup]) == pytest.approx(asdict(row))
    assert both.all.nats_per_problem == pytest.approx(
        (20 * alone[0].all.nats_per_problem + 30 * alone[1].all.nats_per_problem) / 50
    )
    held = {
        name: (one, held_out(one, [*here, *there], "all", {some[0].setup}))
        for name, one, some in (("mine", MODEL, here), ("theirs", other, there))
    }
    result = evaluate(held, samples=20, compare={})
    assert list(result.models) == ["mine", "theirs"]
    assert [one["told_in_training"] for one in result.models.values()] == [["foot rule", "consensus"], []]
    assert [str(setup) for setup in result.setups] == ["moonboard-2016@40", "tension-1@40"]
    said = reports.text(result)
    assert "MoonBoard 2016 · 40°" in said
    assert "Tension Board 1 · 40°" in said


def test_real_problems_are_valid_by_their_roles_where_place_tells_none() -> None:
    """A finish that is not the highest hold is no fault of an Aurora problem."""
    aslant = [
        replace(problem, grade="V6", hands=problem.hands, finish=problem.start, start=problem.finish)
        for problem in random_problems(12, "tension-1", rules=Rules(max_reach=90, max_holds=5, max_feet=0))
    ]
    there = model(replace(SMALL, boards=("tension-1",)))
    result = evaluate({"theirs": (there, held_out(there, aslant, "all"))}, samples=10, compare={})
    row = next(iter(result.setups.values())).rows["real, held out"]
    assert row.valid == np.mean([not violations(problem) for problem in aslant])


def test_grades_that_the_grader_does_not_give_leave_dashes() -> None:
    """One of its rows is empty; charts, pictures and sentences are of what the model writes by itself."""
    hard = [replace(problem, grade="8B") for problem in random_problems(2)]
    held = held_out(MODEL, [hard[0], replace(hard[1], repeats=99)], "all")
    result = evaluate({"mine": (MODEL, held)}, samples=1, compare={})
    real, own, default = result.setups[SETUP].rows.values()
    assert (real.problems, own.problems, default.problems) == (2, 2, 0)  # one of either kind
    assert default.valid == own.valid == 1.0
    assert len(result.setups[SETUP].similarity.generated) == 2
    said = reports.text(result)
    assert "climbpath's grader gives new ones none of the grades" in " ".join(said.split())
    assert "a list without problems" in said
    assert "<td>–</td>" in reports.page(result)


def test_one_problem_has_no_range_and_no_diversity() -> None:
    held = held_out(MODEL, [replace(problem, grade="7A") for problem in random_problems(1)], "all")
    result = evaluate({"mine": (MODEL, held)}, samples=10, compare={})
    assert result.likelihood.all.standard_error is None
    assert {row.alike for row in result.setups[SETUP].guidance} == {None}
    for said in (reports.text(result), reports.page(result)):
        assert "a single problem, which says nothing of chance" in said
        assert "fewer than two samples" in said


def test_chance_is_the_standard_error_of_a_mean() -> None:
    problems = [replace(problem, grade="7A") for problem in random_problems(5)]
    nats = score(MODEL, problems).nats.sum(axis=1)
    assert likelihood([(MODEL, problems)]).all.standard_error == pytest.approx(nats.std(ddof=1) / 5**0.5)


@pytest.mark.parametrize("setup", [SETUP, Setup("moonboard-2016", 25), Setup("tension-1", 40)], ids=str)
def test_lists_are_valid_by_their_setup_where_rows_tell_roles(setup: Setup) -> None:
    """Real problems given as lists are valid as often as by their roles or more; where place tells nothing, the figure
    is missing."""
    grade = boards.load(setup.board).ladder[4]
    real = [replace(problem, grade=grade) for problem in random_problems(12, setup.board, angle=setup.angle)]
    there = model(replace(SMALL, boards=(setup.board,)))
    there.evidence[setup] = {grade: 100}
    held = held_out(there, real, "all")
    lists = HoldLists("theirs", [frozenset(problem.holds) for problem in real], Counter())
    rows = evaluate({"mine": (there, held)}, samples=10, compare={setup: [lists]}).setups[setup].rows
    if boards.load(setup.board).rows:
        assert rows["theirs"].valid == rows["real, held out"].valid == 1.0
    else:
        assert rows["theirs"].valid is None


def test_nats_by_grade_and_place_add_up() -> None:
    problems = [replace(p, grade=grade) for p, grade in zip(random_problems(40), ["6C", "7A"] * 20, strict=True)]
    scored = score(MODEL, problems)
    found = likelihood([(MODEL, problems)])
    total = sum(part.problems * part.nats_per_problem for part in found.by_grade.values())
    assert total / 40 == pytest.approx(found.all.nats_per_problem)
    assert found.by_setup[SETUP] == found.all
    assert list(found.by_grade) == ["6C", "7A"]
    bins = calibration(scored).bins
    assert sum(b.tokens for b in bins) == scored.is_token.sum()
    assert sum(b.tokens * b.frequency for b in bins) == pytest.approx(scored.hit.sum())


@pytest.mark.usefixtures("fewer_trees")
def test_the_two_sample_test_tells_what_differs_and_only_that() -> None:
    low = [p.holds for p in random_problems(150, seed=1)]
    more = [p.holds for p in random_problems(150, seed=2)]
    made = [p.holds for p in _generated(150)]
    alike, apart = two_sample_auc(low, more, BOARD), two_sample_auc(low, made, BOARD)
    assert alike.low < 0.55
    assert apart.low > 0.8
    assert alike.low <= alike.value <= alike.high


def test_the_grader_learns_what_grades_tell() -> None:
    short = [replace(p, grade="6B") for p in random_problems(400, seed=3) if len(p.holds) <= 6]
    long = [replace(p, grade="7C") for p in random_problems(400, seed=3) if len(p.holds) > 6]
    grader = BaselineGrader([*short[::2], *long[::2]], BOARD)
    found = grader.agreement([*short[1::2], *long[1::2]])
    assert found.within_one > 0.9
    assert found.mean_distance < 1


@pytest.mark.parametrize(("board", "grades"), [("tension-1", ("V4", "V5")), ("kilter-original", ("6B", "6B+"))])
def test_agreement_is_in_steps_of_the_boards_own_ladder(board: str, grades: tuple[str, str]) -> None:
    """On the ladder of V grades V5 is next to V4, and Kilter's begins below the MoonBoards'."""
    layout = boards.load(board)
    easier, harder = (replace(one, grade=grade) for one, grade in zip(random_problems(2, board), grades, strict=True))
    steps = np.array([layout.ladder.index(grades[0])] * 2, float)
    found = grade_agreement(steps, [easier, harder], layout.ladder)
    assert (found.same, found.within_one, found.mean_distance) == (0.5, 1.0, 0.5)
    trees = BaselineGrader([easier, harder] * 20, layout)
    assert trees.expected([easier.holds]) == pytest.approx(steps[:1], abs=0.51)


def test_guidance_is_tabled_and_the_default_setting_stands_beside_the_own_distribution() -> None:
    problems = [replace(p, grade="7A") for p in random_problems(60)]
    held = held_out(MODEL, problems, "all")
    result = evaluate({"mine": (MODEL, held)}, samples=40, compare={})
    measured = result.setups[main_setup([held])]
    names = ["generated, the model's own distribution", "generated, the users' default"]
    assert [name for name, row in measured.rows.items() if row.sampling] == names
    assert [row.guidance for row in measured.guidance] == [1.0, 1.25, 1.5, 2.0, 3.0]
    assert all(row.valid == 1.0 for row in measured.guidance)


@pytest.mark.usefixtures("fewer_trees")
def test_other_problems_without_a_grade_are_known_but_teach_the_grader_nothing() -> None:
    learned = list(MODEL.evidence[SETUP])
    problems = [replace(p, grade=learned[i % 2]) for i, p in enumerate(random_problems(320))]
    held = held_out(MODEL, problems[:100], "all")._replace(others=problems[100:])
    ungraded = [replace(problem, grade=None) for problem in problems[200:]]
    mixed = held._replace(others=[*problems[100:200], *ungraded])

    def row_of(some: Held) -> ListRow:
        measured = evaluate({"mine": (MODEL, some)}, samples=30, compare={}).setups[SETUP]
        return measured.rows["generated, the model's own distribution"]

    assert row_of(mixed).baseline_grader
    assert row_of(mixed).nearest == row_of(held).nearest
    assert row_of(held._replace(others=[*problems[100:110], *ungraded])).baseline_grader is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("[[1, 2]]", "not on MoonBoard 2016"),
        ("[[null]]", "not a list of holds"),
        ("[", "not valid JSON"),
        ("", "lists no holds"),
        ('[["Z9", "Q4"]]', "not on MoonBoard 2016"),
        ('[["F5"]]', "fewer than two holds"),
    ],
)
def test_a_list_that_cannot_be_compared_is_explained(tmp_path: Path, content: str, reason: str) -> None:
    path = tmp_path / "theirs.json"
    path.write_text(content)
    with pytest.raises(ClimbpathError, match=reason):
        read_hold_lists(path, BOARD)


def _generated(count: int) -> list[Problem]:
    from climbpath.generator.sample import generate

    return list(generate(MODEL, ask("7A", count)))


def test_problems_are_confirmed_where_the_grader_gives_their_own_grade() -> None:
    grader = bundled_grader()
    found = list(generate(MODEL, ask("7A", 12), grader=grader))
    others = [replace(problem, grade="6C") for problem in found]
    assert confirmed(grader, [*others, *found]) == found
    assert confirmed(grader, others) == []
    assert confirmed(grader, []) == []
