"""Fitting the beta solver's weights to grades."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from climbpath import board as boards
from climbpath.beta.body import DEFAULT_CLIMBER
from climbpath.beta.fit import STATED, fit, fit_difficulty, poorness_of_use
from climbpath.beta.scene import FEATURES
from climbpath.beta.solver import NORM, solve_batches
from climbpath.beta.weights import FORMAT
from climbpath.grades import LADDER
from climbpath.problem import Problem
from support.making import random_problems


def norms(problems: Sequence[Problem], weights: dict[str, float]) -> np.ndarray:
    """The norm of the moves of each problem's beta."""
    found = np.zeros(len(problems))
    for rows, ways in solve_batches(problems, DEFAULT_CLIMBER, lambda _: weights):
        hard = ways.features @ np.array([weights[name] for name in FEATURES])
        found[rows] = (hard**NORM).sum(axis=1) ** (1 / NORM)
    return found


def test_weights_of_difficulty_explain_grades_that_others_made() -> None:
    """Nearly as well as those that the grades were made with, whose betas the fit has to find out first."""
    problems = random_problems(300, seed=4)
    truth = dict.fromkeys(FEATURES, 0.5) | {"rise": 4.0, "travel": 2.0} | STATED
    exact = norms(problems, truth)
    steps = np.round(exact - exact.min()).astype(int)
    assert 3 < steps.max() < len(LADDER)
    graded = [replace(problem, grade=LADDER[step]) for problem, step in zip(problems, steps.tolist(), strict=True)]
    weights = fit_difficulty(graded)
    assert set(weights) == set(FEATURES)
    assert min(weights.values()) >= 0
    assert STATED.items() <= weights.items()
    fitted = norms(graded, weights)
    assert np.std(steps - fitted) < 0.8 * np.std(steps)


def test_the_content_of_the_file_is_fitted_for_all_boards() -> None:
    graded = [
        replace(problem, grade=boards.load(board).ladder[3 + len(problem.holds) // 3])
        for board in ("moonboard-2016", "moonboard-masters-2017", "kilter-original")
        for problem in random_problems(60, board, seed=6)
    ]
    content = fit(graded)
    assert (content["format"], set(content)) == (FORMAT, {"format", "difficulty", "poorness"})
    assert set(content["difficulty"]) == {"moonboard", "kilter"}
    assert all(set(weights) == set(FEATURES) for weights in content["difficulty"].values())
    assert set(content["poorness"]) == {"moonboard-masters-2017", "kilter-original"}


def test_holds_of_hard_problems_are_poor() -> None:
    """On a board without facts; problems with F9 are harder, problems with F10 easier."""
    board = "moonboard-masters-2019"
    problems = random_problems(300, board, seed=1)
    graded = [
        replace(problem, grade="8A" if "F9" in problem.holds else "6A" if "F10" in problem.holds else "7A")
        for problem in problems
    ]
    poor = poorness_of_use(graded, board)
    assert set(poor) == {label for problem in problems for label in problem.holds}
    assert 0 <= min(poor.values()) <= max(poor.values()) <= 1
    assert poor["F9"] == max(poor.values())
    assert poor["F10"] == min(poor.values())
