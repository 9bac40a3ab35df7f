"""An SQLite database of a stranger, opened for reading: only plain tables, short values, and errors in words."""

import math
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from climbpath.errors import ClimbpathError

HEADER = b"SQLite format 3\0"
"""How every SQLite file begins."""
LONGEST_VALUE = 1 << 20
"""Bytes of the longest text that is read."""
PATIENCE = 2.0
"""Seconds to wait for another program to let go of the file."""

Tables = dict[str, frozenset[str]]
"""The columns of each table."""


def is_database(path: Path) -> bool:
    """Whether a file is an SQLite database, or the beginning of one."""
    with path.open("rb") as file:
        return file.read(len(HEADER)) == HEADER


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A database, open for reading.

    Raises ClimbpathError, which leaves naming the file to the caller, where it is none, is locked or is damaged, also
    where that shows in the block.
    """
    try:
        if not is_database(path):
            raise ClimbpathError("it is not an SQLite database: name the database of a board's app")
        address = f"{path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=PATIENCE)) as connection:
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
            connection.text_factory = lambda text: text.decode("utf-8", "replace")
            yield connection
    except sqlite3.Error as error:
        raise ClimbpathError(in_words(error)) from error
    except UnicodeDecodeError as error:  # in a message that quotes the file
        raise ClimbpathError(f"the database is damaged or cut off ({error.reason}): fetch it again") from error
    except OSError as error:
        raise ClimbpathError(f"it cannot be read: {error.strerror or error}") from error


def in_words(error: sqlite3.Error) -> str:
    """What is wrong with a database, and the way out."""
    said = str(error)
    if "locked" in said:
        return "another program has locked the database: close it, or read a copy of the file"
    if "malformed" in said or "not a database" in said or "disk I/O" in said:
        return f"the database is damaged or cut off ({said}): fetch it again"
    if "too big" in said:
        return f"the database has a text of over {LONGEST_VALUE:,} bytes: it is not a board's"
    return f"the database cannot be read ({said})"


def tables(connection: sqlite3.Connection) -> Tables:
    """The plain tables of a database with their stored columns, names in lower case.

    Views and virtual tables run code that the file brings along, and are left out, as generated columns are.
    """
    found = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall()
    plain = [str(name) for name, sql in found if not re.match(r"(?is)\s*create\s+virtual\b", str(sql))]
    return {
        name.lower(): frozenset(
            str(column).lower() for (column,) in connection.execute("SELECT name FROM pragma_table_info(?)", (name,))
        )
        for name in plain
    }


def need(known: Tables, table: str, *columns: str) -> None:
    """Raises ClimbpathError where a table, or one of its columns, is missing."""
    if table not in known:
        raise ClimbpathError(f"the database has no table {table!r}: it is not a board's, or only a part of one")
    for column in columns:
        if column not in known[table]:
            raise ClimbpathError(f"the table {table!r} of the database has no column {column!r}")


def rows(
    connection: sqlite3.Connection,
    table: str,
    columns: Sequence[str],
    optional: Sequence[str] = (),
    where: tuple[str, int] | None = None,
) -> Iterator[tuple[Any, ...]]:
    """The rows of a table, as they are stored: its columns, then the optional ones, which are None where the table
    lacks them.

    `where` is a column and the number that it must be. Raises ClimbpathError where the table or a column is missing.
    """
    known = tables(connection)
    need(known, table, *columns, *([where[0]] if where else []))
    chosen = [*columns, *(column if column in known[table] else "NULL" for column in optional)]
    query = f"SELECT {', '.join(chosen)} FROM {table}"  # noqa: S608 (names of ours, never of the file)
    return connection.execute(*((f"{query} WHERE {where[0]} = ?", (where[1],)) if where else (query,)))


def as_number(value: Any) -> float | None:
    """A finite number of a database, which may store it as text; None where it is none."""
    if not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def whole(value: Any, what: str) -> int:
    """A whole number of a database, which may store it as text or with a decimal point. Raises ClimbpathError."""
    found = as_number(value)
    if found is None or found != round(found) or abs(found) >= 2**53:
        raise ClimbpathError(f"{what} is no whole number: {str(value)[:40]!r}")
    return round(found)
