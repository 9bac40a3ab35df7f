"""Importers: one module per source format, recognised by content, never by name.

Every importer yields raw records and turns one into a problem; here they are read, and what cannot be used is
rejected with the reason.
"""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from climbpath.data.importers import (
    api_dump,
    app_catalog,
    archives,
    aurora,
    catalog,
    climbpath_csv,
    climbpath_json,
    climbpath_parquet,
    community_dump,
    guide_csv,
    guidebook,
    hand_sequences,
    site_scrape,
)
from climbpath.data.importers.pieces import Source
from climbpath.data.importers.records import (
    Failure,
    LeftOut,
    LeftOutError,
    Note,
    Rejection,
    Tallied,
    shortened,
    unnoted,
)
from climbpath.data.importers.refusals import refusal
from climbpath.data.importers.sample import Sample, sample
from climbpath.errors import ClimbpathError
from climbpath.problem import Problem

__all__ = [
    "FORMATS",
    "Failure",
    "Importer",
    "Item",
    "LeftOut",
    "Rejection",
    "Tallied",
    "Wanted",
    "detect",
    "read",
    "sources",
]

Item = Problem | Rejection | LeftOut | Failure
"""What becomes of a record, or of a whole file that cannot be read."""


class Wanted(NamedTuple):
    """Which climbs of databases are wanted."""

    layout: str | None = None
    """Of the layout or board of this name; None is all."""
    min_ascents: int = aurora.MIN_ASCENTS
    """With so many ascents at an angle, where their number is known."""


EVERYTHING = Wanted()


class Importer(Protocol):
    """What a module in this package offers."""

    @property
    def TITLE(self) -> str:  # noqa: N802 - the modules' own constant
        """The format in words."""

    @property
    def EXAMPLE(self) -> tuple[str, str]:  # noqa: N802
        """A small file in two lines."""

    @property
    def NAMES(self) -> frozenset[str]:  # noqa: N802
        """Names of fields or columns that its files have, in lower case."""

    @property
    def NEEDS(self) -> str:  # noqa: N802
        """What a file needs to be read as it."""

    def recognises(self, sample: Sample, /) -> bool:
        """Whether a file that starts so is of the format."""

    def records(self, path: Source, /) -> Iterator[Any]:
        """The raw records; for one that cannot be made out, the ClimbpathError that says why.

        Raises ClimbpathError where the file breaks off or is damaged for good.
        """

    def problem(self, record: Any, note: Note = ..., /) -> Problem:
        """The problem of a raw record. Raises ClimbpathError with the reason where there is none."""


FORMATS: tuple[Importer, ...] = (
    climbpath_csv,
    guide_csv,
    catalog,
    app_catalog,
    community_dump,
    api_dump,
    site_scrape,
    guidebook,
    hand_sequences,
    climbpath_json,
    climbpath_parquet,
    aurora,
)


def detect(path: Source) -> Importer:
    """The importer for a file, by its content.

    Raises ClimbpathError with the reason, which leaves naming the file to the caller, where it cannot be opened or
    is of no known format.
    """
    start = sample(path)
    for importer in FORMATS:
        if importer.recognises(start):
            return importer
    raise ClimbpathError(refusal(start, FORMATS))


def sources(path: Path, without: Collection[Path] = ()) -> Iterator[tuple[str, Source | Failure]]:
    """The files that a path stands for, each with its name: itself, or the files of a folder, and those of zips.

    A zip that cannot be read comes as a Failure.
    """
    for file in archives.files(path, without):
        if not archives.is_zip(file):
            yield str(file), file
            continue
        try:
            for member in archives.members(file):
                yield str(member), member
        except ClimbpathError as error:
            yield str(file), Failure(str(file), str(error))


def read(path: Path, note: Note = unnoted) -> Iterator[Item]:
    """What becomes of every record of a path: a file, a zip or a folder.

    In memory for a few records, whatever the size. A break in a file is a rejection, the last of its file; a file
    that cannot be opened or is of no known format is a Failure.
    """
    for name, source in sources(path):
        if isinstance(source, Failure):
            yield source
        else:
            yield from read_file(name, source, note)


def read_file(name: str, source: Source, note: Note = unnoted, wanted: Wanted = EVERYTHING) -> Iterator[Item]:
    """What becomes of every record of one file."""
    try:
        importer = detect(source)
    except ClimbpathError as error:
        yield Failure(name, shortened(str(error)))
        return
    index = -1
    try:
        records = aurora.records(source, *wanted) if importer is aurora else importer.records(source)
        for index, record in enumerate(records):
            try:
                if isinstance(record, ClimbpathError):
                    raise record
                yield importer.problem(record, note)
            except LeftOutError as error:
                yield LeftOut(name, index, shortened(str(error)))
            except ClimbpathError as error:
                yield Rejection(name, index, shortened(str(error)))
    except ClimbpathError as error:
        if importer is aurora and index < 0:  # a table is missing, or the layout that is wanted
            yield Failure(name, shortened(str(error)))
        else:
            yield Rejection(name, index + 1, shortened(str(error)))
