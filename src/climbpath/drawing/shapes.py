"""Shapes, and the renderers that write them as SVG or draw them on a PNG.

Units are those of a phone screen 360 px wide.
"""

import html
import io
import math
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:  # Pillow is slow to import, and text and SVG do without it
    from PIL import Image, ImageDraw, ImageFont


Point = tuple[float, float]


class Circle(NamedTuple):
    """A disc, or a ring where it has a width; r is measured to the middle of the ring's line."""

    x: float
    y: float
    r: float
    colour: str
    width: float = 0


class Line(NamedTuple):
    """A straight line with round ends."""

    x1: float
    y1: float
    x2: float
    y2: float
    colour: str
    width: float


class Rect(NamedTuple):
    """A filled rectangle with corners of radius r."""

    x: float
    y: float
    w: float
    h: float
    r: float
    colour: str


class Polygon(NamedTuple):
    """A filled polygon."""

    points: Sequence[Point]
    colour: str


class Blob(NamedTuple):
    """A filled shape whose smooth outline runs through points (Catmull-Rom), with a line around it if it has width."""

    points: Sequence[Point]
    colour: str
    edge: str = ""
    width: float = 0


class Text(NamedTuple):
    """One line of text; y is its baseline, and x its start, middle or end, according to the anchor."""

    x: float
    y: float
    size: float
    text: str
    colour: str
    anchor: str = "start"
    bold: bool = False


Part = Circle | Line | Rect | Polygon
Solid = Part | Blob
Shape = Solid | Text

WIDTH = 360


def clean(text: str) -> str:
    """Untrusted text on one line, without the characters that control terminals or break XML."""
    printable = "".join(c if c.isprintable() else " " for c in unicodedata.normalize("NFKC", text))
    return " ".join(printable.split())


_SPELLINGS = str.maketrans(
    {"→": "to", "ß": "ss", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "AE", "ð": "d", "ł": "l", "–": "-", "—": "-"}
)


def latin(text: str) -> str:
    """Clean text in the characters of Pillow's font: accents are removed, other scripts dropped."""
    bare = unicodedata.normalize("NFKD", clean(text)).translate(_SPELLINGS)
    return clean("".join(c for c in bare if c.isascii() or c in "°·‘’“”"))


@cache
def mix(under: str, over: str, opacity: float) -> str:
    """The colour, as #rrggbb, of one colour over another at an opacity of 0 to 1."""
    pairs = [(int(under[i : i + 2], 16), int(over[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(low + (high - low) * opacity):02x}" for low, high in pairs)


def measure(text: str) -> float:
    """Width of bold text in ems, estimated generously: which font the reader has is unknown."""
    return sum(map(advance, text))


@cache
def advance(char: str) -> float:
    """Width of one bold character in ems, estimated generously."""
    if unicodedata.east_asian_width(char) in "WF":
        return 1.1
    if char in "MWmw@%—…":
        return 1.0
    if char in " .,:;'!|iIljtfr()[]-·°":
        return 0.4
    return 0.65 if char.islower() or char.isdigit() else 0.78


def transformed(shapes: Iterable[Shape], x: float, y: float, scale: float = 1) -> Iterator[Shape]:
    """The shapes scaled about the origin, then moved by x and y."""
    for shape in shapes:
        match shape:
            case Circle():
                yield Circle(
                    x + scale * shape.x, y + scale * shape.y, scale * shape.r, shape.colour, scale * shape.width
                )
            case Line():
                ends = x + scale * shape.x1, y + scale * shape.y1, x + scale * shape.x2, y + scale * shape.y2
                yield Line(*ends, shape.colour, scale * shape.width)
            case Rect():
                sides = scale * shape.w, scale * shape.h, scale * shape.r
                yield Rect(x + scale * shape.x, y + scale * shape.y, *sides, shape.colour)
            case Polygon():
                yield Polygon([(x + scale * across, y + scale * down) for across, down in shape.points], shape.colour)
            case Blob():
                points = [(x + scale * across, y + scale * down) for across, down in shape.points]
                yield Blob(points, shape.colour, shape.edge, scale * shape.width)
            case Text():
                yield shape._replace(x=x + scale * shape.x, y=y + scale * shape.y, size=scale * shape.size)


# The renderers


def elements(shapes: Sequence[Shape]) -> str:
    """The shapes as SVG elements, one to a line."""
    return "\n".join(map(_element, shapes))


def _element(shape: Shape) -> str:
    match shape:
        case Circle(x, y, r, colour, 0):
            return f'<circle cx="{x:.5g}" cy="{y:.5g}" r="{r:.4g}" fill="{colour}"/>'
        case Circle(x, y, r, colour, width):
            return (
                f'<circle cx="{x:.5g}" cy="{y:.5g}" r="{r:.4g}" fill="none" stroke="{colour}" '
                f'stroke-width="{width:.3g}"/>'
            )
        case Line(x1, y1, x2, y2, colour, width):
            return (
                f'<line x1="{x1:.5g}" y1="{y1:.5g}" x2="{x2:.5g}" y2="{y2:.5g}" stroke="{colour}" '
                f'stroke-width="{width:.3g}" stroke-linecap="round"/>'
            )
        case Rect(x, y, w, h, r, colour):
            return f'<rect x="{x:.5g}" y="{y:.5g}" width="{w:.5g}" height="{h:.5g}" rx="{r:.4g}" fill="{colour}"/>'
        case Polygon(points, colour):
            return f'<polygon points="{" ".join(f"{x:.5g},{y:.5g}" for x, y in points)}" fill="{colour}"/>'
        case Blob(points, colour, edge, width):
            stroke = f' stroke="{edge}" stroke-width="{width:.2g}"' if width else ""
            return f'<path d="{_smooth_path(points)}" fill="{colour}"{stroke}/>'
        case Text(x, y, size, string, colour, anchor, bold):
            weight = ' font-weight="700"' if bold else ""
            return (
                f'<text x="{x:.5g}" y="{y:.5g}" font-size="{size:.4g}" fill="{colour}" '
                f'text-anchor="{anchor}"{weight}>{html.escape(string)}</text>'
            )


def _curves(points: Sequence[Point]) -> Iterator[tuple[Point, Point, Point, Point]]:
    """The cubic curves of a blob's outline: start, control points, end."""
    n = len(points)
    for i, ((bx, by), (cx, cy)) in enumerate(zip(points, [*points[1:], points[0]], strict=True)):
        (ax, ay), (dx, dy) = points[i - 1], points[(i + 2) % n]
        one, two = (bx + (cx - ax) / 6, by + (cy - ay) / 6), (cx - (dx - bx) / 6, cy - (dy - by) / 6)
        yield (bx, by), one, two, (cx, cy)


def _smooth_path(points: Sequence[Point]) -> str:
    """The outline of a blob as SVG path data, in tenths of a unit, relative to keep it short.

    A curve's first control point mirrors the second of the curve before, so only the first curve spells it.
    """
    curves = [[(round(10 * x), round(10 * y)) for x, y in curve] for curve in _curves(points)]
    (x0, y0), *first = curves[0]
    path = f"M{x0 / 10:g} {y0 / 10:g}c"
    for (x, y), *spelled in [[(x0, y0), *first], *([curve[0], *curve[2:]] for curve in curves[1:])]:
        numbers = [(value - origin) / 10 for point in spelled for value, origin in zip(point, (x, y), strict=True)]
        path += "s" * (len(spelled) == 2) + " ".join(f"{number:g}" for number in numbers).replace(" -", "-")
    return path + "z"


def _flat(points: Sequence[Point]) -> np.ndarray:
    """The outline of a blob through n points as corners, four to a curve, [4 n, 2]."""
    corners: np.ndarray = _flattening(len(points)) @ np.array(points)
    return corners


@cache
def _flattening(n: int) -> np.ndarray:
    """What n points are multiplied by for the corners of the curves between them, [4 n, n]."""
    units = np.eye(n)
    curves = [list(_curves([(one, 0.0) for one in unit])) for unit in units.tolist()]
    ends = np.array([[[x for x, _ in curve] for curve in of_unit] for of_unit in curves])  # [n, curves, 4]
    t = np.array([0.0, 0.25, 0.5, 0.75])
    bernstein = np.stack([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3])
    return (ends @ bernstein).reshape(n, -1).T


def stamp(picture: "Image.Image", shapes: Sequence[Shape]) -> None:
    """Draws the shapes with smooth edges, in units of 1/360 of the width.

    Each shape but text gets a stencil of its own at four times the size: that smooths as well as a whole
    picture at four times the size does, and touches a hundredth of the pixels.
    """
    from PIL import Image, ImageDraw

    scale = picture.width / WIDTH
    pen = ImageDraw.Draw(picture)
    for shape in shapes:
        if isinstance(shape, Text):
            anchor = {"start": "ls", "middle": "ms", "end": "rs"}[shape.anchor]
            stroke = 0.025 * shape.size * scale if shape.bold else 0
            at = (shape.x * scale, shape.y * scale)
            pen.text(at, shape.text, shape.colour, _font(shape.size * scale), anchor, stroke_width=stroke)
        else:
            parts = _painted(shape)
            x1, y1, x2, y2 = _bounds(parts[0])  # no other one is larger
            left, top = math.floor(x1 * scale), math.floor(y1 * scale)
            right, bottom = math.ceil(x2 * scale), math.ceil(y2 * scale)
            for part in parts:
                stencil = Image.new("L", (4 * (right - left), 4 * (bottom - top)))
                _cut(ImageDraw.Draw(stencil), part, 4 * scale, 4 * left, 4 * top)
                picture.paste(part.colour, (left, top), stencil.reduce(4))


def _painted(shape: Solid) -> Sequence[Part]:
    """What is painted for a shape, one after another: a blob is a polygon, with a larger one below for its edge."""
    if not isinstance(shape, Blob):
        return [shape]
    corners = _flat(shape.points)
    if not shape.width:
        return [Polygon(corners.tolist(), shape.colour)]
    # moved outwards and inwards by half the width, away from their middle and towards it
    from_middle = corners - corners.mean(axis=0)
    half = from_middle * (shape.width / 2 / np.hypot(*from_middle.T))[:, None]
    return [Polygon((corners + half).tolist(), shape.edge), Polygon((corners - half).tolist(), shape.colour)]


def _bounds(part: Part) -> tuple[float, float, float, float]:
    """Left, top, right and bottom."""
    match part:
        case Circle(x, y, r, _, width):
            edge = r + width / 2
            return x - edge, y - edge, x + edge, y + edge
        case Line(x1, y1, x2, y2, _, width):
            edge = width / 2
            return min(x1, x2) - edge, min(y1, y2) - edge, max(x1, x2) + edge, max(y1, y2) + edge
        case Rect(x, y, w, h, _, _):
            return x, y, x + w, y + h
        case Polygon(points, _):
            across, down = zip(*points, strict=True)
            return min(across), min(down), max(across), max(down)


def _cut(pen: "ImageDraw.ImageDraw", part: Part, scale: float, left: int, top: int) -> None:
    """Cuts the part of a shape out of a stencil whose corner is at (left, top) of the scaled picture."""

    def disc(x: float, y: float, r: float, fill: int = 255) -> None:
        x, y, r = x * scale - left - 0.5, y * scale - top - 0.5, max(r * scale - 0.5, 0)
        pen.ellipse((x - r, y - r, x + r, y + r), fill)

    match part:
        case Circle(x, y, r, _, width):
            disc(x, y, r + width / 2)
            if width:
                disc(x, y, r - width / 2, 0)
        case Line(x1, y1, x2, y2, _, width):
            ends = (x1 * scale - left, y1 * scale - top, x2 * scale - left, y2 * scale - top)
            pen.line(ends, 255, round(width * scale))
            disc(x1, y1, width / 2)
            disc(x2, y2, width / 2)
        case Rect(x, y, w, h, r, _):
            x, y = x * scale - left, y * scale - top
            pen.rounded_rectangle((x, y, x + w * scale - 1, y + h * scale - 1), r * scale, 255)
        case Polygon(points, _):
            pen.polygon([(x * scale - left - 0.5, y * scale - top - 0.5) for x, y in points], 255)


@lru_cache(maxsize=64)
def _font(size: float) -> "ImageFont.FreeTypeFont | ImageFont.ImageFont":
    from PIL import ImageFont

    return ImageFont.load_default(size)


def encode(picture: "Image.Image") -> bytes:
    """A picture as a PNG file."""
    stream = io.BytesIO()
    picture.save(stream, "PNG", compress_level=3)  # half the time of level 6 for a sixth more bytes
    return stream.getvalue()
