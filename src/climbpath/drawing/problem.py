"""A problem as terminal text, SVG, PNG and contact sheet; all pictures come from one list of shapes."""

import html
import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from climbpath import board as boards
from climbpath import grades
from climbpath.board import COLUMNS, Board, Hold
from climbpath.drawing.shapes import (
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
    """What is drawn over a problem's picture."""

    shapes: Sequence[Shape] = ()
    """Shapes above everything else."""
    dimmed: Collection[str] = ()
    """Labels of the holds that are drawn fainter."""
    notes: Sequence[tuple[str, str]] = ()
    """Lines of text below the notation, each with its colour."""


NOTHING = Overlay()


class Role(NamedTuple):
    """How the holds of a role are marked."""

    word: str
    """Its name in the legend."""
    letter: str
    """What stands for it in terminal text."""
    colour: str
    """Of its rings."""
    ansi: str
    """The same for a terminal, as an ANSI code."""
    glow: float
    """Opacity of the disc under the rings."""
    rings: tuple[tuple[float, float], ...]
    """Radius and line width of each ring."""


class Theme(NamedTuple):
    """How a picture looks, as colours and sizes."""

    page: str
    """Background of the picture."""
    wall: str
    """The board."""
    grid: str
    """Lines through the rows and columns of holds."""
    quiet: str
    """Text that is less important."""
    clear: str
    """Other text, and holds of an unknown set."""
    label: float
    """Font size of the letters of columns and the numbers of rows."""
    hold: float
    """Size of the holds that a problem does not use, relative to those it uses."""
    roles: Mapping[str, Role]
    """The roles by the fields of Problem, in the order of its notation."""
    tints: Mapping[str, str]
    """The colour of each hold set."""


# The rings differ in shape as well as in colour, for eyes and printers that cannot tell the colours apart.
_ROLES = {
    "start": Role("start", "S", "#3ddc84", "1;92", 0.45, ((9.6, 4.4),)),
    "hands": Role("hand", "H", "#4da8ff", "1;94", 0.16, ((10.5, 2.4),)),
    "feet": Role("foot", "F", "#ffc233", "1;93", 0.16, ((7.2, 2),)),
    "finish": Role("finish", "E", "#ff5c55", "1;91", 0.16, ((11.2, 2), (7.6, 2))),
}

DARK = Theme(
    page="#15120f",
    wall="#26211c",
    grid="#352e27",
    quiet="#a89c8c",
    clear="#f7f2e9",
    label=11,
    hold=0.95,
    roles=_ROLES,
    # The colours of the holds themselves, with black as grey so that it shows on a dark wall.
    tints={
        "Original": "#e8c547",
        "A": "#d9d4cb",
        "B": "#7d8794",
        "C": "#d0664f",
        "Wooden": "#cf9559",
        "Wooden B": "#a3876b",
    },
)
"""For screens: the theme of every picture of a problem."""
PAPER = Theme(
    page="#ffffff",
    wall="#f4f1eb",
    grid="#e4ded4",
    quiet="#655d53",
    clear="#1b1815",
    label=18,
    hold=1.1,
    roles={
        "start": _ROLES["start"]._replace(colour="#00803c"),
        "hands": _ROLES["hands"]._replace(colour="#0b62c4", rings=((10.2, 3.8),)),
        "feet": _ROLES["feet"]._replace(colour="#a06a00", rings=((7.2, 3.4),)),
        "finish": _ROLES["finish"]._replace(colour="#d1261f", rings=((11, 2.8), (5, 2.8))),
    },
    # The same colours darker, with white as grey so that it shows on a light wall.
    tints={
        "Original": "#c79a00",
        "A": "#8f887c",
        "B": "#3e444c",
        "C": "#bf4a31",
        "Wooden": "#b87534",
        "Wooden B": "#85663f",
    },
)
"""For print: light, to save ink, with rings and labels that stay legible on a small wall. Its roles have the colours of
the web page's light theme.
"""

_DESK = "#e9e5df"
"""Background of a contact sheet."""
_COMPASS = {name: math.radians(45 * i) for i, name in enumerate(("N", "NE", "E", "SE", "S", "SW", "W", "NW"))}
_MARGIN = 16
_INNER = WIDTH - 2 * _MARGIN
_CELL = 27
"""From hold to hold in a row or column."""
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
        f'<rect width="{WIDTH}" height="{height}" fill="{DARK.page}"/>\n'
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
    picture = Image.new("RGB", (width, round(height * width / WIDTH)), DARK.page)
    picture.paste(_wall_image(problem.board, width))
    stamp(picture, shapes)
    return picture


def sheet(problems: Sequence[Problem], columns: int | None = None, cell_width: int = 360) -> bytes:
    """A contact sheet as a PNG file: the problems in rows of `columns`, each `cell_width` pixels wide.

    Without `columns` the sheet is about square.

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
    picture = Image.new("RGB", (across * (cell_width + gap) + gap, down * (height + gap) + gap), _DESK)
    for i, cell in enumerate(cells):
        x, y = gap + i % across * (cell_width + gap), gap + i // across * (height + gap)
        picture.paste(DARK.page, (x, y, x + cell_width, y + height))
        picture.paste(cell, (x, y))
    return encode(picture)


# The words


def _grade(problem: Problem) -> str:
    return grades.show(problem.grade) if problem.grade else "ungraded"


def _setting(problem: Problem) -> str:
    return problem.setup.title


def _rule(problem: Problem) -> str:
    """The foot rule; '' where it is the usual one, which is not mentioned."""
    return "" if problem.method == DEFAULT_METHOD else clean(problem.method)


# The scene


def _marked(problem: Problem, theme: Theme = DARK) -> Iterator[tuple[Hold, Role]]:
    """The problem's holds with their roles, in the order of the notation."""
    layout = boards.load(problem.board)
    for field, role in theme.roles.items():
        for label in getattr(problem, field):
            yield layout.hold(label), role


def _wall_bottom(layout: Board) -> int:
    return _WALL_TOP + 7 + _CELL * layout.rows + 19


def centre(layout: Board, column: int, row: int) -> tuple[float, float]:
    """The position of a hold in pictures, x and y in the units of the shapes."""
    return _GRID_LEFT + _CELL * (column + 0.5), _WALL_TOP + 7 + _CELL * (layout.rows - row + 0.5)


def panel(layout: Board, theme: Theme = DARK) -> Rect:
    """The area that the wall takes in pictures."""
    return Rect(_MARGIN, _WALL_TOP, _INNER, _wall_bottom(layout) - _WALL_TOP, 12, theme.wall)


def wall(layout: Board, theme: Theme = DARK) -> list[Shape]:
    """The board without a problem, which all its pictures share."""
    left, top = centre(layout, 0, layout.rows)
    right, bottom = centre(layout, len(COLUMNS) - 1, 1)
    shapes: list[Shape] = [panel(layout, theme)]
    for column, letter in enumerate(COLUMNS):
        x, _ = centre(layout, column, 1)
        label = Text(x, bottom + 27, theme.label, letter, theme.quiet, "middle")
        shapes += [Line(x, top, x, bottom, theme.grid, 0.7), label]
    for row in range(1, layout.rows + 1):
        _, y = centre(layout, 0, row)
        label = Text(left - 17, y + 4 / 11 * theme.label, theme.label, str(row), theme.quiet, "end")
        shapes += [Line(left, y, right, y, theme.grid, 0.7), label]
    for hold in layout.holds:
        shapes += _hold(layout, hold, mix(theme.wall, _tint(hold, theme), 0.5), theme.hold)
    return shapes


def marks(problem: Problem, theme: Theme = DARK, dimmed: Collection[str] = ()) -> list[Shape]:
    """The rings of the problem's holds and the holds in them; `dimmed` are labels of those that are drawn fainter."""
    layout = boards.load(problem.board)
    shapes: list[Shape] = []
    for hold, role in _marked(problem, theme):
        x, y = centre(layout, hold.column, hold.row)
        colour, tint = role.colour, _tint(hold, theme)
        if hold.label in dimmed:
            colour, tint = mix(theme.wall, colour, 0.4), mix(theme.wall, tint, 0.5)
        shapes += [*ring(x, y, role._replace(colour=colour), 1, theme), *_hold(layout, hold, tint, 1)]
    return shapes


def ring(x: float, y: float, role: Role, scale: float, theme: Theme = DARK) -> list[Shape]:
    """The mark of a hold in a role."""
    glow = Circle(x, y, 13.2 * scale, mix(theme.wall, role.colour, role.glow))
    return [glow, *(Circle(x, y, r * scale, role.colour, width * scale) for r, width in role.rings)]


def _scene(problem: Problem, overlay: Overlay, spell: Callable[[str], str]) -> tuple[int, list[Shape]]:
    """The picture's height, and what problem and overlay add to the wall; spell makes any text drawable."""
    layout = boards.load(problem.board)
    quiet, clear = DARK.quiet, DARK.clear
    name, rule, grade = spell(problem.name or ""), spell(_rule(problem)), _grade(problem)
    shapes: list[Shape] = [_fitted(38, 23, 13, name or grade, clear, _INNER, bold=True)]
    pill = 14 * measure(grade) + 16 if name else 0
    if name:
        shapes += [
            Rect(WIDTH - _MARGIN - pill, 47, pill, 24, 12, clear),
            Text(WIDTH - _MARGIN - pill / 2, 64, 14, grade, DARK.page, "middle", bold=True),
        ]
    shapes.append(_fitted(64, 13, 10, _setting(problem), quiet, _INNER - pill))

    shapes += marks(problem, dimmed=overlay.dimmed)

    # The legend, then the notation in as many even lines as it takes.
    y = _wall_bottom(layout) + 25
    step = _INNER / _TOKENS_PER_LINE
    roles = [role for _, role in _marked(problem)]
    for i, role in enumerate(dict.fromkeys(roles)):
        x = _MARGIN + 2 * i * step
        shapes += [*ring(x + 8, y - 4, role, 0.6), Text(x + 21, y, 12, role.word, quiet)]
    lines = math.ceil(len(roles) / _TOKENS_PER_LINE)
    per_line = math.ceil(len(roles) / lines)
    for i, (token, role) in enumerate(zip(problem.notation.split(), roles, strict=True)):
        line, column = divmod(i, per_line)
        shapes.append(Text(_MARGIN + column * step, y + 26 + 19 * line, 13, token, role.colour, bold=True))
    y += 7 + 19 * lines
    if rule:
        y += 21
        shapes.append(_fitted(y, 12, 9, rule, quiet, _INNER))
    for note, colour in overlay.notes:
        y += 23
        shapes.append(_fitted(y, 12, 9, spell(note), colour, _INNER, bold=True))
    return y + 18, [*shapes, *overlay.shapes]


def _hold(layout: Board, hold: Hold, colour: str, scale: float) -> list[Shape]:
    """A hold as a disc with a tick on the side that it faces."""
    x, y = centre(layout, hold.column, hold.row)
    disc = Circle(x, y, 2.8 * scale, colour)
    if hold.orientation is None:
        return [disc]
    angle = _COMPASS[hold.orientation]
    reach = 5.2 * scale
    return [disc, Line(x, y, x + reach * math.sin(angle), y - reach * math.cos(angle), colour, 1.8 * scale)]


def _tint(hold: Hold, theme: Theme) -> str:
    return theme.tints.get(hold.hold_set, theme.clear)


def _fitted(y: float, size: float, least: float, text: str, colour: str, room: float, bold: bool = False) -> Text:
    """Text at the left margin that fits the room: in smaller type down to `least`, then cut."""
    width = measure(text)
    size = max(least, min(size, room / width))
    if size * width > room:
        ends = accumulate(map(advance, text))
        text = text[: sum(end <= room / size - 1 for end in ends)].rstrip() + "…"
    return Text(_MARGIN, y, size, text, colour, bold=bold)


@cache
def _wall_svg(board: str) -> str:
    return elements(wall(boards.load(board)))


@lru_cache(maxsize=8)
def _wall_image(board: str, width: int) -> "Image.Image":
    from PIL import Image

    layout = boards.load(board)
    picture = Image.new("RGB", (width, math.ceil(_wall_bottom(layout) * width / WIDTH)), DARK.page)
    stamp(picture, wall(layout))
    return picture
