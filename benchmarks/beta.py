"""The beta solver: agreement with BetaMove's sequences, speed, and how well its difficulty predicts the grade.

    python benchmarks/beta.py SEQUENCES PROBLEMS

SEQUENCES is hand_sequences.json.gz of BetaMove, PROBLEMS the Parquet file of all real problems. Only
validation and test problems of the split are measured, which no weight was fitted on.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.stats import spearmanr

from climbpath.beta import drawing as beta_drawing
from climbpath.beta import solver
from climbpath.beta.fit import Hands, Known, to_ways, whole_sequences
from climbpath.data import parquet
from climbpath.data.split import split
from climbpath.grades import rank
from climbpath.problem import DEFAULT_METHOD
from machine import machine

BOARD, WELL_ATTESTED = "moonboard-2016", 10
CASES = ("K5s J9 G14 C15 B18e", "F6s K6s A10 G11 C15 C18e", "F5s J5s H10 I12 H14 E15 E18e")
"""Held-out problems that docs/climbing.md discusses."""


def hands_of(found: solver.Beta) -> Hands:
    """A beta in the form of the sequences: without the match on the finish, which theirs never have."""
    moves = [(move.hold, move.hand) for move in found.moves]
    if found.moves[-1].is_match:
        moves.pop()
    return [*zip(found.start, solver.HANDS, strict=True), *moves]


def aligned(ours: Sequence[object], others: Sequence[object]) -> int:
    """How many items are the same in an alignment of least edit distance, the most where several are least."""
    above = [(column, 0) for column in range(len(others) + 1)]
    for row, mine in enumerate(ours, 1):
        line = [(row, 0)]
        for column, other in enumerate(others, 1):
            same = mine == other
            edits, kept = above[column - 1]
            options = [(edits + (not same), kept - same)]
            options += [(edits + 1, kept) for edits, kept in (above[column], line[-1])]
            line.append(min(options))
        above = line
    return -above[-1][1]


def agreement(ours: Hands, others: Hands) -> float:
    """Aligned moves with the same hold and hand over the length of theirs; the two of the start may be swapped."""
    turned = [ours[1], ours[0], *ours[2:]]
    return max(aligned(ours, others), aligned(turned, others)) / len(others)


def draw_cases(path: Path, known: Sequence[Known]) -> None:
    """The problems of CASES, a row each: their beta on the left, ours on the right."""
    by_notation = {item.problem.notation: item for item in known}
    rows = []
    for notation in CASES:
        item = by_notation[notation]
        item = item._replace(problem=replace(item.problem, name=None))
        weights = solver.load_weights()["choice"]
        ((_, ours),) = solver.solve_batches([item.problem], solver.DEFAULT_CLIMBER, weights)
        ways = (to_ways([item], ours)[0], ours)
        pictures = [next(solver.to_betas([item.problem], solver.DEFAULT_CLIMBER, way)) for way in ways]
        rows.append([Image.open(BytesIO(beta_drawing.png(picture, 480))) for picture in pictures])
    width, height = 480, max(picture.height for row in rows for picture in row)
    sheet = Image.new("RGB", (len(rows) * (2 * width + 60) - 40, height + 20), "#e9e5df")
    for place, row in enumerate(rows):
        for side, picture in enumerate(row):
            sheet.paste(picture, (place * (2 * width + 60) + side * (width + 10) + 5, 10))
    sheet.save(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sequences", type=Path)
    parser.add_argument("problems", type=Path)
    parser.add_argument("--png", type=Path, help="Draw theirs beside ours here, for the problems of CASES.")
    parser.add_argument("--show", type=int, default=0, help="Print so many of the sequences that differ most.")
    arguments = parser.parse_args()
    problems = parquet.load(arguments.problems)
    parts = split(problems)
    held_out = [p for name in ("validation", "test") for p in parts[name] if not p.partial]
    keys = {problem.key for problem in held_out}
    print(machine())

    known = [item for item in whole_sequences(arguments.sequences, problems) if item.problem.key in keys]
    solved = solver.solve([item.problem for item in known])
    agree = np.array([agreement(hands_of(ours), item.hands) for ours, item in zip(solved, known, strict=True)])
    print(
        f"agreement with {len(known):,} held-out sequences: {agree.mean():.1%}; {np.mean(agree == 1):.1%} are the same"
    )
    for i in np.argsort(agree)[: arguments.show]:
        print(f"  {agree[i]:.0%}  {known[i].problem.notation}")
        print("    theirs:", *("".join(pair) for pair in known[i].hands))
        print("    ours:  ", *("".join(pair) for pair in hands_of(solved[i])))

    if arguments.png:
        draw_cases(arguments.png, known)
        print(f"wrote {arguments.png}")

    mine = [p for p in held_out if p.board == BOARD and p.grade and p.method == DEFAULT_METHOD]
    solved = solver.solve(mine)
    attested = np.array([(p.repeats or 0) >= WELL_ATTESTED for p in mine])
    grades = np.array([rank(p.grade or "") for p in mine])
    measures = {
        "hardest move": [b.moves[b.crux].difficulty for b in solved],
        "all moves": [b.difficulty for b in solved],
    }
    for name, values in measures.items():
        whole, part = (spearmanr(np.array(values)[rows], grades[rows])[0] for rows in (grades >= 0, attested))
        print(f"Spearman of the {name} with the grade: {whole:.3f} of {len(mine):,} held-out problems; ", end="")
        print(f"{part:.3f} of the {attested.sum():,} with {WELL_ATTESTED} repeats or more")
    for reach in (155, 165, 175, 185):
        climbed = np.mean([not b.too_far for b in solver.solve(mine, solver.Climber(reach))])
        print(f"a climber with a reach of {reach} cm climbs {climbed:.1%} of them")

    many = [p for p in problems if p.board == BOARD and not p.partial]
    started = time.perf_counter()
    solver.solve(many)
    seconds = time.perf_counter() - started
    print(f"speed: {len(many) / seconds:,.0f} problems a second")


if __name__ == "__main__":
    main()
