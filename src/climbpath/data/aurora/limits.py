"""What real problems of a board keep to: reach, reach of the feet, and number of holds. The same rules for every board
(docs/boards/facts.md, "Limits")."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

Point = tuple[float, float]
"""A hold's x and y in cm."""
ENOUGH = 200
"""Problems from which on a board's limits are its own."""
REACH, FOOT_REACH, HOLDS = 99.0, 99.5, 99.0
"""Per cent of the problems that keep to the reach; of the feet that keep to theirs; of the problems whose number of
holds lies in the range."""


class Roles(NamedTuple):
    """Where the holds of a real problem are."""

    start: Sequence[Point]
    hands: Sequence[Point]
    feet: Sequence[Point]
    finish: Sequence[Point]


class Limits(NamedTuple):
    """What generated problems of a board keep to."""

    reach_cm: int
    """Longest way from a hand or finish hold to the nearest start or hand hold before it."""
    foot_reach_cm: int | None
    """Longest way from a foot hold to the nearest start or hand hold; None where no problem has foot holds."""
    holds_per_problem: tuple[int, int]
    """Fewest and most holds, of all roles."""


USUAL = Limits(171, 155, (4, 30))
"""Of a board with too few problems to tell."""


def limits_of(problems: Iterable[Roles]) -> Limits:
    """The limits of a board that has these problems, all with start and finish; the usual ones where they are few."""
    reaches, feet, counts = [], [], []
    for problem in problems:
        start, hands, finish = (sorted(part, key=lambda hold: hold[::-1]) for part in problem[:2] + problem[3:])
        order = np.array([*start, *hands, *finish])
        ways = np.hypot(*(order[:, None] - order[None]).transpose(2, 0, 1))
        reaches.append(max(ways[i, :i].min() for i in range(len(start), len(order))))
        held = order[: len(start) + len(hands)]
        feet += [np.hypot(*(held - foot).T).min() for foot in np.array(problem.feet)]
        counts.append(len(order) + len(problem.feet))
    if len(counts) < ENOUGH:
        return USUAL
    low, high = np.percentile(counts, ((100 - HOLDS) / 2, (100 + HOLDS) / 2))
    return Limits(
        _up(np.percentile(reaches, REACH)),
        _up(np.percentile(feet, FOOT_REACH)) if feet else None,
        (math.floor(low), math.ceil(high)),
    )


def _up(length: float) -> int:
    return math.ceil(length - 0.05)
