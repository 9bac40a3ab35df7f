"""The versions of the logbook's tables, each as the step from the one before, for Alembic."""
