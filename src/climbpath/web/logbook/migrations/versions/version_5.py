"""The angle of the wall that a tick was at."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "5", "4"


def upgrade() -> None:
    """From version 4, in which a tick at a problem of an unknown angle told of none."""
    op.add_column("ticks", sa.Column("angle", sa.Integer))
