"""Files read piece by piece, in constant memory: bytes, lines, and rows of CSV.

What was read before a break in a file comes out before the ClimbpathError that words the break.
"""

import codecs
import csv
import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from climbpath.errors import ClimbpathError

PIECE = 1 << 16
LONGEST = 1 << 20
"""Bytes in a line, characters in a record of JSON; nothing in any format comes near it."""
MOST_FIELDS = 1000
"""Fields of a record; the largest that are known have some fifty."""
DELIMITERS = ",;\t"
"""What stands between the fields of a CSV file."""

Source = Path | zipfile.Path
"""A file, or a file in a zip."""

LARGEST_UNPACKED = 4 << 30
"""Bytes to which a file may unpack that has to be on the disk as a whole."""
_GZIP = b"\x1f\x8b"


def pieces(path: Source) -> Iterator[bytes]:
    """The bytes of a file in pieces of at most 64 KiB, unpacked where they are gzip, without a UTF-8 mark.

    Raises ClimbpathError where the file cannot be opened, or where it breaks off.
    """
    try:
        if path.is_dir():
            raise ClimbpathError("it is a folder: name the files in it")
        if path.exists() and not path.is_file():
            raise ClimbpathError("it is a pipe or a device, which cannot be read twice: save it as a file first")
        with path.open("rb") as opened:
            # files and those in a zip have peek and read1, those of stores of objects have not
            raw: Any = opened if hasattr(opened, "peek") else io.BufferedReader(opened)
            stream = gzip.GzipFile(fileobj=raw) if raw.peek(2).startswith(_GZIP) else raw
            mark = codecs.BOM_UTF8
            while piece := stream.read1(PIECE):
                yield piece.removeprefix(mark)
                mark = b""
    except FileNotFoundError:
        raise ClimbpathError("there is no such file") from None
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        kind = "gzip" if isinstance(path, Path) else "packed"
        raise ClimbpathError(f"the {kind} data break off or are damaged here; the rest is lost ({error})") from error
    except zipfile.BadZipFile as error:
        raise ClimbpathError(f"the zip is damaged here, the rest of the file is lost ({error})") from error
    except (RuntimeError, NotImplementedError) as error:  # zipfile: a password is needed; a method it does not know
        raise ClimbpathError(f"it cannot be unpacked ({error}): unpack the zip with another program first") from error
    except OSError as error:
        raise ClimbpathError(f"it cannot be read: {error.strerror or error}") from error


@contextmanager
def on_disk(path: Source) -> Iterator[Path]:
    """A file of its own on the disk, for what cannot be read piece by piece: the file itself, or what a packed one
    unpacks to.

    Raises ClimbpathError where it cannot be read, or unpacks to more than LARGEST_UNPACKED.
    """
    if isinstance(path, Path):
        with path.open("rb") as file:
            packed = file.read(2) == _GZIP
        if not packed:
            yield path
            return
    with TemporaryDirectory() as folder:
        unpacked, size = Path(folder) / "unpacked", 0
        with unpacked.open("wb") as file:
            for piece in pieces(path):
                size += len(piece)
                if size > LARGEST_UNPACKED:
                    raise ClimbpathError(f"it unpacks to more than {LARGEST_UNPACKED >> 30} GiB: unpack it yourself")
                file.write(piece)
        yield unpacked


def head(path: Source) -> bytes:
    """The first bytes of a file, by which its format is detected: up to 64 KiB, empty for an empty file."""
    start = b""
    for piece in pieces(path):
        start += piece
        if len(start) >= PIECE:
            break
    return start[:PIECE]


def lines(path: Source) -> Iterator[bytes]:
    """The lines of a file without their ends; of a line over LONGEST just more than that much is kept."""
    rest = b""
    for piece in pieces(path):
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole
        rest = rest[: LONGEST + 1]
    if rest:
        yield rest


def csv_rows(path: Source) -> Iterator[dict[str, str] | ClimbpathError]:
    """The rows of a CSV file by field name in lower case; for a row that cannot be read, the error that says why.

    A field in quotes may go on over several lines; where these make no row together, each is read as one.
    """
    source = lines(path)
    header = next(source)
    delimiter = delimiter_of(header)
    names = csv_names(header)
    for row in _while_quoted(source):
        yield from _named(names, row, delimiter)


def csv_names(header: bytes) -> list[str]:
    """The names of the columns in lower case. Raises ClimbpathError where the first line is not CSV."""
    names = [name.strip().lower() for name in csv_values(header, delimiter_of(header))]
    if len(names) > MOST_FIELDS:
        raise ClimbpathError(f"the first line has more than {MOST_FIELDS:,} fields")
    return names


def delimiter_of(header: bytes) -> str:
    """What stands between the fields of a first line: the most frequent one, a comma where there is none."""
    return max(DELIMITERS, key=lambda delimiter: header.count(delimiter.encode()))


def _while_quoted(source: Iterator[bytes]) -> Iterator[list[bytes]]:
    """The lines of a row: as many as it takes to close every quote."""
    row: list[bytes] = []
    quotes = size = 0
    try:
        for line in source:
            if not row and not line.strip():
                continue
            row.append(line)
            quotes, size = quotes + line.count(b'"'), size + len(line) + 1
            if quotes % 2 == 0 or size > LONGEST:
                yield row
                row, quotes, size = [], 0, 0
    except ClimbpathError:
        if row:
            yield row
        raise
    if row:
        yield row


def _named(names: list[str], row: list[bytes], delimiter: str) -> Iterator[dict[str, str] | ClimbpathError]:
    try:
        values = csv_values(b"\n".join(row), delimiter)
        if len(values) != len(names):
            raise ClimbpathError(f"the row has {len(values)} fields where the header names {len(names)}")
        yield dict(zip(names, values, strict=True))
    except ClimbpathError as error:
        if len(row) == 1:
            yield error
        else:
            for line in filter(bytes.strip, row):
                yield from _named(names, [line], delimiter)


def csv_values(row: bytes, delimiter: str = ",") -> list[str]:
    """The fields of one row of CSV. Raises ClimbpathError where it is not CSV, not UTF-8 or too long."""
    if len(row) > LONGEST:
        raise ClimbpathError(f"the row is longer than {LONGEST:,} bytes")
    try:
        return next(csv.reader([row.decode("utf-8").rstrip("\r")], delimiter=delimiter, strict=True), [])
    except UnicodeDecodeError as error:
        raise ClimbpathError(
            f"byte {error.start} of the row, {row[error.start]:#04x}, is not UTF-8 text: save the file as UTF-8"
        ) from None
    except csv.Error as error:
        raise ClimbpathError(f"the row is not CSV: {error}") from None
