"""The ratio of densities that tells real problems from drawn ones. Needs scikit-learn."""

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
SURE = 0.6
"""What the log odds of the two classifiers of `likeness` are multiplied by before they are added up."""


def density_ratio(real: Sequence[Problem], drawn: Sequence[Problem], board: Board) -> DensityRatio:
    """What tells real problems of one board and angle from drawn ones, of the same grades, as many of them settled,
    learned from both.

    The odds of a classifier are the ratio of two densities (Sugiyama et al. 2012). Two are asked: logistic regression
    on the products of what `geometry` measures, and trees, which see the holds, too.
    """

    def seen(problems: Sequence[Problem]) -> Floats:
        more = [[rank(problem.grade or ""), len(problem.start), problem.has_consensus] for problem in problems]
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

    def ratio_of(problems: Sequence[Problem]) -> NDArray[np.float64]:
        features = seen(problems)
        log_odds = smooth.decision_function(features[:, measured]) + trees.decision_function(features)
        return np.exp(SURE * log_odds)

    return ratio_of
