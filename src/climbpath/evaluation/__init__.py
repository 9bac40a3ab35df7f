"""How good a model is, on real problems that it never saw."""
