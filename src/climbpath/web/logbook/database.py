"""The logbook's SQLite file: its tables, its version, connections and transactions.

Transactions go through a write-ahead log (WAL) that is flushed to the disk before a change is confirmed, so that a
server that is killed loses nothing that it has confirmed.
"""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from climbpath.errors import ClimbpathError

VERSION = 2
WAIT_S = 30
"""How long a write waits for another process that is writing."""
LEAST_FREE = 1 << 20
"""Bytes that are free on a disk that is not full."""
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
  sent INTEGER NOT NULL DEFAULT 1, reached TEXT NOT NULL DEFAULT '', PRIMARY KEY (entry, id)
) STRICT;
CREATE TABLE lists (
  entry INTEGER NOT NULL REFERENCES entries(number), name TEXT NOT NULL, PRIMARY KEY (entry, name)
) STRICT;
CREATE TABLE not_found (
  profile TEXT NOT NULL REFERENCES profiles(id), tick TEXT NOT NULL, PRIMARY KEY (profile, tick)
) STRICT;
"""
FROM_1 = """
ALTER TABLE ticks ADD COLUMN sent INTEGER NOT NULL DEFAULT 1;
ALTER TABLE ticks ADD COLUMN reached TEXT NOT NULL DEFAULT '';
CREATE TABLE IF NOT EXISTS not_found (
  profile TEXT NOT NULL REFERENCES profiles(id), tick TEXT NOT NULL, PRIMARY KEY (profile, tick)
) STRICT;
"""
"""From version 1, in which every tick was a send, to version 2."""
NEW_IN_2 = {("ticks", "sent"), ("ticks", "reached")}
UNSHARED = {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}
"""Why a file may not be readable for several, as on a full or read-only disk, and still for one."""


class UnusableError(ClimbpathError):
    """The logbook's file cannot be read or written: it is not a logbook, it is locked, or the disk is full."""


def prepare(path: Path) -> None:
    """Create the file with its tables, or check the one that exists, and bring it to this version.

    Only its owner can read it. On a full disk, a file of this version can still be opened. Raises UnusableError if the
    file cannot be opened, is not a logbook, or was written by a newer climbpath; it is not changed then.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise _unusable(path, error) from None
    # the files that SQLite keeps beside it take over its permissions
    for file in (path, *(path.with_name(path.name + ending) for ending in ("-wal", "-shm"))):
        with suppress(OSError):  # another user's file
            if file.is_file() and file.stat().st_mode & 0o077:
                file.chmod(0o600)
    with reading(path) as db:
        version = _check_version(db, path)
        (mode,) = db.execute("PRAGMA journal_mode").fetchone()
    if version == VERSION and mode == "wal":
        return
    if version != VERSION:
        with transaction(path) as db:
            # checked again, because another process may just have done the same
            version = _check_version(db, path)
            for statement in filter(str.strip, ({0: SCHEMA, 1: FROM_1}.get(version, "")).split(";")):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {VERSION}")
    # the mode cannot change while other processes have the file open: then they have already set it
    with connect(path) as db, suppress(sqlite3.OperationalError):
        db.execute("PRAGMA journal_mode = WAL")


def _check_version(db: sqlite3.Connection, path: Path) -> int:
    """The version of the file; 0 for an empty one. Raises UnusableError if it is not one of ours."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if version == 0 and not tables:
        return 0
    if version > VERSION and tables >= {"profiles", "entries", "ticks", "lists"}:
        raise UnusableError(f"{path} was written by a newer climbpath: upgrade climbpath to open it")
    if not 0 < version <= VERSION or not _has_columns(db, version):
        raise UnusableError(f"{path} belongs to another program: choose another file with --logbook")
    return int(version)


def _has_columns(db: sqlite3.Connection, version: int) -> bool:
    """Whether all tables of a version are there, with the columns that we read and write."""
    with closing(sqlite3.connect(":memory:")) as ours:
        ours.executescript(SCHEMA)
        wanted = _columns(ours)
    if version == 1:
        wanted = {(table, column) for table, column in wanted if table != "not_found"} - NEW_IN_2
    return wanted <= _columns(db)


def _columns(db: sqlite3.Connection) -> set[tuple[str, str]]:
    """(table, column) of every table."""
    query = "SELECT t.name, c.name FROM sqlite_master AS t, pragma_table_info(t.name) AS c WHERE t.type = 'table'"
    return {(table, column) for table, column in db.execute(query)}


@contextmanager
def connect(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection to the file, closed at the end. Raises UnusableError if the file cannot be used."""
    try:
        with closing(_opened(str(path))) as db:
            db.execute("PRAGMA foreign_keys = ON")
            db.execute("PRAGMA synchronous = FULL")
            yield db
    except sqlite3.Error as error:
        raise _unusable(path, error) from None


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection for reading only, which a full or read-only disk does not prevent.

    Raises UnusableError if the file cannot be read.
    """
    try:
        with closing(_readable(path)) as db:
            yield db
    except sqlite3.Error as error:
        raise _unusable(path, error) from None


def _readable(path: Path) -> sqlite3.Connection:
    """A connection from which can be read.

    Readers of a write-ahead log share a small file, which a full disk has no room for: then this connection keeps the
    file to itself, and what is shared in memory. A disk that cannot be written at all needs a file without such a log.
    """
    ways = [
        (str(path), ""),
        (str(path), "PRAGMA locking_mode = EXCLUSIVE"),
        (f"{path.absolute().as_uri()}?immutable=1", ""),
    ]
    failure: sqlite3.Error | None = None
    for address, first in ways:
        if address != str(path) and _has_log(path):
            break
        db = _opened(address)
        try:
            if first:
                db.execute(first)
            db.execute("SELECT count(*) FROM sqlite_master").fetchone()
            return db
        except sqlite3.Error as error:
            db.close()
            if error.sqlite_errorcode & 0xFF not in UNSHARED:
                raise
            failure = failure or error
    raise failure or sqlite3.OperationalError("it cannot be opened")


def _has_log(path: Path) -> bool:
    """Whether a write-ahead log holds what the file itself lacks; other connections may remove it at any time."""
    with suppress(FileNotFoundError):
        return path.with_name(f"{path.name}-wal").stat().st_size > 0
    return False


def _opened(address: str) -> sqlite3.Connection:
    db = sqlite3.connect(address, timeout=WAIT_S, isolation_level=None, uri=address.startswith("file:"))
    db.row_factory = sqlite3.Row
    # damaged text costs its entry at most, and never the rest
    db.text_factory = lambda content: content.decode("utf-8", "replace")
    return db


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
    if _is_full(path.parent) and getattr(error, "sqlite_errorcode", sqlite3.SQLITE_FULL) & 0xFF in UNSHARED:
        return UnusableError(
            f"the disk with the logbook {path} is full: free some space; nothing that was saved is lost"
        )
    return UnusableError(f"cannot use the logbook {path}: {error}; choose another file with --logbook")


def _is_full(folder: Path) -> bool:
    try:
        disk = shutil.disk_usage(folder)
    except OSError:
        return False
    return disk.total > 0 and disk.free < LEAST_FREE
