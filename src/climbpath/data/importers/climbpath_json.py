"""Climbpath's own JSON, as `climbpath generate --format json` writes it: [{board, angle, start, …}, …]."""

from collections.abc import Iterator

from climbpath.data.importers import documents
from climbpath.data.importers.documents import Raw
from climbpath.data.importers.pieces import Source
from climbpath.data.importers.records import (
    Note,
    clean_problem,
    lower_keys,
    read_board,
    read_flag,
    read_own_angle,
    take,
    unnoted,
)
from climbpath.data.importers.sample import Sample
from climbpath.errors import ClimbpathError
from climbpath.problem import DEFAULT_BOARD, Problem

TITLE = "climbpath's own JSON"
EXAMPLE = (
    '[{"board": "moonboard-2016", "angle": 40, "grade": "6C",',
    '"start": ["F5"], "hands": ["E8", "G11"], "finish": ["G18"]}]',
)
NAMES = frozenset(Problem.__dataclass_fields__)
NEEDS = "every record needs start and finish, lists of holds"


def recognises(sample: Sample) -> bool:
    """Whether a file that starts like this sample is in this format."""
    return "start" in sample.record and not {"moves", "holds"} & set(sample.record)


def records(path: Source) -> Iterator[Raw | ClimbpathError]:
    """The raw records."""
    return documents.records(path)


def problem(record: Raw, note: Note = unnoted) -> Problem:
    """The problem of one record. Raises ClimbpathError with the reason where there is none."""
    fields = lower_keys(record.value)
    ids = fields.get("ids")
    if ids is not None and not (isinstance(ids, list) and all(isinstance(one, str) for one in ids)):
        note("ids left out: they are no list of texts")
        ids = None
    board = read_board(fields.get("board") or DEFAULT_BOARD)
    return clean_problem(
        take(fields, "start", list) if "start" in fields else (),
        take(fields, "hands", list) if fields.get("hands") is not None else (),
        take(fields, "finish", list) if "finish" in fields else (),
        feet=take(fields, "feet", list) if fields.get("feet") is not None else (),
        board=board,
        angle=read_own_angle(fields.get("angle"), board),
        grade=fields.get("grade"),
        asked_grade=fields.get("asked_grade"),
        user_grade=fields.get("user_grade"),
        name=fields.get("name"),
        ids=tuple(ids or ()),
        repeats=fields.get("repeats"),
        benchmark=fields.get("benchmark"),
        method=fields.get("method"),
        partial=read_flag("partial", fields.get("partial"), note),
        note=note,
    )
