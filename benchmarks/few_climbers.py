"""What it costs a grader that few climbers have graded the climbs that it is measured by.

    python benchmarks/few_climbers.py kilter.sqlite3 PROBLEMS

An Aurora database that keeps no number of climbers keeps the mean of their grades, and the mean tells how many they
were at least: 22.33 is no grade of one climber, nor the mean of two. PROBLEMS is the Parquet file that was imported
from the database. Its held-out problems at an unknown angle are measured by how many climbers have graded them at
least, with the bundled grader and with gradient boosting (benchmarks/grader.py).
"""

import argparse
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import combinations_with_replacement, compress

import numpy as np
from numpy.typing import NDArray

from arguments import file
from climbpath import board as boards
from climbpath.board import Setup
from climbpath.data import parquet, stats
from climbpath.grader.grader import checked_grader_of
from climbpath.grader.metrics import COLUMNS, formatted, measure
from climbpath.grades import DIFFICULTY_OF_5C, FONT_LADDER, on_ladder, rank
from climbpath.problem import Problem
from climbpath.training.grader import learnable
from grader import BASELINE, boosted
from machine import machine

LEAST = (1, 2, 3)
"""How many climbers have graded a climb at least; with more than the last, problems are too few to be measured."""
APART = 4
"""Grades that one climb is given by its climbers are among so many that follow one another."""


def difficulties(ladder: Sequence[str]) -> list[float]:
    """The difficulty of every grade of a ladder; of a V grade the mean of those of its Font grades, as apps that have
    V grades alone give them."""
    of_grade: defaultdict[str, list[int]] = defaultdict(list)
    for font in FONT_LADDER:
        of_grade[next(iter(on_ladder(font, ladder)))].append(rank(font) + DIFFICULTY_OF_5C)
    return [float(np.mean(of_grade[grade])) for grade in ladder if grade in of_grade]


def fewest(ladder: Sequence[str]) -> dict[float, int]:
    """The fewest climbers whose grades have a mean, by that mean to two digits, as far as LEAST goes."""
    votes, found = difficulties(ladder), {}
    for number in reversed(LEAST[:-1]):
        for first in range(len(votes)):
            for some in combinations_with_replacement(votes[first : first + APART], number):
                found[round(sum(some) / number, 2)] = number
    return found


def compared(
    setup: Setup, train: Sequence[Problem], held_out: Sequence[Problem], climbers: NDArray[np.int64]
) -> Iterator[tuple[str, ...]]:
    """The rows of a setup: boosting and the grader on held-out problems that so many climbers have graded at least."""
    grader = checked_grader_of(setup)
    sides = {BASELINE: boosted(train, held_out, grader.ladder), "grader": grader.probabilities(held_out)}
    for least in LEAST:
        which = climbers >= least
        some = list(compress(held_out, which))
        if not some:
            return
        for name, probabilities in sides.items():
            agreement = formatted(measure(probabilities[which], some, grader.ladder)["v"])
            yield str(setup), f"{least} or more", f"{len(some):,}", name, *agreement[:3]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("database", type=file)
    parser.add_argument("problems", type=file)
    arguments = parser.parse_args()
    with closing(sqlite3.connect(f"file:{arguments.database}?mode=ro", uri=True)) as db:
        means = dict(db.execute("SELECT climb_uuid, display_difficulty FROM climb_cache_fields"))
    parts = learnable(parquet.load(arguments.problems))[0]
    held_out = [problem for problem in parts["validation"] + parts["test"] if problem.angle is None]
    table: list[tuple[str, ...]] = []
    for setup in dict.fromkeys(problem.setup for problem in held_out):
        train, there = ([one for one in part if one.setup == setup] for part in (parts["train"], held_out))
        by_mean = fewest(boards.load(setup.board).ladder)
        of_each = [means[problem.ids[0].partition(":")[2]] for problem in there]
        table += compared(setup, train, there, np.array([by_mean.get(round(mean, 2), LEAST[-1]) for mean in of_each]))
    print(machine())
    print(stats.table(("board and angle", "climbers", "problems", "side", *COLUMNS[3:6]), table))


if __name__ == "__main__":
    main()
