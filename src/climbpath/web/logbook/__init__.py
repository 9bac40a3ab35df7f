"""The logbook: each climber's saved problems, ticks and notes, in an SQLite file or in PostgreSQL."""
