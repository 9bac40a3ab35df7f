"""Harder and easier versions of a problem, by as few hold changes as it takes."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from climbpath import board as boards
from climbpath.api import bundled_grader
from climbpath.board import Setup
from climbpath.errors import ClimbpathError
from climbpath.generator.adjust import Change, adjust
from climbpath.grader.grader import expected
from climbpath.grades import LADDER, rank
from climbpath.model.checkpoint import Model, bundled_model
from climbpath.model.tokens import PREFIX
from climbpath.problem import Problem, Rules, longest_reach, parse_notation, violations
from support.making import EVERY_BOARD, random_problems
from support.untrained import GIVEN_GRADE, SMALL, learned_on
from support.untrained import model as untrained

LONGER = parse_notation("F5s E8 G11 E13 H15 G18e", grade="7A")
SHORT = parse_notation("F5s D9 G13 G18e", grade="7A")
MASTERS = parse_notation("C5s F6s D9 G12 E15 F18e", "moonboard-masters-2017", 25, "6B")


class Steps:
    """A grader that says which step a problem is."""

    ladder: tuple[str, ...] = LADDER

    def step(self, problem: Problem) -> float:
        raise NotImplementedError

    def lacking(self, setup: Setup) -> list[str]:
        return []

    def reads(self, problem: Problem) -> bool:
        return True

    def probabilities(self, problems: Sequence[Problem]) -> np.ndarray:
        found = np.zeros((len(problems), len(self.ladder)), np.float32)
        for row, problem in zip(found, problems, strict=True):
            step = float(np.clip(self.step(problem), 0, len(self.ladder) - 2))
            row[int(step)], row[int(step) + 1] = 1 - step % 1, step % 1
        return found

    def expected_alike(self, problem: Problem, versions: Sequence[Problem]) -> np.ndarray:
        return expected(self.probabilities([problem, *versions]))

    def graded(self, problems: Sequence[Problem]) -> list[Problem]:
        return [replace(problem, grade=self.ladder[round(self.step(problem))]) for problem in problems]


class Missing(Steps):
    """One to which every hold of a problem that a version lacks is worth so many steps, from a grade on."""

    def __init__(self, problem: Problem, worth: float, grade: str = "7A") -> None:
        self.holds, self.worth, self.grade = set(problem.holds), worth, grade

    def step(self, problem: Problem) -> float:
        return float(np.clip(rank(self.grade) + self.worth * len(self.holds.difference(problem.holds)), 0, 18))


class Finishes(Steps):
    """One to which each further finish is worth a step, from 7A+ on."""

    def step(self, problem: Problem) -> float:
        return 7 + len(problem.finish)


def differences(before: Problem, after: Problem) -> tuple[int, int]:
    """How many holds are gone, and how many are new."""
    return len(set(before.holds) - set(after.holds)), len(set(after.holds) - set(before.holds))


@cache
def by_the_bundled(problem: Problem, steps: int, number: int = 4, seed: int = 0) -> list[Change]:
    return adjust(bundled_model("moonboard"), bundled_grader(), problem, steps, number, seed)


@pytest.fixture(scope="module")
def model() -> Model:
    """It has learned 6B, 7A and 7B, and draws at random."""
    return untrained(replace(SMALL, boards=("moonboard-2016",)))


@pytest.mark.parametrize(
    ("problem", "steps"), [(SHORT, 1), (SHORT, -1), (MASTERS, 1)], ids=["harder", "easier", "masters"]
)
def test_versions_are_as_much_harder_as_is_asked(problem: Problem, steps: int) -> None:
    versions = by_the_bundled(problem, steps)
    assert 1 <= len(versions) <= 4
    problems = [version.problem for version in versions]
    before, *after = expected(bundled_grader().probabilities([problem, *problems])).tolist()
    for version, judged in zip(versions, after, strict=True):
        found = version.problem
        assert (found.board, found.angle) == (problem.board, problem.angle)
        assert found.grade == LADDER[rank(version.before) + steps]
        assert abs(judged - before - steps) <= 0.75
        gone, new = differences(problem, found)
        assert max(gone, new) == version.changes == versions[0].changes
        assert gone in (0, version.changes)  # what is taken away is not put back
        assert violations(found) == []
    off = [abs(judged - before - steps) for judged in after]
    assert off == sorted(off)
    keys = {found.key for found in problems}
    assert len(keys) == len(problems)
    assert not keys & {problem.key, *bundled_model("moonboard").known_keys.tolist()}


def test_the_same_seed_gives_the_same_versions(model: Model) -> None:
    assert adjust(bundled_model("moonboard"), bundled_grader(), SHORT, 1, 2, seed=0) == by_the_bundled(SHORT, 1)[:2]
    one, other = (adjust(model, Missing(SHORT, 2), SHORT, 2, 5, seed) for seed in (0, 1))  # type: ignore[arg-type]
    assert one != other


@pytest.mark.parametrize("grade", [None, "6B", "8A"])
def test_before_and_after_are_the_graders_whatever_grade_is_on_record(model: Model, grade: str | None) -> None:
    versions = adjust(model, Missing(SHORT, 2), replace(SHORT, grade=grade), 2, 2)  # type: ignore[arg-type]
    assert [(version.before, version.problem.grade) for version in versions] == [("7A", "7B")] * 2


def test_no_version_is_longer_than_the_grader_can_read() -> None:
    grader = bundled_grader()
    short = replace(grader, config=replace(grader.config, max_seq_len=PREFIX + len(SHORT.sequence) + 1))
    versions = adjust(bundled_model("moonboard"), short, SHORT, 1, 100)
    assert versions
    assert all(len(version.problem.holds) <= len(SHORT.holds) for version in versions)


def test_no_start_or_finish_is_added_and_no_long_move_made_where_another_change_does_it() -> None:
    for problem in (SHORT, LONGER, MASTERS):
        for steps in (1, -1):
            for version in by_the_bundled(problem, steps):
                found = version.problem
                assert len(found.start) <= len(problem.start)
                assert len(found.finish) <= len(problem.finish)
                assert longest_reach(found) <= max(140, longest_reach(problem))


def test_where_nothing_else_does_it_an_end_may_be_added(model: Model) -> None:
    """To this grader only a second finish makes a problem harder."""
    versions = adjust(model, Finishes(), SHORT, 1, 3)  # type: ignore[arg-type]
    assert {len(version.problem.finish) for version in versions} == {2}


@pytest.mark.parametrize(("steps", "worth", "fewest"), [(2, 1.6, 1), (2, 1, 2), (2, 0.7, 3), (-4, -2, 2)])
def test_as_few_holds_change_as_it_takes(model: Model, steps: int, worth: float, fewest: int) -> None:
    """Where every hold that is missing is worth so much, it takes so many."""
    versions = adjust(model, Missing(SHORT, worth), SHORT, steps, 5)  # type: ignore[arg-type]
    assert len(versions) == 5
    for version in versions:
        gone, new = differences(SHORT, version.problem)
        assert version.changes == fewest == gone
        assert new <= fewest
        assert (version.before, version.problem.grade) == ("7A", LADDER[rank("7A") + steps])


@pytest.mark.parametrize(("worth", "steps"), [(1.4, 2), (5, -4)])
def test_where_nothing_moves_the_grade_enough_it_is_told(model: Model, worth: float, steps: int) -> None:
    with pytest.raises(ClimbpathError, match=r"no version (harder|easier) than 7A was found, up to 3 hold changes"):
        adjust(model, Missing(SHORT, worth), SHORT, steps)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def of_every_board() -> Model:
    """It has learned three grades of every board, and draws at random."""
    return untrained(SMALL)


class Longer(Missing):
    """The same on a board with another ladder."""

    def __init__(self, problem: Problem, worth: float) -> None:
        self.ladder = boards.load(problem.board).ladder
        super().__init__(problem, worth, problem.grade or "")

    def step(self, problem: Problem) -> float:
        missing = len(self.holds.difference(problem.holds))
        return float(np.clip(self.ladder.index(self.grade) + self.worth * missing, 0, len(self.ladder) - 2))


@pytest.mark.parametrize("board", [board for board in EVERY_BOARD if board != "moonboard-2016"])
def test_on_every_board_versions_are_valid_and_keep_their_feet_and_roles(of_every_board: Model, board: str) -> None:
    ladder, learned = boards.load(board).ladder, [grade for grade, n in learned_on(board).items() if n > 100]
    steps = ladder.index(learned[1]) - ladder.index(learned[0])
    for problem in random_problems(2, board, seed=2, rules=Rules(max_reach=120, max_holds=7, min_holds=4)):
        before = replace(problem, grade=learned[0])
        versions = adjust(of_every_board, Longer(before, steps), before, steps, 3)  # type: ignore[arg-type]
        for version in versions:
            assert violations(version.problem, Rules(max_reach=1000)) == []
            assert version.problem.feet == problem.feet
            assert version.problem.grade == learned[1]
            assert max(differences(before, version.problem)) == version.changes == 1
            for role in ("start", "hands", "finish"):
                kept = set(getattr(problem, role)).intersection(version.problem.holds)
                assert kept <= set(getattr(version.problem, role))


def test_a_version_keeps_to_the_size_and_hold_sets_of_the_wall(of_every_board: Model) -> None:
    rules = Rules(size="7 x 10", hold_sets=frozenset({"Bolt Ons"}))
    (problem,) = random_problems(1, "kilter-original", rules=replace(rules, max_holds=6, min_holds=6, max_feet=0))
    before = replace(problem, grade="7A")
    versions = adjust(of_every_board, Longer(before, 2), before, 2, 5, rules=rules)  # type: ignore[arg-type]
    assert versions
    assert not any(violations(version.problem, rules) for version in versions)


@pytest.fixture
def with_feet(of_every_board: Model) -> Problem:
    """A problem of the Kilter Board Original with foot holds."""
    drawn = random_problems(50, "kilter-original", seed=2, rules=Rules(max_holds=6, min_holds=6))
    return replace(next(problem for problem in drawn if len(problem.feet) > 2), grade="7A")


def test_a_foot_hold_that_may_not_be_used_is_gone_from_every_version(of_every_board: Model, with_feet: Problem) -> None:
    rules = Rules(bans=frozenset(with_feet.feet[:1]))
    versions = adjust(of_every_board, Longer(with_feet, 2), with_feet, 2, 5, rules=rules)  # type: ignore[arg-type]
    assert versions
    assert {version.problem.feet for version in versions} == {with_feet.feet[1:]}
    assert not any(violations(version.problem, replace(rules, max_reach=1000)) for version in versions)


def test_a_known_problem_with_feet_is_no_version(of_every_board: Model, with_feet: Problem) -> None:
    def versions(model: Model) -> set[int]:
        found = adjust(model, Longer(with_feet, 2), with_feet, 2, 50)  # type: ignore[arg-type]
        return {version.problem.key for version in found}

    known = next(iter(versions(of_every_board)))
    keys = np.array(sorted({*of_every_board.known_keys.tolist(), known}), np.uint64)
    others = versions(replace(of_every_board, known_keys=keys))
    assert others
    assert known not in others


def test_more_changes_than_hold_for_hands_are_never_tried(of_every_board: Model) -> None:
    feet = boards.load("kilter-original").labels[:6]
    one, other = boards.load("kilter-original").labels[300:302]
    two = Problem(board="kilter-original", angle=40, start=(one,), feet=feet, finish=(other,), grade="7A")
    with pytest.raises(ClimbpathError, match="was found, up to 1 hold change"):
        adjust(of_every_board, Longer(two, 0), two, 2)  # type: ignore[arg-type]


def test_a_model_that_cannot_be_guided_proposes_too() -> None:
    unguided = untrained(replace(GIVEN_GRADE, boards=("moonboard-2016",)))
    found = adjust(unguided, Missing(SHORT, 2), SHORT, 2)  # type: ignore[arg-type]
    assert found[0].changes == 1


@pytest.mark.parametrize(
    ("grade", "steps", "words"),
    [("7A", 1, "harder"), ("7A", -1, "easier"), ("8C+", 1, "harder"), ("5+", -1, "easier"), ("7B", 2, "harder")],
)
def test_grades_beyond_what_the_model_learned_are_refused(model: Model, grade: str, steps: int, words: str) -> None:
    with pytest.raises(ClimbpathError, match=f"learned no problems a grade {words} than that"):
        adjust(model, Missing(LONGER, 2, grade), LONGER, steps)  # type: ignore[arg-type]


def test_a_board_that_the_grader_has_not_learned_is_refused() -> None:
    (kilter,) = random_problems(1, "kilter-original")
    with pytest.raises(ClimbpathError, match="has not learned Kilter Board Original"):
        adjust(bundled_model("kilter"), bundled_grader("moonboard"), kilter, 1)
