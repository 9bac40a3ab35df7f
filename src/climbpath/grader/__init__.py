"""How hard a problem is, and how well that is known."""
