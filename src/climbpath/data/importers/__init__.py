"""Importers: one module per source format, detected by content, never by name.

Every importer yields raw records and turns one into a problem. What cannot be used is rejected with the reason.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from climbpath.data.importers import (
    api_dump,
    climbpath_csv,
    climbpath_json,
    climbpath_parquet,
    guide_csv,
    hand_sequences,
    pieces,
    site_scrape,
)
from climbpath.data.importers.records import Rejection
from climbpath.errors import ClimbpathError
from climbpath.problem import Problem

__all__ = ["FORMATS", "Importer", "Rejection", "detect", "read"]


class Importer(Protocol):
    """What a module in this package provides."""

    @property
    def TITLE(self) -> str:  # noqa: N802 - the modules' own constant
        """The format in words."""

    def recognises(self, start: bytes, /) -> bool:
        """Whether a file that starts with these bytes, decompressed, is in the format."""

    def records(self, path: Path, /) -> Iterator[Any]:
        """The raw records; for one that cannot be read, the ClimbpathError that says why.

        Raises ClimbpathError where the file breaks off or is damaged so that nothing after it can be read.
        """

    def problem(self, record: Any, /) -> Problem:
        """The problem of a raw record. Raises ClimbpathError with the reason where there is none."""


FORMATS: tuple[Importer, ...] = (
    guide_csv,
    climbpath_csv,
    site_scrape,
    api_dump,
    hand_sequences,
    climbpath_json,
    climbpath_parquet,
)


def detect(path: Path) -> Importer:
    """The importer for a file, detected by its content.

    Raises ClimbpathError with the reason, to which the caller adds the file's name, where it cannot be opened or is in
    no known format.
    """
    start = pieces.head(path)
    if not start:
        raise ClimbpathError("it is empty")
    for importer in FORMATS:
        if importer.recognises(start):
            return importer
    if start.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in start[:2]:
        raise ClimbpathError("it is UTF-16 text: save it as UTF-8")
    raise ClimbpathError("it is in no format that climbpath reads: " + "; ".join(one.TITLE for one in FORMATS))


def read(path: Path) -> Iterator[Problem | Rejection]:
    """One problem or rejection for every record of a file, only a few in memory at a time, however large the file.

    Where the file breaks off, the last item is a rejection that says so; a file that cannot be opened or is in no known
    format gives just one rejection.
    """
    index = -1
    try:
        importer = detect(path)
        for index, record in enumerate(importer.records(path)):
            yield _problem(importer, record, path, index)
    except ClimbpathError as error:
        yield _rejection(path, index + 1, error)


def _problem(importer: Importer, record: Any, path: Path, index: int) -> Problem | Rejection:
    try:
        if isinstance(record, ClimbpathError):
            raise record
        return importer.problem(record)
    except ClimbpathError as error:
        return _rejection(path, index, error)


def _rejection(path: Path, index: int, error: ClimbpathError) -> Rejection:
    reason = str(error)
    return Rejection(str(path), index, reason if len(reason) <= 300 else reason[:299] + "…")
