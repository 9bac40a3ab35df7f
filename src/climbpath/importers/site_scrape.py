"""The site scrape of 2017: MoonBoard 2016 at 40°, {"problems": [{site_id, name, grade, holds: {SH, IH, FH}}]}."""

from typing import Any

from climbpath.importers.records import clean_problem
from climbpath.problem import Problem


def problem(record: dict[str, Any]) -> Problem:
    """The problem of one scraped record. Raises ClimbpathError with the reason where it holds none."""
    holds = record["holds"]
    return clean_problem(
        holds["SH"],
        holds["IH"],
        holds["FH"],
        board="moonboard-2016",
        angle=40,
        grade=record["grade"],
        name=record.get("name"),
        ids=(f"site-scrape:{record['site_id']}",) if "site_id" in record else (),
    )
