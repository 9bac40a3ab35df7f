"""Real problems: reading, merging, filtering, splitting, storing and exporting them."""
