"""Logbooks as files, and files as the records that an import reads from them."""

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from climbpath.data.importers.records import Note, unnoted
from climbpath.web import transfer
from climbpath.web.logbook.records import Entry


def exported(entries: Iterable[Entry], kind: str = "json") -> str:
    """A logbook as a file's content."""
    return "".join(transfer.FORMATS[kind][2](entries, ()))


def read(content: bytes | str, note: Note = unnoted) -> list[transfer.Record]:
    """The records of a file with this content."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return list(transfer.read(path, note).records)
