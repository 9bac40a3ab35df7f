"""Real problems: reading, merging, filtering, splitting, keeping and writing them."""
