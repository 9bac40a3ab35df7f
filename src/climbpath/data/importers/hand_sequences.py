"""Hand sequences computed by BetaMove (arXiv:2102.01788): {problem_id: {"hands": ["F5-LH", …], "v_grade": 5}}.

MoonBoard 2016 at 40°. A sequence may skip holds of its problem, so what is read is partial. Of a V grade that spans
two Font grades the harder one is taken.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from climbpath import board as boards
from climbpath.data.importers import pieces
from climbpath.data.importers.records import clean_problem, source_ids, take
from climbpath.errors import ClimbpathError
from climbpath.grades import parse_grades
from climbpath.problem import Problem

TITLE = 'hand sequences ({"12345": {"hands": ["F5-LH", …], "v_grade": 5}, …})'
BOARD = "moonboard-2016"


def recognises(start: bytes) -> bool:
    """Whether a file that starts with these bytes is in this format."""
    return start.lstrip().startswith(b"{") and b'"hands"' in start and b'"v_grade"' in start


def records(path: Path) -> Iterator[tuple[str | None, Any]]:
    """The raw records, each with its problem's id."""
    return pieces.entries(path)


def problem(record: tuple[str | None, Any]) -> Problem:
    """The problem of a sequence. Raises ClimbpathError with the reason where there is none."""
    number, fields = record
    labels = [label for label, _ in sequence(record)]
    v_grade = fields.get("v_grade")
    if type(v_grade) is not int:
        raise ClimbpathError("the field 'v_grade' is missing or not a whole number")
    layout = boards.load(BOARD)
    top = [label for label in labels if layout.hold(label).row == layout.top_row]
    return clean_problem(
        labels[:2],
        labels[2:],
        top,
        board=BOARD,
        angle=40,
        grade=parse_grades(f"V{v_grade}")[-1],
        ids=source_ids("hand-sequence", number),
        partial=True,
    )


def sequence(record: tuple[str | None, Any]) -> list[tuple[str, str]]:
    """The holds in the order in which hands take them, each with its hand, LH or RH: the two of the start first.

    Raises ClimbpathError where the record is anything else.
    """
    hands = take(record[1], "hands", list)
    if not all(isinstance(hand, str) and hand.endswith(("-LH", "-RH")) for hand in hands):
        raise ClimbpathError("a hand is written F5-LH or F5-RH")
    return [(hand[:-3], hand[-2:]) for hand in hands]
