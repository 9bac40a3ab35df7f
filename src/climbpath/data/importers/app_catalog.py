"""The current app's catalogue: moves packed in one text, and a grade for each angle that the problem is set at.

Packed moves are `role~hold~`: s start, l, r and m left, right and either hand, f foot, e finish.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from climbpath.data.importers import documents
from climbpath.data.importers.pieces import Source
from climbpath.data.importers.records import (
    LeftOutError,
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

TITLE = "the app's catalogue"
EXAMPLE = (
    '{"holdsetup": 1, "problems": [{"id": 305445, "name": "Slab", "moves": "s~F5~|l~E8~|r~G11~|e~G18~",',
    '"configurations": [{"configuration": "40°", "grade": "6C", "repeats": 12, "isBenchmark": false}]}]}',
)
NAMES = frozenset({"moves", "configurations", "climbmethod", "holdsetup", "setter"})
NEEDS = "every record needs moves as text such as s~F5~|l~E8~|e~G18~, and configurations"
ROLES = {"s": "start", "l": "hands", "r": "hands", "m": "hands", "f": "feet", "e": "finish"}


class Set(NamedTuple):
    """A record at one of its angles."""

    record: Any
    configuration: Any
    header: dict[str, Any]


def recognises(sample: Sample) -> bool:
    """Whether a file that starts like this sample is in this format."""
    moves = sample.record.get("moves")
    return isinstance(moves, str) and ("~" in moves or "configurations" in sample.record)


def records(path: Source) -> Iterator[Set | ClimbpathError]:
    """Each raw record at each of its angles."""
    for raw in documents.records(path):
        if isinstance(raw, ClimbpathError):
            yield raw
            continue
        found = raw.value.get("configurations") if isinstance(raw.value, dict) else None
        for configuration in found if isinstance(found, list) and found else [{}]:
            yield Set(raw.value, configuration, raw.header)


def problem(record: Set, note: Note = unnoted) -> Problem:
    """The problem of a record at one angle. Raises ClimbpathError with the reason where there is none."""
    fields, at = lower_keys(record.record), lower_keys(record.configuration)
    check_present(fields)
    check_present(at)
    several = len(fields.get("configurations") or ()) > 1
    angle = read_angle(at.get("configuration"), at.get("apiid"))
    if several and not at.get("grade") and not at.get("isprimary"):
        raise LeftOutError("not set at this angle: its configuration has no grade")
    roles: dict[str, list[str]] = {role: [] for role in ("start", "hands", "feet", "finish")}
    for move in filter(None, take({"moves": fields.get("moves")}, "moves", str).split("|")):
        mark, _, label = move.strip().strip("~").partition("~")
        if mark.lower() not in ROLES or not label:
            raise ClimbpathError(
                f"cannot read the move {move[:40]!r}: it looks like s~F5~, with one of {' '.join(ROLES)}"
            )
        roles[ROLES[mark.lower()]].append(label)
    number = fields.get("holdsetup", record.header.get("holdsetup"))
    words = fields.get("setup", record.header.get("setup"))
    return clean_problem(
        roles["start"],
        roles["hands"],
        roles["finish"],
        feet=roles["feet"],
        board=read_board(words, number),
        angle=angle,
        grade=at.get("grade", fields.get("grade")),
        user_grade=at.get("usergrade", fields.get("usergrade")),
        name=fields.get("name"),
        ids=source_ids("api-dump", fields.get("id"), note),
        repeats=at.get("repeats", fields.get("repeats")),
        benchmark=at.get("isbenchmark", fields.get("isbenchmark")),
        method=fields.get("climbmethod", fields.get("method")),
        note=note,
    )
