"""How hard a problem is, and how good the grader is at it."""
