"""A workout as a sheet to print or to read on a phone: A4 pages, as PDF or as one long PNG.

A page is a list of shapes, as all pictures are, in units of a phone screen 360 px wide. It is light, so that it takes
little ink.
"""

import io
import math
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

from climbpath import board as boards
from climbpath import grades
from climbpath.board import COLUMNS, Board
from climbpath.drawing.shapes import Circle, Line, Polygon, Rect, Shape, Text, stamp
from climbpath.workout.plan import Section, Slot, Workout, clock, opinion, starts, words

if TYPE_CHECKING:  # Pillow is slow to import
    from PIL import Image

PDF_WIDTH, PNG_WIDTH = 1654, 1080
"""Pixels across a page: 200 to the inch on paper, and as many as a phone's screen has."""

_PAPER, _INK, _QUIET, _RULE, _WALL, _HOLD = "#ffffff", "#1b1815", "#655d53", "#c9c2b7", "#f4f1eb", "#c4bcb0"
_START, _HAND, _FINISH = "#0e8a48", "#1f6fd6", "#d0312b"
_WIDTH, _HEIGHT = 360.0, 360 * 297 / 210
_MARGIN, _FOOT = 12.0, 12.0
_BOTTOM = _HEIGHT - _MARGIN - _FOOT
_ACROSS, _GAP = 3, 8.0
_CARD = (_WIDTH - 2 * _MARGIN - (_ACROSS - 1) * _GAP) / _ACROSS
_CELL = 6.3
_GRADE, _WORDS, _SMALL, _TINY = 13.0, 8.4, 8.0, 5.0


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
    picture = Image.new("RGB", (PNG_WIDTH, sum(page.height for page in pages)), _PAPER)
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
        page = Image.new("RGB", (width, round(width * _HEIGHT / _WIDTH)), _PAPER)
        stamp(page, [*shapes, *_foot(number, len(laid_out))])
        pages.append(page)
    return pages


# The pages


def _layout(workout: Workout) -> Iterator[list[Shape]]:
    """The shapes of each page; a section's heading stays with its first row of problems."""
    room = _WIDTH - 2 * _MARGIN
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
                page += _moved(heading, 0, y)
            y += head
            for i, (_, shapes) in enumerate(row):
                page += _moved(shapes, _MARGIN + i * (_CARD + _GAP), y)
            y += height + 8
        y += 3
    yield [*page, *_notes(y)]


def _heading(start: int, section: Section) -> tuple[list[Shape], float]:
    """A section's name, times and advice, and the height of it all; it begins at y 0."""
    times = f"{clock(start)} to {clock(start + section.minutes)} · {section.minutes} min"
    shapes: list[Shape] = [
        Line(_MARGIN, 0, _WIDTH - _MARGIN, 0, _INK, 1),
        Text(_MARGIN, 14, 13, section.pace.name, _INK, bold=True),
        Text(_WIDTH - _MARGIN, 14, _WORDS + 1, times, _INK, "end", bold=True),
    ]
    y = 14.0
    for line in _wrapped(section.advice, _WORDS, _WIDTH - 2 * _MARGIN):
        y += 10.5
        shapes.append(Text(_MARGIN, y, _WORDS, line, _QUIET))
    return shapes, y + 6


def _notes(y: float) -> list[Shape]:
    """Ruled lines in what the last page has left under y, if it is worth it."""
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


def _foot(number: int, pages: int) -> list[Shape]:
    """What the marks mean, and the page's number."""
    y = _HEIGHT - _MARGIN
    shapes: list[Shape] = []
    x = _MARGIN
    for icon, word in ((_start, "start"), (_hand, "hand"), (_finish, "finish")):
        shapes += [*icon(x + 4, y - 2.8), Text(x + 10, y, _SMALL, word, _QUIET)]
        x += 18 + _ems(word) * _SMALL
    shapes += [*_arrow((x - 2, y - 2.8), (x + 16, y - 2.8)), Text(x + 15, y, _SMALL, "hardest move", _QUIET)]
    return [*shapes, Text(_WIDTH - _MARGIN, y, _SMALL, f"page {number} of {pages}", _QUIET, "end")]


# A problem


def _card(slot: Slot) -> tuple[float, list[Shape]]:
    """Height and shapes of a problem's picture with the words under it; its corner is at 0, 0."""
    layout = boards.load(slot.problem.board)
    shapes, y = _wall(slot, layout)
    y += 13
    grade = grades.show(slot.problem.grade or "")
    number = str(slot.number)
    shapes += [
        Text(0, y, _GRADE, grade, _INK, bold=True),
        Text(_CARD - 14, y, _WORDS, number, _QUIET, "end"),
        Rect(_CARD - 10.5, y - 10, 10.5, 10.5, 2, _INK),
        Rect(_CARD - 9.6, y - 9.1, 8.7, 8.7, 1.4, _PAPER),
    ]
    y += 1.5
    for size, string, colour, bold in (
        (_WORDS, ", ".join(slot.style), _INK, True),
        (_WORDS, words(slot), _INK, False),
        (_WORDS, opinion(slot), _QUIET, False),
        (_SMALL, slot.problem.notation, _QUIET, False),
    ):
        for line in _wrapped(string, size, _CARD):
            y += size + 1.6
            shapes.append(Text(0, y, size, line, colour, bold=bold))
    return y + 1, shapes


def _wall(slot: Slot, layout: Board) -> tuple[list[Shape], float]:
    """The problem on its board, with an arrow for the crux, and the height of the picture."""
    left = (_CARD - _CELL * len(COLUMNS)) / 2 + 2
    bottom = 4 + _CELL * layout.rows

    def at(label: str) -> tuple[float, float]:
        hold = layout.hold(label)
        return left + _CELL * (hold.column + 0.5), bottom - _CELL * (hold.row - 0.5)

    shapes: list[Shape] = [Rect(0, 0, _CARD, bottom + 8, 4, _WALL)]
    for column, letter in enumerate(COLUMNS):
        shapes.append(Text(left + _CELL * (column + 0.5), bottom + 4.5, _TINY, letter, _QUIET, "middle"))
    for row in range(1, layout.rows + 1):
        shapes.append(Text(left - 2, bottom - _CELL * (row - 0.5) + 1.7, _TINY, str(row), _QUIET, "end"))
    shapes += [Circle(*at(hold.label), 0.9, _HOLD) for hold in layout.holds]
    crux = slot.beta.moves[slot.beta.crux]
    shapes += _arrow(at(crux.origin), at(crux.hold))
    problem = slot.problem
    for labels, mark in ((problem.start, _start), (problem.hands, _hand), (problem.finish, _finish)):
        for label in labels:
            shapes += mark(*at(label))
    return shapes, bottom + 8


# The marks differ in shape as well as in colour, for eyes and printers that do not tell colours apart.


def _start(x: float, y: float) -> list[Shape]:
    return [Circle(x, y, 3, _START)]


def _hand(x: float, y: float) -> list[Shape]:
    return [Circle(x, y, 2.6, _PAPER), Circle(x, y, 2.6, _HAND, 1.2)]


def _finish(x: float, y: float) -> list[Shape]:
    return [Circle(x, y, 2.6, _PAPER), Circle(x, y, 2.6, _FINISH, 0.9), Circle(x, y, 1.2, _FINISH)]


def _arrow(tail: tuple[float, float], tip: tuple[float, float]) -> list[Shape]:
    (x1, y1), (x2, y2) = tail, tip
    length = math.hypot(x2 - x1, y2 - y1)
    across, down = (x2 - x1) / length, (y2 - y1) / length
    x2, y2 = x2 - 4 * across, y2 - 4 * down
    back = x2 - 4 * across, y2 - 4 * down
    wing = 1.9 * down, -1.9 * across
    head = [(x2, y2), (back[0] + wing[0], back[1] + wing[1]), (back[0] - wing[0], back[1] - wing[1])]
    return [Line(x1, y1, *back, _INK, 1), Polygon(head, _INK)]


# Text and shapes


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


def _moved(shapes: Sequence[Shape], x: float, y: float) -> Iterator[Shape]:
    for shape in shapes:
        match shape:
            case Line():
                yield shape._replace(x1=shape.x1 + x, y1=shape.y1 + y, x2=shape.x2 + x, y2=shape.y2 + y)
            case Polygon():
                yield Polygon([(across + x, down + y) for across, down in shape.points], shape.colour)
            case _:
                yield shape._replace(x=shape.x + x, y=shape.y + y)
