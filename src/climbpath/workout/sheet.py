"""A workout as a sheet to print or to read on a phone: A4 pages, as PDF or as one long PNG.

A page is a list of shapes, 360 units wide, in the light theme of the pictures of problems.
"""

import io
import math
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from climbpath import board as boards
from climbpath import grades
from climbpath.board import Board
from climbpath.drawing import problem as drawing
from climbpath.drawing.shapes import Circle, Line, Polygon, Rect, Shape, Text, latin, stamp, transformed
from climbpath.drawing.themes import PAPER
from climbpath.naming import title
from climbpath.wall import Wall
from climbpath.workout.plan import Section, Slot, Workout, climbing, clock, duration, opinion, starts

if TYPE_CHECKING:  # Pillow is slow to import
    from PIL import Image

PDF_WIDTH, PNG_WIDTH = 1654, 1080
"""Pixels across a page: 200 per inch on paper, and the width of a phone's screen."""

_INK, _QUIET, _RULE = PAPER.clear, PAPER.quiet, "#c9c2b7"
_WIDTH, _MARGIN, _GAP = 360.0, 12.0, 8.0
_TALLEST = 560.0
"""Height of the tallest wall in the units of pictures of problems; a wider one is as wide as its problem's card."""


class _Form(NamedTuple):
    """How large everything is on a page 360 units wide."""

    height: float
    """Of a page; a page of endless height is as long as it has to be."""
    across: int
    """Problems beside each other."""
    scale: float
    """Of the walls, relative to those of pictures of problems."""
    words: float
    """Font size; grades, headings and the small print are in proportion."""

    @property
    def card(self) -> float:
        """Width of a problem."""
        return (_WIDTH - 2 * _MARGIN - (self.across - 1) * _GAP) / self.across

    @property
    def grade(self) -> float:
        """Font size of grades."""
        return 1.55 * self.words

    @property
    def small(self) -> float:
        """Font size of the small print."""
        return 0.95 * self.words


A4 = _Form(360 * 297 / 210, 3, 0.245, 8.4)
PHONE = _Form(math.inf, 2, 0.48, 11.5)
"""Legible on a phone at arm's length; one page, as long as it has to be."""


def pdf(workout: Workout, wall: Wall | None = None) -> bytes:
    """The sheet as a PDF file of A4 pages; `wall` is what its pictures show of the board."""
    first, *others = _pages(workout, PDF_WIDTH, A4, wall)
    stream = io.BytesIO()
    first.save(
        stream,
        "PDF",
        save_all=True,
        append_images=others,
        resolution=PDF_WIDTH * 25.4 / 210,
        quality=92,
        subsampling=0,
        title=workout.title,
        creationDate=None,  # the same workout gives the same file
        modDate=None,
    )
    return stream.getvalue()


def png(workout: Workout, wall: Wall | None = None) -> bytes:
    """The sheet as a PNG file for a phone: one long page, two problems across."""
    (page,) = _pages(workout, PNG_WIDTH, PHONE, wall)
    stream = io.BytesIO()
    page.save(stream, "PNG")
    return stream.getvalue()


def _pages(workout: Workout, width: int, form: _Form, wall: Wall | None) -> "list[Image.Image]":
    from PIL import Image

    layout = boards.load(workout.sections[0].slots[0].problem.board)
    shown = {drawing.shown_wall(slot.problem, wall) for section in workout.sections for slot in section.slots}
    sets = drawing.shown_sets(shown.pop() if len(shown) == 1 else Wall(layout.name))
    legend, foot = _legend(layout, sets, form)
    laid_out = list(_layout(workout, form, wall, foot))
    pages = []
    for number, (shapes, end) in enumerate(laid_out, 1):
        height = min(form.height, end + foot + _MARGIN)
        page = Image.new("RGB", (width, round(width * height / _WIDTH)), PAPER.page)
        numbered = f"page {number} of {len(laid_out)}" * (len(laid_out) > 1)
        below = [*legend, Text(_WIDTH - _MARGIN, 1.4 * form.words, form.small, numbered, _QUIET, "end")]
        stamp(page, [*shapes, *transformed(below, 0, height - _MARGIN - foot)])
        pages.append(page)
    return pages


# The pages


def _layout(workout: Workout, form: _Form, wall: Wall | None, foot: float) -> Iterator[tuple[list[Shape], float]]:
    """The shapes of each page, above a legend of height `foot`, and where they end; a section's heading stays with its
    first row of problems."""
    room = _WIDTH - 2 * _MARGIN
    bottom = form.height - _MARGIN - foot
    page: list[Shape] = [
        Text(_MARGIN, _MARGIN + 12, min(16.5, room / _ems(workout.title)), workout.title, _INK, bold=True),
        Text(_MARGIN, _MARGIN + 15 + form.words, form.words, workout.setting, _QUIET),
    ]
    y = _MARGIN + 20 + form.words
    for start, section in zip(starts(workout), workout.sections, strict=True):
        heading, below = _heading(start, section, form)
        for first in range(0, len(section.slots), form.across):
            row = [_card(slot, form, wall) for slot in section.slots[first : first + form.across]]
            height = max(card_height for card_height, _ in row)
            head = below if first == 0 else 0
            if y + head + height > bottom:
                yield page, form.height
                page, y = [], _MARGIN
            if first == 0:
                page += transformed(heading, 0, y)
            y += head
            for i, (_, shapes) in enumerate(row):
                page += transformed(shapes, _MARGIN + i * (form.card + _GAP), y)
            y += height + 8
        y += 3
    if math.isinf(bottom):
        yield page, y
    else:
        yield [*page, *_notes(y, bottom)], form.height


def _heading(start: int, section: Section, form: _Form) -> tuple[list[Shape], float]:
    """A section's name, times and advice, from y 0 down, and their height."""
    times = f"{clock(start)} to {clock(start + section.minutes)} · {section.minutes} min"
    size = form.grade
    shapes: list[Shape] = [
        Line(_MARGIN, 0, _WIDTH - _MARGIN, 0, _INK, 1),
        Text(_MARGIN, 1.1 * size, size, section.name, _INK, bold=True),
        Text(_WIDTH - _MARGIN, 1.1 * size, form.words + 1, times, _INK, "end", bold=True),
    ]
    y = 1.1 * size
    rest = f" Rest {duration(section.rest)} after every try." if section.rest else ""
    for line in _wrapped(section.advice + rest, form.words, _WIDTH - 2 * _MARGIN):
        y += 1.25 * form.words
        shapes.append(Text(_MARGIN, y, form.words, line, _QUIET))
    return shapes, y + 6


def _notes(y: float, bottom: float) -> list[Shape]:
    """Ruled lines on what is left of the last page below y; none where there is room for fewer than three."""
    lines = int((bottom - y - 16) // 20)
    if lines < 3:
        return []
    shapes: list[Shape] = [
        Line(_MARGIN, y, _WIDTH - _MARGIN, y, _INK, 1),
        Text(_MARGIN, y + 14, 13, "Notes", _INK, bold=True),
    ]
    for i in range(1, lines + 1):
        shapes.append(Line(_MARGIN, y + 16 + 20 * i, _WIDTH - _MARGIN, y + 16 + 20 * i, _RULE, 0.6))
    return shapes


def _legend(layout: Board, sets: Sequence[str], form: _Form) -> tuple[list[Shape], float]:
    """What the marks of roles and the colours of these hold sets mean, from y 0 down, and its height."""
    size, line = form.small, 1.5 * form.words
    x, y = _MARGIN, 1.4 * form.words
    shapes: list[Shape] = []
    for field in ("start", "hands", *(["feet"] if layout.has_feet else []), "finish"):
        role = PAPER.roles[field]
        shapes += drawing.ring(x + 4, y - 0.35 * size, role, PAPER.shade(layout, role), 0.035 * size, PAPER)
        shapes.append(Text(x + 1.25 * size, y, size, role.name, _QUIET))
        x += (2.25 + _ems(role.name)) * size
    arrow = _arrow((0, 0), (18 / A4.scale, 0))
    shapes += [*transformed(arrow, x - 2, y - 0.35 * size, A4.scale), Text(x + 15, y, size, "hardest move", _QUIET)]
    x, y = _MARGIN, y + line
    for hold_set in sets:
        word = drawing.set_words(hold_set)
        end = x + (1.25 + _ems(word)) * size
        if end > _WIDTH - _MARGIN:
            x, y, end = _MARGIN, y + line, _MARGIN + end - x
        shapes.append(Circle(x + 4, y - 0.35 * size, 0.38 * size, PAPER.edge))
        shapes.append(Circle(x + 4, y - 0.35 * size, 0.31 * size, PAPER.tint(hold_set)))
        shapes.append(Text(x + 1.25 * size, y, size, word, _QUIET))
        x = end + size
    return shapes, y + 0.1 * form.words


# A problem


def _card(slot: Slot, form: _Form, wall: Wall | None) -> tuple[float, list[Shape]]:
    """A problem's picture with the words below it, from 0, 0 down: height and shapes."""
    picture, y = _picture(slot, form, wall)
    shapes = [Rect(0, 0, form.card, y, 4, PAPER.wall), *picture]
    y += form.grade
    grade = grades.show(slot.problem.grade) if slot.problem.grade else "ungraded"
    shapes += [
        Text(0, y, form.grade, grade, _INK, bold=True),
        Text(form.card - 14 * slot.tries, y, form.words, str(slot.number), _QUIET, "end"),
    ]
    for i in range(slot.tries):  # a box for each
        x = form.card - 14 * i
        shapes += [Rect(x - 10.5, y - 10, 10.5, 10.5, 2, _INK), Rect(x - 9.6, y - 9.1, 8.7, 8.7, 1.4, PAPER.page)]
    y += 1.5
    for letters, string, colour, bold in (
        (form.words, latin(title(slot.problem)), _INK, True),
        (form.words, ", ".join(slot.style), _INK, False),
        (form.words, climbing(slot), _INK, False),
        (form.words, opinion(slot), _QUIET, False),
        (form.small, slot.problem.notation, _QUIET, False),
    ):
        for line in _wrapped(string, letters, form.card):
            y += 1.2 * letters
            shapes.append(Text(0, y, letters, line, colour, bold=bold))
    return y + 1, shapes


def _picture(slot: Slot, form: _Form, wall: Wall | None) -> tuple[Iterator[Shape], float]:
    """The problem on its board with an arrow for the crux, in the middle of the card, and its height."""
    layout = boards.load(slot.problem.board)
    shown = drawing.shown_wall(slot.problem, wall)
    panel = drawing.panel(shown, PAPER)
    crux = slot.beta.moves[slot.beta.crux]
    tail, tip = (drawing.centre(shown, layout.hold(label)) for label in (crux.origin, crux.hold))
    arrow = _arrow(tail, tip, drawing.ring_unit(slot.problem, shown))
    shapes = [*drawing.wall_shapes(shown, PAPER), *arrow, *drawing.marks(slot.problem, PAPER, shown)]
    scale = form.scale if layout.has_grid else min(form.card / panel.w, form.scale * _TALLEST / panel.h)
    left = (form.card - scale * panel.w) / 2
    return transformed(shapes, left - scale * panel.x, -scale * panel.y, scale), scale * panel.h


def _arrow(tail: tuple[float, float], tip: tuple[float, float], unit: float = 1) -> list[Shape]:
    """An arrow from hold to hold, in the units of pictures of problems; it ends short of the ring of the second, whose
    size is `unit`, and is never too thin to print."""
    (x1, y1), (x2, y2) = tail, tip
    length = math.hypot(x2 - x1, y2 - y1)
    across, down = (x2 - x1) / length, (y2 - y1) / length
    far, head_length, broad = 16 * unit, 16 * max(0.6, unit), max(0.6, unit)
    x2, y2 = x2 - far * across, y2 - far * down
    back = x2 - head_length * across, y2 - head_length * down
    wing = 7.6 * broad * down, -7.6 * broad * across
    head = [(x2, y2), (back[0] + wing[0], back[1] + wing[1]), (back[0] - wing[0], back[1] - wing[1])]
    return [Line(x1, y1, *back, _INK, 4 * broad), Polygon(head, _INK)]


# Text


@cache
def _ems(string: str) -> float:
    from PIL import ImageFont

    return ImageFont.load_default(100).getlength(string) / 100


def _wrapped(string: str, size: float, room: float) -> list[str]:
    """The text in lines that fit the room."""
    lines: list[str] = []
    for word in string.split():
        if lines and _ems(f"{lines[-1]} {word}") * size <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines
