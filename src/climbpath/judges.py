"""Judges of generated problems: classifiers that see the problems alone, never the generator. Needs scikit-learn.

Most are gradient-boosted trees (Friedman 2001) over features.describe: which holds, and how they lie.
"""

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from climbpath.board import Board
from climbpath.features import Floats, describe
from climbpath.grades import rank
from climbpath.problem import Problem

FOLDS, RESAMPLES, REPEATS = 5, 500, 3
TREES = {"max_iter": 200, "learning_rate": 0.06, "max_leaf_nodes": 15, "l2_regularization": 1.0}


class Interval(NamedTuple):
    """A value with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float


def two_sample_auc(
    some: Sequence[Collection[str]], others: Sequence[Collection[str]], board: Board, seed: int = 0
) -> Interval:
    """How well a classifier tells two lists of hold sets apart: area under the ROC curve, 0.5 where it cannot.

    Scores are out of fold, averaged over three ways to fold (classifier two-sample test, Lopez-Paz & Oquab 2017);
    the interval is over resampled problems.
    """
    x = describe([*some, *others], board)
    y = np.repeat([0, 1], [len(some), len(others)])
    scores = np.zeros(len(y))
    for repeat in range(REPEATS):
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed + repeat)
        judge = HistGradientBoostingClassifier(**TREES, early_stopping=False, random_state=seed)
        scores += cross_val_predict(judge, x, y, cv=folds, method="predict_proba")[:, 1]
    rng = np.random.default_rng(seed)
    resampled = []
    for _ in range(RESAMPLES):
        rows = np.concatenate([rng.choice(np.flatnonzero(y == part), np.sum(y == part)) for part in (0, 1)])
        resampled.append(roc_auc_score(y[rows], scores[rows]))
    low, high = np.percentile(resampled, (2.5, 97.5))
    return Interval(float(roc_auc_score(y, scores)), float(low), float(high))


Likeness = Callable[[Sequence[Problem]], NDArray[np.float64]]
"""How many times likelier each of some problems is among real ones than among drawn ones, [problems]."""
SURE = 0.6
"""What the log odds of the two classifiers of `likeness` are multiplied by before they are added up."""


def likeness(real: Sequence[Problem], drawn: Sequence[Problem], board: Board) -> Likeness:
    """What tells real problems of one board and angle from drawn ones, of the same grades, as many of them settled,
    learned from both.

    The odds of a classifier are the ratio of two densities (Sugiyama et al. 2012). Two are asked: logistic regression
    on the products of what `geometry` measures, and trees, which see the holds, too.
    """

    def seen(problems: Sequence[Problem]) -> Floats:
        more = [[rank(problem.grade or ""), len(problem.start), problem.is_settled] for problem in problems]
        return np.concatenate([describe([p.holds for p in problems], board), np.array(more, np.float32)], axis=1)

    measured = slice(len(board.holds), None)
    x = np.concatenate([seen(real), seen(drawn)])
    is_real = np.repeat([True, False], [len(real), len(drawn)])
    weights = np.where(is_real, len(drawn) / len(real), 1.0)
    smooth = make_pipeline(
        StandardScaler(), PolynomialFeatures(2), StandardScaler(), LogisticRegression(C=0.003, max_iter=500)
    )
    smooth.fit(x[:, measured], is_real, logisticregression__sample_weight=weights)
    trees = HistGradientBoostingClassifier(max_iter=150, learning_rate=0.05, max_leaf_nodes=12, l2_regularization=20)
    trees.fit(x, is_real, sample_weight=weights)

    def likeness_of(problems: Sequence[Problem]) -> NDArray[np.float64]:
        features = seen(problems)
        log_odds = smooth.decision_function(features[:, measured]) + trees.decision_function(features)
        return np.exp(SURE * log_odds)

    return likeness_of


class Grading(NamedTuple):
    """How far a grader's grades lie from those asked for, in steps of the ladder."""

    problems: int
    same: float
    within_one: float
    mean_distance: float


def grading(steps: NDArray[np.float64] | Floats, problems: Sequence[Problem]) -> Grading:
    """How far expected grades, in steps of the ladder [problems], lie from the problems' own."""
    off = np.abs(steps - [rank(problem.grade or "") for problem in problems])
    return Grading(len(off), float(np.mean(off < 0.5)), float(np.mean(off < 1.5)), float(np.mean(off)))


class Grader:
    """A gradient-boosted grader of one board at one angle. Its grades are steps of the ladder, as numbers."""

    def __init__(self, problems: Sequence[Problem], board: Board, seed: int = 0) -> None:
        self.board = board
        self.trees = HistGradientBoostingRegressor(**TREES, random_state=seed)
        self.trees.fit(describe([p.holds for p in problems], board), [rank(p.grade or "") for p in problems])

    def steps(self, hold_sets: Sequence[Collection[str]]) -> NDArray[np.float64]:
        """The expected grade of each set of holds, [sets]."""
        return np.asarray(self.trees.predict(describe(hold_sets, self.board)))

    def agreement(self, problems: Sequence[Problem]) -> Grading:
        """How well its grades agree with those of problems."""
        return grading(self.steps([problem.holds for problem in problems]), problems)
