"""How many times likelier a problem is among real ones than among drawn ones, estimated by classifiers.

Needs scikit-learn.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from climbpath.board import Board
from climbpath.features import Floats, describe
from climbpath.grades import rank
from climbpath.problem import Problem

DensityRatio = Callable[[Sequence[Problem]], NDArray[np.float64]]
"""How many times likelier each of some problems is among real ones than among drawn ones, [problems]."""
LOG_ODDS_SCALE = 0.6
"""What the sum of the two classifiers' log odds is multiplied by."""


def fit_density_ratio(real: Sequence[Problem], drawn: Sequence[Problem], board: Board) -> DensityRatio:
    """Estimate the density ratio of real to drawn problems of one board at one angle.

    The odds of a classifier are the ratio of two densities (Sugiyama et al. 2012). Two classifiers are combined:
    logistic regression on products of the measures of `geometry`, and trees that also see the individual holds.

    Args:
        real: real problems.
        drawn: samples of a model with the same mix of grades, and as many of them with a consensus grade.
        board: of both.
    """

    def inputs(problems: Sequence[Problem]) -> Floats:
        """Presence of holds, geometry, grade, number of start holds and consensus, [problems, inputs]."""
        more = [[rank(problem.grade or ""), len(problem.start), problem.has_consensus] for problem in problems]
        return np.concatenate([describe([p.holds for p in problems], board), np.array(more, np.float32)], axis=1)

    without_presence = slice(len(board.holds), None)
    x = np.concatenate([inputs(real), inputs(drawn)])
    is_real = np.repeat([True, False], [len(real), len(drawn)])
    # both sides weigh the same in all, so that odds of 1 mean a ratio of 1
    weights = np.where(is_real, len(drawn) / len(real), 1.0)
    smooth = make_pipeline(
        StandardScaler(), PolynomialFeatures(2), StandardScaler(), LogisticRegression(C=0.003, max_iter=500)
    )
    smooth.fit(x[:, without_presence], is_real, logisticregression__sample_weight=weights)
    trees = HistGradientBoostingClassifier(max_iter=150, learning_rate=0.05, max_leaf_nodes=12, l2_regularization=20)
    trees.fit(x, is_real, sample_weight=weights)

    def ratio_of(problems: Sequence[Problem]) -> NDArray[np.float64]:
        x = inputs(problems)
        log_odds = smooth.decision_function(x[:, without_presence]) + trees.decision_function(x)
        return np.exp(LOG_ODDS_SCALE * log_odds)

    return ratio_of
