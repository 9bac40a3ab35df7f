"""The angle is used where it is known: grades of a made database depend on it, and so does what is learned of them."""

from itertools import pairwise
from pathlib import Path

import pytest

import angles
from climbpath.problem import Problem


@pytest.fixture(scope="module")
def problems(tmp_path_factory: pytest.TempPathFactory) -> list[Problem]:
    """Of 480 climbs with a grade at each of four angles, and of 80 of them with one at 35°."""
    return angles.imported(tmp_path_factory.mktemp("made"), 480)


def test_a_climb_is_a_problem_at_each_of_its_angles(problems: list[Problem]) -> None:
    by_angle = {angle: {one.holds: one.grade for one in problems if one.angle == angle} for angle in angles.EVERY_ANGLE}
    assert len(by_angle[20]) == len(by_angle[50])
    assert 60 < len(by_angle[angles.SELDOM]) <= 80
    for holds, grade in by_angle[angles.SELDOM].items():
        there = [by_angle[angle][holds] for angle in angles.ANGLES]
        assert len({*there, grade}) == 5


def test_generated_problems_of_a_grade_depend_on_the_angle(problems: list[Problem], tmp_path: Path) -> None:
    """The steeper the wall, the fewer holds a problem of the grade has; 35°, seldom seen, lies between 30° and 40°."""
    holds = angles.holds_by_angle(problems, tmp_path, 12, 400)
    assert all(flatter > steeper + 0.1 for flatter, steeper in pairwise(holds.values())), holds
    assert holds[20] - holds[50] > 2


@pytest.mark.slow
def test_grades_depend_on_the_angle(problems: list[Problem], tmp_path: Path) -> None:
    """The same holds are harder the steeper the wall is; 35°, seldom seen, lies between 30° and 40°."""
    steps = angles.steps_by_angle(problems, tmp_path, 20)
    assert all(flatter < steeper - 0.1 for flatter, steeper in pairwise(steps.values())), steps
    assert steps[50] - steps[20] > 2
