"""A public catalogue's files, one for each board at an angle: {setup, layoutId, angle, problems: [{…, holds}]}.

Holds are {c, r, t}: c 0–10 is columns A–K, r is the row from 1, t the role.
"""

from collections.abc import Iterator
from typing import Any

from climbpath.board import COLUMNS
from climbpath.data.importers import documents
from climbpath.data.importers.documents import Raw
from climbpath.data.importers.pieces import Source
from climbpath.data.importers.records import (
    BY_HOLDSETUP,
    BY_LAYOUT,
    Note,
    check_present,
    clean_problem,
    lower_keys,
    read_angle,
    read_board,
    source_ids,
    take,
    unnoted,
)
from climbpath.data.importers.sample import Sample
from climbpath.errors import ClimbpathError
from climbpath.problem import Problem

TITLE = "a catalogue of one board at one angle"
EXAMPLE = (
    '{"setup": "MoonBoard 2016", "layoutId": 2, "angle": 40, "problems": [{"id": "1", "name": "Slab", "grade": "6C",',
    '"repeats": 12, "holds": [{"c": 5, "r": 5, "t": "start"}, {"c": 4, "r": 8, "t": "left"}, '
    '{"c": 6, "r": 18, "t": "end"}]}]}',
)
NAMES = frozenset({"holds", "grade", "usergrade", "stars", "repeats", "isbenchmark", "method"})
NEEDS = "the file needs setup and angle, and every record holds, a list of {c, r, t}"
ROLES = {"start": "start", "end": "finish", "finish": "finish", "foot": "feet"}
ROLES |= dict.fromkeys(("right", "left", "match", "hand"), "hands")


def recognises(sample: Sample) -> bool:
    """Whether a file that starts like this sample is in this format."""
    holds = sample.record.get("holds")
    return isinstance(holds, list) and bool(holds) and isinstance(holds[0], dict) and {"c", "r", "t"} <= set(holds[0])


def records(path: Source) -> Iterator[Raw | ClimbpathError]:
    """The raw records."""
    return documents.records(path)


def problem(record: Raw, note: Note = unnoted) -> Problem:
    """The problem of one record. Raises ClimbpathError with the reason where there is none."""
    own = lower_keys(record.value)
    check_present(own)
    roles: dict[str, list[str]] = {role: [] for role in ("start", "hands", "feet", "finish")}
    for hold in take(own, "holds", list):
        label, role = _hold(hold)
        roles[role].append(label)
    fields = record.header | own
    numbers = BY_HOLDSETUP if fields.get("layoutid") is None else BY_LAYOUT
    number = fields.get("holdsetup") if fields.get("layoutid") is None else fields.get("layoutid")
    return clean_problem(
        roles["start"],
        roles["hands"],
        roles["finish"],
        feet=roles["feet"],
        board=read_board(fields.get("setup"), number, numbers),
        angle=read_angle(fields.get("angle")),
        grade=own.get("grade"),
        user_grade=own.get("usergrade"),
        name=own.get("name"),
        ids=source_ids("catalog", own.get("id"), note),
        repeats=own.get("repeats"),
        benchmark=own.get("isbenchmark"),
        method=own.get("method"),
        note=note,
    )


def _hold(hold: Any) -> tuple[str, str]:
    fields = lower_keys(hold)
    column, row, role = fields.get("c"), fields.get("r"), fields.get("t")
    if type(column) is not int or type(row) is not int or not 0 <= column < len(COLUMNS) or not isinstance(role, str):
        raise ClimbpathError(
            f"cannot read a hold from {str(hold)[:60]!r}: it looks like {{'c': 5, 'r': 5, 't': 'start'}}"
        )
    if role.lower() not in ROLES:
        raise ClimbpathError(f"unknown role {role[:40]!r} of a hold: known are {', '.join(ROLES)}")
    return f"{COLUMNS[column]}{row}", ROLES[role.lower()]
