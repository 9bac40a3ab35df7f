"""The site scrape of 2017: MoonBoard 2016 at 40°, {"problems": [{site_id, name, grade, holds: {SH, IH, FH}}]}."""

from collections.abc import Iterator

from climbpath.data.importers import documents
from climbpath.data.importers.documents import Raw
from climbpath.data.importers.pieces import Source
from climbpath.data.importers.records import Note, clean_problem, source_ids, take, unnoted
from climbpath.data.importers.sample import Sample
from climbpath.errors import ClimbpathError
from climbpath.problem import Problem

TITLE = "the site scrape"
EXAMPLE = (
    '{"problems": [{"site_id": "305445", "name": "Slab", "grade": "6C",',
    '"holds": {"SH": ["F5"], "IH": ["E8", "G11"], "FH": ["G18"]}}]}',
)
NAMES = frozenset({"site_id", "name", "grade", "holds", "holds_setup"})
NEEDS = "every record needs holds: {SH, IH, FH}, three lists of holds"


def recognises(sample: Sample) -> bool:
    """Whether a file that starts like this sample is in this format."""
    return sample.container == "problems" and not {"moves", "configurations"} & set(sample.record)


def records(path: Source) -> Iterator[Raw | ClimbpathError]:
    """The raw records."""
    return documents.records(path)


def problem(record: Raw, note: Note = unnoted) -> Problem:
    """The problem of one scraped record. Raises ClimbpathError with the reason where there is none."""
    holds = take(record.value, "holds", dict)
    fields = record.value
    return clean_problem(
        take(holds, "SH", list),
        take(holds, "IH", list),
        take(holds, "FH", list),
        board="moonboard-2016",
        angle=40,
        grade=fields.get("grade"),
        name=fields.get("name"),
        ids=source_ids("site-scrape", fields.get("site_id"), note),
        note=note,
    )
