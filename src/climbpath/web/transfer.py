"""Export and import of a logbook: JSON with everything, CSV for spreadsheets, and the format of the board's app."""

import csv
import gzip
import io
import json
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import NAMESPACE_URL, uuid5

from pydantic import ValidationError

from climbpath.data import exporters, importers
from climbpath.data.importers import archives, climbpath_csv
from climbpath.data.importers.records import Note, read_grade, unnoted
from climbpath.data.importers.sample import sample
from climbpath.errors import ClimbpathError
from climbpath.problem import Problem, check_sound
from climbpath.web import ticks
from climbpath.web.logbook.records import Entry, LoggedTick, Tick
from climbpath.web.schemas import ExportedEntry, NotFoundTick, validation_message

FORMAT = "climbpath logbook"
NOTE_COLUMNS = ("stars", "notes", "felt", "lists", "ticks", "saved")
"""Columns of the logbook's CSV in addition to those of a problem."""
LONGEST_REASON = 300
MOST_UNPACKED = 128 * 1024 * 1024


def to_json(entries: Sequence[Entry], not_found: Sequence[LoggedTick] = ()) -> str:
    """JSON with everything, also imported ticks whose problems were not found; `read` restores it."""
    content: dict[str, object] = {"format": FORMAT, "entries": [_to_dict(entry) for entry in entries]}
    if not_found:
        content["not_found"] = [tick._asdict() for tick in not_found]
    return json.dumps(content, indent=1) + "\n"


def _to_dict(entry: Entry) -> dict[str, object]:
    ascents = [tick._asdict() for tick in entry.ticks]
    return entry._asdict() | {"problem": entry.problem.to_dict(), "lists": list(entry.lists), "ticks": ascents}


def to_csv(entries: Sequence[Entry]) -> str:
    """CSV with a row per entry: the problem's columns and the climber's notes; the lists are a CSV row in one cell."""
    rows = csv.reader(io.StringIO(exporters.to_csv([entry.problem for entry in entries])))
    notes = [NOTE_COLUMNS, *map(_notes, entries)]
    return "".join(exporters.csv_row([*row, *more]) + "\r\n" for row, more in zip(rows, notes, strict=True))


def _notes(entry: Entry) -> tuple[object, ...]:
    ascents = " ".join(f"{tick.day}/{tick.attempts}" for tick in entry.ticks)
    return (entry.stars, entry.notes, entry.felt or "", exporters.csv_row(entry.lists), ascents, entry.saved)


def to_app(entries: Sequence[Entry]) -> str:
    """JSON in the format of the board's app, with the felt grade as the user's grade."""
    return exporters.to_app([replace(e.problem, user_grade=e.felt or e.problem.user_grade) for e in entries])


FORMATS: dict[str, tuple[str, str, Callable[[Sequence[Entry]], str]]] = {
    "json": ("logbook.json", "application/json", to_json),
    "csv": ("logbook.csv", "text/csv", to_csv),
    "app": ("logbook.app.json", "application/json", to_app),
}
"""Export formats: the file's name, its media type, and the function that writes it."""


def read(content: bytes, note: Note = unnoted) -> Iterator[Entry | LoggedTick | str]:
    """The entries in a file of any format that climbpath reads, or the ticks in another program's logbook; for a
    record that is rejected, the reason.

    Raises ClimbpathError if the format is not known, or the file is too large when unpacked.
    """
    # a small gzip file can unpack to more than the memory holds
    if _is_bomb(content):
        raise ClimbpathError(f"this file unpacks to more than {MOST_UNPACKED >> 20} MB: split it")
    # an export of the logbook has more than a problem in a record; any other file goes to the importers
    if content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{" and FORMAT.encode() in content[:200]:
        entries, not_found = _exported_records(content)
        return chain(map(_entry, entries), map(_logged, not_found))
    return _imported(content, note)


def _is_bomb(content: bytes) -> bool:
    """Whether a gzip or zip file, complete or not, unpacks to more than MOST_UNPACKED bytes."""
    with suppress(OSError, zipfile.BadZipFile), zipfile.ZipFile(io.BytesIO(content)) as archive:
        return sum(info.file_size for info in archive.infolist()) > MOST_UNPACKED
    with suppress(OSError, EOFError, zlib.error), gzip.GzipFile(fileobj=io.BytesIO(content)) as unpacked:
        unpacked.seek(MOST_UNPACKED)
        return bool(unpacked.read(1))
    return False


def _exported_records(content: bytes) -> tuple[list[object], list[object]]:
    """The entries in a JSON export of the logbook, and the ticks not found. Raises ClimbpathError if it is damaged."""
    try:
        whole = json.loads(content.decode("utf-8-sig"))
        records, not_found = whole["entries"], whole.get("not_found", [])
    except (ValueError, KeyError, RecursionError) as error:
        raise ClimbpathError(f"this logbook is damaged: {error!r}") from None
    if not isinstance(records, list):
        raise ClimbpathError("this logbook is damaged: its entries are not a list")
    return records, not_found if isinstance(not_found, list) else []


def _logged(record: object) -> LoggedTick | str:
    """The tick in a record of a JSON export, or the reason for its rejection."""
    try:
        return LoggedTick(**NotFoundTick.model_validate(record).model_dump())
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        return _shortened(validation_message(first["loc"], first["msg"]))


def _imported(content: bytes, note: Note) -> Iterator[Entry | LoggedTick | str]:
    """The entries in a file of another format, which the importers detect and read from a path."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(content)
        if not archives.is_zip(path):
            start = sample(path)
            if ticks.is_logbook(start):
                yield from map(_checked, ticks.read_logbook(path, start, note))
                return
        if archives.is_zip(path) or importers.detect(path) is not climbpath_csv:
            for record in importers.read(path, note):
                if isinstance(record, Problem):
                    yield _entry({"problem": record.to_dict()})
                else:
                    yield record.reason
            return
        # climbpath's CSV may have the logbook's columns, which the importer does not know
        try:
            yield from (_entry_of_row(row, note) for row in climbpath_csv.records(path))
        except ClimbpathError as error:  # the file is truncated
            yield _shortened(str(error))


def _checked(record: Entry | LoggedTick | str) -> Entry | LoggedTick | str:
    """What was read of a tick, within the limits of the logbook."""
    if isinstance(record, Entry):
        return _entry(_to_dict(record))
    return _shortened(record) if isinstance(record, str) else record


def _entry_of_row(row: dict[str, str] | ClimbpathError, note: Note) -> Entry | str:
    """The entry in a row of CSV, or the reason for its rejection.

    CSV has no ids of ticks. They are derived from the row, so that importing a file twice adds no tick twice.
    """
    try:
        if isinstance(row, ClimbpathError):  # the importer could not split this row into columns
            raise row
        problem = climbpath_csv.problem(row, note)
        days = [_day_and_attempts(word, note) for word in row.get("ticks", "").split()]
        return _entry(
            {
                "problem": problem.to_dict(),
                "stars": ticks.read_stars(row.get("stars"), note),
                "notes": row.get("notes", ""),
                "felt": read_grade(row.get("felt"), note, "user grade"),
                "lists": next(csv.reader([row.get("lists", "")]), []),
                "ticks": [
                    {
                        "id": str(uuid5(NAMESPACE_URL, f"{problem.identity} {day} {attempts} {number}")),
                        "day": day,
                        "attempts": attempts,
                    }
                    for number, (day, attempts) in enumerate(days)
                    if day
                ],
                "saved": row.get("saved", ""),
            }
        )
    except (ClimbpathError, ValueError, csv.Error) as error:
        return _shortened(str(error))


def _day_and_attempts(word: str, note: Note) -> tuple[str, int]:
    """The day of a tick '2026-01-26/3' in any form that is read, and its attempts; '' for no day."""
    match = re.fullmatch(r"(.*-.*|.*\..*|[^/]*/[^/]*/[^/]*)/(\d{1,3})|(.+)", word)
    day, attempts = (match[1], match[2]) if match and match[1] else (word, "1")
    return ticks.read_day(day, note), max(int(attempts), 1)


def _entry(record: object) -> Entry | str:
    """The entry in a record of a JSON export, or the reason for its rejection."""
    try:
        valid = ExportedEntry.model_validate(record)
        problem = check_sound(valid.problem.problem())
        ascents = tuple(Tick(str(tick.id), tick.day, tick.attempts) for tick in valid.ticks)
        return Entry(problem, valid.stars, valid.notes, valid.felt, tuple(valid.lists), ascents, valid.saved)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        return _shortened(validation_message(first["loc"], first["msg"]))
    except ClimbpathError as error:
        return _shortened(str(error))


def _shortened(reason: str) -> str:
    return reason if len(reason) <= LONGEST_REASON else reason[: LONGEST_REASON - 1] + "…"
