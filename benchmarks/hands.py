"""Hand sequences of BetaMove (arXiv:2102.01788) beside the problems that they belong to."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from climbpath import dataset
from climbpath.importers import hand_sequences
from climbpath.problem import Problem

Hands = list[tuple[str, str]]
FILE = "moonboard2016/hand_sequences.json.gz"


class Known(NamedTuple):
    """A problem, and the order in which BetaMove's hands take all of its holds: (hold, hand), the start first."""

    problem: Problem
    hands: Hands


def whole_sequences(data: Path, problems: Sequence[Problem]) -> list[Known]:
    """Those of the sequences in DATA that use every hold of one of the problems, told by its number."""
    by_number = {
        number: problem
        for problem in problems
        if problem.board == hand_sequences.BOARD and not problem.partial
        for number in dataset.numbers(problem)
    }
    found = []
    for record in hand_sequences.records(data / FILE):
        hands, problem = hand_sequences.sequence(record), by_number.get(record[0] or "")
        if problem and {label for label, _ in hands} == set(problem.holds):
            found.append(Known(problem, hands))
    return found
