"""How a problem is climbed: the hand moves, their pictures, and the fit of their difficulty."""
