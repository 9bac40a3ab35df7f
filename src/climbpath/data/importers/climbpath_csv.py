"""Climbpath's own CSV, and any other with problems in notation: a column `notation`, and if there are such columns
`board`, `angle`, `grade`, `asked_grade`, `name`, `repeats`, `benchmark`, `method`, `user_grade`, `ids` and `partial`.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import replace

from climbpath import board as boards
from climbpath.data.cells import unguarded
from climbpath.data.importers import pieces
from climbpath.data.importers.pieces import Source
from climbpath.data.importers.records import (
    Note,
    read_board,
    read_count,
    read_flag,
    read_grade,
    read_own_angle,
    read_text,
    unnoted,
)
from climbpath.data.importers.sample import Sample
from climbpath.errors import ClimbpathError
from climbpath.problem import DEFAULT_BOARD, DEFAULT_METHOD, Problem, check_sound, parse_notation

TITLE = "CSV with a column of notation (climbpath's own CSV)"
EXAMPLE = (
    "notation,grade,board,angle,name",
    '"F5s E8 G11 G18e",6C,moonboard-2016,40,Slab',
)
NAMES = frozenset({"notation", "grade", "board", "angle"})
NEEDS = "it needs a column notation with holds such as F5s E8 G11 G18e"


def recognises(sample: Sample) -> bool:
    """Whether a file that starts like this sample is in this format."""
    return "notation" in sample.columns


def records(path: Source) -> Iterator[dict[str, str] | ClimbpathError]:
    """The rows by field name; for a row that cannot be read, the error that says why."""
    for row in pieces.csv_rows(path):
        yield {name: unguarded(value) for name, value in row.items()} if isinstance(row, dict) else row


def problem(row: Mapping[str, str], note: Note = unnoted) -> Problem:
    """The problem of one row. Raises ClimbpathError with the reason where there is none."""
    board = read_board(row.get("board") or DEFAULT_BOARD)
    found = parse_notation(row["notation"], board, read_own_angle(row.get("angle"), board))
    ladder = boards.load(board).ladder
    return check_sound(
        replace(
            found,
            grade=read_grade(row.get("grade"), note, ladder=ladder),
            asked_grade=read_grade(row.get("asked_grade"), note, "asked grade", ladder),
            name=read_text("name", row.get("name"), note),
            ids=_ids(row.get("ids", ""), note),
            repeats=read_count("repeats", row.get("repeats"), note),
            benchmark=read_flag("benchmark", row.get("benchmark"), note),
            method=row.get("method") or DEFAULT_METHOD,
            user_grade=read_grade(row.get("user_grade"), note, "user grade", ladder),
            partial=read_flag("partial", row.get("partial"), note),
        )
    )


def _ids(text: str, note: Note) -> tuple[str, ...]:
    """Ids as a row of CSV within a field."""
    try:
        return tuple(next(csv.reader([text], strict=True), []))
    except csv.Error:
        note("ids left out: they are no row of CSV")
        return ()
