"""The MoonBoard app's API: {"Data": [{Id, Name, Grade, Method, MoonBoardConfiguration, Holdsetup, Moves, …}]}."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from climbpath.board import load, names
from climbpath.data.importers import pieces
from climbpath.data.importers.records import clean_problem, source_ids, take
from climbpath.errors import ClimbpathError
from climbpath.problem import DEFAULT_METHOD, Problem

TITLE = 'the app\'s API dump ({"Data": […]})'


def recognises(start: bytes) -> bool:
    """Whether a file that starts with these bytes is in this format."""
    return "Data" in pieces.lists(start)


def records(path: Path) -> Iterator[Any]:
    """The raw records."""
    return pieces.members(path, "Data")


def problem(record: Any) -> Problem:
    """The problem of one API record. Raises ClimbpathError with the reason where there is none."""
    moves = [
        (take(move, "Description", str), take(move, "IsStart", bool), take(move, "IsEnd", bool))
        for move in take(record, "Moves", list)
    ]
    return clean_problem(
        [label for label, starts, _ in moves if starts],
        [label for label, starts, ends in moves if not starts and not ends],
        [label for label, _, ends in moves if ends],
        board=_board(take(take(record, "Holdsetup", dict), "Description", str)),
        angle=_angle(take(take(record, "MoonBoardConfiguration", dict), "Description", str)),
        grade=take(record, "Grade", str),
        user_grade=record.get("UserGrade"),
        name=record.get("Name") or None,
        ids=source_ids("api-dump", record.get("Id")),
        repeats=record.get("Repeats"),
        benchmark=record.get("IsBenchmark") or False,
        method=record.get("Method") or DEFAULT_METHOD,
    )


def _board(title: str) -> str:
    by_title = _boards_by_title()
    if title not in by_title:
        raise ClimbpathError(f"unknown hold setup {title!r}: known are {', '.join(by_title)}")
    return by_title[title]


@cache
def _boards_by_title() -> dict[str, str]:
    return {load(name).title: name for name in names()}


def _angle(text: str) -> int:
    """'40° MoonBoard' -> 40."""
    match = re.match(r"\s*([0-9]{1,3})\s*(°|$)", text)
    if not match:
        raise ClimbpathError(f"cannot read an angle from {text[:60]!r}: it looks like '40° MoonBoard'")
    return int(match[1])
