"""The grade of a new problem: the grade whose real problems the grader finds most alike.

The grader's expected grade is drawn to the middle: of real 7B problems it expects less than 7B on average, because
easier ones are so much more common. Real problems of each grade show by how much, so a scale holds the mean and the
spread of what the grader expects of them (linear discriminant analysis of one variable with a spread for each class,
Fisher 1936; Hastie et al. 2009, section 4.3). A problem has the grade under which its expected grade is likeliest, as
if every grade were equally common: a climber who asks for 7B does not ask at random.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from climbpath.grades import LADDER, rank

LEAST_EVIDENCE = 30
"""With fewer training problems of a grade, the grade rests on thin evidence: no new problem is given it."""
LEAST_FITTED = 3
"""With fewer held-out problems of a grade, the scale there follows from the grades around it."""
LEAST_CURVED = 100
"""With fewer held-out problems, the means lie on a straight line instead of a parabola, and the spread is the same for
every grade instead of an exponential."""
LEAST_SPREAD, MOST_SPREAD = 0.3, 2.0
"""Bounds in steps of the ladder of the spread within a grade."""


class Scale(NamedTuple):
    """What the grader expects of real problems of each grade, at one setup."""

    grades: tuple[str, ...]
    """The grades that a new problem can have, easiest first."""
    means: tuple[float, ...]
    """The mean expected grade of real problems of each, in steps of the ladder."""
    spreads: tuple[float, ...]
    """Its standard deviation, in steps of the ladder."""

    def probabilities(self, expected: NDArray[np.float32]) -> NDArray[np.float32]:
        """Expected grades [problems] -> how likely each grade of the ladder is, [problems, LADDER]."""
        means, spreads = np.array(self.means), np.array(self.spreads)
        # beyond the outermost means, the grade with the widest spread would win
        within = expected.clip(means[0], means[-1])[:, None]
        logs = -0.5 * ((within - means) / spreads) ** 2 - np.log(spreads)
        likely = np.exp(logs - logs.max(axis=1, keepdims=True))
        found = np.zeros((len(expected), len(LADDER)), np.float32)
        found[:, [rank(grade) for grade in self.grades]] = likely / likely.sum(axis=1, keepdims=True)
        return found

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {name: list(values) for name, values in self._asdict().items()}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> "Scale":
        """The scale that to_dict wrote. Raises ValueError for one that is none."""
        scale = cls(*(tuple(content[name]) for name in cls._fields))
        if not scale.grades or len({len(values) for values in scale}) > 1:
            raise ValueError("a scale has a mean and a spread for every grade")
        return scale


def offered(counts: Mapping[str, int]) -> tuple[str, ...]:
    """The grades with evidence, easiest first, given the training problems of each: all that have a little where none
    has enough."""
    enough = tuple(grade for grade in LADDER if counts.get(grade, 0) >= LEAST_EVIDENCE)
    return enough or tuple(grade for grade in LADDER if counts.get(grade))


def fit_scale(expected: NDArray[np.float32], true: Sequence[str], counts: Mapping[str, int]) -> Scale:
    """The scale of a setup.

    Args:
        expected: of held-out problems, with repeats unknown, in steps of the ladder, [problems].
        true: their grades.
        counts: the training problems of every grade.
    """
    steps = np.array([rank(grade) for grade in true], int)
    grades = offered(counts)
    target = np.array([rank(grade) for grade in grades])
    numbers = np.bincount(steps, minlength=len(LADDER))
    fitted = np.flatnonzero(numbers >= LEAST_FITTED)
    if len(fitted) < 2:  # too little to tell: the grader's expectation as it is
        return Scale(grades, tuple(map(float, target)), (1.0,) * len(grades))
    # means on a parabola, or a line where that would not rise all the way; spreads on an exponential
    curved = int(numbers[fitted].sum() >= LEAST_CURVED)
    means = np.array([expected[steps == step].mean() for step in fitted])
    spreads = np.array([expected[steps == step].std() for step in fitted]).clip(LEAST_SPREAD, MOST_SPREAD)
    weights = np.sqrt(numbers[fitted])
    degrees = range(1 + (curved and len(fitted) > 2), 0, -1)
    curves = [np.polyval(np.polyfit(fitted, means, degree, w=weights), target) for degree in degrees]
    rising = next((curve for curve in curves if (np.diff(curve) > 0).all()), target.astype(float))
    wide = np.exp(np.polyval(np.polyfit(fitted, np.log(spreads), curved, w=weights), target))
    return Scale(
        grades,
        tuple(round(float(value), 4) for value in rising),
        tuple(round(float(value), 4) for value in wide.clip(LEAST_SPREAD, MOST_SPREAD)),
    )
