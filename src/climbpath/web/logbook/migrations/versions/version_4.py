"""The walls that climbers have chosen."""

import sqlalchemy as sa
from alembic import op

from climbpath.web.logbook.tables import TEXT

revision, down_revision = "4", "3"


def upgrade() -> None:
    """From version 3, in which every device kept its own."""
    op.add_column("profiles", sa.Column("walls", TEXT, nullable=False, server_default="[]"))
