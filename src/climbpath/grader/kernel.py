"""How alike problems are, as random Fourier features.

They are cosines and sines of random sums of a problem's inputs (Rahimi & Recht 2007; in pairs, Sutherland & Schneider
2015), whose inner products come near a normal kernel, here the mean of some. A straight line of them is kernel ridge
regression that need not keep the problems it was fitted on.

Weights in files rest on every number here: where one changes, so must the format of graders' files (grader.py).
"""

from functools import cache

import numpy as np

from climbpath import board as boards
from climbpath.board import Board
from climbpath.features import Floats

FEATURES, WIDTHS = 3000, (1.0, 2.5)
"""How many random features, and the widths of the kernels, which share them."""
NEAR = 4.0
"""How far apart, in cm, holds are alike: the standard deviation of a normal kernel over places."""
FEET, SHAPE = 0.3, 0.6
"""Weights of holds for feet, and of counts and distances, beside the holds for hands."""
BATCH = 1024
"""Problems whose features are made at a time: each has 12 KB of them."""


def random_features(inputs: Floats, board: Board, moments: Floats) -> Floats:
    """The random features of problems, float32 [problems, FEATURES], each row of length 1.

    Args:
        inputs: those of a straight line (grader/line.py), [problems, inputs].
        board: the board.
        moments: the means and standard deviations of counts and distances, the inputs after the holds, [2, counts].
    """
    alike, frequencies = _drawn(board.name, inputs.shape[1])
    holds = len(board.holds)
    # which holds a problem has or is near, those for hands and those for feet, [problems, 2 * holds], of length 1
    hands, feet = inputs[:, :holds] @ alike, inputs[:, holds : 2 * holds] @ alike
    near = np.concatenate([hands, np.float32(FEET**0.5) * feet], axis=1)
    near /= np.linalg.norm(near, axis=1, keepdims=True)
    # how they lie, of length SHAPE on average
    lie = (inputs[:, 2 * holds :] - moments[0]) / moments[1] * np.float32(SHAPE / moments.shape[1] ** 0.5)
    waves = np.concatenate([near, lie], axis=1) @ frequencies
    return np.concatenate([np.cos(waves), np.sin(waves)], axis=1) * np.float32((2 / FEATURES) ** 0.5)


def batches(count: int) -> list[slice]:
    """Slices of BATCH that make up a whole of `count`."""
    return [slice(first, first + BATCH) for first in range(0, count, BATCH)]


@cache
def _drawn(name: str, inputs: int) -> tuple[Floats, Floats]:
    """How alike a board's holds are by their places, [holds, holds], and frequencies, [inputs, FEATURES / 2]. Files do
    not keep them: RandomState draws the same numbers in every version of NumPy (NEP 19)."""
    alike = np.exp(-(boards.load(name).distance ** 2) / (2 * NEAR**2)).astype(np.float32)
    widths = np.repeat(WIDTHS, FEATURES // 2 // len(WIDTHS))
    drawn = np.random.RandomState(0).standard_normal((inputs, len(widths)))
    return alike, (drawn / widths).astype(np.float32)
