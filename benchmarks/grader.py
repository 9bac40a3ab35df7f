"""The bundled grader beside gradient boosting, on problems that neither was trained on; and its speed.

    python benchmarks/grader.py PROBLEMS [--png confusion.png]

PROBLEMS is the Parquet file of all real problems, of which the test part is measured. The baseline, one for each
board and angle, is scikit-learn's histogram gradient boosting (the algorithm of LightGBM) over which holds there are,
which of them start, and where they are (features.describe). V grades are those of arXiv:2102.01788.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import compress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

from climbpath import board as boards
from climbpath.board import START, Setup
from climbpath.data import parquet, stats
from climbpath.drawing.charts import confusion_chart
from climbpath.features import describe, presence
from climbpath.grader.grader import load_grader, v_of
from climbpath.grader.metrics import COLUMNS, confusion, formatted, measure, table
from climbpath.grades import LADDER, v_number
from climbpath.problem import CONSENSUS_REPEATS, Problem
from climbpath.training.grader import learnable
from machine import machine

TREES = {"max_iter": 150, "learning_rate": 0.05, "max_leaf_nodes": 15, "l2_regularization": 3.0}
MAIN, DRAWS = Setup("moonboard-2016", 40), 20


def inputs(problems: Sequence[Problem]) -> NDArray[np.float32]:
    layout = boards.load(problems[0].board)
    starts = presence([problem.start for problem in problems], layout)[:, layout.may_ever[START]]
    return np.concatenate([describe([problem.holds for problem in problems], layout), starts], axis=1)


def boosted(train: Sequence[Problem], test: Sequence[Problem]) -> NDArray[np.float32]:
    """Gradient boosting's probabilities for test problems: of V grades, given to the hardest Font grade of each."""
    trees = HistGradientBoostingClassifier(**TREES, random_state=0)
    trees.fit(inputs(train), [v_number(problem.grade or "") for problem in train])
    found = np.zeros((len(test), len(LADDER)), np.float32)
    last = [np.flatnonzero(v == v_of(LADDER))[-1] for v in trees.classes_]
    found[:, last] = trees.predict_proba(inputs(test))
    return found


def by_chance(probabilities: NDArray[np.float32], problems: Sequence[Problem]) -> float:
    """The calibration error in V grades if grades were drawn from these probabilities: the mean of DRAWS draws."""
    rng, cumulative = np.random.default_rng(0), probabilities.cumsum(axis=1)
    errors = []
    for _ in range(DRAWS):
        steps = (cumulative < cumulative[:, -1:] * rng.random((len(cumulative), 1))).sum(axis=1)
        drawn = [replace(problem, grade=LADDER[step]) for problem, step in zip(problems, steps, strict=True)]
        errors.append(measure(probabilities, drawn, LADDER)["v"]["calibration_error"])
    return float(np.mean(errors))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("problems", type=Path)
    parser.add_argument("--png", type=Path, help="Draw the confusion matrix of MoonBoard 2016 here.")
    arguments = parser.parse_args()
    problems = parquet.load(arguments.problems)
    parts, _ = learnable(problems)
    grader = load_grader()
    held_out = [p for p in parts["test"] if p.key not in set(grader.train_keys.tolist())]
    print(machine())
    print(f"{len(held_out):,} test problems, none of which the grader was trained on\n")
    print(stats.table(*table(grader, held_out)))

    test = [problem for problem in held_out if problem.setup == MAIN]
    train = [problem for problem in parts["train"] if problem.setup == MAIN and not problem.partial]
    consensus = np.array([problem.has_consensus for problem in test])
    sides = {
        "gradient boosting": boosted(train, test),
        "grader": grader.probabilities(test),
        "grader, repeats unknown": grader.probabilities([replace(problem, repeats=None) for problem in test]),
    }
    rows = []
    for name, probabilities in sides.items():
        for what, which in (("all", np.ones_like(consensus)), (f"{CONSENSUS_REPEATS} repeats or more", consensus)):
            some = list(compress(test, which))
            agreement = formatted(measure(probabilities[which], some, LADDER)["v"])
            chance = f"{by_chance(probabilities[which], some):.3f}"
            rows.append((f"{name}, {what}", f"{len(some):,}", *agreement, chance))
    print(f"\n{MAIN}, V grades")
    print(stats.table(("side", "problems", *COLUMNS[3:], "by chance"), rows))
    if arguments.png:
        confusion_chart(*confusion(sides["grader"], test, LADDER), arguments.png)
        print(f"\nwrote {arguments.png}")

    many = [problem for problem in problems if problem.setup == MAIN and not problem.partial]
    grader.probabilities(many[:2000])
    started = time.perf_counter()
    grader.probabilities(many)
    print(f"\nspeed: {len(many) / (time.perf_counter() - started):,.0f} problems a second")


if __name__ == "__main__":
    main()
