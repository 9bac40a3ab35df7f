"""What a file is that climbpath does not read, in words that say what to do."""

import pickletools
import re
from collections.abc import Collection, Iterable
from contextlib import suppress
from typing import Protocol

from climbpath.data.importers.logbooks import names_no_holds
from climbpath.data.importers.records import shortened
from climbpath.data.importers.sample import Sample

MAGIC = (
    (b"\x89PNG", "it is a picture, not a file of problems"),
    (b"\xff\xd8\xff", "it is a picture, not a file of problems"),
    (b"GIF8", "it is a picture, not a file of problems"),
    (b"%PDF", "it is a PDF, not a file of problems"),
    (b"\x93NUMPY", "it is a NumPy array: save the problems as JSON or CSV from the program that made it"),
    (b"\x89HDF", "it is HDF5: save the problems as JSON or CSV from the program that made it"),
    (b"BZh", "it is packed by bzip2: unpack it first"),
    (b"\xfd7zXZ", "it is packed by xz: unpack it first"),
    (b"\x28\xb5\x2f\xfd", "it is packed by zstd: unpack it first"),
    (b"7z\xbc\xaf", "it is a 7z archive: unpack it first"),
    (b"Rar!", "it is a RAR archive: unpack it first"),
    (b"PK\x03\x04", "it is a zip in a zip or gzip: unpack it first"),
    (b"\xd0\xcf\x11\xe0", "it is an old Office file: save the sheet as CSV"),
    (b"<", "it is a web page or XML, not a file of problems"),
)
"""First bytes of files of other kinds, and what they are."""
PICKLE = (
    "it is a Python pickle, which is never opened: whoever made it can have any program run by opening it. Save the "
    "problems as JSON or CSV from the program that made it"
)
LOGBOOK = (
    "it is a logbook, whose ticks name no holds: import it into the logbook of the web app (climbpath serve), which "
    "finds its problems by their numbers or names"
)
SQLITE = b"SQLite format 3\0"
UTF_16 = "it is UTF-16 text: save it as UTF-8"


class Described(Protocol):
    """What an importer says of its format."""

    @property
    def TITLE(self) -> str:  # noqa: N802
        """The format in words."""

    @property
    def NAMES(self) -> frozenset[str]:  # noqa: N802
        """Names of fields or columns that its files have, in lower case."""

    @property
    def NEEDS(self) -> str:  # noqa: N802
        """What a file needs to be read as it."""


def refusal(sample: Sample, formats: Iterable[Described]) -> str:
    """Why a file of no known format is not read: what it is, what was found, and what comes nearest."""
    start = sample.start
    if start.startswith(SQLITE):
        return _sqlite(sample.tables)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in start[:2]:
        return UTF_16
    if _is_pickle(start):
        return PICKLE
    for magic, words in MAGIC:
        if start.startswith(magic):
            return words
    if names_no_holds(sample):
        return LOGBOOK
    if sample.is_json:
        found = _json(sample)
    elif b"\0" in start or not sample.columns:
        return "it is in no format that climbpath reads: neither JSON, CSV nor Parquet"
    else:
        found = _csv(sample)
    formats = [one for one in formats if sample.is_json != ("CSV" in one.TITLE)]
    nearest = max(formats, key=lambda one: (len(one.NAMES & sample.names), -len(one.NAMES)))
    if nearest.NAMES & sample.names:
        advice = f"nearest is {nearest.TITLE}: {nearest.NEEDS}"
    else:
        advice = "climbpath reads: " + "; ".join(one.TITLE for one in formats)
    return shortened(f"it is in no format that climbpath reads. {found}; {advice}")


def _json(sample: Sample) -> str:
    if sample.container:
        kind = f"JSON with a list {sample.container!r}"
    else:
        kind = "a JSON list" if sample.start.lstrip().startswith(b"[") else "JSON"
    if sample.record:
        return f"It is {kind}; a record has {_listed(sample.record)}"
    names = re.findall(rb'"((?:[^"\\]|\\.){1,60}+)"\s*:', sample.start[:4096])
    if names:
        return f"It is {kind} with {_listed(name.decode('utf-8', 'replace') for name in names)}"
    return f"It is {kind}, and no record stands at its beginning"


def _csv(sample: Sample) -> str:
    if len(sample.columns) == 1:
        return f"It is text that begins {shortened(sample.columns[0], 60)!r}"
    return f"It is CSV with the columns {_listed(sample.columns)}"


def _listed(names: Iterable[str]) -> str:
    names = [shortened(name, 40) for name in names]
    return ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")


def _is_pickle(start: bytes) -> bool:
    """Whether these bytes begin a pickle of any protocol; they are looked at and never run."""
    if start[:1] == b"\x80" and start[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return True
    if start[:1] not in (b"(", b"]", b"}", b"c", b"X", b"U"):
        return False
    seen = 0
    with suppress(Exception):  # what pickletools raises at the end of the sample, or where it is no pickle
        for operation, _, _ in pickletools.genops(start):
            seen += 1
            if operation.name == "STOP" or seen == 6:
                return True
    return False


def _sqlite(names: Collection[str]) -> str:
    if {"entries", "profiles", "ticks"} <= set(names):
        return "it is a logbook of climbpath's web app: name it with climbpath serve --logbook, or export it there"
    listed = f" with the tables {_listed(sorted(names))}" if names else ""
    return f"it is an SQLite database{listed}, and not one of an Aurora board: save its problems as JSON or CSV"
