"""The guide's CSV: MoonBoard 2016 at 40°, one problem a line, holds as JSON text [[x, y], …].

x 0-10 is columns A-K and y 0-17 is rows 1-18.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from climbpath.board import COLUMNS
from climbpath.data.importers import pieces
from climbpath.data.importers.records import clean_problem, source_ids
from climbpath.errors import ClimbpathError
from climbpath.problem import Problem

TITLE = "the guide's CSV (grade, start_holds, mid_holds, end_holds, …)"
FIELDS = {"grade", "start_holds", "mid_holds", "end_holds"}

_COLUMN = dict(enumerate(COLUMNS))


def recognises(start: bytes) -> bool:
    """Whether a file that starts with these bytes is in this format."""
    try:
        return FIELDS.issubset(pieces.csv_values(start.partition(b"\n")[0]))
    except ClimbpathError:
        return False


def records(path: Path) -> Iterator[dict[str, str] | ClimbpathError]:
    """The rows by field name; for a row that cannot be read, the error that says why."""
    return pieces.csv_rows(path)


def problem(row: Mapping[str, str]) -> Problem:
    """The problem of one CSV row. Raises ClimbpathError with the reason where there is none."""
    return clean_problem(
        _labels(row["start_holds"]),
        _labels(row["mid_holds"]),
        _labels(row["end_holds"]),
        board="moonboard-2016",
        angle=40,
        grade=row["grade"],
        ids=source_ids("guide-csv", row.get("problem_id") or None),
        repeats=_count(row.get("repeats", "")),
        benchmark=row.get("is_benchmark", "").lower() == "true",
    )


def _labels(text: str) -> list[str]:
    try:
        return [f"{_COLUMN[x]}{y + 1}" for x, y in json.loads(text)]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise ClimbpathError(f"cannot read holds from {text[:60]!r}: they look like [[5, 4], [3, 8]]") from None


def _count(text: str) -> int | None:
    """A number of repeats; pandas writes 137.0 in a column with gaps, and nothing or nan for a gap."""
    if text.lower() in ("", "nan"):
        return None
    match = re.fullmatch(r"([0-9]{1,10})(\.0*)?", text)
    if not match:
        raise ClimbpathError(f"the field 'repeats' is {text[:60]!r} where a number should be")
    return int(match[1])
