"""Angles as text."""

UNKNOWN = "unknown"
"""How an angle that is not known is written."""


def show_angle(angle: int | None) -> str:
    """An angle for people: '40°', or 'unknown angle'."""
    return "unknown angle" if angle is None else f"{angle}°"
