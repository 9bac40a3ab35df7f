"""The logbook: each climber's saved problems, ticks and notes, in one SQLite file."""
