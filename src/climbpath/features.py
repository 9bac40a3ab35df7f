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
    found = np.zeros((len(hold_sets), len(GEOMETRY)), np.float32)
    sizes = np.array([len(labels) for labels in hold_sets], int)
    for size in np.unique(sizes):
        rows = np.flatnonzero(sizes == size).tolist()
        holds = np.array([[board.index[label] for label in hold_sets[row]] for row in rows])
        found[rows] = _geometry(np.sort(holds, axis=1), board)
    return found


def _geometry(holds: NDArray[np.int64], board: Board) -> Floats:
    """The same of B sets of N holds, which are indices in board order, [B, N]."""
    count = holds.shape[1]
    x, y = (np.array([getattr(hold, axis) for hold in board.holds])[holds] for axis in ("x", "y"))
    low, top = board.may(board.angles[-1])[[START, FINISH]]
    # distances between holds [B, N, N], each row in rising order, and those to the nearest hold before [B, N - 1]
    apart = board.distance[holds[:, :, None], holds[:, None]]
    nearest = np.sort(apart, axis=2)
    is_earlier = np.tri(count, k=-1, dtype=bool)
    to_earlier = np.where(is_earlier, apart, np.inf).min(axis=2)[:, 1:]
    # steps from hold to hold, [B, N - 1]; one straight up goes on in the direction of the one before
    across, up = np.diff(x), np.diff(y)
    directed = np.maximum.accumulate(np.where(across != 0, np.arange(count - 1), 0), axis=1)
    direction = np.sign(np.take_along_axis(across, directed, axis=1))
    turns = (direction[:, 1:] != direction[:, :-1]) & (direction[:, :-1] != 0)
    measures = [
        *(f(axis, axis=1) for axis in (x, y) for f in (np.min, np.mean, np.max, np.std)),
        np.full(len(holds), count),
        *(which[holds].sum(axis=1) for which in (low, top)),
        to_earlier.max(axis=1),
        np.hypot(across, up).sum(axis=1),
        *(f(step, axis=1) for step in (np.abs(across), up) for f in (np.min, np.mean, np.max)),
        turns.sum(axis=1),
        nearest[:, :, 1].mean(axis=1),
        nearest[:, :, min(2, count - 1)].mean(axis=1),
        nearest[:, :, 1].max(axis=1),
    ]
    return np.stack(measures, axis=1).astype(np.float32)


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
