"""The logbook: each climber's saved problems, ticks and notes, in one SQLite file.

Every change is one transaction, written ahead (WAL) and flushed to the disk before it is answered, so that a killed
server loses nothing that it has confirmed. What is deleted is only marked, and can be brought back. A problem stands
once in a climber's logbook, by its identity, and every write can be sent again without another effect: an app that
was offline repeats what it has not seen confirmed.
"""

import json
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from climbpath.beta.solver import DEFAULT_CLIMBER
from climbpath.errors import ClimbpathError
from climbpath.grades import LADDER
from climbpath.problem import Problem

VERSION = 1
WAIT_S = 10
"""How long a write waits for another process that writes."""
SCHEMA = """
CREATE TABLE profiles (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, height REAL NOT NULL, ape REAL NOT NULL, easiest TEXT NOT NULL,
  hardest TEXT NOT NULL, made TEXT NOT NULL, deleted INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE entries (
  number INTEGER PRIMARY KEY, profile TEXT NOT NULL REFERENCES profiles(id), identity TEXT NOT NULL,
  problem TEXT NOT NULL, board TEXT NOT NULL, step INTEGER, name TEXT NOT NULL, stars INTEGER NOT NULL DEFAULT 0,
  notes TEXT NOT NULL DEFAULT '', felt TEXT, saved TEXT NOT NULL, deleted INTEGER NOT NULL DEFAULT 0,
  UNIQUE (profile, identity)
) STRICT;
CREATE TABLE ticks (
  id TEXT NOT NULL, entry INTEGER NOT NULL REFERENCES entries(number), day TEXT NOT NULL, attempts INTEGER NOT NULL,
  PRIMARY KEY (entry, id)
) STRICT;
CREATE TABLE lists (
  entry INTEGER NOT NULL REFERENCES entries(number), name TEXT NOT NULL, PRIMARY KEY (entry, name)
) STRICT;
"""
TABLES = frozenset(re.findall(r"CREATE TABLE (\w+)", SCHEMA))
ORDERS = {
    "newest": "saved DESC, number DESC",
    "easiest": "step IS NULL, step, number",
    "hardest": "step IS NULL, step DESC, number",
    "stars": "stars DESC, number DESC",
    "name": "name COLLATE NOCASE, number",
}
"""Orders in which entries come."""
MISSING = {"profile": "there is no such climber", "entry": "this problem is not in the logbook"}


class MissingError(ClimbpathError):
    """What was asked for is not in the logbook."""


class UnusableError(ClimbpathError):
    """The logbook's file cannot be read or written: it is no logbook, is locked, the disk is full."""


class Profile(NamedTuple):
    """A climber: name, height and ape index in cm, and the grades usually climbed."""

    id: str
    name: str
    height: float = DEFAULT_CLIMBER.height
    ape: float = DEFAULT_CLIMBER.ape
    easiest: str = "6B"
    hardest: str = "7A"


class Tick(NamedTuple):
    """An ascent: on which day, as 2026-05-31, and at which attempt of that day; 1 is a flash."""

    id: str
    day: str
    attempts: int = 1


class Entry(NamedTuple):
    """A saved problem with all that its climber noted; `saved` is when, in ISO 8601 and UTC."""

    problem: Problem
    stars: int = 0
    notes: str = ""
    felt: str | None = None
    lists: tuple[str, ...] = ()
    ticks: tuple[Tick, ...] = ()
    saved: str = ""

    @property
    def identity(self) -> str:
        """What the entry goes by in its climber's logbook."""
        return identity_of(self.problem)


class Search(NamedTuple):
    """Which entries are wanted: with this text in name, notes or holds, in this range of grades, in this list."""

    text: str = ""
    board: str | None = None
    easiest: str | None = None
    hardest: str | None = None
    in_list: str | None = None
    ticked: bool | None = None
    stars: int = 0
    order: str = "newest"
    limit: int = 50
    offset: int = 0


def identity_of(problem: Problem) -> str:
    """A problem's identity as text, 'moonboard-2016@40:F5s-D9-G18e'."""
    return f"{problem.setup}:{problem.notation.replace(' ', '-')}"


def now() -> str:
    """This moment in ISO 8601 and UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Logbook:
    """The logbook in an SQLite file, which is made where there is none.

    Raises UnusableError where the file cannot be opened, is no logbook or comes from a newer climbpath, and so does
    every method that meets such a file later.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unusable(path, error) from None
        with self._writing() as db:
            version = db.execute("PRAGMA user_version").fetchone()[0]
            tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
            if version == 0 and not tables:
                for statement in filter(str.strip, SCHEMA.split(";")):
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {VERSION}")
            elif not tables >= TABLES:
                raise UnusableError(f"{path} is from another program: name another file with --logbook")
            elif version != VERSION:
                raise UnusableError(f"{path} is from a newer climbpath: install that")
        with self._opened() as db, suppress(sqlite3.OperationalError):  # while others are in it, it stays as it is
            db.execute("PRAGMA journal_mode = WAL")

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self.path, timeout=WAIT_S, isolation_level=None)) as db:
                db.row_factory = sqlite3.Row
                db.execute("PRAGMA foreign_keys = ON")
                db.execute("PRAGMA synchronous = FULL")
                yield db
        except sqlite3.Error as error:
            raise _unusable(self.path, error) from None

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it is kept, or where it fails and the file is closed without COMMIT, none."""
        with self._opened() as db:
            db.execute("BEGIN IMMEDIATE")
            yield db
            db.execute("COMMIT")

    def profiles(self) -> list[Profile]:
        """The climbers, in the order in which they were made."""
        with self._opened() as db:
            rows = db.execute("SELECT * FROM profiles WHERE NOT deleted ORDER BY made, rowid").fetchall()
        return [_profile(row) for row in rows]

    def profile(self, profile: str) -> Profile:
        """One climber. Raises MissingError."""
        with self._opened() as db:
            return _profile(_of_profile(db, profile))

    def keep_profile(self, profile: Profile) -> Profile:
        """Add a climber, or change the one with this id; one that was removed comes back."""
        with self._writing() as db:
            db.execute(
                "INSERT INTO profiles VALUES (?, ?, ?, ?, ?, ?, ?, 0) ON CONFLICT (id) DO UPDATE SET"
                " name = excluded.name, height = excluded.height, ape = excluded.ape,"
                " easiest = excluded.easiest, hardest = excluded.hardest, deleted = 0",
                [*profile, now()],
            )
        return profile

    def remove_profile(self, profile: str) -> None:
        """Remove a climber; keeping the same id again brings back the logbook, too. Raises MissingError."""
        with self._writing() as db:
            changed = db.execute("UPDATE profiles SET deleted = 1 WHERE id = ? AND NOT deleted", [profile])
            if not changed.rowcount:
                raise MissingError(MISSING["profile"])

    def save(self, profile: str, problem: Problem) -> tuple[Entry, bool]:
        """Add a problem, and whether it is new: one that is there stays as it is, one that was deleted comes back.

        Raises MissingError for an unknown climber.
        """
        with self._writing() as db:
            number, is_new = _insert(db, profile, Entry(problem))
            return _entries(db, [number])[0], is_new

    def change(self, profile: str, identity: str, **fields: Any) -> Entry:
        """Change only what is named among name, stars, notes, felt, lists and deleted. Raises MissingError."""
        with self._writing() as db:
            number = _number(db, profile, identity, deleted_too="deleted" in fields)
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
            return _entries(db, [number])[0]

    def tick(self, profile: str, identity: str, tick: Tick) -> Entry:
        """Note an ascent, or correct the one with this id. Raises MissingError."""
        with self._writing() as db:
            number = _number(db, profile, identity)
            db.execute("INSERT OR REPLACE INTO ticks VALUES (?, ?, ?, ?)", [tick.id, number, tick.day, tick.attempts])
            return _entries(db, [number])[0]

    def untick(self, profile: str, identity: str, tick: str) -> Entry:
        """Take an ascent back; nothing happens where there is none with this id. Raises MissingError."""
        with self._writing() as db:
            number = _number(db, profile, identity)
            db.execute("DELETE FROM ticks WHERE entry = ? AND id = ?", [number, tick])
            return _entries(db, [number])[0]

    def search(self, profile: str, wanted: Search) -> tuple[list[Entry], int]:
        """The entries that a search finds, and how many there are without its limit. Raises MissingError."""
        self.profile(profile)
        conditions, values = ["profile = ?", "NOT deleted"], [profile]
        for word in wanted.text.split():
            conditions.append("instr(folded(name || ' ' || notes || ' ' || identity), ?)")
            values.append(word.casefold())
        if wanted.board:
            conditions.append("board = ?")
            values.append(wanted.board)
        for grade, relation in ((wanted.easiest, ">="), (wanted.hardest, "<=")):
            if grade:
                conditions.append(f"step {relation} {LADDER.index(grade)}")
        if wanted.in_list:
            conditions.append("number IN (SELECT entry FROM lists WHERE name = ?)")
            values.append(wanted.in_list)
        if wanted.ticked is not None:
            ticked = "number IN (SELECT entry FROM ticks)"
            conditions.append(ticked if wanted.ticked else f"NOT {ticked}")
        if wanted.stars:
            conditions.append(f"stars >= {int(wanted.stars)}")
        found = f"FROM entries WHERE {' AND '.join(conditions)}"
        with self._opened() as db:
            db.create_function("folded", 1, str.casefold)
            (total,) = db.execute(f"SELECT count(*) {found}", values).fetchone()
            order = f"ORDER BY {ORDERS[wanted.order]} LIMIT {int(wanted.limit)} OFFSET {int(wanted.offset)}"
            numbers = [row[0] for row in db.execute(f"SELECT number {found} {order}", values)]
            return _entries(db, numbers), total

    def lists(self, profile: str) -> dict[str, int]:
        """A climber's lists, with how many problems are in each."""
        with self._opened() as db:
            rows = db.execute(
                "SELECT lists.name, count(*) FROM lists JOIN entries ON number = entry"
                " WHERE profile = ? AND NOT deleted GROUP BY lists.name ORDER BY lists.name",
                [profile],
            ).fetchall()
        return dict(map(tuple, rows))

    def everything(self, profile: str) -> list[Entry]:
        """All entries of a climber, the oldest first. Raises MissingError."""
        self.profile(profile)
        with self._opened() as db:
            rows = db.execute("SELECT number FROM entries WHERE profile = ? AND NOT deleted ORDER BY number", [profile])
            return _entries(db, [row[0] for row in rows])

    def merge(self, profile: str, entries: Sequence[Entry]) -> tuple[int, int]:
        """Add entries, and to those that are there what they lack: ticks of another day or number of attempts, lists,
        and notes and stars where they are empty. How many were added, and how many were there. Raises MissingError.
        """
        added = 0
        with self._writing() as db:
            for entry in entries:
                number, is_new = _insert(db, profile, entry)
                added += is_new
                there = {tuple(row) for row in db.execute("SELECT day, attempts FROM ticks WHERE entry = ?", [number])}
                new = [tick for tick in entry.ticks if (tick.day, tick.attempts) not in there]
                db.executemany(
                    "INSERT OR IGNORE INTO ticks VALUES (?, ?, ?, ?)",
                    [(tick.id, number, tick.day, tick.attempts) for tick in new],
                )
                db.executemany("INSERT OR IGNORE INTO lists VALUES (?, ?)", [(number, name) for name in entry.lists])
                db.execute(
                    "UPDATE entries SET stars = iif(stars, stars, ?), notes = iif(notes = '', ?, notes),"
                    " felt = coalesce(felt, ?) WHERE number = ?",
                    [entry.stars, entry.notes, entry.felt, number],
                )
        return added, len(entries) - added


def _unusable(path: Path, error: Exception) -> UnusableError:
    return UnusableError(f"cannot use the logbook {path}: {error}; --logbook names another file")


def _of_profile(db: sqlite3.Connection, profile: str) -> sqlite3.Row:
    row = db.execute("SELECT * FROM profiles WHERE id = ? AND NOT deleted", [profile]).fetchone()
    if not row:
        raise MissingError(MISSING["profile"])
    return row


def _profile(row: sqlite3.Row) -> Profile:
    return Profile(*(row[field] for field in Profile._fields))


def _insert(db: sqlite3.Connection, profile: str, entry: Entry) -> tuple[int, bool]:
    """The number of the entry of a problem, and whether it is new or was deleted."""
    _of_profile(db, profile)
    problem = entry.problem
    there = db.execute(
        "SELECT number, deleted FROM entries WHERE profile = ? AND identity = ?", [profile, entry.identity]
    ).fetchone()
    if there:
        db.execute("UPDATE entries SET deleted = 0 WHERE number = ?", [there["number"]])
        return there["number"], bool(there["deleted"])
    step = LADDER.index(problem.grade) if problem.grade else None
    row = [profile, entry.identity, json.dumps(problem.to_dict()), problem.board, step, problem.name or ""]
    row.append(entry.saved or now())
    made = db.execute(
        "INSERT INTO entries (profile, identity, problem, board, step, name, saved) VALUES (?, ?, ?, ?, ?, ?, ?)", row
    )
    return made.lastrowid or 0, True


def _number(db: sqlite3.Connection, profile: str, identity: str, deleted_too: bool = False) -> int:
    _of_profile(db, profile)
    row = db.execute(
        "SELECT number, deleted FROM entries WHERE profile = ? AND identity = ?", [profile, identity]
    ).fetchone()
    if not row or (row["deleted"] and not deleted_too):
        raise MissingError(MISSING["entry"])
    return int(row["number"])


def _entries(db: sqlite3.Connection, numbers: Sequence[int]) -> list[Entry]:
    """The entries of these numbers, in their order."""
    found: dict[int, Entry] = {}
    for first in range(0, len(numbers), 500):
        some = list(numbers[first : first + 500])
        among = f"IN ({','.join('?' * len(some))})"
        for row in db.execute(f"SELECT * FROM entries WHERE number {among}", some):  # noqa: S608
            problem = Problem.from_dict(json.loads(row["problem"]))
            found[row["number"]] = Entry(problem, row["stars"], row["notes"], row["felt"], saved=row["saved"])
        for row in db.execute(f"SELECT * FROM lists WHERE entry {among} ORDER BY name", some):  # noqa: S608
            entry = found[row["entry"]]
            found[row["entry"]] = entry._replace(lists=(*entry.lists, row["name"]))
        for row in db.execute(f"SELECT * FROM ticks WHERE entry {among} ORDER BY day, id", some):  # noqa: S608
            entry = found[row["entry"]]
            found[row["entry"]] = entry._replace(ticks=(*entry.ticks, Tick(row["id"], row["day"], row["attempts"])))
    return [found[number] for number in numbers]
