"""Export and import of a logbook: JSON with everything, CSV for spreadsheets, and the format of the MoonBoard app.

Both go entry by entry, in memory for a few of them, whatever the size of the logbook.
"""

import csv
import gzip
import json
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from climbpath import board as boards
from climbpath.data import exporters, importers
from climbpath.data.importers import archives, climbpath_csv, documents
from climbpath.data.importers.records import Note, read_grade, unnoted
from climbpath.data.importers.sample import sample
from climbpath.errors import ClimbpathError
from climbpath.problem import Problem, check_sound
from climbpath.web import ticks
from climbpath.web.logbook.records import Entry, LeftOut, LoggedTick, Tick
from climbpath.web.schemas.errors import shortened, validation_message
from climbpath.web.schemas.files import ExportedEntry, ExportedTick, NotFoundTick
from climbpath.web.schemas.logbook import left_out_text

FORMAT = "climbpath logbook"
ENTRIES = re.compile(rb'"entries"\s*:\s*\[')
NOTE_COLUMNS = ("stars", "notes", "felt", "lists", "ticks", "saved")
"""Columns of the logbook's CSV in addition to those of a problem."""
NOT_SENT = "not-sent"
MOST_RECORDS = 50_000
"""Records that are read of a file of another format than a logbook's."""
MOST_UNPACKED = 128 << 20
"""Bytes that a packed file may unpack to."""

Exported = Iterable[Entry | LeftOut]
NotFound = Iterable[LoggedTick | LeftOut]
"""Imported ticks whose problems were not found, for the formats that have a place for them."""
Record = Entry | LoggedTick | str
"""An entry, another program's tick, or why a record is rejected."""


def to_json(entries: Exported, not_found: NotFound = ()) -> Iterator[str]:
    """JSON with everything, an entry to a line, also imported ticks whose problems were not found; `read` restores it.

    What cannot be read of the logbook is named under `left_out`.
    """
    left_out: list[LeftOut] = []
    yield f'{{"format": "{FORMAT}", "entries": ['
    yield from _lines(entries, left_out)
    yield '\n], "not_found": ['
    yield from _lines(not_found, left_out)
    yield f'\n], "left_out": {json.dumps([left_out_text(one) for one in left_out])}}}\n'


def _lines(records: Iterable[Entry | LoggedTick | LeftOut], left_out: list[LeftOut]) -> Iterator[str]:
    """The records as members of a JSON list, each on a line; those that were left out go into `left_out`."""
    mark = "\n"
    for record in records:
        if isinstance(record, LeftOut):
            left_out.append(record)
        else:
            yield mark + json.dumps(_to_dict(record) if isinstance(record, Entry) else record._asdict())
            mark = ",\n"


def _to_dict(entry: Entry) -> dict[str, object]:
    done = [tick._asdict() for tick in entry.ticks]
    return entry._asdict() | {"problem": entry.problem.to_dict(), "lists": list(entry.lists), "ticks": done}


def to_csv(entries: Exported, _: NotFound = ()) -> Iterator[str]:
    """CSV with a row per entry: the problem's columns and the climber's notes; the lists are a CSV row in one cell.

    What cannot be read of the logbook is named in a row without holds, which no import takes for a problem.
    """
    yield exporters.csv_row([*exporters.COLUMNS, *NOTE_COLUMNS]) + "\r\n"
    for entry in entries:
        yield exporters.csv_row(_cells(entry)) + "\r\n"


def _cells(entry: Entry | LeftOut) -> list[object]:
    if isinstance(entry, Entry):
        return [*exporters.csv_values(entry.problem), *_notes(entry)]
    cells: dict[str, object] = dict.fromkeys([*exporters.COLUMNS, *NOTE_COLUMNS], "")
    cells |= {"name": entry.name, "notes": f"left out: {entry.reason}"}
    return list(cells.values())


def _notes(entry: Entry) -> tuple[object, ...]:
    done = " ".join(map(_tick_word, entry.ticks))
    return (entry.stars, entry.notes, entry.felt or "", exporters.row_in_cell(entry.lists), done, entry.saved)


def _tick_word(tick: Tick) -> str:
    """A tick in a cell: 2026-05-31/3 for a send on try 3, 2026-05-31/3/not-sent/G13 for three tries up to G13, and
    2026-05-31/3@45 where the wall was at 45°."""
    parts = [tick.day, str(tick.attempts)]
    if not tick.sent:
        parts.append(NOT_SENT)
        parts += [tick.reached] if tick.reached else []
    return "/".join(parts) + ("" if tick.angle is None else f"@{tick.angle}")


def to_app(entries: Exported, _: NotFound = ()) -> Iterator[str]:
    """JSON in the format of the MoonBoard app, with the felt grade as the user's grade.

    Problems of other boards, of which the app knows nothing, are counted under `LeftOut`.
    """
    left_out: list[LeftOut] = []
    others: Counter[str] = Counter()

    def problems() -> Iterator[Problem]:
        for one in entries:
            if isinstance(one, LeftOut):
                left_out.append(one)
            elif not exporters.in_app(one.problem):
                others[boards.load(one.problem.board).title] += 1
            else:
                yield replace(one.problem, user_grade=one.felt or one.problem.user_grade)

    def told() -> dict[str, object]:
        of_others = [f"{title}: the MoonBoard app does not know it ({n:,} left out)" for title, n in others.items()]
        return {"LeftOut": [*map(left_out_text, left_out), *of_others]}

    yield from exporters.app_pieces(problems(), told)


FORMATS: dict[str, tuple[str, str, Callable[[Exported, NotFound], Iterator[str]]]] = {
    "json": ("logbook.json", "application/json", to_json),
    "csv": ("logbook.csv", "text/csv", to_csv),
    "app": ("logbook.app.json", "application/json", to_app),
}
"""Export formats: the file's name, its media type, and the function that writes it."""


class Reading(NamedTuple):
    """The records of a file, and how many of them are read at most; all of a logbook's."""

    records: Iterator[Record]
    most: int | None = None


def read(path: Path, note: Note = unnoted) -> Reading:
    """The entries in a file of any format that climbpath reads, or the ticks in another program's logbook; for a
    record that is rejected, the reason.

    Raises ClimbpathError if the format is not known, or a packed file is too large when unpacked.
    """
    # a small packed file can unpack to more than the memory holds
    if _is_bomb(path):
        raise ClimbpathError(f"this file unpacks to more than {MOST_UNPACKED >> 20} MB: unpack it first, or split it")
    if archives.is_zip(path):
        return Reading(_problems(path, note), MOST_RECORDS)
    start = sample(path)
    # an export of the logbook has more than a problem in a record; any other file goes to the importers
    if start.is_json and FORMAT.encode() in start.start[:200]:
        if not ENTRIES.search(start.start[:400]):
            raise ClimbpathError("this logbook is damaged: it has no list of entries")
        return Reading(_exported(path))
    if ticks.is_logbook(start):
        return Reading(map(_checked, ticks.read_logbook(path, start, note)), MOST_RECORDS)
    # climbpath's CSV may have the logbook's columns, which the importer does not know
    if importers.detect(path) is climbpath_csv:
        return Reading(_rows(path, note))
    return Reading(_problems(path, note), MOST_RECORDS)


def _is_bomb(path: Path) -> bool:
    """Whether a gzip or zip file, complete or not, unpacks to more than MOST_UNPACKED bytes."""
    with suppress(OSError, zipfile.BadZipFile), zipfile.ZipFile(path) as archive:
        return sum(info.file_size for info in archive.infolist()) > MOST_UNPACKED
    with suppress(OSError, EOFError, zlib.error), gzip.open(path) as unpacked:
        unpacked.seek(MOST_UNPACKED)
        return bool(unpacked.read(1))
    return False


def _exported(path: Path) -> Iterator[Record]:
    """The entries in a JSON export of the logbook, and the ticks not found."""
    try:
        for raw in documents.records(path, ("entries", "not_found")):
            if isinstance(raw, ClimbpathError):
                yield shortened(str(raw))
            elif isinstance(raw.value, dict) and "board" in raw.value:
                yield _logged(raw.value)
            else:
                yield _entry(raw.value)
    except ClimbpathError as error:  # the file is damaged from here on
        yield shortened(str(error))


def _logged(record: object) -> LoggedTick | str:
    """The tick in a record of a JSON export, or the reason for its rejection."""
    try:
        return LoggedTick(**NotFoundTick.model_validate(record).model_dump())
    except ValidationError as error:
        return _reason(error)


def _problems(path: Path, note: Note) -> Iterator[Record]:
    """The problems in a file of another format as entries."""
    for record in importers.read(path, note):
        if isinstance(record, Problem):
            yield _entry({"problem": record.to_dict()})
        else:
            yield record.reason


def _rows(path: Path, note: Note) -> Iterator[Record]:
    """The entries in climbpath's CSV."""
    try:
        for row in climbpath_csv.records(path):
            yield _entry_of_row(row, note)
    except ClimbpathError as error:  # the file is truncated
        yield shortened(str(error))


def _checked(record: Record) -> Record:
    """What was read of a tick, within the limits of the logbook."""
    if isinstance(record, Entry):
        return _entry(_to_dict(record))
    return shortened(record) if isinstance(record, str) else record


def _entry_of_row(row: dict[str, str] | ClimbpathError, note: Note) -> Entry | str:
    """The entry in a row of CSV, or the reason for its rejection."""
    try:
        if isinstance(row, ClimbpathError):  # the importer could not split this row into columns
            raise row
        problem = climbpath_csv.problem(row, note)
        words = enumerate(row.get("ticks", "").split())
        return _entry(
            {
                "problem": problem.to_dict(),
                "stars": ticks.read_stars(row.get("stars"), note),
                "notes": row.get("notes", ""),
                "felt": read_grade(row.get("felt"), note, "user grade", boards.load(problem.board).ladder),
                "lists": next(csv.reader([row.get("lists", "")]), []),
                "ticks": list(chain.from_iterable(_ticks_of_word(problem, word, i, note) for i, word in words)),
                "saved": row.get("saved", ""),
            }
        )
    except (ClimbpathError, ValueError, csv.Error) as error:
        return shortened(str(error))


def _ticks_of_word(problem: Problem, word: str, number: int, note: Note) -> list[dict[str, object]]:
    """The tick in a word of a cell, with the day in any form that is read; none where there is no day."""
    said, _, angle = word.partition("@")
    rest, mark, reached = said.partition(f"/{NOT_SENT}")
    match = re.fullmatch(r"(.*-.*|.*\..*|[^/]*/[^/]*/[^/]*)/(\d{1,3})|(.+)", rest)
    text, count = (match[1], match[2]) if match and match[1] else (rest, "1")
    day, attempts = ticks.read_day(text, note), max(int(count), 1)
    if not day:
        return []
    # CSV has no ids of ticks: they are derived from the row, so that importing a file twice adds no tick twice
    key = ticks.tick_id(problem, day, attempts, not mark, number)
    fields = {"id": key, "day": day, "attempts": attempts, "sent": not mark, "reached": reached.removeprefix("/")}
    degrees = int(angle) if re.fullmatch(r"[0-9]{1,2}", angle) else None
    if angle and degrees is None:
        note(f"angle left out: {angle[:60]!r}")
    return [fields | {"angle": degrees}]


def _entry(record: object) -> Entry | str:
    """The entry in a record of a JSON export, or the reason for its rejection."""
    try:
        valid = ExportedEntry.model_validate(record)
        problem = check_sound(valid.problem.problem())
        done = tuple(_tick(tick, problem) for tick in valid.ticks)
        return Entry(problem, valid.stars, valid.notes, valid.felt, tuple(valid.lists), done, valid.saved)
    except ValidationError as error:
        return _reason(error)
    except ClimbpathError as error:
        return shortened(str(error))


def _tick(tick: ExportedTick, problem: Problem) -> Tick:
    reached = tick.reached if tick.reached in problem.holds else ""
    return Tick(str(tick.id), tick.day, tick.attempts, tick.sent, reached, ticks.angle_of(tick.angle, problem))


def _reason(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    return shortened(validation_message(first["loc"], first["msg"]))
