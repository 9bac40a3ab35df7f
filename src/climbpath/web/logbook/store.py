"""The logbook's operations: climbers, entries, ticks, lists, search and import.

Every change is one transaction. Deleted entries are only marked as deleted, and can be restored. A problem is in a
climber's logbook once, by its identity, and every write can be repeated without further effect: an app that was offline
sends again whatever it has not seen confirmed.
"""

import json
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from climbpath.errors import ClimbpathError
from climbpath.grades import LADDER
from climbpath.problem import Problem
from climbpath.web.logbook.database import connect, prepare, transaction
from climbpath.web.logbook.records import Entry, LoggedTick, Profile, Tick
from climbpath.web.logbook.search import Search, find

NO_PROFILE, NO_ENTRY = "there is no such climber", "this problem is no longer in the logbook"


class NotFoundError(ClimbpathError):
    """The climber or the problem is not in the logbook."""


class Logbook:
    """The logbook in an SQLite file, which is created if it does not exist.

    The constructor and every method raise UnusableError if the file cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        prepare(path)

    def profiles(self) -> list[Profile]:
        """The climbers, in the order in which they were added."""
        with connect(self.path) as db:
            rows = db.execute("SELECT * FROM profiles WHERE NOT deleted ORDER BY made, rowid").fetchall()
        return [_profile(row) for row in rows]

    def profile(self, profile: str) -> Profile:
        """One climber. Raises NotFoundError."""
        with connect(self.path) as db:
            return _profile(_profile_row(db, profile))

    def put_profile(self, profile: Profile) -> Profile:
        """Add a climber, or change the one with this id; a removed one is restored."""
        with transaction(self.path) as db:
            db.execute(
                "INSERT INTO profiles VALUES (?, ?, ?, ?, ?, ?, ?, 0) ON CONFLICT (id) DO UPDATE SET"
                " name = excluded.name, height = excluded.height, ape = excluded.ape,"
                " easiest = excluded.easiest, hardest = excluded.hardest, deleted = 0",
                [*profile, _now()],
            )
        return profile

    def remove_profile(self, profile: str) -> None:
        """Remove a climber; adding the same id again restores the logbook as well. Raises NotFoundError."""
        with transaction(self.path) as db:
            changed = db.execute("UPDATE profiles SET deleted = 1 WHERE id = ? AND NOT deleted", [profile])
            if not changed.rowcount:
                raise NotFoundError(NO_PROFILE)

    def save(self, profile: str, problem: Problem) -> tuple[Entry, bool]:
        """Save a problem; an existing entry stays as it is, a deleted one is restored.

        Returns the entry, and whether it is new or restored. Raises NotFoundError for an unknown climber.
        """
        with transaction(self.path) as db:
            number, is_new = _insert(db, profile, Entry(problem))
            return _load_entries(db, [number])[0], is_new

    def update(self, profile: str, identity: str, **fields: Any) -> Entry:
        """Change the given fields, of name, stars, notes, felt, lists and deleted. Raises NotFoundError."""
        with transaction(self.path) as db:
            number = _entry_number(db, profile, identity, include_deleted="deleted" in fields)
            if "lists" in fields:
                db.execute("DELETE FROM lists WHERE entry = ?", [number])
                rows = [(number, name) for name in dict.fromkeys(fields.pop("lists"))]
                db.executemany("INSERT INTO lists VALUES (?, ?)", rows)
            if "name" in fields:
                (text,) = db.execute("SELECT problem FROM entries WHERE number = ?", [number]).fetchone()
                fields["problem"] = json.dumps(json.loads(text) | {"name": fields["name"] or None})
            for column in ("problem", "name", "stars", "notes", "felt", "deleted"):
                if column in fields:
                    db.execute(f"UPDATE entries SET {column} = ? WHERE number = ?", [fields[column], number])  # noqa: S608
            return _load_entries(db, [number])[0]

    def tick(self, profile: str, identity: str, tick: Tick) -> Entry:
        """Add an ascent, or correct the one with this id. Raises NotFoundError."""
        with transaction(self.path) as db:
            number = _entry_number(db, profile, identity)
            db.execute("INSERT OR REPLACE INTO ticks VALUES (?, ?, ?, ?)", [tick.id, number, tick.day, tick.attempts])
            return _load_entries(db, [number])[0]

    def untick(self, profile: str, identity: str, tick: str) -> Entry:
        """Remove an ascent, if there is one with this id. Raises NotFoundError."""
        with transaction(self.path) as db:
            number = _entry_number(db, profile, identity)
            db.execute("DELETE FROM ticks WHERE entry = ? AND id = ?", [number, tick])
            return _load_entries(db, [number])[0]

    def search(self, profile: str, search: Search) -> tuple[list[Entry], int]:
        """The entries on the page that a search asks for, and how many match in all. Raises NotFoundError."""
        with connect(self.path) as db:
            _profile_row(db, profile)
            numbers, total = find(db, profile, search)
            return _load_entries(db, numbers), total

    def lists(self, profile: str) -> dict[str, int]:
        """A climber's lists, with the number of problems in each."""
        with connect(self.path) as db:
            rows = db.execute(
                "SELECT lists.name, count(*) FROM lists JOIN entries ON number = entry"
                " WHERE profile = ? AND NOT deleted GROUP BY lists.name ORDER BY lists.name",
                [profile],
            ).fetchall()
        return dict(map(tuple, rows))

    def entries(self, profile: str) -> list[Entry]:
        """All entries of a climber, the oldest first. Raises NotFoundError."""
        with connect(self.path) as db:
            _profile_row(db, profile)
            rows = db.execute("SELECT number FROM entries WHERE profile = ? AND NOT deleted ORDER BY number", [profile])
            return _load_entries(db, [row[0] for row in rows])

    def merge(self, profile: str, entries: Sequence[Entry]) -> tuple[int, int]:
        """Add entries; existing ones gain ticks with another day or number of attempts, lists, and any of stars, notes
        and felt grade that are still empty. Returns how many were added and how many existed. Raises NotFoundError.
        """
        added = 0
        with transaction(self.path) as db:
            for entry in entries:
                number, is_new = _insert(db, profile, entry)
                added += is_new
                # a CSV file has no ids of ticks: the same day and number of attempts is the same ascent
                existing = db.execute("SELECT day, attempts FROM ticks WHERE entry = ?", [number])
                known = {tuple(row) for row in existing}
                new = [tick for tick in entry.ticks if (tick.day, tick.attempts) not in known]
                db.executemany(
                    "INSERT OR IGNORE INTO ticks VALUES (?, ?, ?, ?)",
                    [(tick.id, number, tick.day, tick.attempts) for tick in new],
                )
                db.executemany("INSERT OR IGNORE INTO lists VALUES (?, ?)", [(number, name) for name in entry.lists])
                # what the climber noted is never overwritten
                db.execute(
                    "UPDATE entries SET stars = iif(stars, stars, ?), notes = iif(notes = '', ?, notes),"
                    " felt = coalesce(felt, ?) WHERE number = ?",
                    [entry.stars, entry.notes, entry.felt, number],
                )
        return added, len(entries) - added

    def not_found(self, profile: str) -> list[LoggedTick]:
        """A climber's imported ticks whose problems were not found. Raises NotFoundError."""
        with connect(self.path) as db:
            _profile_row(db, profile)
            rows = db.execute("SELECT tick FROM not_found WHERE profile = ? ORDER BY rowid", [profile]).fetchall()
        return [LoggedTick(**json.loads(text)) for (text,) in rows]

    def put_not_found(self, profile: str, ticks: Sequence[LoggedTick]) -> None:
        """Replace a climber's ticks whose problems were not found. Raises NotFoundError."""
        with transaction(self.path) as db:
            _profile_row(db, profile)
            db.execute("DELETE FROM not_found WHERE profile = ?", [profile])
            rows = [(profile, json.dumps(tick._asdict())) for tick in ticks]
            db.executemany("INSERT OR IGNORE INTO not_found VALUES (?, ?)", rows)


def _now() -> str:
    """The current time in ISO 8601 and UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _profile_row(db: sqlite3.Connection, profile: str) -> sqlite3.Row:
    row = db.execute("SELECT * FROM profiles WHERE id = ? AND NOT deleted", [profile]).fetchone()
    if not row:
        raise NotFoundError(NO_PROFILE)
    return row


def _profile(row: sqlite3.Row) -> Profile:
    return Profile(*(row[field] for field in Profile._fields))


def _insert(db: sqlite3.Connection, profile: str, entry: Entry) -> tuple[int, bool]:
    """Add an entry unless its problem is saved already: its number, and whether it is new or was deleted."""
    _profile_row(db, profile)
    problem = entry.problem
    existing = db.execute(
        "SELECT number, deleted FROM entries WHERE profile = ? AND identity = ?", [profile, entry.identity]
    ).fetchone()
    if existing:
        db.execute("UPDATE entries SET deleted = 0 WHERE number = ?", [existing["number"]])
        return existing["number"], bool(existing["deleted"])
    step = LADDER.index(problem.grade) if problem.grade else None
    row = [profile, entry.identity, json.dumps(problem.to_dict()), problem.board, step, problem.name or ""]
    row.append(entry.saved or _now())
    inserted = db.execute(
        "INSERT INTO entries (profile, identity, problem, board, step, name, saved) VALUES (?, ?, ?, ?, ?, ?, ?)", row
    )
    return inserted.lastrowid or 0, True


def _entry_number(db: sqlite3.Connection, profile: str, identity: str, include_deleted: bool = False) -> int:
    _profile_row(db, profile)
    row = db.execute(
        "SELECT number, deleted FROM entries WHERE profile = ? AND identity = ?", [profile, identity]
    ).fetchone()
    if not row or (row["deleted"] and not include_deleted):
        raise NotFoundError(NO_ENTRY)
    return int(row["number"])


def _load_entries(db: sqlite3.Connection, numbers: Sequence[int]) -> list[Entry]:
    """The entries with these numbers, in this order."""
    entries: dict[int, Entry] = {}
    for first in range(0, len(numbers), 500):  # SQLite limits the number of values in a statement
        some = list(numbers[first : first + 500])
        is_one = f"IN ({','.join('?' * len(some))})"
        for row in db.execute(f"SELECT * FROM entries WHERE number {is_one}", some):  # noqa: S608
            problem = Problem.from_dict(json.loads(row["problem"]))
            entries[row["number"]] = Entry(problem, row["stars"], row["notes"], row["felt"], saved=row["saved"])
        for row in db.execute(f"SELECT * FROM lists WHERE entry {is_one} ORDER BY name", some):  # noqa: S608
            entry = entries[row["entry"]]
            entries[row["entry"]] = entry._replace(lists=(*entry.lists, row["name"]))
        for row in db.execute(f"SELECT * FROM ticks WHERE entry {is_one} ORDER BY day, id", some):  # noqa: S608
            entry = entries[row["entry"]]
            entries[row["entry"]] = entry._replace(ticks=(*entry.ticks, Tick(row["id"], row["day"], row["attempts"])))
    return [entries[number] for number in numbers]
