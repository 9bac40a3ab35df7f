"""Lights: problems as the bytes that LED boards understand, and the ways in which the bytes get there."""
