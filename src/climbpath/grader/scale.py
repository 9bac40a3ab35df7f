"""The grade of a new problem: the grade whose real problems the grader finds most alike.

The grader's expected grade is drawn to the middle: of real 7B problems it expects less than 7B on average, because
easier ones are so much more common. Real problems of each grade show by how much, so a scale holds the mean of what the
grader expects of them, and how far it spreads around that. A problem has the grade under which its expected grade is
likeliest, as if every grade were equally common, which is the one with the nearest mean (linear discriminant analysis
of one variable, Fisher 1936): a climber who asks for 7B does not ask at random.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from climbpath.board import LEAST_EVIDENCE
from climbpath.grades import rank

LEAST_FITTED = 3
"""With fewer held-out problems of a grade and kind, the line through all grades leaves them out."""
LEAST_CONSENSUS = 30
"""With fewer held-out problems whose grade is a consensus, all problems are taken alike."""
SHRINKAGE = 40
"""A grade's mean is that of its held-out problems as if so many more of them lay on the line through all grades."""
LEAST_SPREAD = 0.3
"""The least spread within a grade, in steps of the ladder."""


class Scale(NamedTuple):
    """What the grader expects of real problems of each grade, at one setup."""

    grades: tuple[str, ...]
    """The grades that a new problem can have, easiest first."""
    means: tuple[float, ...]
    """The mean expected grade of real problems of each, in steps of the ladder."""
    spread: float
    """Its standard deviation within a grade, in steps of the ladder."""

    def probabilities(self, expected: NDArray[np.float32], ladder: Sequence[str]) -> NDArray[np.float32]:
        """Expected grades [problems] -> how likely each grade of the ladder is, [problems, ladder]."""
        logs = -0.5 * ((expected[:, None] - np.array(self.means)) / self.spread) ** 2
        likely = np.exp(logs - logs.max(axis=1, keepdims=True))
        found = np.zeros((len(expected), len(ladder)), np.float32)
        found[:, [ladder.index(grade) for grade in self.grades]] = likely / likely.sum(axis=1, keepdims=True)
        return found

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {"grades": list(self.grades), "means": list(self.means), "spread": self.spread}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> "Scale":
        """The scale that to_dict wrote. Raises ValueError for one that is none."""
        scale = cls(tuple(content["grades"]), tuple(content["means"]), content["spread"])
        if not scale.grades or len(scale.grades) != len(scale.means) or not scale.spread > 0:
            raise ValueError("a scale has a mean for every grade, and a spread")
        return scale


def offered(counts: Mapping[str, int]) -> tuple[str, ...]:
    """The grades with evidence, easiest first, given the training problems of each: all that have a little where none
    has enough."""
    some = tuple(sorted((grade for grade, count in counts.items() if grade and count), key=rank))
    return tuple(grade for grade in some if counts[grade] >= LEAST_EVIDENCE) or some


def fit_scale(
    expected: NDArray[np.float32],
    true: Sequence[str],
    consensus: NDArray[np.bool_],
    counts: Mapping[str, int],
    ladder: Sequence[str],
) -> Scale:
    """The scale of a setup.

    Args:
        expected: of held-out problems, with repeats unknown, in steps of the ladder, [problems].
        true: their grades.
        consensus: whether each is a consensus grade, bool [problems]; setters' grades tend to be lower for what the
            grader expects, so they tell only how steep the line is.
        counts: the training problems of every grade.
        ladder: the grades that the steps are of.
    """
    grades = offered(counts)
    target = np.array([ladder.index(grade) for grade in grades], float)
    steps = np.array([ladder.index(grade) for grade in true], float)
    # a line through the mean of every grade and kind of grade, with an offset for consensus where there are both kinds
    kind = consensus if consensus.sum() >= LEAST_CONSENSUS else np.ones_like(consensus)
    cells = [(step, one, (steps == step) & (kind == one)) for step in set(steps.tolist()) for one in (False, True)]
    cells = [cell for cell in cells if cell[2].sum() >= LEAST_FITTED]
    if len({step for step, _, _ in cells}) < 2:  # too little to tell: the grader's expectation as it is
        return Scale(grades, tuple(target.tolist()), 1.0)
    weight = np.sqrt([inside.sum() for _, _, inside in cells])
    design = np.array([[1.0, step, one] for step, one, _ in cells]) * weight[:, None]
    observed = np.array([expected[inside].mean() for _, _, inside in cells]) * weight
    constant, slope, offset = np.linalg.lstsq(design, observed, rcond=None)[0]
    line = constant + offset + slope * target
    # each grade's own mean, drawn to the line the more the fewer problems it has
    number = np.array([(kind & (steps == step)).sum() for step in target])
    total = np.array([expected[kind & (steps == step)].sum() for step in target], float)
    means = (total + SHRINKAGE * line) / (number + SHRINKAGE)
    rising = next((some for some in (means, line) if (np.diff(some) > 0).all()), target)
    # how far they spread around their means
    away = expected - np.interp(steps, target, rising)
    inside = kind & (steps >= target[0]) & (steps <= target[-1])
    spread = max(LEAST_SPREAD, float(np.sqrt(np.mean(away[inside] ** 2)))) if inside.any() else 1.0
    return Scale(grades, tuple(round(float(value), 4) for value in rising), round(spread, 4))
