"""Holds as shapes: each has its own outline, the same as on the board of the web app (web/static/js/board.js)."""

import math
from collections.abc import Iterator
from functools import cache
from itertools import islice

from climbpath.board import Hold
from climbpath.drawing.shapes import Blob, mix
from climbpath.drawing.themes import Theme

_COMPASS = {name: math.radians(45 * i) for i, name in enumerate(("N", "NE", "E", "SE", "S", "SW", "W", "NW"))}
_CORNERS = 8
_EDGE = 0.7
"""Width of the outlines of holds."""
_PER_CM = 1.3
"""Units of pictures to a centimetre of holds; rows are 1.35 to a centimetre, which leaves the rings room."""
_SHINE = 0.3
"""How much of a hold's lip is white."""
_AT_REST, _LIT = 0.35, 0.6
"""Opacity of the lip on a hold at rest and on one of the problem."""

Point = tuple[float, float]


def shapes(hold: Hold, x: float, y: float, theme: Theme, lit: bool, opacity: float = 1, scale: float = 1) -> list[Blob]:
    """A hold at a point of a picture: its body, and the lip on the side that it faces.

    A lit one has its set's full colour, another one less of it; `opacity` is how much of that shows over the wall.
    """
    colour = tint(hold.hold_set, theme, lit)
    shine = mix(colour, mix(theme.tint(hold.hold_set), "#ffffff", _SHINE), _LIT if lit else _AT_REST)
    body, lip = (
        [(x + scale * _PER_CM * across, y + scale * _PER_CM * down) for across, down in part] for part in outline(hold)
    )
    body_colour, lip_colour, edge = (mix(theme.wall, one, opacity) for one in (colour, shine, theme.edge))
    return [Blob(body, body_colour, edge, scale * _EDGE), Blob(lip, lip_colour)]


def tint(hold_set: str, theme: Theme, lit: bool) -> str:
    """The colour of a set's holds."""
    return mix(theme.wall, theme.tint(hold_set), 1 if lit else theme.rest)


@cache
def outline(hold: Hold) -> tuple[tuple[Point, ...], tuple[Point, ...]]:
    """The corners of a hold's body and lip in cm around its centre, x to the right and y down.

    A hold is wider than it is high, with its lip on the side that it faces; label and set seed its shape.
    """
    chances = _chances(hold.label + hold.hold_set)
    next(chances)
    wide, high = 5.2 + 1.6 * next(chances), 3.4 + 1.6 * next(chances)
    body = []
    for i, chance in enumerate(islice(chances, _CORNERS)):
        turn, far = 2 * math.pi * i / _CORNERS, 0.82 + 0.34 * chance
        body.append((wide * far * math.cos(turn), high * far * math.sin(turn)))
    lip = [(0.66 * x, 0.5 * y - 0.24 * high) for x, y in body]
    angle = _COMPASS[hold.orientation or "N"]
    return _turned(body, angle), _turned(lip, angle)


def _turned(points: list[Point], angle: float) -> tuple[Point, ...]:
    """The points turned clockwise around the origin."""
    cos, sin = math.cos(angle), math.sin(angle)
    return tuple((x * cos - y * sin, x * sin + y * cos) for x, y in points)


def _chances(text: str) -> Iterator[float]:
    """Random numbers from 0 to 1, always the same for the same text, and the same as the page's."""
    state = 2166136261
    for char in text:
        state = (state ^ ord(char)) * 16777619 % 2**32
    while True:
        state = ((state ^ state >> 15) * 2246822519 + 0x9E3779B9) % 2**32
        yield (state ^ state >> 13) / 2**32
