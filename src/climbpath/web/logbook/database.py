"""The database that a logbook is in: an SQLite file, or PostgreSQL. Its version, connections and transactions."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from climbpath.errors import ClimbpathError
from climbpath.web.logbook import sqlite
from climbpath.web.logbook.tables import META

VERSION = "5"
"""The newest of `migrations`."""
NEW_IN = {
    "2": {("ticks", "sent"), ("ticks", "reached"), ("not_found", "profile"), ("not_found", "tick")},
    "3": {("tokens", "hash"), ("tokens", "profile"), ("tokens", "made")},
    "4": {("profiles", "walls")},
    "5": {("ticks", "angle")},
}
"""Tables and columns that the versions before did not have."""
PREFIXES = ("postgresql://", "postgres://")
CONNECT_S = 5
POOL, MORE = 5, 5
"""Connections to PostgreSQL that a process keeps, and how many more it may open."""


class UnusableError(ClimbpathError):
    """The logbook cannot be read or written: it is not a logbook, it is locked, the disk is full, or no server is
    there.
    """


@dataclass(frozen=True)
class Database:
    """A database with a logbook, opened with `open_database`."""

    name: str
    """As it is called in messages, without a password."""
    reader: Engine
    writer: Engine
    path: Path | None
    """The file; None for PostgreSQL."""

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for reading only, which a full or read-only disk does not prevent.

        Raises UnusableError if the database cannot be read.
        """
        with self._reported(), self.reader.connect() as db:
            yield db

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection for one transaction, committed at the end; where there is an exception, nothing is saved.

        Raises UnusableError if the database cannot be used.
        """
        with self._reported(), self.writer.begin() as db:
            yield db

    @contextmanager
    def _reported(self) -> Iterator[None]:
        """Errors of the database as UnusableError."""
        try:
            yield
        except SQLAlchemyError as error:
            raise self.unusable(error.orig if isinstance(error, DBAPIError) else error) from None

    def unusable(self, error: BaseException | None) -> UnusableError:
        """What to say about an error."""
        if self.path and sqlite.is_full(self.path, error):
            return UnusableError(
                f"the disk with the logbook {self.name} is full: free some space; nothing that was saved is lost"
            )
        reason = str(error).strip().partition("\n")[0]
        return UnusableError(f"cannot use the logbook {self.name}: {reason}; choose another one with --logbook")


def open_database(where: Path | str) -> Database:
    """The logbook in a file or, by its URL, in PostgreSQL: created if it does not exist, and brought to this version.

    On a full disk, a file of this version can still be opened. Raises UnusableError if it cannot be opened, is not a
    logbook, or was written by a newer climbpath; it is not changed then.
    """
    database = _postgres(where) if isinstance(where, str) else _file(where)
    with database.reading() as db:
        if not database.path:
            _check_encoding(db, database.name)
        version = _check_version(db, database.name)
    if version != VERSION:
        _migrate(database)
    if database.path:
        _keep_log(database)
    return database


def _keep_log(database: Database) -> None:
    """Have SQLite keep a write-ahead log of a file from now on."""
    with database.reading() as db:
        if db.exec_driver_sql("PRAGMA journal_mode").scalar() != "wal":
            # the mode cannot change while other processes have the file open: then they have already set it
            with suppress(DBAPIError):
                db.exec_driver_sql("PRAGMA journal_mode = WAL")


def _file(path: Path) -> Database:
    reader = create_engine("sqlite://", creator=lambda: sqlite.readable(path), poolclass=NullPool)
    writer = create_engine("sqlite://", creator=lambda: sqlite.writable(path), poolclass=NullPool)

    @event.listens_for(writer, "begin")
    def begin(db: Connection) -> None:
        db.exec_driver_sql("BEGIN IMMEDIATE")  # waits its turn here, and not in the middle

    database = Database(str(path), reader, writer, path)
    try:
        sqlite.create(path)
    except OSError as error:
        raise database.unusable(error) from None
    return database


def is_url(where: str) -> bool:
    """Whether this is the URL of a database, and not the name of a file."""
    return where.startswith(PREFIXES)


def _postgres(url: str) -> Database:
    wanted = "postgresql+psycopg://" + url.partition("://")[2]
    try:
        writer = create_engine(
            wanted,
            pool_size=POOL,
            max_overflow=MORE,
            pool_pre_ping=True,  # after a restart of the database, old connections are found out before they are used
            connect_args={"connect_timeout": CONNECT_S, "application_name": "climbpath", "client_encoding": "utf8"},
        )
    except (ArgumentError, ValueError):
        raise UnusableError(
            "the logbook's URL cannot be read: it is postgresql://USER:PASSWORD@HOST:5432/NAME, with special characters"
            " of the password percent-encoded"
        ) from None
    except (ModuleNotFoundError, NoSuchModuleError):
        raise UnusableError(
            "a logbook in PostgreSQL needs psycopg: run pip install '.[postgres]' in climbpath's folder"
        ) from None
    name = writer.url.set(drivername="postgresql").render_as_string(hide_password=True)
    return Database(name, writer.execution_options(isolation_level="AUTOCOMMIT"), writer, None)


def _check_encoding(db: Connection, name: str) -> None:
    """Raises UnusableError if PostgreSQL stores other text than Unicode, in which no search in every script works."""
    encoding = db.scalar(text("SHOW server_encoding"))
    if encoding != "UTF8":
        raise UnusableError(f"{name} stores text as {encoding}: create it with ENCODING 'UTF8'")


def _check_version(db: Connection, name: str) -> str:
    """The version of the database; "" for an empty one. Raises UnusableError if it is not one of ours."""
    found = _columns(db)
    tables = {table for table, _ in found}
    other = UnusableError(f"{name} belongs to another program: choose another one with --logbook")
    newer = UnusableError(f"{name} was written by a newer climbpath: upgrade climbpath to open it")
    if "alembic_version" in tables:
        version = str(db.execute(text("SELECT max(version_num) FROM alembic_version")).scalar())
    else:  # until version 2, SQLite's own number was used
        version = str(db.execute(text("PRAGMA user_version")).scalar()) if db.dialect.name == "sqlite" else "0"
    ours = {"profiles", "entries", "ticks", "lists"}
    if version == "0" and (not tables or (db.dialect.name == "postgresql" and not tables & ours)):
        return ""
    if not version.isdigit():
        raise other
    if int(version) > int(VERSION) and tables >= ours:
        raise newer
    wanted = {(table.name, column.name) for table in META.tables.values() for column in table.columns}
    for later in range(int(version) + 1, int(VERSION) + 1):
        wanted -= NEW_IN.get(str(later), set())
    if db.dialect.name == "sqlite":
        wanted = {(table, column) for table, column in wanted if column != "rowid"}
    if not 0 < int(version) <= int(VERSION) or not wanted <= found:
        raise other
    return version


def _columns(db: Connection) -> set[tuple[str, str]]:
    """(table, column) of every table."""
    found = inspect(db).get_multi_columns()
    return {(table, column["name"]) for (_, table), columns in found.items() for column in columns}


def _migrate(database: Database) -> None:
    """Bring the database to this version, in one transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    with database.transaction() as db:
        if db.dialect.name == "postgresql":  # one of several servers that start at the same time
            db.execute(text("SELECT pg_advisory_xact_lock(hashtext('climbpath logbook'))"))
        # checked again, because another process may just have done the same
        version = _check_version(db, database.name)
        config.attributes["connection"] = db
        if version in ("1", "2") and "alembic_version" not in {table for table, _ in _columns(db)}:
            command.stamp(config, version)
        if version != VERSION:
            command.upgrade(config, "head")
