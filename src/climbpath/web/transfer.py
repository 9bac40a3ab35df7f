"""Export and import of a logbook: JSON with everything, CSV for spreadsheets, and the format of the board's app."""

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
from climbpath.web.logbook.records import Entry, Tick
from climbpath.web.schemas import ExportedEntry, validation_message

FORMAT = "climbpath logbook"
NOTE_COLUMNS = ("stars", "notes", "felt", "lists", "ticks", "saved")
"""Columns of the logbook's CSV in addition to those of a problem."""
LONGEST_REASON = 300
MOST_UNPACKED = 128 * 1024 * 1024


def to_json(entries: Sequence[Entry]) -> str:
    """JSON with everything; `read` restores it."""
    return json.dumps({"format": FORMAT, "entries": [_to_dict(entry) for entry in entries]}, indent=1) + "\n"


def _to_dict(entry: Entry) -> dict[str, object]:
    ticks = [tick._asdict() for tick in entry.ticks]
    return entry._asdict() | {"problem": entry.problem.to_dict(), "ticks": ticks}


def to_csv(entries: Sequence[Entry]) -> str:
    """CSV with a row per entry: the problem's columns and the climber's notes; the lists are a CSV row in one cell."""
    rows = csv.reader(io.StringIO(exporters.to_csv([entry.problem for entry in entries])))
    notes = [NOTE_COLUMNS, *map(_notes, entries)]
    return "".join(exporters.csv_row([*row, *more]) + "\r\n" for row, more in zip(rows, notes, strict=True))


def _notes(entry: Entry) -> tuple[object, ...]:
    ticks = " ".join(f"{tick.day}/{tick.attempts}" for tick in entry.ticks)
    return (entry.stars, entry.notes, entry.felt or "", exporters.csv_row(entry.lists), ticks, entry.saved)


def to_app(entries: Sequence[Entry]) -> str:
    """JSON in the format of the board's app, with the felt grade as the user's grade."""
    return exporters.to_app([replace(e.problem, user_grade=e.felt or e.problem.user_grade) for e in entries])


FORMATS: dict[str, tuple[str, str, Callable[[Sequence[Entry]], str]]] = {
    "json": ("logbook.json", "application/json", to_json),
    "csv": ("logbook.csv", "text/csv", to_csv),
    "app": ("logbook.app.json", "application/json", to_app),
}
"""Export formats: the file's name, its media type, and the function that writes it."""


def read(content: bytes) -> Iterator[Entry | str]:
    """The entries in a file of any format that climbpath reads; for a record that is rejected, the reason.

    Raises ClimbpathError if the format is not known, or the file is too large when unpacked.
    """
    # a small gzip file can unpack to more than the memory holds
    if _is_bomb(content):
        raise ClimbpathError(f"this file unpacks to more than {MOST_UNPACKED >> 20} MB: split it")
    # an export of the logbook has more than a problem in a record; any other file goes to the importers
    if content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{" and FORMAT.encode() in content[:200]:
        return map(_entry, _exported_records(content))
    return _imported(content)


def _is_bomb(content: bytes) -> bool:
    """Whether a gzip file, complete or not, unpacks to more than MOST_UNPACKED bytes."""
    with suppress(OSError, EOFError, zlib.error), gzip.GzipFile(fileobj=io.BytesIO(content)) as unpacked:
        unpacked.seek(MOST_UNPACKED)
        return bool(unpacked.read(1))
    return False


def _exported_records(content: bytes) -> list[object]:
    """The records in a JSON export of the logbook. Raises ClimbpathError if it is damaged."""
    try:
        records = json.loads(content.decode("utf-8-sig"))["entries"]
    except (ValueError, KeyError, RecursionError) as error:
        raise ClimbpathError(f"this logbook is damaged: {error!r}") from None
    if not isinstance(records, list):
        raise ClimbpathError("this logbook is damaged: its entries are not a list")
    return records


def _imported(content: bytes) -> Iterator[Entry | str]:
    """The entries in a file of another format, which the importers detect and read from a path."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(content)
        importer = importers.detect(path)
        if importer is not climbpath_csv:
            for record in importers.read(path):
                if isinstance(record, Problem):
                    yield _entry({"problem": record.to_dict()})
                else:
                    yield record.reason
            return
        # climbpath's CSV may have the logbook's columns, which the importer does not know
        try:
            yield from map(_entry_of_row, climbpath_csv.records(path))
        except ClimbpathError as error:  # the file is truncated
            yield _shortened(str(error))


def _entry_of_row(row: dict[str, str] | ClimbpathError) -> Entry | str:
    """The entry in a row of CSV, or the reason for its rejection.

    CSV has no ids of ticks. They are derived from the row, so that importing a file twice adds no tick twice.
    """
    try:
        if isinstance(row, ClimbpathError):  # the importer could not split this row into columns
            raise row
        problem = climbpath_csv.problem(row)
        ticks = [tick.partition("/") for tick in row.get("ticks", "").split()]
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
        return _shortened(str(error))


def _entry(record: object) -> Entry | str:
    """The entry in a record of a JSON export, or the reason for its rejection."""
    try:
        valid = ExportedEntry.model_validate(record)
        problem = check_sound(valid.problem.problem())
        ticks = tuple(Tick(str(tick.id), tick.day, tick.attempts) for tick in valid.ticks)
        return Entry(problem, valid.stars, valid.notes, valid.felt, tuple(valid.lists), ticks, valid.saved)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        return _shortened(validation_message(first["loc"], first["msg"]))
    except ClimbpathError as error:
        return _shortened(str(error))


def _shortened(reason: str) -> str:
    return reason if len(reason) <= LONGEST_REASON else reason[: LONGEST_REASON - 1] + "…"
