"""Files read piece by piece, in constant memory: bytes, lines, and the members of a JSON list.

Where a file breaks off, everything before that is yielded first, then ClimbpathError is raised.
"""

import codecs
import csv
import gzip
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from climbpath.errors import ClimbpathError

PIECE = 1 << 16
LONGEST = 1 << 20
"""Bytes in a line, or in one JSON string; records of all formats are far shorter."""

_GZIP = b"\x1f\x8b"


def pieces(path: Path) -> Iterator[bytes]:
    """The bytes of a file in pieces of at most 64 KiB, decompressed where they are gzip, without a UTF-8 mark.

    Raises ClimbpathError where the file cannot be opened, or where it breaks off.
    """
    try:
        if path.is_dir():
            raise ClimbpathError("it is a folder: name the files in it")
        if path.exists() and not path.is_file():
            raise ClimbpathError("it is a pipe or a device, which cannot be read twice: save it as a file first")
        with path.open("rb") as raw:
            stream = gzip.GzipFile(fileobj=raw) if raw.peek(2).startswith(_GZIP) else raw
            mark = codecs.BOM_UTF8
            while piece := stream.read1(PIECE):
                yield piece.removeprefix(mark)
                mark = b""
    except FileNotFoundError:
        raise ClimbpathError("there is no such file") from None
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ClimbpathError(f"the gzip data break off or are damaged here; the rest is lost ({error})") from error
    except OSError as error:
        raise ClimbpathError(f"it cannot be read: {error.strerror or error}") from error


def head(path: Path) -> bytes:
    """The first bytes of a file, by which its format is detected; empty for an empty file."""
    return next(pieces(path), b"")


def lines(path: Path) -> Iterator[bytes]:
    """The lines of a file without their ends; a line over LONGEST is cut off just after that length."""
    rest = b""
    for piece in pieces(path):
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole
        rest = rest[: LONGEST + 1]
    if rest:
        yield rest


def members(path: Path, field: str | None) -> Iterator[Any]:
    """The members of one list in a JSON file, one by one: the list in this field of the object that the file
    holds, or, for None, the list that the file holds.

    ijson's own `items` is not used because it joins the names of all levels to a path at every level, which takes
    gigabytes for a few kilobytes of nested brackets.
    """
    return (value for name, value in _values(path, 1 if field is None else 2) if name == field)


def entries(path: Path) -> Iterator[tuple[str | None, Any]]:
    """Name and value of the members of the object that a JSON file holds, one by one."""
    return _values(path, 1)


def _values(path: Path, level: int) -> Iterator[tuple[str | None, Any]]:
    """The values at a level of nesting, each with the name of the member of the outermost object that it is in."""
    open_values: list[Any] = []
    names: list[str | None] = []
    for event, value in _events(path):
        if event == "map_key":
            names[-1] = value
        elif event in ("start_map", "start_array"):
            open_values.append({} if event == "start_map" else [])
            names.append(None)
        else:
            if event in ("end_map", "end_array"):
                value = open_values.pop()
                names.pop()
            if len(open_values) > level:
                _put(open_values[-1], names[-1], value)
            elif open_values and len(open_values) == level:
                yield names[0], value


def _put(container: Any, name: str | None, value: Any) -> None:
    if isinstance(container, list):
        container.append(value)
    else:
        container[name] = value


def _events(path: Path) -> Iterator[tuple[str, Any]]:
    """What ijson.basic_parse yields, also for the part of a file before a break.

    Numbers are 64-bit: with use_float off, ijson 3.6 crashes the process at an integer of over 4,300 digits.
    """
    import ijson

    events = ijson.sendable_list()
    parser = ijson.basic_parse_coro(events, use_float=True)
    silent = 0
    try:
        for piece in pieces(path):
            parser.send(piece)
            silent = 0 if events else silent + len(piece)
            if silent > LONGEST:
                raise ClimbpathError(f"there is a text of over {LONGEST:,} bytes here; the rest is lost")
            yield from events
            events.clear()
        parser.close()
    except (ijson.JSONError, ValueError) as error:
        yield from events
        raise ClimbpathError(f"the JSON is damaged or cut off here; the rest is lost ({_reason(error)})") from error


def _reason(error: Exception) -> str:
    """The first line of a parser's message; below it the parser shows the place."""
    text = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error)
    if "UTF8" in text:
        return "the text is not UTF-8: save the file as UTF-8"
    return text.partition("\n")[0]


def lists(start: bytes) -> set[str | None]:
    """Which lists a JSON file starts with: the names of the fields that hold one where the file is an object,
    None where it is itself a list of objects. Empty for anything else, JSON or not."""
    import ijson

    events = ijson.sendable_list()
    with suppress(ijson.JSONError, ValueError):
        ijson.basic_parse_coro(events, use_float=True).send(start)
    found = set()
    level, name = 0, None
    for event, value in events:
        if event == "map_key" and level == 1:
            name = value
        elif event.startswith("start_"):
            if level == 1 and event == ("start_map" if name is None else "start_array"):
                found.add(name)
            level += 1
        elif event.startswith("end_"):
            level -= 1
    return found


def csv_rows(path: Path) -> Iterator[dict[str, str] | ClimbpathError]:
    """The rows of a CSV file by field name; for a row that cannot be read, the error that says why.

    A quoted field may span several lines; where these do not make up a row together, each is read as a row.
    """
    source = lines(path)
    names = csv_values(next(source))
    for row in _while_quoted(source):
        yield from _named(names, row)


def _while_quoted(source: Iterator[bytes]) -> Iterator[list[bytes]]:
    """The lines of each row: as many as it takes to close every quote."""
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


def _named(names: list[str], row: list[bytes]) -> Iterator[dict[str, str] | ClimbpathError]:
    try:
        values = csv_values(b"\n".join(row))
        if len(values) != len(names):
            raise ClimbpathError(f"the row has {len(values)} fields where the header names {len(names)}")
        yield dict(zip(names, values, strict=True))
    except ClimbpathError as error:
        if len(row) == 1:
            yield error
        else:
            for line in filter(bytes.strip, row):
                yield from _named(names, [line])


def csv_values(row: bytes) -> list[str]:
    """The fields of one row of CSV. Raises ClimbpathError where it is not CSV, not UTF-8 or too long."""
    if len(row) > LONGEST:
        raise ClimbpathError(f"the row is longer than {LONGEST:,} bytes")
    try:
        return next(csv.reader([row.decode("utf-8").rstrip("\r")], strict=True), [])
    except UnicodeDecodeError as error:
        raise ClimbpathError(
            f"byte {error.start} of the row, {row[error.start]:#04x}, is not UTF-8 text: save the file as UTF-8"
        ) from None
    except csv.Error as error:
        raise ClimbpathError(f"the row is not CSV: {error}") from None
