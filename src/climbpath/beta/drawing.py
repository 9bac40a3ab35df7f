"""A beta as SVG, PNG and animated GIF: the problem's picture with an arrow for each move.

An arrow curves to its hand's own side, or another way where that keeps it clear of holds and other arrows; the number
of its move stands on it, or beside it where there is more room. Points of the picture are complex numbers, y downwards.
"""

import io
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from climbpath import board as boards
from climbpath.beta.moves import HANDS, Beta, describe
from climbpath.drawing import problem as drawing
from climbpath.drawing import shapes
from climbpath.drawing.problem import Overlay
from climbpath.drawing.shapes import Circle, Polygon, Rect, Shape, Text
from climbpath.drawing.themes import DARK, Theme
from climbpath.wall import Wall

Points = NDArray[np.complex128]
Discs = tuple[Points, float]
"""The space that something takes: points, and the radius of a disc around each."""

_OUTWARD = dict(zip(HANDS, (-1j, 1j), strict=True))
"""Factor that turns a hand's direction of travel to the hand's own side."""
_SHAFT, _CRUX_SHAFT = 2.6, 5.0
_RING = drawing.GLOW
"""Radius of a hold with its ring on a board whose rings are of size 1."""
_BEYOND = 1.0
"""Distance from the rings of its holds at which an arrow begins and ends."""
_LEAST = 24.0
"""Length below which an arrow is hard to see."""
_BOWS = (0.12, 0.22, 0.34, 0.0, -0.12, 0.5, -0.25, 0.7, -0.5, 1.0, -0.8, 1.5, -1.5, 2.0)
"""How far arrows may curve, as fractions of the distance from hold to hold, the preferred first."""
_LEFT, _GRID_LEFT, _RIGHT = 24.0, 42.0, 336.0
"""Leftmost x of arrows and numbers, without and with the numbers of rows beside them, and rightmost."""
_HALF = 7.5
"""Half the height of the pill with a move's number."""
_MARK, _LEAST_MARK = 7.0, 0.7
"""Radius of the mark L or R on a hand's hold, in proportion to the rings, but not less than this part of it."""
_DASH, _GAP = 6.0, 4.0
_START_MS, _MOVE_MS, _LAST_MS = 1500, 1200, 3500


class _Place(NamedTuple):
    """Where and how large a beta's holds are in the picture."""

    centres: dict[str, complex]
    """Of the problem's holds, by label."""
    ring: float
    """Radius of a hold with its ring."""
    mark: float
    """Radius of the mark L or R on a hand's hold."""
    left: float
    """Leftmost x of arrows and numbers."""


def _placed(beta: Beta, wall: Wall | None) -> _Place:
    layout = boards.load(beta.problem.board)
    shown = drawing.shown_wall(beta.problem, wall)
    unit = drawing.ring_unit(beta.problem, shown)
    return _Place(
        {label: complex(*drawing.centre(shown, layout.hold(label))) for label in beta.problem.holds},
        _RING * unit,
        _MARK * max(_LEAST_MARK, unit),
        _GRID_LEFT if layout.has_grid else _LEFT,
    )


def svg(beta: Beta, theme: Theme = DARK, wall: Wall | None = None) -> str:
    """The beta as a standalone SVG document, 360 px wide unless it is scaled; `wall` is as in drawing.problem.svg.

    Raises:
        ClimbpathError: the board has no such size.
    """
    return drawing.svg(beta.problem, _overview(beta, theme, wall), theme, wall)


def png(beta: Beta, width: int = 720, theme: Theme = DARK, wall: Wall | None = None) -> bytes:
    """The picture of `svg` as a PNG file, `width` pixels wide.

    Raises:
        ClimbpathError: the width is not in 120 … 2000, or the board has no such size.
    """
    return drawing.png(beta.problem, width, _overview(beta, theme, wall), theme, wall)


def gif(beta: Beta, width: int = 480, theme: Theme = DARK, wall: Wall | None = None) -> bytes:
    """The beta as an animated GIF file, `width` pixels wide, that loops over the start and each move.

    Raises:
        ClimbpathError: the width is not in 120 … 2000, or the board has no such size.
    """
    from PIL import Image

    frames = [drawing.image(beta.problem, width, overlay, theme, wall) for overlay in _steps(beta, theme, wall)]
    height = frames[0].height
    strip = Image.new("RGB", (width, height * len(frames)))
    for i, frame in enumerate(frames):
        strip.paste(frame, (0, i * height))
    # With one palette for all frames, what does not change from frame to frame takes no room in the file.
    shared = strip.quantize(255, dither=Image.Dither.NONE)
    first, *others = (shared.crop((0, i * height, width, (i + 1) * height)) for i in range(len(frames)))
    durations = [_START_MS, *[_MOVE_MS] * (len(others) - 1), _LAST_MS]
    stream = io.BytesIO()
    first.save(stream, "GIF", save_all=True, append_images=others, duration=durations, loop=0)
    return stream.getvalue()


# The pictures


def _overview(beta: Beta, theme: Theme, wall: Wall | None) -> Overlay:
    """All moves in one picture. A match at the end is only a mark at the finish: an arrow would add nothing."""
    shown = beta.moves[:-1] if beta.moves[-1].is_match else beta.moves
    place = _placed(beta, wall)
    curves = _curves(beta, place)[: len(shown)]
    lines = [_line(curve) for curve in curves]
    solids = [*_solids(beta, place), *((curve[-8:], _SHAFT) for curve in curves)]  # heads are not hidden either
    colours = _colours(theme)
    arrows: list[Shape] = []
    pills: list[Shape] = []
    # Each number goes where it runs into least: holds, heads, numbers before it, and the arrows of other moves.
    for i, (move, curve) in enumerate(zip(shown, curves, strict=True)):
        words = f"{i + 1}{move.hand[0]}" + " crux" * (i == beta.crux)
        at = _roomiest(_spots(curve, words), words, solids, lines[:i] + lines[i + 1 :], place)
        solids.append(_discs(at, words))
        arrows += _arrow(curve, move.hand, colours[move.hand], _CRUX_SHAFT if i == beta.crux else _SHAFT, theme)
        pills += _pill(at, words, theme.warning if move.too_far else colours[move.hand], theme)
    if len(shown) < len(beta.moves):
        words = f"{len(beta.moves)} L+R"
        finish = place.centres[beta.moves[-1].hold]
        aside = place.ring + 2 + _half_width(words)
        at = _roomiest([finish + aside, finish - aside], words, solids, lines, place)
        pills += _pill(at, words, theme.clear, theme)
    return Overlay([*arrows, *_marks(place, beta.start, theme), *pills], beta.no_hand, _notes(beta, theme))


def _steps(beta: Beta, theme: Theme, wall: Wall | None) -> Iterator[Overlay]:
    """A picture of the start and one of each move, with the moves before it faded."""
    colours = _colours(theme)
    lines = [line.replace("  ", " · ") for line in describe(beta)]
    hands = dict(zip(HANDS, beta.start, strict=True))
    place = _placed(beta, wall)
    yield Overlay(
        _marks(place, beta.start, theme),
        beta.no_hand,
        [(lines[0], theme.warning if beta.start_too_far else theme.clear)],
    )
    trail: list[Shape] = []
    for i, (move, curve) in enumerate(zip(beta.moves, _curves(beta, place), strict=True)):
        hands[move.hand] = move.hold
        width = _CRUX_SHAFT if i == beta.crux else _SHAFT
        arrow = _arrow(curve, move.hand, colours[move.hand], width, theme)
        marks = _marks(place, (hands["LH"], hands["RH"]), theme)
        note = lines[i + 1], theme.warning if move.too_far else theme.clear
        yield Overlay([*trail, *arrow, *marks], beta.no_hand, [note])
        trail += _arrow(curve, move.hand, shapes.mix(theme.wall, colours[move.hand], 0.35), _SHAFT, theme)


def _colours(theme: Theme) -> dict[str, str]:
    """The colour of each hand."""
    return dict(zip(HANDS, theme.hands, strict=True))


def _notes(beta: Beta, theme: Theme) -> list[tuple[str, str]]:
    crux = beta.moves[beta.crux]
    notes = [(f"{len(beta.moves)} moves · crux: {beta.crux + 1}. {crux.hand} → {crux.hold}", theme.clear)]
    if idle := [label for label in beta.no_hand if label not in beta.problem.feet]:
        notes.append((f"no hand needs {', '.join(idle)}", theme.quiet))
    if beta.too_far:
        climber = f"{beta.climber.height:g} cm" + f", ape {beta.climber.ape:+g}" * bool(beta.climber.ape)
        parts = [("start", beta.start_too_far)]
        parts += [(f"move {i}", move.too_far) for i, move in enumerate(beta.moves, 1)]
        excess = ", ".join(f"{what} by {max(1, round(cm))} cm" for what, cm in parts if cm)
        notes.append((f"out of reach for {climber}: {excess}", theme.warning))
    return notes


# The layout


def _solids(beta: Beta, place: _Place) -> list[Discs]:
    """What nothing may cover: the holds, and the marks at the start."""
    holds = np.array(list(place.centres.values()))
    return [(holds, place.ring), (np.array(_hand_positions(place, beta.start)), place.mark)]


def _curves(beta: Beta, place: _Place) -> list[Points]:
    """The curves of all moves' arrows, about a point per unit, each where holds and earlier curves leave most room."""
    solids = _solids(beta, place)
    lines: list[Discs] = []
    curves = []
    for move in beta.moves:
        tail, tip = place.centres[move.origin], place.centres[move.hold]
        ways = [_curve(tail, tip, bow * _OUTWARD[move.hand], place.ring + _BEYOND) for bow in _BOWS]
        costs = [8 * i + _cost(way, solids, lines, place) for i, way in enumerate(ways)]  # a later bow must be worth it
        curves.append(ways[int(np.argmin(costs))])
        lines.append(_line(curves[-1]))
    return curves


def _curve(tail: complex, tip: complex, bow: complex, ends: float) -> Points:
    """A quadratic Bézier curve from hold to hold without its ends on the rings, `ends` from their centres; of holds
    that are near each other, the middle of it."""
    ends = min(ends, 0.46 * abs(tip - tail))
    t = np.linspace(0, 1, round(1.3 * abs(tip - tail)) + 20)
    bend = (tail + tip) / 2 + bow * (tip - tail)
    points = (1 - t) ** 2 * tail + 2 * t * (1 - t) * bend + t**2 * tip
    return points[(np.abs(points - tail) > ends) & (np.abs(points - tip) > ends)]


def _cost(curve: Points, solids: Sequence[Discs], lines: Sequence[Discs], place: _Place) -> float:
    """The penalty of a curve for being too short to see, and for what it runs into."""
    if len(curve) < 4:
        return np.inf
    return 20 * max(0, _LEAST - _lengths(curve)[-1]) + _crowding(_line(curve), solids, lines, place)


def _line(curve: Points) -> Discs:
    return curve[::4], _SHAFT


def _lengths(curve: Points) -> NDArray[np.float64]:
    """The distance along the curve to each of its points."""
    return np.concatenate([[0], np.cumsum(np.abs(np.diff(curve)))])


def _crowding(discs: Discs, solids: Sequence[Discs], lines: Sequence[Discs], place: _Place) -> float:
    """How much of it overlaps solids or the edge of the wall, which counts most, or lines."""
    points, radius = discs

    def overlap(others: Points, r: float) -> float:
        return float(np.maximum(0, radius + r - np.abs(points[:, None] - others)).sum())

    outside = float(np.maximum(0, np.maximum(place.left - points.real, points.real - _RIGHT)).sum())
    return 5 * (outside + sum(overlap(*other) for other in solids)) + sum(overlap(*other) for other in lines)


def _spots(curve: Points, words: str) -> Iterator[complex]:
    """Where a move's number may stand, the preferred first: on its arrow if that is long enough, beside it, or near."""
    length = _lengths(curve)[-1]
    half = _half_width(words)
    beside = []
    for fraction in (0.48, 0.4, 0.56, 0.32, 0.64, 0.25):
        i = round(fraction * (len(curve) - 1))
        way = (curve[i + 1] - curve[i - 1]) / abs(curve[i + 1] - curve[i - 1])
        if length > 2 * (abs(way.real) * half + abs(way.imag) * _HALF) + 30:
            yield curve[i]
        aside = 1j * way * (abs(way.imag) * half + abs(way.real) * _HALF + 4)
        beside += [curve[i] + aside, curve[i] - aside]
    yield from beside
    yield from curve[len(curve) // 2] + (half + 12) * np.exp(np.arange(12) / 6 * np.pi * 1j)


def _roomiest(
    spots: Iterable[complex], words: str, solids: Sequence[Discs], lines: Sequence[Discs], place: _Place
) -> complex:
    ranked = [(i + _crowding(_discs(at, words), solids, lines, place), at) for i, at in enumerate(spots)]
    return min(ranked, key=itemgetter(0))[1]


def _discs(at: complex, words: str) -> Discs:
    """The space of a pill, as discs in a row."""
    side = _half_width(words) - _HALF
    return at + np.linspace(-side, side, 2 + round(side / 4)).astype(np.complex128), _HALF


def _half_width(words: str) -> float:
    return 11 * shapes.measure(words) / 2 + 4


# The shapes


def _arrow(curve: Points, hand: str, colour: str, width: float, theme: Theme) -> list[Shape]:
    """An arrow that widens towards its head, dashed for the right hand, with a dark edge to set it off from others."""
    lengths = _lengths(curve)
    head = min(3 * width + 2, 0.5 * lengths[-1])
    to_head = lengths[-1] - head - lengths
    shaft, tip = curve[to_head > -1], curve[-1]  # the shaft reaches into the head, so that no seam shows
    widths = np.linspace(0.5, 1, len(shaft)) * width
    base = shaft[-1]
    wing, edge = 0.55j * (tip - base), 2 * (tip - base) / abs(tip - base)
    parts: list[Shape] = [
        _ribbon(shaft, widths + 2.6, theme.wall),
        _polygon([tip + edge, base + 1.35 * wing - edge, base - 1.35 * wing - edge], theme.wall),
        _polygon([tip, base + wing, base - wing], colour),
    ]
    if hand == "LH":
        return [*parts, _ribbon(shaft, widths, colour)]
    dashes, within = np.divmod(to_head[to_head > -1], _DASH + _GAP)
    for dash in np.unique(dashes):
        here = (dashes == dash) & (within < _DASH)
        if here.sum() > 2:
            parts.append(_ribbon(shaft[here], widths[here], colour))
    return parts


def _ribbon(points: Points, widths: NDArray[np.float64], colour: str) -> Polygon:
    way = np.gradient(points)
    side = 1j * way / np.abs(way) * widths / 2
    some = [*range(0, len(points) - 1, 4), -1]
    return _polygon([*(points + side)[some], *(points - side)[some][::-1]], colour)


def _polygon(points: Sequence[complex], colour: str) -> Polygon:
    return Polygon([(point.real, point.imag) for point in points], colour)


def _hand_positions(place: _Place, hands: tuple[str, str]) -> list[complex]:
    """Where the marks of the two hands are: on their holds, or on either side of the one hold."""
    left, right = (place.centres[hand] for hand in hands)
    aside = place.ring + place.mark + 0.5 if left == right else 0
    return [left - aside, right + aside]


def _marks(place: _Place, hands: tuple[str, str], theme: Theme) -> list[Shape]:
    colours = _colours(theme)
    marks: list[Shape] = []
    for hand, at in zip(HANDS, _hand_positions(place, hands), strict=True):
        marks += [
            Circle(at.real, at.imag, place.mark + 1.2, theme.wall),
            Circle(at.real, at.imag, place.mark, colours[hand]),
            Text(
                at.real,
                at.imag + 3.9 * place.mark / _MARK,
                11 * place.mark / _MARK,
                hand[0],
                theme.page,
                "middle",
                bold=True,
            ),
        ]
    return marks


def _pill(at: complex, words: str, colour: str, theme: Theme) -> list[Shape]:
    half = _half_width(words)
    x, y = at.real, at.imag
    return [
        Rect(x - half - 1.2, y - _HALF - 1.2, 2 * half + 2.4, 2 * _HALF + 2.4, _HALF + 1.2, theme.wall),
        Rect(x - half, y - _HALF, 2 * half, 2 * _HALF, _HALF, colour),
        Text(x, y + 3.9, 11, words, theme.page, "middle", bold=True),
    ]
