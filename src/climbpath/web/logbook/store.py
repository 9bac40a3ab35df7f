"""The logbook's operations: climbers, entries, ticks, lists, search and import.

Every change is one transaction. Deleted entries are only marked as deleted, and can be restored. A problem is in a
climber's logbook once, by its identity, and every write can be repeated without further effect: an app that was offline
sends again whatever it has not seen confirmed. A row that cannot be read is left out of what is returned, and reported;
it stays in the file.
"""

import json
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from climbpath.errors import ClimbpathError
from climbpath.grades import rank
from climbpath.problem import Problem
from climbpath.web.logbook.database import prepare, reading, transaction
from climbpath.web.logbook.records import Entry, LeftOut, LoggedTick, Profile, Tick, key_of_identity
from climbpath.web.logbook.search import Search, find

NO_PROFILE, NO_ENTRY = "there is no such climber", "this problem is no longer in the logbook"
BATCH = 500
"""Entries that are read at once."""
MOST_TICKS = 5000
"""Ticks that an entry may have."""


class NotFoundError(ClimbpathError):
    """The climber or the problem is not in the logbook."""


class Found(NamedTuple):
    """The entries on a page of a search, what was left out of it, how many it has with that, and how many match."""

    entries: list[Entry]
    left_out: list[LeftOut]
    read: int
    total: int


class Logbook:
    """The logbook in an SQLite file, which is created if it does not exist.

    The constructor and every method raise UnusableError if the file cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        prepare(path)

    def profiles(self) -> list[Profile]:
        """The climbers, in the order in which they were added."""
        with reading(self.path) as db:
            rows = db.execute("SELECT * FROM profiles WHERE NOT deleted ORDER BY made, rowid").fetchall()
        return [_profile(row) for row in rows]

    def profile(self, profile: str) -> Profile:
        """One climber. Raises NotFoundError."""
        with reading(self.path) as db:
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
            return _load_entry(db, number), is_new

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
            return _load_entry(db, number)

    def tick(self, profile: str, identity: str, tick: Tick) -> Entry:
        """Add a day's tries, or correct those with this id. Raises NotFoundError; ClimbpathError for a hold that
        the problem does not have, and where the entry has MOST_TICKS already.
        """
        with transaction(self.path) as db:
            number = _entry_number(db, profile, identity)
            if tick.reached and tick.reached not in _load_entry(db, number).problem.holds:
                raise ClimbpathError(f"the problem has no hold {tick.reached}")
            count = "SELECT count(*) FROM ticks WHERE entry = ? AND id != ?"
            if db.execute(count, [number, tick.id]).fetchone()[0] >= MOST_TICKS:
                raise ClimbpathError(f"this problem has {MOST_TICKS:,} ticks already, which is as many as there can be")
            db.execute("INSERT OR REPLACE INTO ticks VALUES (?, ?, ?, ?, ?, ?)", _tick_row(number, tick))
            return _load_entry(db, number)

    def untick(self, profile: str, identity: str, tick: str) -> Entry:
        """Remove a day's tries, if there are any with this id. Raises NotFoundError."""
        with transaction(self.path) as db:
            number = _entry_number(db, profile, identity)
            db.execute("DELETE FROM ticks WHERE entry = ? AND id = ?", [number, tick])
            return _load_entry(db, number)

    def search(self, profile: str, search: Search) -> Found:
        """The entries on the page that a search asks for. Raises NotFoundError."""
        with reading(self.path) as db:
            _profile_row(db, profile)
            numbers, total = find(db, profile, search)
            return Found(*_load_entries(db, numbers), len(numbers), total)

    def lists(self, profile: str) -> dict[str, int]:
        """A climber's lists, with the number of problems in each."""
        with reading(self.path) as db:
            rows = db.execute(
                "SELECT lists.name, count(*) FROM lists JOIN entries ON number = entry"
                " WHERE profile = ? AND NOT deleted GROUP BY lists.name ORDER BY lists.name",
                [profile],
            ).fetchall()
        return dict(map(tuple, rows))

    def entries(self, profile: str) -> list[Entry]:
        """All entries of a climber that can be read, the oldest first. Raises NotFoundError."""
        return [entry for entry in self.each(profile) if isinstance(entry, Entry)]

    def each(self, profile: str, *, ticked: bool = False) -> Iterator[Entry | LeftOut]:
        """All entries of a climber, the oldest first, or only those with ticks; read in batches, as they are asked for.

        Raises NotFoundError.
        """
        with reading(self.path) as db:
            _profile_row(db, profile)
            rows = db.execute(
                "SELECT number FROM entries WHERE profile = ? AND NOT deleted"
                " AND (NOT ? OR number IN (SELECT entry FROM ticks)) ORDER BY number",
                [profile, ticked],
            )
            numbers = [row[0] for row in rows]
        return self._in_batches(numbers)

    def _in_batches(self, numbers: Sequence[int]) -> Iterator[Entry | LeftOut]:
        for first in range(0, len(numbers), BATCH):
            with reading(self.path) as db:
                entries, left_out = _load_entries(db, numbers[first : first + BATCH])
            yield from entries
            yield from left_out

    def sent_keys(self, profile: str) -> frozenset[int]:
        """The keys of the problems that a climber has sent. Raises NotFoundError."""
        with reading(self.path) as db:
            _profile_row(db, profile)
            rows = db.execute(
                "SELECT DISTINCT identity FROM entries JOIN ticks ON number = entry"
                " WHERE profile = ? AND NOT deleted AND sent",
                [profile],
            )
            return frozenset(key_of_identity(identity) for (identity,) in rows)

    def merge(self, profile: str, entries: Sequence[Entry]) -> tuple[int, int]:
        """Add entries; existing ones gain ticks with another day, number of attempts or outcome, lists, and any of
        stars, notes and felt grade that are still empty. Returns how many were added and how many existed. Raises
        NotFoundError.
        """
        added = 0
        with transaction(self.path) as db:
            for entry in entries:
                number, is_new = _insert(db, profile, entry)
                added += is_new
                # a CSV file has no ids of ticks: the same day, attempts and outcome is the same tick
                existing = db.execute("SELECT day, attempts, sent FROM ticks WHERE entry = ?", [number])
                known = {tuple(row) for row in existing}
                new = [tick for tick in entry.ticks if (tick.day, tick.attempts, int(tick.sent)) not in known]
                db.executemany(
                    "INSERT OR IGNORE INTO ticks VALUES (?, ?, ?, ?, ?, ?)",
                    [_tick_row(number, tick) for tick in new[: MOST_TICKS - len(known)]],
                )
                db.executemany("INSERT OR IGNORE INTO lists VALUES (?, ?)", [(number, name) for name in entry.lists])
                # what the climber noted is never overwritten
                db.execute(
                    "UPDATE entries SET stars = iif(stars, stars, ?), notes = iif(notes = '', ?, notes),"
                    " felt = coalesce(felt, ?) WHERE number = ?",
                    [entry.stars, entry.notes, entry.felt, number],
                )
        return added, len(entries) - added

    def not_found(self, profile: str) -> list[LoggedTick | LeftOut]:
        """A climber's imported ticks whose problems were not found. Raises NotFoundError."""
        with reading(self.path) as db:
            _profile_row(db, profile)
            rows = db.execute("SELECT tick FROM not_found WHERE profile = ? ORDER BY rowid", [profile]).fetchall()
        return [_logged(text) for (text,) in rows]

    def change_not_found(self, profile: str, found: Collection[LoggedTick], missing: Sequence[LoggedTick]) -> None:
        """Take ticks whose problems were found by now out of those not found, and add others. Raises NotFoundError."""
        with transaction(self.path) as db:
            _profile_row(db, profile)
            for (text,) in db.execute("SELECT tick FROM not_found WHERE profile = ?", [profile]).fetchall():
                if _logged(text) in found:
                    db.execute("DELETE FROM not_found WHERE profile = ? AND tick = ?", [profile, text])
            rows = [(profile, json.dumps(tick._asdict())) for tick in missing]
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
    step = rank(problem.grade) if problem.grade else None
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


def _tick_row(number: int, tick: Tick) -> tuple[object, ...]:
    return tick.id, number, tick.day, tick.attempts, int(tick.sent), tick.reached


def _load_entry(db: sqlite3.Connection, number: int) -> Entry:
    """The entry with this number. Raises ClimbpathError if it cannot be read."""
    entries, left_out = _load_entries(db, [number])
    if not entries:
        raise ClimbpathError(f"this entry of the logbook cannot be read: {left_out[0].reason}")
    return entries[0]


def _load_entries(db: sqlite3.Connection, numbers: Sequence[int]) -> tuple[list[Entry], list[LeftOut]]:
    """The entries with these numbers, in this order, and what cannot be read of them: entries, and ticks."""
    entries: dict[int, Entry] = {}
    left_out = []
    for first in range(0, len(numbers), BATCH):  # SQLite limits the number of values in a statement
        some = list(numbers[first : first + BATCH])
        is_one = f"IN ({','.join('?' * len(some))})"
        for row in db.execute(f"SELECT * FROM entries WHERE number {is_one}", some):  # noqa: S608
            try:
                problem = Problem.from_dict(json.loads(row["problem"]))
                entries[row["number"]] = Entry(problem, row["stars"], row["notes"], row["felt"], saved=row["saved"])
            except (ClimbpathError, ValueError, RecursionError) as error:
                left_out.append(LeftOut(row["number"], row["name"] or row["identity"], str(error)))
        for row in db.execute(f"SELECT * FROM lists WHERE entry {is_one} ORDER BY name", some):  # noqa: S608
            if entry := entries.get(row["entry"]):
                entries[row["entry"]] = entry._replace(lists=(*entry.lists, row["name"]))
        ticks: dict[int, list[Tick]] = {}
        for row in db.execute(f"SELECT * FROM ticks WHERE entry {is_one} ORDER BY day, id", some):  # noqa: S608
            if entry := entries.get(row["entry"]):
                try:
                    ticks.setdefault(row["entry"], []).append(_tick(row))
                except ValueError as error:
                    name = entry.problem.name or entry.identity
                    left_out.append(LeftOut(row["entry"], name, f"a tick is left out: {error}"))
        for number, some_ticks in ticks.items():
            entries[number] = entries[number]._replace(ticks=tuple(some_ticks))
    return [entries[number] for number in numbers if number in entries], left_out


def _tick(row: sqlite3.Row) -> Tick:
    """The tick in a row. Raises ValueError where its day, id or number of attempts is none."""
    if row["attempts"] < 1:
        raise ValueError(f"it has {row['attempts']} attempts")
    day = date.fromisoformat(row["day"]).isoformat()
    return Tick(str(UUID(row["id"])), day, row["attempts"], bool(row["sent"]), row["reached"])


def _logged(text: str) -> LoggedTick | LeftOut:
    """A stored tick whose problem was not found, or why it cannot be read."""
    try:
        fields = json.loads(text)
        tick = LoggedTick(**fields)
        if any(type(value) is not type(usual) for value, usual in zip(tick, LoggedTick(), strict=True)):
            raise ValueError("a field is of another type")
        return tick
    except (TypeError, ValueError, RecursionError) as error:
        return LeftOut(0, "a tick whose problem was not found", str(error))
