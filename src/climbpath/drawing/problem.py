"""A problem as terminal text, SVG, PNG and contact sheet; the pictures come from one list of shapes."""

import html
import math
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cache, lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from climbpath import board as boards
from climbpath import grades
from climbpath.board import COLUMNS, Board, Hold
from climbpath.drawing.shapes import (
    CLEAR,
    DESK,
    GRID,
    PAGE,
    QUIET,
    WALL,
    WIDTH,
    Circle,
    Line,
    Rect,
    Shape,
    Text,
    advance,
    clean,
    elements,
    encode,
    latin,
    measure,
    mix,
    stamp,
)
from climbpath.errors import ClimbpathError
from climbpath.problem import DEFAULT_METHOD, Problem

if TYPE_CHECKING:  # Pillow is slow to import, and text and SVG do without it
    from PIL import Image


class Overlay(NamedTuple):
    """What goes over a problem's picture: shapes above all else, labels of holds that step back, and lines of words and
    their colour at the foot.
    """

    shapes: Sequence[Shape] = ()
    dimmed: Collection[str] = ()
    notes: Sequence[tuple[str, str]] = ()


NOTHING = Overlay()


class _Role(NamedTuple):
    """How a role looks: glow is how strongly the disc under the rings shines, rings are radii and line widths."""

    word: str
    letter: str
    colour: str
    ansi: str
    glow: float
    rings: tuple[tuple[float, float], ...]


# By the fields of Problem, in the order of its notation. The rings differ in shape as well as in colour,
# for eyes that cannot tell the colours apart.
_ROLES = {
    "start": _Role("start", "S", "#3ddc84", "1;92", 0.45, ((9.6, 4.4),)),
    "hands": _Role("hand", "H", "#4da8ff", "1;94", 0.16, ((10.5, 2.4),)),
    "feet": _Role("foot", "F", "#ffc233", "1;93", 0.16, ((7.2, 2),)),
    "finish": _Role("finish", "E", "#ff5c55", "1;91", 0.16, ((11.2, 2), (7.6, 2))),
}

# The colours that the hold sets are cast or cut in, black made grey so that it shows on a dark wall.
_TINTS = {
    "Original": "#e8c547",
    "A": "#d9d4cb",
    "B": "#7d8794",
    "C": "#d0664f",
    "Wooden": "#cf9559",
    "Wooden B": "#a3876b",
}

_COMPASS = {name: math.radians(45 * i) for i, name in enumerate(("N", "NE", "E", "SE", "S", "SW", "W", "NW"))}
_MARGIN = 16
_INNER = WIDTH - 2 * _MARGIN
_CELL = 27
_WALL_TOP = 80
_GRID_LEFT = WIDTH - _MARGIN - 7 - _CELL * len(COLUMNS)
_TOKENS_PER_LINE = 8


def text(problem: Problem, colour: bool = True) -> str:
    """The problem for a terminal: S start, H hand, F foot, E end, a dot for every other hold of the layout.

    Colour comes as ANSI escapes; without it the text is plain. The last line has no newline.
    """

    def paint(ansi: str, string: str) -> str:
        return f"\x1b[{ansi}m{string}\x1b[0m" if colour and string else string

    layout = boards.load(problem.board)
    cells = {(hold.row, hold.column): paint("2", "·") for hold in layout.holds}
    for hold, role in _marked(problem):
        cells[hold.row, hold.column] = paint(role.ansi, role.letter)
    lines = []
    for row in range(layout.rows, 0, -1):
        drawn = " ".join(cells.get((row, column), " ") for column in range(len(COLUMNS)))
        lines.append(paint("2", f"{row:>2}") + "  " + drawn)
    lines.append("    " + paint("2", " ".join(COLUMNS)))
    name = clean(problem.name or "")
    caption = [paint("1", name), paint("1", _grade(problem)), _setting(problem), _rule(problem)]
    lines += ["  ".join(filter(None, caption)), problem.notation]
    return "\n".join(line.rstrip() for line in lines)


def svg(problem: Problem, overlay: Overlay = NOTHING) -> str:
    """The problem on its board as a standalone SVG document, 360 px wide unless it is scaled."""
    height, shapes = _scene(problem, overlay, clean)
    words = [clean(problem.name or ""), _grade(problem), _setting(problem), _rule(problem), problem.notation]
    words += [note for note, _ in overlay.notes]
    caption = ", ".join(filter(None, words))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        f'role="img" aria-label="{html.escape(caption)}" font-family="Helvetica Neue, Helvetica, Arial, sans-serif">\n'
        f'<rect width="{WIDTH}" height="{height}" fill="{PAGE}"/>\n'
        f"{_wall_svg(problem.board)}\n{elements(shapes)}\n</svg>\n"
    )


def png(problem: Problem, width: int = 720, overlay: Overlay = NOTHING) -> bytes:
    """The picture of `svg` as a PNG file, `width` pixels wide.

    Raises:
        ClimbpathError: the width is not in 120 … 2000.
    """
    return encode(image(problem, width, overlay))


def image(problem: Problem, width: int, overlay: Overlay = NOTHING) -> "Image.Image":
    """The picture of `svg` as RGB pixels, `width` pixels wide.

    Raises:
        ClimbpathError: the width is not in 120 … 2000.
    """
    from PIL import Image

    if not 120 <= width <= 2000:
        raise ClimbpathError(f"a picture is 120 to 2000 pixels wide, not {width}")
    height, shapes = _scene(problem, overlay, latin)
    picture = Image.new("RGB", (width, round(height * width / WIDTH)), PAGE)
    picture.paste(_wall_image(problem.board, width))
    stamp(picture, shapes)
    return picture


def sheet(problems: Sequence[Problem], columns: int | None = None, cell_width: int = 360) -> bytes:
    """A contact sheet as a PNG file: the problems in rows of `columns`, each `cell_width` pixels wide.

    Left to choose the columns, the sheet comes out about square.

    Raises:
        ClimbpathError: there are no problems, columns is below 1, or the cell width is not in 120 … 2000.
    """
    from PIL import Image

    if not problems:
        raise ClimbpathError("a contact sheet needs at least one problem")
    if columns is not None and columns < 1:
        raise ClimbpathError(f"a contact sheet has one or more columns, not {columns}")
    cells = [image(problem, cell_width) for problem in problems]
    height = max(cell.height for cell in cells)
    square = math.ceil(len(cells) / max(1, round(math.sqrt(len(cells) * cell_width / height))))
    across = min(columns or square, len(cells))
    down = math.ceil(len(cells) / across)
    gap = cell_width // 24
    picture = Image.new("RGB", (across * (cell_width + gap) + gap, down * (height + gap) + gap), DESK)
    for i, cell in enumerate(cells):
        x, y = gap + i % across * (cell_width + gap), gap + i // across * (height + gap)
        picture.paste(PAGE, (x, y, x + cell_width, y + height))
        picture.paste(cell, (x, y))
    return encode(picture)


# The words


def _grade(problem: Problem) -> str:
    return grades.show(problem.grade) if problem.grade else "ungraded"


def _setting(problem: Problem) -> str:
    return problem.setup.title


def _rule(problem: Problem) -> str:
    """The foot rule where it is not the usual one, which goes without saying."""
    return "" if problem.method == DEFAULT_METHOD else clean(problem.method)


# The scene


def _marked(problem: Problem) -> Iterator[tuple[Hold, _Role]]:
    """The problem's holds with their roles, in the order of the notation."""
    layout = boards.load(problem.board)
    for field, role in _ROLES.items():
        for label in getattr(problem, field):
            yield layout.hold(label), role


def _wall_bottom(layout: Board) -> int:
    return _WALL_TOP + 7 + _CELL * layout.rows + 19


def centre(layout: Board, column: int, row: int) -> tuple[float, float]:
    """Where a hold lies in pictures, x and y in the units of the shapes."""
    return _GRID_LEFT + _CELL * (column + 0.5), _WALL_TOP + 7 + _CELL * (layout.rows - row + 0.5)


def _wall(layout: Board) -> list[Shape]:
    """The board with nothing lit, which all its pictures share."""
    left, top = centre(layout, 0, layout.rows)
    right, bottom = centre(layout, len(COLUMNS) - 1, 1)
    shapes: list[Shape] = [Rect(_MARGIN, _WALL_TOP, _INNER, _wall_bottom(layout) - _WALL_TOP, 12, WALL)]
    for column, letter in enumerate(COLUMNS):
        x, _ = centre(layout, column, 1)
        shapes += [Line(x, top, x, bottom, GRID, 0.7), Text(x, bottom + 27, 11, letter, QUIET, "middle")]
    for row in range(1, layout.rows + 1):
        _, y = centre(layout, 0, row)
        shapes += [Line(left, y, right, y, GRID, 0.7), Text(left - 17, y + 4, 11, str(row), QUIET, "end")]
    for hold in layout.holds:
        shapes += _hold(layout, hold, mix(WALL, _tint(hold), 0.5), 0.95)
    return shapes


def _scene(problem: Problem, overlay: Overlay, spell: Callable[[str], str]) -> tuple[int, list[Shape]]:
    """Height of the picture, and what problem and overlay add to the bare wall; spell makes any text drawable."""
    layout = boards.load(problem.board)
    name, rule, grade = spell(problem.name or ""), spell(_rule(problem)), _grade(problem)
    shapes: list[Shape] = [_fitted(38, 23, 13, name or grade, CLEAR, _INNER, bold=True)]
    pill = 14 * measure(grade) + 16 if name else 0
    if name:
        shapes += [
            Rect(WIDTH - _MARGIN - pill, 47, pill, 24, 12, CLEAR),
            Text(WIDTH - _MARGIN - pill / 2, 64, 14, grade, PAGE, "middle", bold=True),
        ]
    shapes.append(_fitted(64, 13, 10, _setting(problem), QUIET, _INNER - pill))

    for hold, role in _marked(problem):
        x, y = centre(layout, hold.column, hold.row)
        colour, tint = role.colour, _tint(hold)
        if hold.label in overlay.dimmed:
            colour, tint = mix(WALL, colour, 0.4), mix(WALL, tint, 0.5)
        shapes += [*_ring(x, y, role._replace(colour=colour), 1), *_hold(layout, hold, tint, 1)]

    y = _wall_bottom(layout) + 25
    step = _INNER / _TOKENS_PER_LINE
    roles = [role for _, role in _marked(problem)]
    for i, role in enumerate(dict.fromkeys(roles)):
        x = _MARGIN + 2 * i * step
        shapes += [*_ring(x + 8, y - 4, role, 0.6), Text(x + 21, y, 12, role.word, QUIET)]
    lines = math.ceil(len(roles) / _TOKENS_PER_LINE)
    per_line = math.ceil(len(roles) / lines)
    for i, (token, role) in enumerate(zip(problem.notation.split(), roles, strict=True)):
        line, place = divmod(i, per_line)
        shapes.append(Text(_MARGIN + place * step, y + 26 + 19 * line, 13, token, role.colour, bold=True))
    y += 7 + 19 * lines
    if rule:
        y += 21
        shapes.append(_fitted(y, 12, 9, rule, QUIET, _INNER))
    for note, colour in overlay.notes:
        y += 23
        shapes.append(_fitted(y, 12, 9, spell(note), colour, _INNER, bold=True))
    return y + 18, [*shapes, *overlay.shapes]


def _ring(x: float, y: float, role: _Role, scale: float) -> list[Shape]:
    glow = Circle(x, y, 13.2 * scale, mix(WALL, role.colour, role.glow))
    return [glow, *(Circle(x, y, r * scale, role.colour, width * scale) for r, width in role.rings)]


def _hold(layout: Board, hold: Hold, colour: str, scale: float) -> list[Shape]:
    """A hold as a disc with a tick on the side that it faces."""
    x, y = centre(layout, hold.column, hold.row)
    disc = Circle(x, y, 2.8 * scale, colour)
    if hold.orientation is None:
        return [disc]
    angle = _COMPASS[hold.orientation]
    reach = 5.2 * scale
    return [disc, Line(x, y, x + reach * math.sin(angle), y - reach * math.cos(angle), colour, 1.8 * scale)]


def _tint(hold: Hold) -> str:
    return _TINTS.get(hold.hold_set, CLEAR)


def _fitted(y: float, size: float, least: float, text: str, colour: str, room: float, bold: bool = False) -> Text:
    """Text at the left margin, set smaller, then cut, until it fits the room."""
    width = measure(text)
    size = max(least, min(size, room / width))
    if size * width > room:
        ends = accumulate(map(advance, text))
        text = text[: sum(end <= room / size - 1 for end in ends)].rstrip() + "…"
    return Text(_MARGIN, y, size, text, colour, bold=bold)


@cache
def _wall_svg(board: str) -> str:
    return elements(_wall(boards.load(board)))


@lru_cache(maxsize=8)
def _wall_image(board: str, width: int) -> "Image.Image":
    from PIL import Image

    layout = boards.load(board)
    picture = Image.new("RGB", (width, math.ceil(_wall_bottom(layout) * width / WIDTH)), PAGE)
    stamp(picture, _wall(layout))
    return picture
