"""A logbook as a file: JSON with everything, CSV for a spreadsheet, the app's shape; and back."""

import csv
import gzip
import io
import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import NAMESPACE_URL, uuid5

from pydantic import ValidationError

from climbpath.data import exporters, importers
from climbpath.data.importers import climbpath_csv
from climbpath.errors import ClimbpathError
from climbpath.grades import parse_grade
from climbpath.problem import Problem, check_sound
from climbpath.web.logbook import Entry, Tick
from climbpath.web.schemas import KeptEntry, fault_in

FORMAT = "climbpath logbook"
NOTED = ("stars", "notes", "felt", "lists", "ticks", "saved")
"""Columns that a logbook's CSV has beside those of a problem."""
LONGEST_REASON = 300
MOST_UNPACKED = 128 * 1024 * 1024


def to_json(entries: Sequence[Entry]) -> str:
    """Everything, as `read` reads it back."""
    return json.dumps({"format": FORMAT, "entries": [_kept(entry) for entry in entries]}, indent=1) + "\n"


def _kept(entry: Entry) -> dict[str, object]:
    ticks = [tick._asdict() for tick in entry.ticks]
    return entry._asdict() | {"problem": entry.problem.to_dict(), "ticks": ticks}


def to_csv(entries: Sequence[Entry]) -> str:
    """A row per entry: the problem's columns, and what the climber noted; the lists as a row of CSV of their own."""
    rows = csv.reader(io.StringIO(exporters.to_csv([entry.problem for entry in entries])))
    noted = [NOTED, *map(_noted, entries)]
    return "".join(exporters.csv_row([*row, *notes]) + "\r\n" for row, notes in zip(rows, noted, strict=True))


def _noted(entry: Entry) -> tuple[object, ...]:
    ticks = " ".join(f"{tick.day}/{tick.attempts}" for tick in entry.ticks)
    return (entry.stars, entry.notes, entry.felt or "", exporters.csv_row(entry.lists), ticks, entry.saved)


def to_app(entries: Sequence[Entry]) -> str:
    """The shape of the app's API, with how hard each problem felt as the user's grade."""
    return exporters.to_app([replace(e.problem, user_grade=e.felt or e.problem.user_grade) for e in entries])


FORMATS: dict[str, tuple[str, str, Callable[[Sequence[Entry]], str]]] = {
    "json": ("logbook.json", "application/json", to_json),
    "csv": ("logbook.csv", "text/csv", to_csv),
    "app": ("logbook.app.json", "application/json", to_app),
}
"""Formats to export: a file's name, its media type, and what writes it."""


def read(content: bytes) -> Iterator[Entry | str]:
    """The entries of a file in any format that climbpath reads; for a record that is none, the reason.

    Raises ClimbpathError where the file is in no such format, or unpacks to too much.
    """
    if _is_bomb(content):
        raise ClimbpathError(f"this file unpacks to more than {MOST_UNPACKED >> 20} MB: split it")
    if content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{" and FORMAT.encode() in content[:200]:
        return map(_entry, _own(content))
    return _other(content)


def _is_bomb(content: bytes) -> bool:
    """Whether a gzip file, damaged or not, holds far more than it is large."""
    with suppress(OSError, EOFError, zlib.error), gzip.GzipFile(fileobj=io.BytesIO(content)) as unpacked:
        unpacked.seek(MOST_UNPACKED)
        return bool(unpacked.read(1))
    return False


def _own(content: bytes) -> list[object]:
    try:
        records = json.loads(content.decode("utf-8-sig"))["entries"]
    except (ValueError, KeyError, RecursionError) as error:
        raise ClimbpathError(f"this logbook is damaged: {error!r}") from None
    if not isinstance(records, list):
        raise ClimbpathError("this logbook is damaged: its entries are no list")
    return records


def _other(content: bytes) -> Iterator[Entry | str]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(content)
        importer = importers.detect(path)
        if importer is not climbpath_csv:
            for found in importers.read(path):
                yield _entry({"problem": found.to_dict()}) if isinstance(found, Problem) else _short(found.reason)
            return
        try:
            yield from map(_of_row, climbpath_csv.records(path))
        except ClimbpathError as error:  # the file breaks off
            yield _short(str(error))


def _of_row(row: dict[str, str] | ClimbpathError) -> Entry | str:
    """The entry of a row of CSV. Its ticks have ids that depend on nothing else, so that reading it twice adds none."""
    try:
        if isinstance(row, ClimbpathError):
            raise row
        problem = climbpath_csv.problem(row)
        ticks = [word.partition("/") for word in row.get("ticks", "").split()]
        return _entry(
            {
                "problem": problem.to_dict(),
                "stars": int(row.get("stars") or 0),
                "notes": row.get("notes", ""),
                "felt": parse_grade(row["felt"]) if row.get("felt") else None,
                "lists": next(csv.reader([row.get("lists", "")]), []),
                "ticks": [
                    {
                        "id": str(uuid5(NAMESPACE_URL, f"{problem.identity} {day} {attempts} {number}")),
                        "day": day,
                        "attempts": int(attempts or 1),
                    }
                    for number, (day, _, attempts) in enumerate(ticks)
                ],
                "saved": row.get("saved", ""),
            }
        )
    except (ClimbpathError, ValueError, csv.Error) as error:
        return _short(str(error))


def _entry(record: object) -> Entry | str:
    """The entry of a record of the logbook's own, or why it is none."""
    try:
        kept = KeptEntry.model_validate(record)
        ticks = tuple(Tick(str(tick.id), tick.day, tick.attempts) for tick in kept.ticks)
        problem = check_sound(kept.problem.problem())
        return Entry(problem, kept.stars, kept.notes, kept.felt, tuple(kept.lists), ticks, kept.saved)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        return _short(fault_in(first["loc"], first["msg"]))
    except ClimbpathError as error:
        return _short(str(error))


def _short(reason: str) -> str:
    return reason if len(reason) <= LONGEST_REASON else reason[: LONGEST_REASON - 1] + "…"
