"""Connections to an SQLite file: what survives a killed server, a full disk, and damaged text.

Transactions go through a write-ahead log (WAL) that is flushed to the disk before a change is confirmed, so that a
server that is killed loses nothing that it has confirmed.
"""

import os
import shutil
import sqlite3
from contextlib import suppress
from pathlib import Path

WAIT_S = 30
"""How long a write waits for another process that is writing."""
LEAST_FREE = 1 << 20
"""Bytes that are free on a disk that is not full."""
UNSHARED = {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}
"""Why a file may not be readable for several, as on a full or read-only disk, and still for one."""


def create(path: Path) -> None:
    """Create an empty file if there is none. Only its owner can read it. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    # the files that SQLite keeps beside it take over its permissions
    for file in (path, *(path.with_name(path.name + ending) for ending in ("-wal", "-shm"))):
        with suppress(OSError):  # another user's file
            if file.is_file() and file.stat().st_mode & 0o077:
                file.chmod(0o600)


def writable(path: Path) -> sqlite3.Connection:
    """A connection that can write. Raises sqlite3.Error."""
    db = opened(str(path))
    try:
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("PRAGMA synchronous = FULL")
    except sqlite3.Error:  # an open connection would keep others out
        db.close()
        raise
    return db


def readable(path: Path) -> sqlite3.Connection:
    """A connection from which can be read, which a full or read-only disk does not prevent. Raises sqlite3.Error.

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
        db = opened(address)
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


def opened(address: str) -> sqlite3.Connection:
    """A connection without transactions of its own. Raises sqlite3.Error."""
    db = sqlite3.connect(
        address, timeout=WAIT_S, isolation_level=None, uri=address.startswith("file:"), check_same_thread=False
    )
    # damaged text costs its entry at most, and never the rest
    db.text_factory = lambda content: content.decode("utf-8", "replace")
    # SQLite itself lowers only ASCII letters
    db.create_function("folded", 1, str.lower, deterministic=True)
    return db


def is_full(path: Path, error: BaseException | None) -> bool:
    """Whether an error comes from a full disk."""
    try:
        disk = shutil.disk_usage(path.parent)
    except OSError:
        return False
    is_full = disk.total > 0 and disk.free < LEAST_FREE
    return is_full and getattr(error, "sqlite_errorcode", sqlite3.SQLITE_FULL) & 0xFF in UNSHARED


def _has_log(path: Path) -> bool:
    """Whether a write-ahead log holds what the file itself lacks; other connections may remove it at any time."""
    with suppress(FileNotFoundError):
        return path.with_name(f"{path.name}-wal").stat().st_size > 0
    return False
