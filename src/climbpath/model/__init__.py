"""The model: problems as tokens, the transformer, its forward pass in NumPy, and its files."""
