"""What it costs a grader that nobody kept the angle at which a climb was graded.

    python benchmarks/unknown_angle.py kilter.sqlite3 PROBLEMS

Some climbs of the database have two grades: one at a known angle, the mean of many climbers (`climb_stats`), and one at
whatever angle it was given (`climb_cache_fields`). How far these lie apart is how far a grader would be off that read
the holds without fault but is measured by the second kind. Added to the errors that the bundled grader makes where the
angle is known, as if both were independent, that is what it can reach where the angle is unknown; beside it is what it
does reach. PROBLEMS is the Parquet file that was imported from the database, of which what was held out is measured.
"""

import argparse
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from arguments import file
from climbpath import board as boards
from climbpath.board import Setup
from climbpath.data import parquet, stats
from climbpath.grader.grader import checked_grader_of, predictions
from climbpath.grades import of_difficulty, v_number
from climbpath.problem import Problem
from climbpath.training.grader import learnable
from machine import machine

BOARD, ANGLE = "kilter-original", 40
LADDER = boards.load(BOARD).ladder
TWICE = """
SELECT at.display_difficulty, somewhere.display_difficulty
FROM climb_stats AS at JOIN climb_cache_fields AS somewhere ON somewhere.climb_uuid = at.climb_uuid
WHERE at.angle = ? AND at.display_difficulty NOT NULL AND somewhere.display_difficulty NOT NULL
"""


def apart(database: Path) -> NDArray[np.int64]:
    """How many V grades the grade at an unknown angle lies above that at ANGLE, of every climb that has both."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        twice = np.array(db.execute(TWICE, (ANGLE,)).fetchall())
    at, somewhere = np.vectorize(lambda difficulty: v_number(of_difficulty(difficulty, LADDER) or ""))(twice).T
    return np.asarray(somewhere - at)


def errors(held_out: Sequence[Problem], angle: int | None) -> NDArray[np.int64]:
    """How many V grades the bundled grader's predictions lie above the grades of held-out problems at an angle."""
    setup = Setup(BOARD, angle)
    grader, there = checked_grader_of(setup), [problem for problem in held_out if problem.setup == setup]
    predicted = predictions(grader.probabilities(there), grader.ladder)
    pairs = zip(predicted, there, strict=True)
    return np.array([v_number(one.grade) - v_number(problem.grade or "") for one, problem in pairs])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("database", type=file)
    parser.add_argument("problems", type=file)
    arguments = parser.parse_args()
    parts = learnable(parquet.load(arguments.problems))[0]
    held_out = parts["validation"] + parts["test"]
    known, label = errors(held_out, ANGLE), apart(arguments.database)
    rows = {
        f"grader, {ANGLE}° known": known,
        f"grade at an unknown angle against that at {ANGLE}°": label,
        "both together": np.subtract.outer(known, label).ravel(),
        "grader, angle unknown": errors(held_out, None),
    }
    print(machine())
    table = [
        (name, f"{len(off):,}", f"{np.mean(abs(off) <= 1):.1%}", f"{abs(off).mean():.2f}") for name, off in rows.items()
    ]
    print(stats.table(("V grades", "problems", "within 1", "mean error"), table))


if __name__ == "__main__":
    main()
