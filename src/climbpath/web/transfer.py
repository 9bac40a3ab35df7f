"""A logbook as a file: JSON with everything, CSV for a spreadsheet, the app's shape; and back."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import NAMESPACE_URL, uuid5

from pydantic import ValidationError

from climbpath import exporters, importers
from climbpath.errors import ClimbpathError
from climbpath.grades import parse_grade
from climbpath.importers import climbpath_csv
from climbpath.logbook import Entry, Tick
from climbpath.problem import sound
from climbpath.web.schemas import KeptEntry

FORMAT = "climbpath logbook"
NOTED = ("name", "stars", "notes", "felt", "lists", "ticks", "saved")
"""Columns that a logbook's CSV has beside those of a problem."""


def to_json(entries: Sequence[Entry]) -> str:
    """Everything, as `read` reads it back."""
    return json.dumps({"format": FORMAT, "entries": [_kept(entry) for entry in entries]}, indent=1) + "\n"


def _kept(entry: Entry) -> dict[str, object]:
    ticks = [tick._asdict() for tick in entry.ticks]
    return entry._asdict() | {"problem": entry.problem.to_dict(), "ticks": ticks}


def to_csv(entries: Sequence[Entry]) -> str:
    """A row per entry: the problem's columns, and what the climber noted."""
    rows = csv.reader(io.StringIO(exporters.to_csv([entry.problem for entry in entries])))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*next(rows), *NOTED])
    for row, entry in zip(rows, entries, strict=True):
        ticks = " ".join(f"{tick.day}/{tick.attempts}" for tick in entry.ticks)
        noted = [entry.problem.name or "", entry.stars, entry.notes, entry.felt or "", "; ".join(entry.lists), ticks]
        writer.writerow([*row, *noted, entry.saved])
    return out.getvalue()


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

    Raises ClimbpathError where the file is in no such format.
    """
    if content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{" and FORMAT.encode() in content[:200]:
        yield from _own(content)
        return
    with TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(content)
        try:
            importer = importers.detect(path)
        except ClimbpathError as error:
            raise ClimbpathError(str(error).replace(f"{path}: ", "")) from None
        if importer is climbpath_csv:
            for row in climbpath_csv.records(path):
                yield _of_row(row)
            return
        for found in importers.read(path):
            yield found.reason if isinstance(found, importers.Rejection) else Entry(found)


def _own(content: bytes) -> Iterator[Entry | str]:
    try:
        records = json.loads(content.decode("utf-8-sig"))["entries"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ClimbpathError(f"this logbook is damaged: {error!r}") from None
    for record in records if isinstance(records, list) else []:
        try:
            kept = KeptEntry.model_validate(record)
            ticks = tuple(Tick(str(tick.id), tick.day.isoformat(), tick.attempts) for tick in kept.ticks)
            noted = {"stars": kept.stars, "notes": kept.notes, "felt": kept.felt, "saved": kept.saved}
            yield Entry(sound(kept.problem.problem()), lists=tuple(kept.lists), ticks=ticks, **noted)  # type: ignore[arg-type]
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            yield f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        except ClimbpathError as error:
            yield str(error)


def _of_row(row: dict[str, str] | ClimbpathError) -> Entry | str:
    """The entry of a row of CSV. Its ticks have ids that depend on nothing else, so that reading it twice adds none."""
    try:
        if isinstance(row, ClimbpathError):
            raise row
        problem = climbpath_csv.problem(row)
        ticks = [word.partition("/") for word in row.get("ticks", "").split()]
        noted = {
            "problem": problem.to_dict(),
            "stars": int(row.get("stars") or 0),
            "notes": row.get("notes", ""),
            "felt": parse_grade(row["felt"]) if row.get("felt") else None,
            "lists": [name.strip() for name in row.get("lists", "").split(";") if name.strip()],
            "ticks": [
                {
                    "id": str(uuid5(NAMESPACE_URL, f"{problem.identity} {day} {number}")),
                    "day": day,
                    "attempts": int(attempts or 1),
                }
                for number, (day, _, attempts) in enumerate(ticks)
            ],
            "saved": row.get("saved", ""),
        }
    except (ClimbpathError, ValueError) as error:
        return str(error)
    (entry,) = chain(_own(json.dumps({"entries": [noted]}).encode()))
    return entry
