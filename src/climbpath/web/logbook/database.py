"""The logbook's SQLite file: its tables, its version, connections and transactions.

Transactions go through a write-ahead log (WAL) that is flushed to the disk before a change is confirmed, so that a
server that is killed loses nothing that it has confirmed.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from climbpath.errors import ClimbpathError

VERSION = 1
WAIT_S = 10
"""How long a write waits for another process that is writing."""
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
LATER = """
CREATE TABLE IF NOT EXISTS not_found (
  profile TEXT NOT NULL REFERENCES profiles(id), tick TEXT NOT NULL, PRIMARY KEY (profile, tick)
) STRICT
"""
"""A table that logbooks of earlier releases lack and those releases leave alone."""
TABLES = frozenset(re.findall(r"CREATE TABLE (\w+)", SCHEMA))


class UnusableError(ClimbpathError):
    """The logbook's file cannot be read or written: it is not a logbook, it is locked, or the disk is full."""


def prepare(path: Path) -> None:
    """Create the file with its tables, or check the one that exists.

    Raises UnusableError if the file cannot be opened, is not a logbook, or was written by a newer climbpath.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable(path, error) from None
    with transaction(path) as db:
        version = db.execute("PRAGMA user_version").fetchone()[0]
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
        if version == 0 and not tables:
            for statement in filter(str.strip, SCHEMA.split(";")):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {VERSION}")
        elif not tables >= TABLES:
            raise UnusableError(f"{path} belongs to another program: choose another file with --logbook")
        elif version != VERSION:
            raise UnusableError(f"{path} was written by a newer climbpath: upgrade climbpath to open it")
        db.execute(LATER)
    # the mode cannot change while other processes have the file open: then they have already set it
    with connect(path) as db, suppress(sqlite3.OperationalError):
        db.execute("PRAGMA journal_mode = WAL")


@contextmanager
def connect(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection to the file, closed at the end. Raises UnusableError if the file cannot be used."""
    try:
        with closing(sqlite3.connect(path, timeout=WAIT_S, isolation_level=None)) as db:
            db.row_factory = sqlite3.Row
            db.execute("PRAGMA foreign_keys = ON")
            db.execute("PRAGMA synchronous = FULL")
            yield db
    except sqlite3.Error as error:
        raise _unusable(path, error) from None


@contextmanager
def transaction(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection for one transaction, committed at the end; an exception closes it without COMMIT: nothing is saved.

    Raises UnusableError if the file cannot be used.
    """
    with connect(path) as db:
        db.execute("BEGIN IMMEDIATE")
        yield db
        db.execute("COMMIT")


def _unusable(path: Path, error: Exception) -> UnusableError:
    return UnusableError(f"cannot use the logbook {path}: {error}; choose another file with --logbook")
