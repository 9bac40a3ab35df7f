"""The grade as a sum: what each hold adds, and how the holds lie.

The networks read holds one by one and are poor at distances, so a straight line of both stands beside them. Its opinion
is a normal distribution over the steps of the ladder, and the prediction is the product of both opinions, each to a
power that suits held-out problems best (a product of experts, Hinton 1999).

Where that makes held-out grades likelier, the line is one of random features, too (grader/kernel.py): problems whose
holds are near one another then have grades near one another.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from climbpath.board import Board
from climbpath.features import Floats, geometry, presence
from climbpath.grader.kernel import batches, random_features
from climbpath.problem import Problem


class Line(NamedTuple):
    """The straight line of one setup."""

    weights: Floats
    """What each of `inputs` adds, and then each random feature if it has them, in steps of the ladder."""
    offset: float
    """The step where all of these are 0."""
    trust: float
    """The power of the networks' probabilities."""
    width: float
    """Standard deviation of the line's opinion, in steps of the ladder."""
    moments: Floats | None = None
    """The means and standard deviations of counts and distances, [2, counts], if it has random features."""

    def steps(self, problems: Sequence[Problem], board: Board) -> Floats:
        """The step of the ladder that the line gives each problem, [problems]: the mean over the problem and its mirror
        image where the board has mirror partners."""
        sides = [problems, [problem.mirrored for problem in problems]] if board.has_mirror else [problems]
        steps = np.mean([self._sums(side, board) for side in sides], axis=0)
        return np.asarray(steps + np.float32(self.offset), np.float32)

    def _sums(self, problems: Sequence[Problem], board: Board) -> Floats:
        """What inputs and random features add, [problems]."""
        table = inputs(problems, board)
        of_inputs, of_features = np.split(self.weights, [table.shape[1]])
        sums = table @ of_inputs
        if self.moments is not None:
            for rows in batches(len(table)):
                sums[rows] += random_features(table[rows], board, self.moments) @ of_features
        return sums

    def joined(self, probabilities: Floats, steps: Floats) -> Floats:
        """The networks' probabilities [problems, ladder] with the line's opinion, `steps` [problems]."""
        off = np.arange(probabilities.shape[1]) - steps[:, None]
        logs = self.trust * np.log(np.maximum(probabilities, 1e-12)) - off**2 / (2 * self.width**2)
        likely = np.where(probabilities > 0, np.exp(logs - logs.max(axis=1, keepdims=True)), 0)
        return np.asarray(likely / likely.sum(axis=1, keepdims=True), np.float32)


def inputs(problems: Sequence[Problem], board: Board) -> Floats:
    """What the line is of, float32 [problems, inputs]: holds for hands, holds for feet, how many holds there are in
    every role, and the geometry of the holds for hands and of all."""
    for_hands = [problem.start + problem.hands + problem.finish for problem in problems]
    feet = [problem.feet for problem in problems]
    roles = [[len(p.start), len(p.hands), len(p.feet), len(p.finish)] for p in problems]
    counts = np.array(roles, np.float32).reshape(-1, 4)
    lies = geometry(for_hands, board), geometry([problem.holds for problem in problems], board)
    return np.concatenate([presence(for_hands, board), presence(feet, board), counts, np.log1p(counts), *lies], axis=1)


def input_count(board: Board) -> int:
    """How many inputs a line has."""
    return inputs([], board).shape[1]
