"""Does a grader gain from kernel ridge regression, where the bundled ones have a straight line beside the networks?

    python benchmarks/kernels.py PROBLEMS

PROBLEMS is the Parquet file of all real problems of a family of boards. On every board and angle with enough of them,
ridge regression of random Fourier features (Rahimi & Recht 2007), which is kernel ridge regression without the train
problems, learns the grade from the train part, and takes the place of the straight line (grader/line.py), joined with
the networks as that is. The bundled grader, the networks alone and gradient boosting
(benchmarks/grader.py) are measured beside it.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import Ridge

from climbpath import board as boards
from climbpath.board import Board, Setup
from climbpath.data import parquet, stats
from climbpath.features import Floats
from climbpath.grader.grader import checked_grader_of
from climbpath.grader.line import Line, inputs
from climbpath.grader.metrics import COLUMNS, formatted, measure
from climbpath.problem import Problem
from climbpath.training.grader import LEAST_HELD, learnable, sharpened
from grader import BASELINE, boosted
from machine import machine

DRAWS = 3
"""How often the features are drawn: grades differ by as much as a point from draw to draw."""
FEATURES, SCALES, PENALTY = 3000, (1.0, 2.5), 1.0
"""How many random features, over the kernels' widths in equal parts, and the penalty of the regression."""
NEAR = 4.0
"""How far apart, in cm, holds are alike: the standard deviation of the normal kernel over places."""
FEET, SHAPE = 0.3, 0.6
"""Weights of holds for feet, and of counts and distances, beside the holds for hands."""
PRESENT, LIES = 0.1, 0.05
"""How large a hold, and the standard deviation of a count or distance, are in the regression, beside features that
have length 1 together."""
NO_LINE = Line(np.zeros(0, np.float32), 0.0, 1.0, np.inf)
LEAST_TRAIN = 2000
"""Setups with fewer problems to learn from are left out."""


def random_features(plain: Floats, shape: Floats, board: Board, seed: int) -> Floats:
    """Random Fourier features of problems, float32 [problems, FEATURES]: of the line's inputs, of which `shape` are the
    counts and distances, with mean 0 and standard deviation 1 on the train part."""
    rng, holds = np.random.default_rng(seed), len(board.holds)
    size = (plain.shape[1], FEATURES // len(SCALES))
    frequencies = [rng.standard_normal(size, dtype=np.float32) / np.float32(scale) for scale in SCALES]
    phases = rng.uniform(0, 2 * np.pi, FEATURES).astype(np.float32)
    # which holds are in the problem or next to one that is, those for hands and those for feet, of length 1
    alike = np.exp(-(board.distance**2) / (2 * NEAR**2)).astype(np.float32)
    hands, feet = plain[:, :holds] @ alike, plain[:, holds : 2 * holds] @ alike
    near = np.concatenate([hands, np.sqrt(np.float32(FEET)) * feet], axis=1)
    near /= np.linalg.norm(near, axis=1, keepdims=True)
    points = np.concatenate([near, SHAPE / np.sqrt(np.float32(shape.shape[1])) * shape], axis=1)
    waves = np.cos(points @ np.concatenate(frequencies, axis=1) + phases)
    return np.asarray(waves * np.float32(np.sqrt(2 / FEATURES)), np.float32)


def steps_of(
    train: Sequence[Problem], held_out: Sequence[Problem], ladder: Sequence[str]
) -> Iterator[NDArray[np.float32]]:
    """The regression's step of the ladder for held-out problems, [problems], once for each draw; where the board has
    mirror partners, the mean of a problem and its mirror image."""
    board = boards.load(train[0].board)
    # train problems, held-out ones, and the mirror images of both, one behind another
    whole = [*train, *held_out]
    images = [problem.mirrored for problem in whole] if board.has_mirror else []
    plain, holds = inputs([*whole, *images], board), 2 * len(board.holds)
    known = plain[: len(train), holds:]
    shape = (plain[:, holds:] - known.mean(axis=0)) / (known.std(axis=0) + 1e-6)
    rows = np.arange(len(plain)).reshape(-1, len(whole))  # each problem's, and its image's below
    learned, told = rows[:, : len(train)], rows[:, len(train) :]
    steps = [ladder.index(problem.grade or "") for problem in train] * len(rows)
    for seed in range(DRAWS):
        waves = random_features(plain, shape, board, seed)
        x = np.concatenate([waves, PRESENT * plain[:, :holds], LIES * shape], axis=1, dtype=np.float32)
        fit = Ridge(PENALTY, solver="cholesky").fit(x[learned.ravel()], steps)
        yield np.mean([fit.predict(x[some]) for some in told], axis=0).astype(np.float32)


def compared(setup: Setup, parts: Mapping[str, Sequence[Problem]]) -> Iterator[tuple[str, ...]]:
    """The rows of a setup: each side on the validation and on the test part."""
    of = {
        name: [problem for problem in part if problem.setup == setup and not problem.partial]
        for name, part in parts.items()
    }
    held = [of["validation"], of["test"]]
    if len(of["train"]) < LEAST_TRAIN or min(map(len, held)) < LEAST_HELD:
        return
    grader = checked_grader_of(setup)
    ladder, both, validation = grader.ladder, [problem for part in held for problem in part], len(held[0])
    networks = replace(grader, lines={}).probabilities(both)
    sides = {
        BASELINE: boosted(of["train"], both, ladder),
        "networks": networks,
        "grader": grader.probabilities(both),
    }
    for seed, steps in enumerate(steps_of(of["train"], both, ladder)):
        line = sharpened(NO_LINE, networks[:validation], steps[:validation], held[0], ladder)[0]
        sides[f"networks and kernel, draw {seed}"] = line.joined(networks, steps)
    parted = {"validation": slice(validation), "test": slice(validation, None)}
    for name, which in parted.items():
        for side, probabilities in sides.items():
            measures = measure(probabilities[which], both[which], ladder)
            nats = "" if side == BASELINE else f"{measures['nats']:.3f}"
            yield str(setup), name, f"{len(both[which]):,}", side, *formatted(measures["v"])[:3], nats


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("problems", type=Path)
    arguments = parser.parse_args()
    parts = learnable(parquet.load(arguments.problems))[0]
    rows: list[tuple[str, ...]] = []
    for setup in dict.fromkeys(problem.setup for problem in parts["test"]):
        rows += compared(setup, parts)
    print(machine())
    print(stats.table(("board and angle", "part", "problems", "side", *COLUMNS[3:6], "nats"), rows))


if __name__ == "__main__":
    main()
