"""What Alembic runs: the steps that are missing, in the transaction that `database` has begun."""

from alembic import context

from climbpath.web.logbook.tables import META

context.configure(connection=context.config.attributes["connection"], target_metadata=META)
context.run_migrations()
