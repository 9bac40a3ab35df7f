"""Databases of the Aurora boards (Kilter, Tension and others): what is on the wall, and the climbs."""
