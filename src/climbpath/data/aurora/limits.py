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
MOST, MOST_FOOT = 99.0, 99.5
"""Per cent of the problems that keep to each limit; of the foot holds that keep to the reach of feet."""


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
    foot_reach_cm: int
    """Longest way from a foot hold to the nearest start or hand hold; 0 where no problem has foot holds."""
    length: tuple[int, int]
    """Fewest and most holds for hands, starts and finishes included."""
    most_feet: int
    """Most foot holds."""


USUAL = Limits(171, 155, (3, 20), 12)
"""Of a board with too few problems to tell."""


def limits_of(problems: Iterable[Roles]) -> Limits:
    """The limits of a board that has these problems, all with start and finish; the usual ones where they are few."""
    reaches, ways, lengths, feet = [], [], [], []
    for problem in problems:
        start, hands, finish = (
            sorted(part, key=lambda hold: hold[::-1]) for part in (problem.start, problem.hands, problem.finish)
        )
        order = np.array([*start, *hands, *finish])
        apart = np.hypot(*(order[:, None] - order[None]).transpose(2, 0, 1))
        reaches.append(max(apart[i, :i].min() for i in range(len(start), len(order))))
        held = order[: len(start) + len(hands)]
        ways += [np.hypot(*(held - foot).T).min() for foot in np.array(problem.feet)]
        lengths.append(len(order))
        feet.append(len(problem.feet))
    if len(lengths) < ENOUGH:
        return USUAL
    fewest, most = np.percentile(lengths, (100 - MOST, MOST))
    return Limits(
        _up(np.percentile(reaches, MOST)),
        _up(np.percentile(ways, MOST_FOOT)) if ways else 0,
        (math.floor(fewest), math.ceil(most)),
        math.ceil(np.percentile(feet, MOST)),
    )


def _up(length: float) -> int:
    return math.ceil(length - 0.05)
