"""The benchmark guide's list: [{id, mb_type, grade: number, start_holds, mid_holds, end_holds, …}]."""

from collections.abc import Iterator
from typing import Any

from climbpath.data.importers import documents
from climbpath.data.importers.documents import Raw
from climbpath.data.importers.pieces import Source
from climbpath.data.importers.records import (
    Note,
    check_present,
    clean_problem,
    lower_keys,
    read_count,
    source_ids,
    take,
    unnoted,
)
from climbpath.data.importers.sample import Sample
from climbpath.errors import ClimbpathError
from climbpath.grades import LADDER
from climbpath.problem import Problem

TITLE = "the benchmark guide's list"
EXAMPLE = (
    '[{"id": 305445, "mb_type": 0, "name": "Slab", "grade": 5, "repeats": 12, "avg_user_grade": 5.1,',
    '"start_holds": ["F5"], "mid_holds": ["E8", "G11"], "end_holds": ["G18"]}]',
)
NAMES = frozenset({"mb_type", "start_holds", "mid_holds", "end_holds", "avg_user_grade", "holdsets", "grade"})
NEEDS = "every record needs mb_type, start_holds and end_holds"
# As the guide's own code numbers them. Grades are steps of the ladder from 5+.
SETUPS = {
    0: ("moonboard-2016", 40),
    1: ("moonboard-masters-2017", 40),
    2: ("moonboard-masters-2017", 25),
    3: ("moonboard-masters-2019", 40),
    4: ("moonboard-masters-2019", 25),
    5: ("moonboard-mini-2020", 40),
}


def recognises(sample: Sample) -> bool:
    """Whether a file that starts like this sample is in this format."""
    return "mb_type" in sample.record and "start_holds" in sample.record


def records(path: Source) -> Iterator[Raw | ClimbpathError]:
    """The raw records."""
    return documents.records(path)


def problem(record: Raw, note: Note = unnoted) -> Problem:
    """The problem of one record. Raises ClimbpathError with the reason where there is none."""
    fields = lower_keys(record.value)
    check_present(fields)
    kind = fields.get("mb_type")
    if type(kind) is not int or kind not in SETUPS:
        raise ClimbpathError(f"unknown mb_type {str(kind)[:40]}: known are 0 to {max(SETUPS)}")
    board, angle = SETUPS[kind]
    return clean_problem(
        take(fields, "start_holds", list),
        take(fields, "mid_holds", list) if fields.get("mid_holds") is not None else (),
        take(fields, "end_holds", list),
        board=board,
        angle=angle,
        grade=_grade(fields.get("grade")),
        user_grade=_grade(fields.get("avg_user_grade")),
        name=fields.get("name"),
        ids=source_ids("guidebook", fields.get("id"), note),
        repeats=read_count("repeats", fields.get("repeats"), note),
        benchmark=fields.get("is_benchmark", True),
        method=fields.get("method"),
        note=note,
    )


def _grade(number: Any) -> Any:
    """The Font grade of a step of the ladder, to the nearest; what is no such number as it is."""
    if isinstance(number, int | float) and not isinstance(number, bool) and 0 <= round(number) < len(LADDER):
        return LADDER[round(number)]
    return number
