"""A gradient-boosted grader (Friedman 2001) that shares nothing with the generator or climbpath's own grader.

Needs scikit-learn.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor

from climbpath.board import Board
from climbpath.features import Floats, describe
from climbpath.problem import Problem

TREES = {"max_iter": 200, "learning_rate": 0.06, "max_leaf_nodes": 15, "l2_regularization": 1.0}


class GradeAgreement(NamedTuple):
    """How well a grader agrees with the grades of problems: those asked for, or those of real problems."""

    problems: int
    """How many were graded."""
    same: float
    """Fraction of problems for which the nearest grade is the problem's own."""
    within_one: float
    """Fraction for which it is that grade or one next to it."""
    mean_distance: float
    """Mean distance between the two grades, in steps of the ladder."""


def grade_agreement(
    expected: NDArray[np.float64] | Floats, problems: Sequence[Problem], ladder: Sequence[str]
) -> GradeAgreement:
    """How well expected grades, in steps of a ladder [problems], agree with the problems' own."""
    off = np.abs(expected - [ladder.index(problem.grade or "") for problem in problems])
    return GradeAgreement(len(off), float(np.mean(off < 0.5)), float(np.mean(off < 1.5)), float(np.mean(off)))


class BaselineGrader:
    """Gradient-boosted trees that grade one board at one angle, trained on graded problems."""

    def __init__(self, problems: Sequence[Problem], board: Board, seed: int = 0) -> None:
        self.board = board
        self.trees = HistGradientBoostingRegressor(**TREES, random_state=seed)
        steps = [board.ladder.index(problem.grade or "") for problem in problems]
        self.trees.fit(describe([p.holds for p in problems], board), steps)

    def expected(self, hold_sets: Sequence[Collection[str]]) -> NDArray[np.float64]:
        """The expected grade of each set of holds, in steps of the board's ladder, [sets]."""
        return np.asarray(self.trees.predict(describe(hold_sets, self.board)))

    def agreement(self, problems: Sequence[Problem]) -> GradeAgreement:
        """How well its grades agree with those of problems."""
        return grade_agreement(self.expected([problem.holds for problem in problems]), problems, self.board.ladder)
