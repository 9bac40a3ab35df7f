"""How good predicted grades are: agreement, distance and calibration, in V and in Font grades. Needs scikit-learn."""

from collections.abc import Mapping, Sequence
from itertools import compress
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix, f1_score

from climbpath.grader.grader import Floats, Grader, predictions, v_of
from climbpath.problem import Problem

BINS = 10
"""Of confidence, for the calibration error."""


def measure(probabilities: Floats, problems: Sequence[Problem], ladder: Sequence[str]) -> dict[str, Any]:
    """Measures of probabilities [problems, ladder] against the problems' grades, in plain JSON types.

    `font` and `v` each have the fractions of predictions that are exact and at most one step off, the mean absolute
    error in steps, macro-F1 (over grades that occur) and the expected calibration error (Guo et al. 2017, ten bins of
    the probability of the predicted grade); `nats` is the mean -log probability of the grade.
    """
    steps = steps_of(problems, ladder)
    predicted, v = _predicted(probabilities, ladder), v_of(ladder)
    rows = np.arange(len(steps))
    same_v = v[:, None] == v
    return {
        "problems": len(steps),
        "font": _agreement(predicted, steps, probabilities[rows, predicted]),
        "v": _agreement(v[predicted], v[steps], (probabilities @ same_v)[rows, predicted]),
        "nats": nats(probabilities, steps),
    }


def steps_of(problems: Sequence[Problem], ladder: Sequence[str]) -> NDArray[np.int64]:
    """The steps of a ladder of the problems' grades, [problems]."""
    return np.array([ladder.index(problem.grade or "") for problem in problems], np.int64)


def nats(probabilities: Floats, steps: NDArray[np.int64]) -> float:
    """The mean -log probability of steps [problems] under probabilities [problems, ladder]."""
    return float(-np.log(np.maximum(probabilities[np.arange(len(steps)), steps], 1e-9)).mean())


def _agreement(predicted: NDArray[np.int64], true: NDArray[np.int64], confidence: Floats) -> dict[str, float]:
    """Measures of predicted against true steps, [problems] each; confidence is the probability of the predicted one."""
    off = np.abs(predicted - true)
    # Per bin that occurs: how far accuracy and mean confidence differ, and the fraction of problems in it.
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = [abs(float((off[bins == b] == 0).mean() - confidence[bins == b].mean())) for b in np.unique(bins)]
    shares = [float((bins == b).mean()) for b in np.unique(bins)]
    return {
        "exact": float((off == 0).mean()),
        "within_one": float((off <= 1).mean()),
        "mean_absolute_error": float(off.mean()),
        "macro_f1": float(f1_score(true, predicted, labels=np.unique(true), average="macro", zero_division=0)),
        "calibration_error": float(np.dot(gaps, shares)),
    }


def confusion(
    probabilities: Floats, problems: Sequence[Problem], ladder: Sequence[str]
) -> tuple[list[str], NDArray[np.int64]]:
    """Grades that occur, easiest first, and how often each (row) was predicted as each (column)."""
    true, predicted = steps_of(problems, ladder), _predicted(probabilities, ladder)
    steps = sorted({*true.tolist(), *predicted.tolist()})
    return [ladder[step] for step in steps], confusion_matrix(true, predicted, labels=steps)


def _predicted(probabilities: Floats, ladder: Sequence[str]) -> NDArray[np.int64]:
    """The steps of the ladder that are predicted, [problems]."""
    return np.array([ladder.index(one.grade) for one in predictions(probabilities, ladder)], np.int64)


COLUMNS = ("held out", "problems", "grades", "exact", "within 1", "error", "macro-F1", "calibration error")


def table(grader: Grader, problems: Sequence[Problem]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Header and rows of the measures of held-out problems: of each setup, and of all together."""
    graded = [problem for problem in problems if problem.grade and problem.setup in grader.evidence]
    probabilities = grader.probabilities(graded)
    setups = [problem.setup for problem in graded]
    groups = {str(setup): np.array([s == setup for s in setups]) for setup in grader.evidence if setup in setups}
    if len(groups) > 1:
        groups["all"] = np.ones(len(graded), bool)
    rows: list[tuple[str, ...]] = []
    for name, which in groups.items():
        members = list(compress(graded, which))
        measures = measure(probabilities[which], members, grader.ladder)
        for key, grades in (("v", "V"), ("font", "Font")):
            rows.append((name, f"{len(members):,}", grades, *formatted(measures[key])))
    return COLUMNS, rows


def formatted(agreement: Mapping[str, float]) -> tuple[str, ...]:
    """The measures of `font` or `v` as text, in the order of the last five columns."""
    shares = (f"{agreement[key]:.1%}" for key in ("exact", "within_one"))
    rest = (f"{agreement[key]:.3f}" for key in ("mean_absolute_error", "macro_f1", "calibration_error"))
    return *shares, *rest
