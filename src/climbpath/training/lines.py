"""Fitting the straight lines that stand beside a grader's networks (grader/line.py)."""

from collections.abc import Sequence

import numpy as np
from sklearn.linear_model import Ridge

from climbpath import board as boards
from climbpath.board import Setup
from climbpath.features import Floats
from climbpath.grader.grader import Grader
from climbpath.grader.kernel import FEATURES, batches, random_features
from climbpath.grader.line import Line, inputs
from climbpath.grader.metrics import nats, steps_of
from climbpath.problem import Problem, with_mirrored
from climbpath.progress import PATIENCE, progress_bar

LEAST_LEARNED, LEAST_HELD, LEAST_GAIN = 500, 100, 0.005
"""With fewer train or validation problems a setup has no line; with a smaller gain in nats, neither."""
LEAST_FOR_FEATURES = 2000
"""With fewer train problems its line has no random features."""
PENALTIES, SHAPE_SCALE = (10.0, 30.0, 100.0), 0.5
"""Penalties of a line's ridge regression that are tried, and the spread of its counts and distances there."""
PENALTY, PRESENT, LIE = 1.0, 0.1, 0.05
"""The penalty of a line with random features, whose length is 1, and beside them the size of a hold and the spread of
counts and distances."""
TRUSTS, WIDTHS = np.linspace(0.4, 1, 7), np.geomspace(1.5, 12, 13)
"""Powers of the networks' probabilities that are tried beside a line, and widths of the line's opinion."""


def fit_lines(grader: Grader, train: Sequence[Problem], validation: Sequence[Problem]) -> dict[Setup, Line]:
    """The line of every setup where it makes the grades of held-out problems likelier, with random features where
    these make them likelier still. Setups with too few problems, of which a part may be missing, have none."""
    found = {}
    for setup in progress_bar(list(grader.evidence), "Lines", len(grader.evidence), delay=PATIENCE):
        learned, held = ([p for p in part if p.setup == setup and not p.partial] for part in (train, validation))
        if len(learned) < LEAST_LEARNED or len(held) < LEAST_HELD:
            continue
        probabilities = grader.probabilities(held)
        fewest = nats(probabilities, steps_of(held, grader.ladder))
        lines = [fit_line(learned, held, grader.ladder)]
        lines += [fit_kernel(learned, grader.ladder)] if len(learned) >= LEAST_FOR_FEATURES else []
        for line in lines:
            best, with_it = sharpened(line, probabilities, held, grader.ladder)
            if with_it < fewest - LEAST_GAIN:
                found[setup], fewest = best, with_it
    return found


def sharpened(
    line: Line, probabilities: Floats, held_out: Sequence[Problem], ladder: Sequence[str]
) -> tuple[Line, float]:
    """A line with the two powers that suit held-out problems best, and their nats with it.

    Args:
        line: the line.
        probabilities: the networks', [problems, ladder].
        held_out: the problems, all of one setup.
        ladder: the grades, easiest first.
    """
    expected, true = line.steps(held_out, boards.load(held_out[0].board)), steps_of(held_out, ladder)
    lines = [line._replace(trust=trust, width=width) for trust in TRUSTS for width in WIDTHS]
    found = [nats(one.joined(probabilities, expected), true) for one in lines]
    return lines[int(np.argmin(found))], min(found)


def fit_line(train: Sequence[Problem], held_out: Sequence[Problem], ladder: Sequence[str]) -> Line:
    """Ridge regression of the grades of train problems of one setup, with the penalty that suits held-out ones best."""
    board = boards.load(train[0].board)
    train = with_mirrored(train, board)
    steps, true = steps_of(train, ladder), steps_of(held_out, ladder)
    # holds count as they are; counts and distances are brought to one scale, below that of a hold
    x = inputs(train, board)
    scale = np.ones(x.shape[1], np.float32)
    scale[2 * len(board.holds) :] = SHAPE_SCALE / (x[:, 2 * len(board.holds) :].std(axis=0) + 1e-6)
    mean = x.mean(axis=0)
    other = (inputs(held_out, board) - mean) * scale
    fits = [Ridge(penalty).fit((x - mean) * scale, steps) for penalty in PENALTIES]
    best = min(fits, key=lambda fit: float(np.abs(fit.predict(other) - true).mean()))
    weights = np.asarray(best.coef_ * scale, np.float32)
    return Line(weights, float(best.intercept_ - mean @ weights), 1.0, np.inf)


def fit_kernel(train: Sequence[Problem], ladder: Sequence[str]) -> Line:
    """Ridge regression of the grades of train problems of one setup, of their random features beside the inputs."""
    board = boards.load(train[0].board)
    train = with_mirrored(train, board)
    x, holds = inputs(train, board), 2 * len(board.holds)
    moments = np.stack([x[:, holds:].mean(axis=0), x[:, holds:].std(axis=0) + np.float32(1e-6)])
    # random features do nearly all, so that holds, and counts and distances, are small beside them
    mean, scale = np.zeros(x.shape[1], np.float32), np.full(x.shape[1], PRESENT, np.float32)
    mean[holds:], scale[holds:] = moments[0], LIE / moments[1]
    terms = np.empty((len(x), x.shape[1] + FEATURES), np.float32)
    for rows in batches(len(x)):
        terms[rows] = np.concatenate([(x[rows] - mean) * scale, random_features(x[rows], board, moments)], axis=1)
    fit = Ridge(PENALTY, solver="cholesky", copy_X=False).fit(terms, steps_of(train, ladder))
    weights = np.asarray(fit.coef_, np.float32)
    weights[: len(scale)] *= scale
    return Line(weights, float(fit.intercept_ - mean @ weights[: len(mean)]), 1.0, np.inf, moments)
