"""A problem as terminal text, SVG, PNG and contact sheet; all pictures come from one list of shapes.

A problem without a name has the one that the web app shows for it, too: naming.suggested_name.
"""

import html
import math
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from climbpath import board as boards
from climbpath import grades
from climbpath.board import COLUMNS, Board, Hold, column_of, row_of
from climbpath.drawing import holds
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
from climbpath.drawing.themes import DARK, LAMPS, Role, Theme, lamp_of
from climbpath.errors import ClimbpathError
from climbpath.naming import title
from climbpath.problem import DEFAULT_METHOD, Problem, off_wall
from climbpath.wall import Wall

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

Kind = TypeVar("Kind")

_MARGIN = 16
_INNER = WIDTH - 2 * _MARGIN
_CELL = 27
"""From hold to hold in a row or column."""
_WALL_TOP = 80
_SPACING = 20
"""cm from hold to hold in a row or column of a board with a grid."""
_EDGE = 0.8
"""Wall around the outermost holds of a board without a grid, in distances of its two nearest holds."""
_ROOMY = 1.35
"""How much larger the holds of a board without a grid are: the nearest ones stand aslant of each other."""
GLOW = 13.2
"""Radius of what is lit around a hold, where rings are of size 1."""
_LARGEST_RINGS = 1.5
"""How much larger rings may be where the holds of a problem are farther apart than those of the board."""


def text(problem: Problem, colour: bool = True, wall: Wall | None = None, width: int = 80) -> str:
    """The problem for a terminal: S start, H hand, F foot, E end, a dot for every other hold of the board or its wall.

    Colour comes as ANSI escapes; without it the text is plain. There is a space between columns where a line of `width`
    characters has room for them. The last line has no newline. Raises ClimbpathError if the board has no such size.
    """

    def paint(ansi: str, string: str) -> str:
        return f"\x1b[{ansi}m{string}\x1b[0m" if colour and string else string

    layout = boards.load(problem.board)
    shown = shown_wall(problem, wall)
    places = _cells(shown)
    cells = {places[hold.label]: paint("2", "·") for hold in frame(shown).holds}
    for hold, role in _marked(problem, DARK):
        cells[places[hold.label]] = paint(LAMPS[lamp_of(layout, role)].ansi, role.letter)
    across = range(1 + max(column for column, _ in places.values()))
    # letters and numbers stand beside the holds of a board with a grid, which is narrow enough for any terminal
    between = " " if layout.has_grid or 2 * len(across) <= width else ""
    lines = []
    for row in sorted({row for _, row in places.values()}, reverse=True):
        drawn = between.join(cells.get((column, row), " ") for column in across)
        lines.append((paint("2", f"{row:>2}") + "  " if layout.has_grid else "") + drawn)
    if layout.has_grid:
        lines.append("    " + paint("2", " ".join(COLUMNS)))
    caption = [paint("1", clean(title(problem))), paint("1", _grade(problem)), _setting(problem), _rule(problem)]
    lines += ["  ".join(filter(None, caption)), problem.notation]
    return "\n".join(line.rstrip() for line in lines)


def svg(
    problem: Problem, overlay: Overlay = NOTHING, theme: Theme = DARK, wall: Wall | None = None, wall_id: str = ""
) -> str:
    """The problem on its board as an SVG document, 360 px wide unless it is scaled.

    Of the board the holds of `wall` are shown, unless the problem has others. The document stands alone, unless
    `wall_id` says which element of the page that it is put into has its `wall_svg`.

    Raises:
        ClimbpathError: the board has no such size.
    """
    shown = shown_wall(problem, wall)
    height, shapes = _scene(problem, overlay, theme, clean, shown)
    words = [clean(title(problem)), _grade(problem), _setting(problem), _remarks(problem), problem.notation]
    words += [note for note, _ in overlay.notes]
    caption = ", ".join(filter(None, words))
    under = f'<use href="#{wall_id}"/>' if wall_id else wall_svg(shown, theme)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        f'role="img" aria-label="{html.escape(caption)}" font-family="Helvetica Neue, Helvetica, Arial, sans-serif">\n'
        f'<rect width="{WIDTH}" height="{height}" fill="{theme.page}"/>\n'
        f"{under}\n{elements(shapes)}\n</svg>\n"
    )


def png(
    problem: Problem, width: int = 720, overlay: Overlay = NOTHING, theme: Theme = DARK, wall: Wall | None = None
) -> bytes:
    """The picture of `svg` as a PNG file, `width` pixels wide.

    Raises:
        ClimbpathError: the width is not in 120 … 2000, or the board has no such size.
    """
    return encode(image(problem, width, overlay, theme, wall))


def image(
    problem: Problem, width: int, overlay: Overlay = NOTHING, theme: Theme = DARK, wall: Wall | None = None
) -> "Image.Image":
    """The picture of `svg` as RGB pixels, `width` pixels wide.

    Raises:
        ClimbpathError: the width is not in 120 … 2000, or the board has no such size.
    """
    from PIL import Image

    if not 120 <= width <= 2000:
        raise ClimbpathError(f"a picture is 120 to 2000 pixels wide, not {width}")
    shown = shown_wall(problem, wall)
    height, shapes = _scene(problem, overlay, theme, latin, shown)
    picture = Image.new("RGB", (width, round(height * width / WIDTH)), theme.page)
    picture.paste(_wall_image(shown, width, theme))
    stamp(picture, shapes)
    return picture


def sheet(
    problems: Sequence[Problem],
    columns: int | None = None,
    cell_width: int = 360,
    theme: Theme = DARK,
    wall: Wall | None = None,
) -> bytes:
    """A contact sheet as a PNG file: the problems in rows of `columns`, each `cell_width` pixels wide.

    Without `columns` the sheet is about square. Other boards than the wall's are shown whole.

    Raises:
        ClimbpathError: there are no problems, columns is below 1, or the cell width is not in 120 … 2000.
    """
    from PIL import Image

    if not problems:
        raise ClimbpathError("a contact sheet needs at least one problem")
    if columns is not None and columns < 1:
        raise ClimbpathError(f"a contact sheet has one or more columns, not {columns}")
    cells = [image(problem, cell_width, theme=theme, wall=wall) for problem in problems]
    height = max(cell.height for cell in cells)
    square = math.ceil(len(cells) / max(1, round(math.sqrt(len(cells) * cell_width / height))))
    across = min(columns or square, len(cells))
    down = math.ceil(len(cells) / across)
    gap = cell_width // 24
    picture = Image.new("RGB", (across * (cell_width + gap) + gap, down * (height + gap) + gap), theme.desk)
    for i, cell in enumerate(cells):
        x, y = gap + i % across * (cell_width + gap), gap + i // across * (height + gap)
        picture.paste(theme.page, (x, y, x + cell_width, y + height))
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


def _remarks(problem: Problem) -> str:
    """The foot rule, and the grade that was asked for where the problem has another."""
    asked = "" if problem.asked_grade in (None, problem.grade) else f"asked for {problem.asked_grade}"
    return " · ".join(filter(None, [_rule(problem), asked]))


# The scene


def _marked(problem: Problem, theme: Theme) -> Iterator[tuple[Hold, Role]]:
    """The problem's holds with their roles, in the order of the notation."""
    layout = boards.load(problem.board)
    for field, role in theme.roles.items():
        for label in getattr(problem, field):
            yield layout.hold(label), role


@lru_cache(maxsize=64)
def _cells(wall: Wall) -> dict[str, tuple[int, int]]:
    """The column and row in a terminal of every hold of a wall's size, from the lowest left: those of the grid, else by
    place."""
    holds_there = _of_size(wall)
    if boards.load(wall.board).has_grid:
        return {hold.label: (column_of(hold.label), row_of(hold.label)) for hold in holds_there}
    columns, rows = (
        {value: i for i, value in enumerate(sorted({round(getattr(hold, axis)) for hold in holds_there}))}
        for axis in ("x", "y")
    )
    return {hold.label: (columns[round(hold.x)], rows[round(hold.y)]) for hold in holds_there}


class Frame(NamedTuple):
    """What of a wall pictures show, and where."""

    holds: tuple[Hold, ...]
    """The holds that are on it."""
    scale: float
    """Units of pictures to a centimetre."""
    unit: float
    """The size of rings, 1 on a MoonBoard: so large that those of no two holds meet."""
    body: float
    """The size of holds, 1 on a MoonBoard."""
    left: float
    """x of the lowest, leftmost place, in units."""
    bottom: float
    """y of it."""
    origin: tuple[float, float]
    """That place in cm."""


@lru_cache(maxsize=64)
def frame(wall: Wall) -> Frame:
    """Where a wall lies: as wide as its panel allows, with room for the names of rows and columns of a grid. Its place
    and its measures are those of its size, whichever hold sets are on it."""
    layout, of_size = boards.load(wall.board), _of_size(wall)
    shown = tuple(hold for hold in of_size if wall.hold_sets is None or hold.hold_set in wall.hold_sets)
    x, y = [hold.x for hold in of_size], [hold.y for hold in of_size]
    if layout.has_grid:
        scale, low = _CELL / _SPACING, min(y)
        left = WIDTH - _MARGIN - 7 - _CELL * (len(COLUMNS) - 0.5)
        return Frame(shown, scale, 1, 1, left, _WALL_TOP + 7 + scale * (max(y) - low) + _CELL / 2, (0, low))
    apart = _least_distance(layout, of_size)
    edge = _EDGE * apart
    scale = _INNER / (max(x) - min(x) + 2 * edge)
    bottom = _WALL_TOP + scale * (max(y) - min(y) + edge)
    unit = scale * apart / _CELL
    body = min(1.1, _ROOMY * unit)
    return Frame(shown, scale, min(1, unit), body, _MARGIN + scale * edge, bottom, (min(x), min(y)))


def _of_size(wall: Wall) -> list[Hold]:
    """The holds of a wall's size, whichever hold sets are on it."""
    layout = boards.load(wall.board)
    there = layout.index if wall.size is None else layout.size(wall.size).leds
    return [hold for hold in layout.holds if hold.label in there]


def _least_distance(layout: Board, shown: Collection[Hold]) -> float:
    """The distance in cm of the two holds that are nearest to each other; that of a grid where there is one hold."""
    some = [layout.index[hold.label] for hold in shown]
    apart = layout.distance[some][:, some]
    return float(apart[apart > 0].min(initial=_SPACING))


def centre(wall: Wall, hold: Hold) -> tuple[float, float]:
    """The position of a hold in pictures, x and y in the units of the shapes."""
    _, scale, _, _, left, bottom, (x, y) = frame(wall)
    return left + scale * (hold.x - x), bottom - scale * (hold.y - y)


def shown_wall(problem: Problem, wall: Wall | None) -> Wall:
    """The wall that a picture of a problem shows: this one, or all of the board where it is another board's or lacks
    some of the problem's holds. Raises ClimbpathError if the board has no such size."""
    if wall is None or wall.board != problem.board or off_wall(problem, wall.size, wall.hold_sets):
        return Wall(problem.board)
    return wall._replace(angle=None)  # which is in the problem


def _wall_bottom(wall: Wall) -> int:
    place = frame(wall)
    return round(place.bottom + (_CELL / 2 + 19 if boards.load(wall.board).has_grid else place.left - _MARGIN))


def panel(wall: Wall, theme: Theme) -> Rect:
    """The area that the wall takes in pictures."""
    return Rect(_MARGIN, _WALL_TOP, _INNER, _wall_bottom(wall) - _WALL_TOP, 12, theme.wall)


def wall_shapes(wall: Wall, theme: Theme) -> list[Shape]:
    """The wall without a problem, which all its pictures share; only rows that have holds."""
    shapes: list[Shape] = [panel(wall, theme)]
    if boards.load(wall.board).has_grid:
        shapes += grid(wall, theme)
    place = frame(wall)
    for hold in place.holds:
        shapes += holds.shapes(hold, *centre(wall, hold), theme, lit=False, scale=place.body)
    return shapes


def grid(wall: Wall, theme: Theme) -> list[Shape]:
    """The lines and names of the columns and rows of a board that has them."""
    columns = {column_of(hold.label): centre(wall, hold)[0] for hold in _of_size(wall)}
    rows = {row_of(hold.label): centre(wall, hold)[1] for hold in _of_size(wall)}
    left, right, top, bottom = min(columns.values()), max(columns.values()), min(rows.values()), max(rows.values())
    shapes: list[Shape] = []
    for column, x in sorted(columns.items()):
        label = Text(x, bottom + 28, theme.label, COLUMNS[column], theme.quiet, "middle", bold=True)
        shapes += [Line(x, top, x, bottom, theme.grid, 0.7), label]
    for row, y in sorted(rows.items()):
        label = Text(left - 15.5, y + _drop(theme), theme.label, str(row), theme.quiet, "end", bold=True)
        shapes += [Line(left, y, right, y, theme.grid, 0.7), label]
    return shapes


def _drop(theme: Theme) -> float:
    """How far the baseline of a row's number is below the middle of the row."""
    return 0.36 * theme.label


def marks(problem: Problem, theme: Theme, wall: Wall, dimmed: Collection[str] = ()) -> list[Shape]:
    """The problem's holds, lit, with their rings; `dimmed` are labels of those that are drawn fainter."""
    layout = boards.load(problem.board)
    body = frame(wall).body
    rings_unit = ring_unit(problem, wall)
    shapes: list[Shape] = []
    for hold, role in _marked(problem, theme):
        x, y = centre(wall, hold)
        opacity = 0.45 if hold.label in dimmed else 1
        glow, *rings = ring(x, y, role, mix(theme.wall, theme.shade(layout, role), opacity), rings_unit, theme)
        shapes += [glow, *holds.shapes(hold, x, y, theme, lit=True, opacity=opacity, scale=body), *rings]
    return shapes


def ring_unit(problem: Problem, wall: Wall) -> float:
    """The size of a problem's rings, 1 on a MoonBoard: larger than the board's where that hides none of them."""
    layout = boards.load(problem.board)
    place = frame(wall)
    apart = place.scale * _least_distance(layout, [layout.hold(label) for label in problem.holds]) / _CELL
    return max(place.unit, min(1, apart, _LARGEST_RINGS * place.unit))


def ring(x: float, y: float, role: Role, colour: str, scale: float, theme: Theme) -> list[Shape]:
    """The mark of a hold in a role: a glow below the hold, and rings above it."""
    glow = Circle(x, y, GLOW * scale, mix(theme.wall, colour, role.glow))
    return [glow, *(Circle(x, y, r * scale, colour, width * scale) for r, width in role.rings)]


def _scene(
    problem: Problem, overlay: Overlay, theme: Theme, spell: Callable[[str], str], wall: Wall
) -> tuple[int, list[Shape]]:
    """The picture's height, and what problem and overlay add to the wall; spell makes any text drawable."""
    layout = boards.load(problem.board)
    quiet, clear = theme.quiet, theme.clear
    name, remarks, grade = spell(title(problem)), spell(_remarks(problem)), _grade(problem)
    shapes: list[Shape] = [_fitted(38, 25, 14, name or grade, clear, _INNER, bold=True)]
    pill = 16 * measure(grade) + 18 if name else 0
    if name:
        shapes += [
            Rect(WIDTH - _MARGIN - pill, 46, pill, 27, 13.5, clear),
            Text(WIDTH - _MARGIN - pill / 2, 65.3, 16, grade, theme.page, "middle", bold=True),
        ]
    shapes.append(_fitted(64, 14, 10, _setting(problem), quiet, _INNER - pill))

    shapes += marks(problem, theme, wall, overlay.dimmed)

    # The notation in as many even lines as it takes.
    y = _wall_bottom(wall) + 6
    letters, per_line, down = (15, 7, 21) if layout.has_grid else (12, 8, 18)
    step = _INNER / per_line
    roles = [role for _, role in _marked(problem, theme)]
    lines = math.ceil(len(roles) / per_line)
    even = math.ceil(len(roles) / lines)
    for i, (token, role) in enumerate(zip(problem.notation.split(), roles, strict=True)):
        line, column = divmod(i, even)
        colour = theme.shade(layout, role)
        shapes.append(Text(_MARGIN + column * step, y + 19 + down * line, letters, token, colour, bold=True))
    y += down * lines
    if remarks:
        y += 21
        shapes.append(_fitted(y, 13, 9, remarks, quiet, _INNER))
    for note, colour in overlay.notes:
        y += 24
        shapes.append(_fitted(y, 13, 9, spell(note), colour, _INNER, bold=True))
    y, legend = _legend(y + 7, wall, list(dict.fromkeys(roles)), theme)
    return y + 18, [*shapes, *legend, *overlay.shapes]


def _legend(y: int, wall: Wall, roles: Sequence[Role], theme: Theme) -> tuple[int, list[Shape]]:
    """What the rings mean, then what the colours of holds mean, in lines below y: the last baseline, and the shapes."""
    layout = boards.load(wall.board)
    shapes: list[Shape] = []
    for x, line, role in _in_lines([role.name for role in roles], roles):
        shapes += ring(x + 8, y + 16.5 + 21 * line, role, theme.shade(layout, role), 0.62, theme)
        shapes.append(Text(x + 21, y + 21 + 21 * line, 13, role.name, theme.quiet))
    y += 21
    sample = {hold.hold_set: hold for hold in reversed(frame(wall).holds)}
    sets = shown_sets(wall)
    for x, line, hold_set in _in_lines([set_words(name) for name in sets], sets):
        shapes += holds.shapes(sample[hold_set], x + 8, y + 16.5 + 21 * line, theme, lit=True, scale=0.85)
        shapes.append(Text(x + 21, y + 21 + 21 * line, 13, set_words(hold_set), theme.quiet))
        last = line
    return y + 21 * (last + 1), shapes


def _in_lines(words: Sequence[str], things: Sequence[Kind]) -> Iterator[tuple[float, int, Kind]]:
    """Where each entry of a legend stands: its x and its line; as few lines as it takes, about equally long."""
    rooms = [21 + 13 * measure(string) + 13 for string in words]
    lines = math.ceil(sum(rooms) / (_INNER + 13))
    per_line = math.ceil(len(words) / lines)
    for i, thing in enumerate(things):
        line = i // per_line
        yield _MARGIN + sum(rooms[line * per_line : i]), line, thing


def shown_sets(wall: Wall) -> list[str]:
    """The hold sets of which a wall has holds, in the board's order."""
    there = {hold.hold_set for hold in frame(wall).holds}
    return [name for name in boards.load(wall.board).hold_sets if name in there]


def set_words(hold_set: str) -> str:
    """A hold set's name in the legend: a letter alone says too little."""
    return f"Set {hold_set}" if len(hold_set) == 1 else hold_set


def _fitted(y: float, size: float, least: float, text: str, colour: str, room: float, bold: bool = False) -> Text:
    """Text at the left margin that fits the room: in smaller type down to `least`, then cut."""
    width = measure(text)
    size = max(least, min(size, room / width))
    if size * width > room:
        ends = accumulate(map(advance, text))
        text = text[: sum(end <= room / size - 1 for end in ends)].rstrip() + "…"
    return Text(_MARGIN, y, size, text, colour, bold=bold)


@lru_cache(maxsize=32)
def wall_svg(wall: Wall, theme: Theme = DARK) -> str:
    """The wall without a problem, which all its pictures share, as SVG elements."""
    return elements(wall_shapes(wall, theme))


@lru_cache(maxsize=8)
def _wall_image(wall: Wall, width: int, theme: Theme) -> "Image.Image":
    from PIL import Image

    picture = Image.new("RGB", (width, math.ceil(_wall_bottom(wall) * width / WIDTH)), theme.page)
    stamp(picture, wall_shapes(wall, theme))
    return picture
