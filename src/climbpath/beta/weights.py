"""What fit.py learned from grades: assets/beta.json, and how poor every hold of a board is."""

import json
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from climbpath import board as boards

FORMAT = 3
"""Version of assets/beta.json."""


@cache
def load_weights() -> dict[str, Any]:
    """The weights of the features of a move by family of boards (`difficulty`), and the `poorness` of holds by board,
    as learned from grades."""
    content: dict[str, Any] = json.loads((resources.files("climbpath") / "assets" / "beta.json").read_text("utf-8"))
    assert content["format"] == FORMAT
    return content


def move_weights(board: str) -> dict[str, float]:
    """The weights of the features of a move on a board: those of its family, or of MoonBoards where it has none."""
    by_family: dict[str, dict[str, float]] = load_weights()["difficulty"]
    return by_family.get(boards.load(board).family, by_family["moonboard"])


@cache
def poorness(board: str) -> NDArray[np.float64]:
    """How poor each hold of a board is for the left and the right hand, 0 (a jug) to 1, float64 [2, holds].

    From the estimates of the board's file; where it has none, learned from the grades of problems that use the hold. A
    hold that has neither counts as the mean of the board, or of MoonBoard 2016 where no hold of the board is known.
    """
    layout = boards.load(board)
    learned: dict[str, float] = load_weights()["poorness"].get(board, {})
    table = np.array(
        [
            [1 - quality / 10 for quality in hold.quality] if hold.quality else [learned.get(hold.label, np.nan)] * 2
            for hold in layout.holds
        ]
    ).T
    if np.isnan(table).all():
        return np.full_like(table, poorness("moonboard-2016").mean())
    return np.where(np.isnan(table), np.nanmean(table), table)
