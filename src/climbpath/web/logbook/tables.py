"""The tables of the logbook, and the few things that SQLite and PostgreSQL write differently."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    REAL,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Dialect,
    Double,
    ForeignKey,
    Identity,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    true,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite


class Words(TypeDecorator[str]):
    """Text that is compared byte by byte, in both; PostgreSQL stores no NUL, and gets the sign for what is no text."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """The type in a database."""
        return dialect.type_descriptor(Text(collation="C") if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """A value on its way into a database."""
        return value.replace("\0", "\ufffd") if value and dialect.name == "postgresql" else value


TEXT = Words()
FLAG = Boolean().with_variant(Integer(), "sqlite")
NUMBER = BigInteger().with_variant(Integer(), "sqlite")
REAL_NUMBER: Double[float] = Double().with_variant(REAL(), "sqlite")
META = MetaData()


def _column(name: str, kind: Any, *more: Any, **options: Any) -> Column[Any]:
    return Column(name, kind, *more, nullable=False, **options)


def rowid() -> Column[Any]:
    """The order in which rows were added: SQLite numbers the rows of every table itself, under this name."""
    return _column("rowid", NUMBER, Identity())


profiles = Table(
    "profiles",
    META,
    _column("id", TEXT, primary_key=True),
    _column("name", TEXT),
    _column("height", REAL_NUMBER),
    _column("ape", REAL_NUMBER),
    _column("easiest", TEXT),
    _column("hardest", TEXT),
    _column("walls", TEXT, server_default="[]"),
    _column("made", TEXT),
    _column("deleted", FLAG, server_default=false()),
    rowid(),
)
entries = Table(
    "entries",
    META,
    _column("number", NUMBER, primary_key=True),
    _column("profile", TEXT, ForeignKey("profiles.id")),
    _column("identity", TEXT),
    _column("problem", TEXT),
    _column("board", TEXT),
    Column("step", Integer),
    _column("name", TEXT),
    _column("stars", Integer, server_default="0"),
    _column("notes", TEXT, server_default=""),
    Column("felt", TEXT),
    _column("saved", TEXT),
    _column("deleted", FLAG, server_default=false()),
    UniqueConstraint("profile", "identity"),
)
ticks = Table(
    "ticks",
    META,
    _column("id", TEXT, primary_key=True),
    _column("entry", NUMBER, ForeignKey("entries.number"), primary_key=True),
    _column("day", TEXT),
    _column("attempts", Integer),
    _column("sent", FLAG, server_default=true()),
    _column("reached", TEXT, server_default=""),
    Column("angle", Integer),
)
lists = Table(
    "lists",
    META,
    _column("entry", NUMBER, ForeignKey("entries.number"), primary_key=True),
    _column("name", TEXT, primary_key=True),
)
not_found = Table(
    "not_found",
    META,
    _column("profile", TEXT, ForeignKey("profiles.id"), primary_key=True),
    _column("tick", TEXT, primary_key=True),
    rowid(),
)
tokens = Table(
    "tokens",
    META,
    _column("hash", TEXT, primary_key=True),
    _column("profile", TEXT, ForeignKey("profiles.id"), index=True),
    _column("made", TEXT),
)


class folded(GenericFunction[str]):  # noqa: N801 - the name of an SQL function
    """Text in lower case, in every script: what a search compares, and an order by name sorts by."""

    type = Text()
    inherit_cache = True


@compiles(folded, "postgresql")
def _folded(element: folded, compiler: Any, **options: Any) -> str:
    # what the database's own locale takes for letters does not matter then
    return f'lower(({compiler.process(element.clauses, **options)}) COLLATE "und-x-icu") COLLATE "C"'


def insert(db: Connection, table: Table) -> "sqlite.Insert | postgresql.Insert":
    """An insertion that can say what happens where the row exists; both databases have that, each its own."""
    return import_module(f"sqlalchemy.dialects.{db.dialect.name}").insert(table)
