"""Climbers, entries, ticks that are all sends, and lists."""

import sqlalchemy as sa
from alembic import op

from climbpath.web.logbook.tables import FLAG, NUMBER, REAL_NUMBER, TEXT, rowid

revision, down_revision = "1", None


def upgrade() -> None:
    """From nothing."""
    by_hand = [] if op.get_bind().dialect.name == "sqlite" else [rowid()]
    op.create_table(
        "profiles",
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("height", REAL_NUMBER, nullable=False),
        sa.Column("ape", REAL_NUMBER, nullable=False),
        sa.Column("easiest", TEXT, nullable=False),
        sa.Column("hardest", TEXT, nullable=False),
        sa.Column("made", TEXT, nullable=False),
        sa.Column("deleted", FLAG, nullable=False, server_default=sa.false()),
        *by_hand,
        sqlite_strict=True,
    )
    op.create_table(
        "entries",
        sa.Column("number", NUMBER, primary_key=True),
        sa.Column("profile", TEXT, sa.ForeignKey("profiles.id"), nullable=False),
        sa.Column("identity", TEXT, nullable=False),
        sa.Column("problem", TEXT, nullable=False),
        sa.Column("board", TEXT, nullable=False),
        sa.Column("step", sa.Integer),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("stars", sa.Integer, nullable=False, server_default="0"),
        sa.Column("notes", TEXT, nullable=False, server_default=""),
        sa.Column("felt", TEXT),
        sa.Column("saved", TEXT, nullable=False),
        sa.Column("deleted", FLAG, nullable=False, server_default=sa.false()),
        sa.UniqueConstraint("profile", "identity"),
        sqlite_strict=True,
    )
    op.create_table(
        "ticks",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("entry", NUMBER, sa.ForeignKey("entries.number"), nullable=False),
        sa.Column("day", TEXT, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("entry", "id"),
        sqlite_strict=True,
    )
    op.create_table(
        "lists",
        sa.Column("entry", NUMBER, sa.ForeignKey("entries.number"), nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("entry", "name"),
        sqlite_strict=True,
    )
