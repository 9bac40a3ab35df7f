"""A gradient-boosted grader (Friedman 2001) as a judge that saw neither generator nor grader. Needs scikit-learn."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor

from climbpath.board import Board
from climbpath.features import Floats, describe
from climbpath.grades import rank
from climbpath.problem import Problem

TREES = {"max_iter": 200, "learning_rate": 0.06, "max_leaf_nodes": 15, "l2_regularization": 1.0}


class GradeAgreement(NamedTuple):
    """How far a grader's grades lie from those asked for, in steps of the ladder."""

    problems: int
    same: float
    within_one: float
    mean_distance: float


def grading(steps: NDArray[np.float64] | Floats, problems: Sequence[Problem]) -> GradeAgreement:
    """How far expected grades, in steps of the ladder [problems], lie from the problems' own."""
    off = np.abs(steps - [rank(problem.grade or "") for problem in problems])
    return GradeAgreement(len(off), float(np.mean(off < 0.5)), float(np.mean(off < 1.5)), float(np.mean(off)))


class Grader:
    """A gradient-boosted grader of one board at one angle. Its grades are steps of the ladder, as numbers."""

    def __init__(self, problems: Sequence[Problem], board: Board, seed: int = 0) -> None:
        self.board = board
        self.trees = HistGradientBoostingRegressor(**TREES, random_state=seed)
        self.trees.fit(describe([p.holds for p in problems], board), [rank(p.grade or "") for p in problems])

    def steps(self, hold_sets: Sequence[Collection[str]]) -> NDArray[np.float64]:
        """The expected grade of each set of holds, [sets]."""
        return np.asarray(self.trees.predict(describe(hold_sets, self.board)))

    def agreement(self, problems: Sequence[Problem]) -> GradeAgreement:
        """How well its grades agree with those of problems."""
        return grading(self.steps([problem.holds for problem in problems]), problems)
