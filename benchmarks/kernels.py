"""Does a grader gain from kernel ridge regression, where the bundled ones have a straight line beside the networks?

    python benchmarks/kernels.py PROBLEMS

PROBLEMS is the Parquet file of all real problems of a family of boards. On every board and angle with enough of them,
ridge regression of random Fourier features (Rahimi & Recht 2007), which is kernel ridge regression without the train
problems, learns the grade from the train part, and takes the place of the straight line (grader/line.py). Powers of
both opinions are those that suit the validation part best. The bundled grader, the networks alone and gradient boosting
(benchmarks/grader.py) are measured beside it.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from sklearn.linear_model import Ridge

from climbpath import board as boards
from climbpath.board import Board, Setup
from climbpath.data import parquet, stats
from climbpath.features import Floats
from climbpath.grader.grader import checked_grader_of
from climbpath.grader.line import Line, inputs
from climbpath.grader.metrics import COLUMNS, formatted, measure
from climbpath.problem import Problem
from climbpath.training.grader import TRUSTS, WIDTHS, learnable
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
LEAST_TRAIN, LEAST_HELD = 2000, 100
"""Setups with fewer problems to learn from, or in a part to measure, are left out."""


class Waves:
    """Random Fourier features of problems on one board."""

    def __init__(self, train: Sequence[Problem], board: Board, seed: int) -> None:
        self.board, self.holds = board, len(board.holds)
        shape = inputs(train, board)[:, 2 * self.holds :]
        self.mean, self.spread = shape.mean(axis=0), shape.std(axis=0) + 1e-6
        self.alike = np.exp(-(board.distance**2) / (2 * NEAR**2)).astype(np.float32)
        rng, size = np.random.default_rng(seed), 2 * self.holds + shape.shape[1]
        each = FEATURES // len(SCALES)
        drawn = [rng.standard_normal((size, each), dtype=np.float32) / np.float32(scale) for scale in SCALES]
        self.frequencies = np.concatenate(drawn, axis=1)
        self.phases = rng.uniform(0, 2 * np.pi, self.frequencies.shape[1]).astype(np.float32)

    def of(self, problems: Sequence[Problem]) -> Floats:
        """The features, float32 [problems, FEATURES + inputs of the straight line]."""
        plain = inputs(problems, self.board)
        present, shape = plain[:, : 2 * self.holds], (plain[:, 2 * self.holds :] - self.mean) / self.spread
        # which holds are in the problem or next to one that is, those for hands and those for feet, of length 1
        hands, feet = present[:, : self.holds] @ self.alike, present[:, self.holds :] @ self.alike
        near = np.concatenate([hands, np.sqrt(np.float32(FEET)) * feet], axis=1)
        near /= np.linalg.norm(near, axis=1, keepdims=True)
        points = np.concatenate([near, SHAPE / np.sqrt(np.float32(shape.shape[1])) * shape], axis=1)
        waves = np.cos(points @ self.frequencies + self.phases) * np.float32(np.sqrt(2 / FEATURES))
        return np.concatenate([waves, 0.1 * present, 0.05 * shape], axis=1, dtype=np.float32)


def steps_of(
    train: Sequence[Problem], parts: Sequence[Sequence[Problem]], ladder: Sequence[str], seed: int
) -> list[Floats]:
    """The regression's step of the ladder for every problem of some parts; where the board has mirror partners, the
    mean of a problem and its mirror image."""
    board = boards.load(train[0].board)
    waves, has_mirror = Waves(train, board, seed), board.has_mirror
    learned = [*train, *(problem.mirrored for problem in train)] if has_mirror else list(train)
    steps = [ladder.index(problem.grade or "") for problem in learned]
    fit = Ridge(PENALTY, solver="cholesky").fit(waves.of(learned), steps)

    def told(problems: Sequence[Problem]) -> Floats:
        steps = fit.predict(waves.of(problems))
        if has_mirror:
            steps = (steps + fit.predict(waves.of([problem.mirrored for problem in problems]))) / 2
        return np.asarray(steps, np.float32)

    return [told(part) for part in parts]


def joined(
    networks: Sequence[Floats], steps: Sequence[Floats], validation: Sequence[Problem], ladder: Sequence[str]
) -> list[Floats]:
    """Networks and regression together, validation part first, with the powers that suit that part best."""
    lines = [Line(np.zeros(1, np.float32), 0.0, trust, width) for trust in TRUSTS for width in WIDTHS]
    nats = [measure(line.joined(networks[0], steps[0]), validation, ladder)["nats"] for line in lines]
    best = lines[int(np.argmin(nats))]
    return [best.joined(*part) for part in zip(networks, steps, strict=True)]


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
    ladder, alone = grader.ladder, replace(grader, lines={})
    networks = [alone.probabilities(part) for part in held]
    sides = {
        BASELINE: [boosted(of["train"], part, ladder) for part in held],
        "networks": networks,
        "grader": [grader.probabilities(part) for part in held],
        **{
            f"networks and kernel, draw {seed}": joined(
                networks, steps_of(of["train"], held, ladder, seed), held[0], ladder
            )
            for seed in range(DRAWS)
        },
    }
    for number, part in enumerate(("validation", "test")):
        for name, probabilities in sides.items():
            measures = measure(probabilities[number], held[number], ladder)
            nats = "" if name == BASELINE else f"{measures['nats']:.3f}"
            yield str(setup), part, f"{len(held[number]):,}", name, *formatted(measures["v"])[:3], nats


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
