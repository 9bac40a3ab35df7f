"""Climbpath's own CSV, and any other with problems in notation: a column `notation`, and optionally `board`, `angle`,
`grade` and `name`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from climbpath.data.importers import pieces
from climbpath.errors import ClimbpathError
from climbpath.problem import DEFAULT_BOARD, Problem, check_sound, parse_notation

TITLE = "a CSV with a column 'notation' (and board, angle, grade, name)"


def recognises(start: bytes) -> bool:
    """Whether a file that starts with these bytes is in this format."""
    try:
        return "notation" in pieces.csv_values(start.partition(b"\n")[0])
    except ClimbpathError:
        return False


def records(path: Path) -> Iterator[dict[str, str] | ClimbpathError]:
    """The rows by field name; for a row that cannot be read, the error that says why."""
    return pieces.csv_rows(path)


def problem(row: Mapping[str, str]) -> Problem:
    """The problem of one row. Raises ClimbpathError with the reason where there is none."""
    angle = row.get("angle") or "40"
    if not angle.isdecimal():
        raise ClimbpathError(f"the angle is {angle[:60]!r} where degrees should be")
    found = parse_notation(row["notation"], row.get("board") or DEFAULT_BOARD, int(angle[:4]))
    return check_sound(replace(found, grade=row.get("grade") or None, name=row.get("name") or None))
