"""Ticks without a send, how far they got, and imported ticks whose problems were not found."""

import sqlalchemy as sa
from alembic import op

from climbpath.web.logbook.tables import FLAG, TEXT, rowid

revision, down_revision = "2", "1"


def upgrade() -> None:
    """From version 1, in which every tick was a send."""
    by_hand = [] if op.get_bind().dialect.name == "sqlite" else [rowid()]
    op.add_column("ticks", sa.Column("sent", FLAG, nullable=False, server_default=sa.true()))
    op.add_column("ticks", sa.Column("reached", TEXT, nullable=False, server_default=""))
    op.create_table(
        "not_found",
        sa.Column("profile", TEXT, sa.ForeignKey("profiles.id"), nullable=False),
        sa.Column("tick", TEXT, nullable=False),
        *by_hand,
        sa.PrimaryKeyConstraint("profile", "tick"),
        sqlite_strict=True,
        if_not_exists=True,  # some files of version 1 have it
    )
