"""Fitting the weights of the beta solver to grades.

Only problems of the train part of the split are used; benchmarks/beta.py measures on the rest.

`difficulty` is fitted by least squares for some families of boards, of the MoonBoards on the one with estimates of its
holds, so that the norm of the difficulties of a beta's moves predicts the grade; none of its weights may be negative.
Those of a family are scaled so that its moves are as hard on average as those of MoonBoards: what a hold left out and
a crossed start cost (solver.py) is as much of a move then. The betas depend on the weights, so both are found in turns.
`poorness`, for boards without estimates of their holds, is how much using a hold adds to the grade (ridge regression),
scaled to the mean and spread of the estimates for MoonBoard 2016.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from scipy.optimize import minimize
from sklearn.linear_model import Ridge

from climbpath import board as boards
from climbpath.beta.body import DEFAULT_CLIMBER
from climbpath.beta.scene import FEATURES
from climbpath.beta.solver import NORM, solve_batches
from climbpath.beta.weights import FORMAT, poorness
from climbpath.data.split import split
from climbpath.features import presence
from climbpath.grades import rank
from climbpath.problem import DEFAULT_METHOD, Problem, with_mirrored

TURNS = 6
STATED = {"crossed": 25.0, "match": 2.0, "higher hand": 0.5}
"""Weights that are not fitted, since whether a climber crosses or matches hardly shows in the grade: in steps, how much
harder a move gets by each metre that it ends crossed, and because the other hand is on the hold already."""
START = {"rise": 5.0, "stretch": 2.0, "poor hold": 2.0, "poor other hold": 5.0, "travel": 2.0}
"""The weights that the first betas are found with; where there is none, 1."""
ESTIMATED = "moonboard-2016"
"""The board with estimates of its holds."""
FIRST = "moonboard"
FITTED = {FIRST: (ESTIMATED,), "kilter": ("kilter-homewall", "kilter-original")}
"""The families with weights of their own, and the boards that they are fitted on; others have those of the first. On
Tension boards weights of their own predict the grades of held-out problems no better."""


def fit_difficulty(problems: Sequence[Problem]) -> dict[str, float]:
    """The weights of FEATURES with which the norm of a beta's moves predicts the grades of problems best."""
    grades = np.array([rank(problem.grade or "") for problem in problems], float)
    weights = dict.fromkeys(FEATURES, 1.0) | START | STATED
    for turn in range(TURNS):
        # Features of all problems' moves [N, M, FEATURES], 0 after the last move of each, and grades as steps [N].
        parts, order = [], []
        for rows, ways in solve_batches(problems, DEFAULT_CLIMBER, partial(_same, weights)):
            parts.append(ways.features)
            order += rows
        longest = max(part.shape[1] for part in parts)
        features = np.concatenate([np.pad(part, ((0, 0), (0, longest - part.shape[1]), (0, 0))) for part in parts])
        weights, error = _least_squares(features, grades[order], weights)
        print(f"turn {turn + 1}: mean squared error {error:.3f} steps, {grades.var():.3f} without a beta")
    return weights


def _same(weights: dict[str, float], _: str) -> dict[str, float]:
    """The weights on any board."""
    return weights


def mean_move(problems: Sequence[Problem], weights: dict[str, float]) -> float:
    """How hard the moves of problems are by some weights, on average."""
    ways = [ways for _, ways in solve_batches(problems, DEFAULT_CLIMBER, partial(_same, weights))]
    hard = np.concatenate([some.features[some.hand >= 0] for some in ways]) @ [weights[name] for name in FEATURES]
    return float(hard.mean())


def _least_squares(
    features: np.ndarray, steps: np.ndarray, weights: dict[str, float]
) -> tuple[dict[str, float], float]:
    """The best weights for betas of these features [N, M, FEATURES] and grades [N], and the mean squared error."""

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        """Mean squared error in steps and its gradient; the last parameter is the grade of a problem without moves."""
        hard = features @ parameters[:-1] + 1e-9
        norm = (hard**NORM).sum(axis=1) ** (1 / NORM)
        off = parameters[-1] + norm - steps
        by_move = hard ** (NORM - 1) / norm[:, None] ** (NORM - 1)  # d norm / d hard
        slope = np.einsum("bm,bmf->bf", by_move, features)
        return float((off**2).mean()), np.append(2 * (off[:, None] * slope).mean(axis=0), 2 * off.mean())

    bounds = [(STATED[name], STATED[name]) if name in STATED else (0, None) for name in FEATURES]
    start = [weights[name] for name in FEATURES]
    fitted = minimize(loss, [*start, 0.0], jac=True, bounds=[*bounds, (None, None)], method="L-BFGS-B")
    return dict(zip(FEATURES, fitted.x[:-1].round(4).tolist(), strict=True)), float(fitted.fun)


def poorness_of_use(problems: Sequence[Problem], board: str) -> dict[str, float]:
    """How poor the holds of a board are by the grades of its problems, with the mean and spread of the estimates."""
    layout = boards.load(board)
    problems = with_mirrored(problems, layout)
    used = presence([problem.start + problem.hands + problem.finish for problem in problems], layout)
    adds = Ridge(5.0).fit(used, [rank(problem.grade or "") for problem in problems]).coef_
    estimates = poorness(ESTIMATED).mean(axis=0)
    scaled = estimates.mean() + (adds - adds.mean()) / adds.std() * estimates.std()
    labels = [label for label, uses in zip(layout.labels, used.sum(axis=0), strict=True) if uses]
    return {label: round(float(np.clip(scaled[layout.index[label]], 0, 1)), 3) for label in labels}


def fit(problems: Sequence[Problem]) -> dict[str, Any]:
    """The content of assets/beta.json, fitted on the train part of the problems."""
    graded = [p for p in split(problems)["train"] if p.grade and not p.partial and p.method == DEFAULT_METHOD]
    of_family = {family: [p for p in graded if p.board in names] for family, names in FITTED.items()}
    weights = {family: fit_difficulty(some) for family, some in of_family.items() if some}
    hard = {family: mean_move(of_family[family], found) for family, found in weights.items()}
    scales = {family: hard.get(FIRST, hard[family]) / hard[family] for family in weights}
    return {
        "format": FORMAT,
        "difficulty": {
            family: {name: round(value * scales[family], 4) for name, value in found.items()}
            for family, found in weights.items()
        },
        "poorness": {
            board: poorness_of_use([p for p in graded if p.board == board], board)
            for board in sorted({p.board for p in graded} - {ESTIMATED})
        },
    }
