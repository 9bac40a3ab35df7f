"""A workout as a sheet to print or to read on a phone: A4 pages, as PDF or as one long PNG.

A page is a list of shapes, 360 units wide, in the light theme of the pictures of problems.
"""

import io
import math
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from climbpath import board as boards
from climbpath import grades
from climbpath.drawing import problem as drawing
from climbpath.drawing.shapes import Line, Polygon, Rect, Shape, Text, stamp, transformed
from climbpath.drawing.themes import PAPER
from climbpath.workout.plan import Section, Slot, Workout, climbing, clock, duration, prediction, starts

if TYPE_CHECKING:  # Pillow is slow to import
    from PIL import Image

PDF_WIDTH, PNG_WIDTH = 1654, 1080
"""Pixels across a page: 200 per inch on paper, and the width of a phone's screen."""

_INK, _QUIET, _RULE = PAPER.clear, PAPER.quiet, "#c9c2b7"
_WIDTH, _HEIGHT = 360.0, 360 * 297 / 210
_MARGIN, _FOOT = 12.0, 12.0
_BOTTOM = _HEIGHT - _MARGIN - _FOOT
_ACROSS, _GAP = 3, 8.0
_CARD = (_WIDTH - 2 * _MARGIN - (_ACROSS - 1) * _GAP) / _ACROSS
_SCALE = 0.245
"""Of the walls, relative to those of pictures of problems."""
_GRADE, _WORDS, _SMALL = 13.0, 8.4, 8.0
"""Font sizes."""


def pdf(workout: Workout) -> bytes:
    """The sheet as a PDF file of A4 pages."""
    first, *others = _pages(workout, PDF_WIDTH)
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


def png(workout: Workout) -> bytes:
    """The sheet as a PNG file, its pages below one another."""
    from PIL import Image

    pages = _pages(workout, PNG_WIDTH)
    picture = Image.new("RGB", (PNG_WIDTH, sum(page.height for page in pages)), PAPER.page)
    for i, page in enumerate(pages):
        picture.paste(page, (0, i * page.height))
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()


def _pages(workout: Workout, width: int) -> "list[Image.Image]":
    from PIL import Image

    laid_out = list(_layout(workout))
    pages = []
    for number, shapes in enumerate(laid_out, 1):
        page = Image.new("RGB", (width, round(width * _HEIGHT / _WIDTH)), PAPER.page)
        stamp(page, [*shapes, *_footer(number, len(laid_out))])
        pages.append(page)
    return pages


# The pages


def _layout(workout: Workout) -> Iterator[list[Shape]]:
    """The shapes of each page; a section's heading stays with its first row of problems."""
    room = _WIDTH - 2 * _MARGIN  # for the title
    page: list[Shape] = [
        Text(_MARGIN, _MARGIN + 12, min(16.5, room / _ems(workout.title)), workout.title, _INK, bold=True),
        Text(_MARGIN, _MARGIN + 23, _WORDS, workout.setting, _QUIET),
    ]
    y = _MARGIN + 29
    for start, section in zip(starts(workout), workout.sections, strict=True):
        heading, below = _heading(start, section)
        for first in range(0, len(section.slots), _ACROSS):
            row = [_card(slot) for slot in section.slots[first : first + _ACROSS]]
            height = max(card_height for card_height, _ in row)
            head = below if first == 0 else 0
            if y + head + height > _BOTTOM:
                yield page
                page, y = [], _MARGIN
            if first == 0:
                page += transformed(heading, 0, y)
            y += head
            for i, (_, shapes) in enumerate(row):
                page += transformed(shapes, _MARGIN + i * (_CARD + _GAP), y)
            y += height + 8
        y += 3
    yield [*page, *_notes(y)]


def _heading(start: int, section: Section) -> tuple[list[Shape], float]:
    """A section's name, times and advice, from y 0 down, and their height."""
    times = f"{clock(start)} to {clock(start + section.minutes)} · {section.minutes} min"
    shapes: list[Shape] = [
        Line(_MARGIN, 0, _WIDTH - _MARGIN, 0, _INK, 1),
        Text(_MARGIN, 14, 13, section.name, _INK, bold=True),
        Text(_WIDTH - _MARGIN, 14, _WORDS + 1, times, _INK, "end", bold=True),
    ]
    y = 14.0
    rest = f" Rest {duration(section.rest)} after every try." if section.rest else ""
    for line in _wrapped(section.advice + rest, _WORDS, _WIDTH - 2 * _MARGIN):
        y += 10.5
        shapes.append(Text(_MARGIN, y, _WORDS, line, _QUIET))
    return shapes, y + 6


def _notes(y: float) -> list[Shape]:
    """Ruled lines on what is left of the last page below y; none where there is room for fewer than three."""
    lines = int((_BOTTOM - y - 16) // 20)
    if lines < 3:
        return []
    shapes: list[Shape] = [
        Line(_MARGIN, y, _WIDTH - _MARGIN, y, _INK, 1),
        Text(_MARGIN, y + 14, 13, "Notes", _INK, bold=True),
    ]
    for i in range(1, lines + 1):
        shapes.append(Line(_MARGIN, y + 16 + 20 * i, _WIDTH - _MARGIN, y + 16 + 20 * i, _RULE, 0.6))
    return shapes


def _footer(number: int, pages: int) -> list[Shape]:
    """The legend and the page number."""
    y = _HEIGHT - _MARGIN
    shapes: list[Shape] = []
    x = _MARGIN
    for field in ("start", "hands", "finish"):
        role = PAPER.roles[field]
        shapes += [*drawing.ring(x + 4, y - 2.8, role, 1.2 * _SCALE, PAPER), Text(x + 10, y, _SMALL, role.word, _QUIET)]
        x += 18 + _ems(role.word) * _SMALL
    arrow = _arrow((0, 0), (18 / _SCALE, 0))
    shapes += [*transformed(arrow, x - 2, y - 2.8, _SCALE), Text(x + 15, y, _SMALL, "hardest move", _QUIET)]
    return [*shapes, Text(_WIDTH - _MARGIN, y, _SMALL, f"page {number} of {pages}", _QUIET, "end")]


# A problem


def _card(slot: Slot) -> tuple[float, list[Shape]]:
    """A problem's picture with the words below it, from 0, 0 down: height and shapes."""
    picture, y = _picture(slot)
    shapes = [Rect(0, 0, _CARD, y, 4, PAPER.wall), *picture]
    y += 13
    grade = grades.show(slot.problem.grade) if slot.problem.grade else "ungraded"
    number = str(slot.number)
    shapes += [
        Text(0, y, _GRADE, grade, _INK, bold=True),
        Text(_CARD - 14 * slot.tries, y, _WORDS, number, _QUIET, "end"),
    ]
    for i in range(slot.tries):  # a box for each
        x = _CARD - 14 * i
        shapes += [Rect(x - 10.5, y - 10, 10.5, 10.5, 2, _INK), Rect(x - 9.6, y - 9.1, 8.7, 8.7, 1.4, PAPER.page)]
    y += 1.5
    for size, string, colour, bold in (
        (_WORDS, ", ".join(slot.style), _INK, True),
        (_WORDS, climbing(slot), _INK, False),
        (_WORDS, prediction(slot), _QUIET, False),
        (_SMALL, slot.problem.notation, _QUIET, False),
    ):
        for line in _wrapped(string, size, _CARD):
            y += size + 1.6
            shapes.append(Text(0, y, size, line, colour, bold=bold))
    return y + 1, shapes


def _picture(slot: Slot) -> tuple[Iterator[Shape], float]:
    """The problem on its board with an arrow for the crux, in the middle of the card, and its height."""
    layout = boards.load(slot.problem.board)
    panel = drawing.panel(layout, PAPER)
    crux = slot.beta.moves[slot.beta.crux]
    tail, tip = (
        drawing.centre(layout, hold.column, hold.row) for hold in (layout.hold(crux.origin), layout.hold(crux.hold))
    )
    shapes = [*drawing.wall(layout, PAPER), *_arrow(tail, tip), *drawing.marks(slot.problem, PAPER)]
    left = (_CARD - _SCALE * panel.w) / 2
    return transformed(shapes, left - _SCALE * panel.x, -_SCALE * panel.y, _SCALE), _SCALE * panel.h


def _arrow(tail: tuple[float, float], tip: tuple[float, float]) -> list[Shape]:
    """An arrow from hold to hold, in the units of pictures of problems; it ends short of the ring of the second."""
    (x1, y1), (x2, y2) = tail, tip
    length = math.hypot(x2 - x1, y2 - y1)
    across, down = (x2 - x1) / length, (y2 - y1) / length
    x2, y2 = x2 - 16 * across, y2 - 16 * down
    back = x2 - 16 * across, y2 - 16 * down
    wing = 7.6 * down, -7.6 * across
    head = [(x2, y2), (back[0] + wing[0], back[1] + wing[1]), (back[0] - wing[0], back[1] - wing[1])]
    return [Line(x1, y1, *back, _INK, 4), Polygon(head, _INK)]


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
