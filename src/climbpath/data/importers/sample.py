"""The beginning of a file, by which its format is detected."""

from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from climbpath.data.aurora import database
from climbpath.data.importers import documents, pieces
from climbpath.data.importers.pieces import Source
from climbpath.errors import ClimbpathError

TRIED = 20
"""Records of a JSON file that are looked at."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What a file starts with: names are in lower case, and empty where it is of another kind."""

    start: bytes
    """Its first bytes, unpacked."""
    columns: tuple[str, ...] = ()
    """Of its first line, where it may be CSV."""
    container: str = ""
    """The field that holds the list of records, where it is JSON and has such a field."""
    record: dict[str, Any] = field(default_factory=dict)
    """The first record that is an object, where it is JSON."""
    tables: frozenset[str] = frozenset()
    """Names of its tables, where it is an SQLite database."""

    @property
    def is_json(self) -> bool:
        """Whether it may be JSON."""
        return self.start.lstrip()[:1] in (b"{", b"[")

    @property
    def names(self) -> set[str]:
        """Names of the columns, or of the fields of the first record."""
        return set(self.record) | set(self.columns)


def sample(path: Source) -> Sample:
    """The beginning of a file. Raises ClimbpathError where it cannot be opened or is empty."""
    start = pieces.head(path)
    if not start.strip():
        raise ClimbpathError("it is empty")
    if start.startswith(database.HEADER):
        return Sample(start, tables=_tables(path))
    found = Sample(start)
    if not found.is_json:
        try:
            return Sample(start, tuple(pieces.csv_names(start.partition(b"\n")[0])))
        except ClimbpathError:
            return found
    container = next((name for name in documents.lists(path) if name), "")
    record: dict[str, Any] = {}
    try:
        for raw in islice(documents.records(path), TRIED):
            if isinstance(raw, documents.Raw) and isinstance(raw.value, dict) and raw.value:
                record = {name.lower(): value for name, value in raw.value.items()}
                break
    except ClimbpathError:
        pass
    return Sample(start, (), container, record)


def _tables(path: Source) -> frozenset[str]:
    """The tables of a database. Raises ClimbpathError where it is locked or damaged."""
    with pieces.on_disk(path) as file, database.opened(file) as connection:
        return frozenset(database.tables(connection))
