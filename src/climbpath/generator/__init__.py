"""Making problems: constrained sampling, in bulk, and changes to a problem."""
