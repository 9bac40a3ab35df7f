"""The two-sample test: whether a classifier can tell two lists of problems apart. Needs scikit-learn.

The classifier sees the problems only, never the generator: gradient-boosted trees (Friedman 2001) over
features.describe.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from climbpath.board import Board
from climbpath.evaluation.baseline_grader import TREES
from climbpath.features import describe

FOLDS, RESAMPLES, REPEATS = 5, 500, 3


class Interval(NamedTuple):
    """A value with its 95 % bootstrap interval."""

    value: float
    """The value for all the data."""
    low: float
    """The 2.5th percentile over resamples."""
    high: float
    """The 97.5th percentile over resamples."""


def two_sample_auc(
    some: Sequence[Collection[str]], others: Sequence[Collection[str]], board: Board, seed: int = 0
) -> Interval:
    """How well a classifier tells two lists of hold sets apart: area under the ROC curve, 0.5 where it cannot.

    This is the classifier two-sample test (Lopez-Paz & Oquab 2017). Scores are out of fold, averaged over REPEATS ways
    to fold; the interval is over resampled problems.
    """
    x = describe([*some, *others], board)
    y = np.repeat([0, 1], [len(some), len(others)])
    scores = np.zeros(len(y))
    for repeat in range(REPEATS):
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed + repeat)
        classifier = HistGradientBoostingClassifier(**TREES, early_stopping=False, random_state=seed)
        scores += cross_val_predict(classifier, x, y, cv=folds, method="predict_proba")[:, 1]
    # Each resample draws as many problems of either list as there are, with the scores that they have.
    rng = np.random.default_rng(seed)
    resampled = []
    for _ in range(RESAMPLES):
        rows = np.concatenate([rng.choice(np.flatnonzero(y == part), np.sum(y == part)) for part in (0, 1)])
        resampled.append(roc_auc_score(y[rows], scores[rows]))
    low, high = np.percentile(resampled, (2.5, 97.5))
    return Interval(float(roc_auc_score(y, scores)), float(low), float(high))
