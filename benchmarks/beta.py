"""The beta solver: agreement with BetaMove's sequences, speed, and how well its difficulty predicts the grade.

    python benchmarks/beta.py SEQUENCES PROBLEMS…

SEQUENCES is hand_sequences.json.gz of BetaMove, PROBLEMS the Parquet files of all real problems. Only validation and
test problems of the split are measured, which no weight was fitted on. benchmarks/plausible.py measures the solver
without labels.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.stats import spearmanr

from arguments import file
from climbpath import board as boards
from climbpath.beta.body import Climber
from climbpath.beta.moves import HANDS, Beta
from climbpath.beta.solver import solve
from climbpath.data import parquet
from climbpath.data.importers import hand_sequences
from climbpath.data.split import source_numbers, split
from climbpath.errors import ClimbpathError
from climbpath.grades import rank
from climbpath.problem import DEFAULT_METHOD, Problem
from machine import machine

BOARD, WELL_ATTESTED = "moonboard-2016", 10
Hands = list[tuple[str, str]]


class Known(NamedTuple):
    """A problem, and the order in which BetaMove's hands take all of its holds: (hold, hand), the start first."""

    problem: Problem
    hands: Hands

    @property
    def is_plain(self) -> bool:
        """Whether the sequence starts uncrossed and no hand goes below the start."""
        layout = boards.load(self.problem.board)
        left, right = (next(layout.hold(label) for label, by in self.hands[:2] if by == hand) for hand in HANDS)
        lowest = min(left.y, right.y)
        return left.x <= right.x and all(layout.hold(label).y >= lowest for label, _ in self.hands)


def whole_sequences(sequences: Path, problems: Sequence[Problem]) -> list[Known]:
    """The hand sequences of a file that use every hold of their problem, which is found by its number."""
    by_number = {
        number: problem
        for problem in problems
        if problem.board == hand_sequences.BOARD and not problem.partial
        for number in source_numbers(problem)
    }
    known = []
    for record in hand_sequences.records(sequences):
        if isinstance(record, ClimbpathError):
            raise record
        hands, problem = hand_sequences.sequence(record), by_number.get(record.key or "")
        if problem and {label for label, _ in hands} == set(problem.holds):
            known.append(Known(problem, hands))
    return known


def hands_of(found: Beta) -> Hands:
    """A beta in the form of the sequences: without the match on the finish, which theirs never have."""
    moves = [(move.hold, move.hand) for move in found.moves]
    if found.moves[-1].is_match:
        moves.pop()
    return [*zip(found.start, HANDS, strict=True), *moves]


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


def show_board(mine: Sequence[Problem]) -> None:
    """How well difficulty predicts the grades of problems of a board, and how many holds their betas leave out."""
    solved = solve(mine)
    print(f"{boards.load(mine[0].board).title}, {len(mine):,} held-out problems:")
    attested = np.array([(p.repeats or 0) >= WELL_ATTESTED for p in mine])
    grades = np.array([rank(p.grade or "") for p in mine])
    measures = {
        "hardest move": [b.moves[b.crux].difficulty for b in solved],
        "all moves": [b.difficulty for b in solved],
    }
    for name, values in measures.items():
        whole = spearmanr(values, grades)[0]
        print(f"  Spearman of the {name} with the grade: {whole:.3f}", end="")
        if attested.any():
            part = spearmanr(np.array(values)[attested], grades[attested])[0]
            print(f"; {part:.3f} of the {attested.sum():,} with {WELL_ATTESTED} repeats or more", end="")
        print()
    idle = [len(set(b.no_hand) - set(b.problem.feet)) for b in solved]
    half = np.mean([2 * n > len(p.holds) - len(p.feet) for n, p in zip(idle, mine, strict=True)])
    print(f"  holds for hands that no hand needs: {np.mean(idle):.2f} a problem; in {half:.1%} more than half")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sequences", type=file)
    parser.add_argument("problems", type=file, nargs="+")
    parser.add_argument("--show", type=int, default=0, help="Print so many of the sequences that differ most.")
    arguments = parser.parse_args()
    problems = [problem for path in arguments.problems for problem in parquet.load(path)]
    parts = split(problems)
    held_out = [p for name in ("validation", "test") for p in parts[name] if not p.partial]
    keys = {problem.key for problem in held_out}
    print(machine())

    known = [item for item in whole_sequences(arguments.sequences, problems) if item.problem.key in keys]
    solved = solve([item.problem for item in known])
    agree = np.array([agreement(hands_of(ours), item.hands) for ours, item in zip(solved, known, strict=True)])
    plain = np.array([item.is_plain for item in known])
    for rows, which in (
        (plain, "that neither start crossed nor go below the start"),
        (~plain, "that do"),
    ):
        print(f"agreement with {rows.sum():,} held-out sequences {which}: ", end="")
        print(f"{agree[rows].mean():.1%}; {np.mean(agree[rows] == 1):.1%} are the same")
    for i in [i for i in np.argsort(agree) if plain[i]][: arguments.show]:
        print(f"  {agree[i]:.0%}  {known[i].problem.notation}")
        print("    theirs:", *("".join(pair) for pair in known[i].hands))
        print("    ours:  ", *("".join(pair) for pair in hands_of(solved[i])))

    for board in sorted({problem.board for problem in held_out}):
        show_board([p for p in held_out if p.board == board and p.grade and p.method == DEFAULT_METHOD])

    mine = [p for p in held_out if p.board == BOARD and p.grade and p.method == DEFAULT_METHOD]
    solved = solve(mine)
    for height in (150, 160, 170, 180, 190):
        betas = solve(mine, Climber(height))
        climbed = np.mean([not beta.too_far for beta in betas])
        other = np.mean([hands_of(theirs) != hands_of(usual) for theirs, usual in zip(betas, solved, strict=True)])
        print(f"a climber of {height} cm climbs {climbed:.1%} of them, {other:.1%} in another way than one of 175 cm")

    many = [p for p in problems if p.board == BOARD and not p.partial]
    started = time.perf_counter()
    solve(many)
    seconds = time.perf_counter() - started
    print(f"speed: {len(many) / seconds:,.0f} problems a second")


if __name__ == "__main__":
    main()
