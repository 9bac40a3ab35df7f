"""The guide's CSV: MoonBoard 2016 at 40°, one problem a row, holds as JSON text [[x, y], …].

x 0-10 is columns A-K and y 0-17 is rows 1-18.
"""

import json
from collections.abc import Mapping

from climbpath.board import COLUMNS
from climbpath.errors import ClimbpathError
from climbpath.importers.records import clean_problem
from climbpath.problem import Problem

FIELDS = {"grade", "start_holds", "mid_holds", "end_holds"}


def _labels(text: str | None) -> list[str]:
    try:
        return [f"{COLUMNS[x]}{y + 1}" for x, y in json.loads(text or "") if x >= 0]
    except (ValueError, TypeError, IndexError):
        raise ClimbpathError(f"cannot read holds from {(text or '')[:60]!r}: they look like [[5, 4], [3, 8]]") from None


def problem(row: Mapping[str, str | None]) -> Problem:
    """The problem of one CSV row. Raises ClimbpathError with the reason where it holds none."""
    repeats, identifier = row.get("repeats"), row.get("problem_id")
    return clean_problem(
        _labels(row["start_holds"]),
        _labels(row["mid_holds"]),
        _labels(row["end_holds"]),
        board="moonboard-2016",
        angle=40,
        grade=row["grade"],
        ids=(f"guide-csv:{identifier}",) if identifier else (),
        repeats=int(repeats) if repeats and repeats.isdigit() else None,
        benchmark=row.get("is_benchmark") == "True",
    )
