"""Sets of holds as numbers, for classifiers and charts. The roles of holds are not included."""

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from climbpath.board import FINISH, START, Board

Floats = NDArray[np.float32]


def presence(hold_sets: Sequence[Collection[str]], board: Board) -> Floats:
    """Which holds each set has, float32 [sets, holds] of 0 and 1, with holds in board order."""
    table = np.zeros((len(hold_sets), len(board.holds)), np.float32)
    for row, labels in zip(table, hold_sets, strict=True):
        row[[board.index[label] for label in labels]] = 1
    return table


def subset_of_any(hold_sets: Floats, among: Floats) -> NDArray[np.bool_]:
    """Whether all holds of each row of presence are in a single row of `among`, bool [sets]."""
    inside = np.zeros(len(hold_sets), bool)
    sizes = hold_sets.sum(axis=1)
    for first in range(0, len(hold_sets) if len(among) else 0, 512):
        rows = slice(first, first + 512)
        inside[rows] = (hold_sets[rows] @ among.T).max(axis=1) == sizes[rows]
    return inside


GEOMETRY = (
    *(f"{what} {axis}" for axis in ("x", "y") for what in ("least", "mean", "most", "spread of")),
    *("holds", "low holds", "top holds", "reach", "length of the way"),
    *(f"{what} step {axis}" for axis in ("across", "up") for what in ("least", "mean", "most")),
    *("turns", "mean distance to the nearest", "mean distance to the second nearest", "isolation"),
)
"""Names of what `geometry` measures; distances in cm."""


def geometry(hold_sets: Sequence[Collection[str]], board: Board) -> Floats:
    """How the holds of each set lie relative to each other, float32 [sets, GEOMETRY]. Sets need two holds or more.

    Low and top holds are those that may start and finish at the board's steepest angle.
    """
    return np.array([_geometry(labels, board) for labels in hold_sets], np.float32).reshape(-1, len(GEOMETRY))


def _geometry(labels: Collection[str], board: Board) -> list[float]:
    order = sorted(board.index[label] for label in labels)
    xy = np.array([(board.holds[i].x, board.holds[i].y) for i in order])
    x, y = xy.T
    apart = board.distance[np.ix_(order, order)]
    nearest = np.sort(apart, axis=1)
    to_earlier = [apart[i, :i].min() for i in range(1, len(order))]
    across, up = np.diff(x), np.diff(y)
    direction = np.sign(across[across != 0])
    return [
        *(f(axis) for axis in (x, y) for f in (np.min, np.mean, np.max, np.std)),
        len(order),
        *board.may(board.angles[-1])[[START, FINISH]][:, order].sum(axis=1).tolist(),
        max(to_earlier),
        np.hypot(across, up).sum(),
        *(f(step) for step in (np.abs(across), up) for f in (np.min, np.mean, np.max)),
        (direction[1:] != direction[:-1]).sum(),
        nearest[:, 1].mean(),
        nearest[:, min(2, len(order) - 1)].mean(),
        nearest[:, 1].max(),
    ]


def describe(hold_sets: Sequence[Collection[str]], board: Board) -> Floats:
    """Presence and geometry side by side, float32 [sets, holds + GEOMETRY]."""
    return np.concatenate([presence(hold_sets, board), geometry(hold_sets, board)], axis=1)


def similarity(hold_sets: Floats, among: Floats) -> Floats:
    """The Jaccard similarity (shared holds / holds of both) of rows of presence to those of `among`, [sets, among]."""
    shared = hold_sets @ among.T
    return np.asarray(shared / (hold_sets.sum(axis=1)[:, None] + among.sum(axis=1) - shared))


def nearest(hold_sets: Floats, among: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """The largest similarity of each row of presence to any row of `among`.

    Returns:
        that similarity, float32 [sets], and the index of the row of `among`, [sets].
    """
    best, which = np.zeros(len(hold_sets), np.float32), np.zeros(len(hold_sets), np.int64)
    for first in range(0, len(hold_sets), 512):
        alike = similarity(hold_sets[first : first + 512], among)
        which[first : first + 512] = alike.argmax(axis=1)
        best[first : first + 512] = alike.max(axis=1)
    return best, which
