"""CSV with the holds of each role in a column of its own, as the guide, pandas and spreadsheets write it.

Holds are [[x, y], …] with x 0-10 for columns A-K and y 0-17 for rows 1-18, the same as tuples, a list of labels, or
labels with spaces between. Without columns for board and angle it is MoonBoard 2016 at 40°.
"""

import json
import re
from collections.abc import Iterator, Mapping

from climbpath.board import COLUMNS
from climbpath.data.importers import pieces
from climbpath.data.importers.pieces import Source
from climbpath.data.importers.records import Note, clean_problem, read_angle, read_board, source_ids, unnoted
from climbpath.data.importers.sample import Sample
from climbpath.errors import ClimbpathError
from climbpath.problem import DEFAULT_BOARD, Problem

TITLE = "CSV with columns of holds (the guide's CSV)"
EXAMPLE = (
    "problem_id,grade,start_holds,mid_holds,end_holds,repeats",
    '305445,6C,"[[5, 4]]","[[4, 7], [6, 10]]","[[6, 17]]",12',
)
START, HANDS, FINISH, FEET = (
    ("start_holds", "holds_start", "start"),
    ("mid_holds", "holds_intermed", "hands", "mid"),
    ("end_holds", "holds_end", "finish", "end"),
    ("foot_holds", "feet"),
)
NAMES = frozenset({*START, *HANDS, *FINISH, "grade", "problem_id"})
NEEDS = "it needs columns start_holds, mid_holds and end_holds"

_COLUMN = dict(enumerate(COLUMNS))


def recognises(sample: Sample) -> bool:
    """Whether a file that starts like this sample is in this format."""
    return all(any(name in sample.columns for name in names) for names in (START, FINISH))


def records(path: Source) -> Iterator[dict[str, str] | ClimbpathError]:
    """The rows by field name; for a row that cannot be read, the error that says why."""
    return pieces.csv_rows(path)


def problem(row: Mapping[str, str], note: Note = unnoted) -> Problem:
    """The problem of one CSV row. Raises ClimbpathError with the reason where there is none."""
    return clean_problem(
        _labels(_first(row, START)),
        _labels(_first(row, HANDS)),
        _labels(_first(row, FINISH)),
        feet=_labels(_first(row, FEET)),
        board=read_board(row.get("board") or DEFAULT_BOARD),
        angle=read_angle(row.get("angle")),
        grade=row.get("grade"),
        name=row.get("name"),
        ids=source_ids("guide-csv", row.get("problem_id") or row.get("id"), note),
        repeats=row.get("repeats"),
        benchmark=row.get("is_benchmark") or row.get("isbenchmark"),
        method=row.get("method"),
        user_grade=row.get("user_grade") or row.get("usergrade"),
        note=note,
    )


def _first(row: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((row[name] for name in names if name in row), "")


def _labels(text: str) -> list[str]:
    if not text.lstrip().startswith(("[", "(")):
        return [label for label in re.split(r"[\s,;|]+", text) if label]
    try:
        holds = json.loads(_as_json(text))
        return [hold if isinstance(hold, str) else _label(hold) for hold in holds]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise ClimbpathError(
            f"cannot read holds from {text[:60]!r}: they look like [[5, 4], [3, 8]] or ['F5', 'D9']"
        ) from None


def _as_json(text: str) -> str:
    """Python's tuples and texts as JSON's lists and texts."""
    text = text.translate(_PYTHON)
    return re.sub(r",\s*]", "]", text) if ",]" in text.replace(" ", "") else text


_PYTHON = str.maketrans("()'", '[]"')


def _label(place: object) -> str:
    """The label at [x, y]. Raises ValueError, TypeError or KeyError for what is no place."""
    if not isinstance(place, list):
        raise TypeError
    x, y = place
    return f"{_COLUMN[x]}{y + 1}"
