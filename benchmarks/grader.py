"""The bundled graders beside gradient boosting, on problems that neither was trained on; and their speed.

    python benchmarks/grader.py PROBLEMS [--png confusion.png]

PROBLEMS is the Parquet file of all real problems, of which the test part is measured. The baseline, one for each
board and angle, is scikit-learn's histogram gradient boosting (the algorithm of LightGBM) of the grade over which holds
there are, which of them are for feet, and how they lie: the inputs of the grader's straight line (grader/line.py).
V grades are those of arXiv:2102.01788.
"""

import argparse
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import compress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor

from arguments import file
from climbpath import board as boards
from climbpath.board import Setup
from climbpath.data import parquet, stats
from climbpath.drawing.charts import confusion_chart
from climbpath.grader.grader import bundled_grader, bundled_graders, checked_grader_of, grader_of, predict
from climbpath.grader.line import inputs
from climbpath.grader.metrics import COLUMNS, confusion, formatted, measure
from climbpath.problem import CONSENSUS_REPEATS, Problem
from climbpath.training.grader import learnable
from machine import machine

TREES = {"max_iter": 200, "learning_rate": 0.06, "max_leaf_nodes": 15, "l2_regularization": 1.0}
MAIN, DRAWS = Setup("moonboard-2016", 40), 20
BASELINE = "gradient boosting"
LEAST_TRAIN, LEAST_TEST = 500, 50
"""Setups with fewer problems to learn from or to measure are left out."""


def boosted(train: Sequence[Problem], test: Sequence[Problem], ladder: Sequence[str]) -> NDArray[np.float32]:
    """Gradient boosting's grades of test problems, each with probability 1: the step nearest to the expected one."""
    layout = boards.load(test[0].board)
    trees = HistGradientBoostingRegressor(**TREES, random_state=0)
    trees.fit(inputs(train, layout), [ladder.index(problem.grade or "") for problem in train])
    steps = np.clip(np.rint(trees.predict(inputs(test, layout))).astype(int), 0, len(ladder) - 1)
    return np.eye(len(ladder), dtype=np.float32)[steps]


def by_chance(probabilities: NDArray[np.float32], problems: Sequence[Problem], ladder: Sequence[str]) -> float:
    """The calibration error in V grades if grades were drawn from these probabilities: the mean of DRAWS draws."""
    rng, cumulative = np.random.default_rng(0), probabilities.cumsum(axis=1)
    errors = []
    for _ in range(DRAWS):
        steps = (cumulative < cumulative[:, -1:] * rng.random((len(cumulative), 1))).sum(axis=1)
        drawn = [replace(problem, grade=ladder[step]) for problem, step in zip(problems, steps, strict=True)]
        errors.append(measure(probabilities, drawn, ladder)["v"]["calibration_error"])
    return float(np.mean(errors))


def compared(setup: Setup, parts: Mapping[str, Sequence[Problem]]) -> Iterator[tuple[str, ...]]:
    """The rows of a setup: gradient boosting and the grader, on all test problems and on those of ten repeats."""
    train = [problem for problem in parts["train"] if problem.setup == setup and not problem.partial]
    test = [problem for problem in parts["test"] if problem.setup == setup]
    grader = grader_of(setup)
    if not grader or len(train) < LEAST_TRAIN or len(test) < LEAST_TEST:
        return
    ladder = grader.ladder
    sides = {
        BASELINE: boosted(train, test, ladder),
        "grader": grader.probabilities(test),
        "grader, repeats unknown": grader.probabilities([replace(problem, repeats=None) for problem in test]),
    }
    consensus = np.array([problem.has_consensus for problem in test])
    groups = {"all": np.ones_like(consensus), f"{CONSENSUS_REPEATS} repeats or more": consensus}
    for name, probabilities in sides.items():
        for what, which in groups.items():
            some = list(compress(test, which))
            if len(some) >= LEAST_TEST:
                agreement = formatted(measure(probabilities[which], some, ladder)["v"])
                chance = f"{by_chance(probabilities[which], some, ladder):.3f}"
                if name == BASELINE:  # it gives no probabilities
                    agreement, chance = (*agreement[:-1], ""), ""
                yield str(setup), f"{name}, {what}", f"{len(some):,}", *agreement, chance


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("problems", type=file)
    parser.add_argument("--png", type=Path, help="Draw the confusion matrix of MoonBoard 2016 here.")
    arguments = parser.parse_args()
    problems = parquet.load(arguments.problems)
    parts, _ = learnable(problems)
    trained = {int(key) for name in bundled_graders() for key in bundled_grader(name).train_keys}
    held_out = [problem for problem in parts["test"] if problem.key not in trained]
    print(machine())
    print(f"{len(held_out):,} test problems, none of which a grader was trained on; V grades\n")
    rows = [row for setup in dict.fromkeys(problem.setup for problem in held_out) for row in compared(setup, parts)]
    print(stats.table(("setup", "side", "problems", *COLUMNS[3:], "by chance"), rows))
    test = [problem for problem in held_out if problem.setup == MAIN]
    if arguments.png and test:
        main_grader = bundled_grader()
        confusion_chart(*confusion(main_grader.probabilities(test), test, main_grader.ladder), arguments.png)
        print(f"\nwrote {arguments.png}")

    many = [problem for problem in problems if grader_of(problem.setup) and not problem.partial]
    graders = {setup: checked_grader_of(setup) for setup in {problem.setup for problem in many}}
    predict(many[:2000], graders)
    started = time.perf_counter()
    predict(many, graders)
    print(f"\nspeed: {len(many) / (time.perf_counter() - started):,.0f} problems a second")


if __name__ == "__main__":
    main()
