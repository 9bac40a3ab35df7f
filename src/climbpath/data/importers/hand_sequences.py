"""Hand sequences computed by BetaMove (arXiv:2102.01788): {problem_id: {"hands": ["F5-LH", …], "v_grade": 5}}.

MoonBoard 2016 at 40°. A sequence may skip holds of its problem, so what is read is partial. Of a V grade that spans
two Font grades the harder one is taken.
"""

from collections.abc import Iterator
from typing import Any

from climbpath import board as boards
from climbpath.board import FINISH
from climbpath.data.importers import documents
from climbpath.data.importers.documents import Raw
from climbpath.data.importers.pieces import Source
from climbpath.data.importers.records import Note, clean_problem, source_ids, take, unnoted
from climbpath.data.importers.sample import Sample
from climbpath.errors import ClimbpathError
from climbpath.problem import Problem

TITLE = "hand sequences (BetaMove)"
EXAMPLE = (
    '{"305445": {"hands": ["F5-LH", "F5-RH", "E8-LH", "G11-RH", "G18-LH"],',
    '"v_grade": 5}}',
)
NAMES = frozenset({"hands", "v_grade"})
NEEDS = "it needs an object of records, each under its problem's number, with hands such as F5-LH and a v_grade"
BOARD = "moonboard-2016"


def recognises(sample: Sample) -> bool:
    """Whether a file that starts like this sample is in this format."""
    return sample.start.lstrip().startswith(b"{") and set(sample.record) >= NAMES


def records(path: Source) -> Iterator[Raw | ClimbpathError]:
    """The raw records, each with its problem's id."""
    return documents.records(path)


def problem(record: Raw, note: Note = unnoted) -> Problem:
    """What a sequence tells of its problem. Raises ClimbpathError with the reason where that is not enough."""
    labels = [label for label, _ in sequence(record)]
    v_grade = record.value.get("v_grade")
    layout = boards.load(BOARD)
    can_finish = layout.may(40)[FINISH]
    top = [label for label in labels if can_finish[layout.index[layout.hold(label).label]]]
    return clean_problem(
        labels[:2],
        labels[2:],
        top,
        board=BOARD,
        angle=40,
        grade=f"V{v_grade}" if type(v_grade) is int else v_grade,
        ids=source_ids("hand-sequence", record.key, note),
        partial=True,
        note=note,
    )


def sequence(record: Raw) -> list[tuple[str, str]]:
    """The holds in the order in which hands take them, each with its hand, LH or RH: the two of the start first.

    Raises ClimbpathError where that is not what the record has.
    """
    hands: list[Any] = take(record.value, "hands", list)
    if not all(isinstance(hand, str) and hand.endswith(("-LH", "-RH")) for hand in hands):
        raise ClimbpathError("a hand is written F5-LH or F5-RH")
    return [(hand[:-3], hand[-2:]) for hand in hands]
