"""The community's dump of the app's problems: {"total": …, "data": [{name, grade, holdsetup, moves, …}]}.

The records are those of the API with names in lower case; the angle is in `moonBoardConfigurationId` alone.
"""

from collections.abc import Iterator

from climbpath.data.importers import api_dump, documents
from climbpath.data.importers.documents import Raw
from climbpath.data.importers.pieces import Source
from climbpath.data.importers.records import Note, unnoted
from climbpath.data.importers.sample import Sample
from climbpath.errors import ClimbpathError
from climbpath.problem import Problem

TITLE = "the community's dump of the app"
EXAMPLE = (
    '{"total": 1, "data": [{"apiId": 305445, "name": "Slab", "grade": "6C", "holdsetup": {"apiId": 1}, '
    '"moonBoardConfigurationId": 1,',
    '"moves": [{"description": "F5", "isStart": true, "isEnd": false}, '
    '{"description": "G18", "isStart": false, "isEnd": true}], "repeats": 12}]}',
)
NAMES = frozenset({"apiid", "moves", "holdsetup", "moonboardconfigurationid", "setby", "setbyid", "datedeleted"})
NEEDS = "every record needs moves, a list of {description, isStart, isEnd}, and a holdsetup"


def recognises(sample: Sample) -> bool:
    """Whether a file that starts like this sample is in this format."""
    return "moonboardconfigurationid" in sample.record and b'"moves"' in sample.start and api_dump.recognises(sample)


def records(path: Source) -> Iterator[Raw | ClimbpathError]:
    """The raw records."""
    return documents.records(path)


def problem(record: Raw, note: Note = unnoted) -> Problem:
    """The problem of one record. Raises ClimbpathError with the reason where there is none."""
    return api_dump.problem(record, note)
