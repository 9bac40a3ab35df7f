"""The site scrape of 2017: MoonBoard 2016 at 40°, {"problems": [{site_id, name, grade, holds: {SH, IH, FH}}]}."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from climbpath.data.importers import pieces
from climbpath.data.importers.records import clean_problem, source_ids, take
from climbpath.problem import Problem

TITLE = 'the site scrape ({"problems": […]})'


def recognises(start: bytes) -> bool:
    """Whether a file that starts with these bytes is in this format."""
    return "problems" in pieces.lists(start)


def records(path: Path) -> Iterator[Any]:
    """The raw records."""
    return pieces.members(path, "problems")


def problem(record: Any) -> Problem:
    """The problem of one scraped record. Raises ClimbpathError with the reason where there is none."""
    holds = take(record, "holds", dict)
    return clean_problem(
        take(holds, "SH", list),
        take(holds, "IH", list),
        take(holds, "FH", list),
        board="moonboard-2016",
        angle=40,
        grade=take(record, "grade", str),
        name=record.get("name") or None,
        ids=source_ids("site-scrape", record.get("site_id")),
    )
