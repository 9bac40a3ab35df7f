"""Tokens that open one climber's logbook."""

import sqlalchemy as sa
from alembic import op

from climbpath.web.logbook.tables import TEXT

revision, down_revision = "3", "2"


def upgrade() -> None:
    """From version 2."""
    op.create_table(
        "tokens",
        sa.Column("hash", TEXT, primary_key=True),
        sa.Column("profile", TEXT, sa.ForeignKey("profiles.id"), nullable=False),
        sa.Column("made", TEXT, nullable=False),
        sqlite_strict=True,
    )
    op.create_index("ix_tokens_profile", "tokens", ["profile"])
    if op.get_bind().dialect.name == "sqlite":
        op.execute("PRAGMA user_version = 3")  # releases that know only this number refuse the file
