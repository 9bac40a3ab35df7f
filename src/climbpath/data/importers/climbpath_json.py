"""Climbpath's own JSON, as `climbpath generate --format json` writes it: [{board, angle, start, …}, …]."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from climbpath.data.importers import pieces
from climbpath.problem import Problem, check_sound

TITLE = 'climbpath\'s own JSON ([{"board": …, "start": […], …}])'


def recognises(start: bytes) -> bool:
    """Whether a file that starts with these bytes is in this format."""
    return None in pieces.lists(start) and b'"start"' in start


def records(path: Path) -> Iterator[Any]:
    """The raw records."""
    return pieces.members(path, None)


def problem(record: Any) -> Problem:
    """The problem of one record. Raises ClimbpathError with the reason where there is none."""
    return check_sound(Problem.from_dict(record))
