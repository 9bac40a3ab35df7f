import io
import math
import re
import subprocess
import sys
from dataclasses import replace
from itertools import combinations, pairwise
from random import Random
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from climbpath import board as boards
from climbpath.board import COLUMNS, row_of
from climbpath.drawing import holds
from climbpath.drawing import problem as drawing
from climbpath.drawing.themes import DARK, LAMPS, LIGHT, PAPER, ROLES, Theme, lamp_of
from climbpath.errors import ClimbpathError
from climbpath.lights.messages import colours_of
from climbpath.naming import suggested_name
from climbpath.problem import Problem, parse_notation
from climbpath.wall import Wall, parse_wall
from support.making import BOARDS, EVERY_BOARD

COLOURS = {"start": "#3ddc84", "hands": "#4da8ff", "feet": "#52e0f2", "finish": "#ff5c55"}
HOSTILE = "</text><script>&\"'\x1b[31m\x07 \u202egnp\ud800\uffff\nnext line"

FOUR = parse_notation("F5s D9 G13 G18e", grade="7A")
FEET = parse_notation("B3s D3s C6 E9 D12 B13 A1f H2f D18e", board="moonboard-masters-2019", grade="6C+")
MINI = parse_notation("E2s B4s D5 G6 H8 F10 F12e", board="moonboard-mini-2020", grade="6B")
LONG = parse_notation("A5s F5s E6 C8 D9 G9 H11 F12 I13 E14 J14 G16 E18e K18e", grade="8B+")
EXAMPLES = [FOUR, FEET, MINI, LONG]


@st.composite
def admitted(pick: st.DrawFn, board_names: tuple[str, ...] = BOARDS) -> Problem:
    """Any problem that Problem admits: up to every hold of the layout, in any roles, with any name."""
    layout = boards.load(pick(st.sampled_from(board_names)))
    labels = [hold.label for hold in layout.holds]
    Random(pick(st.integers())).shuffle(labels)
    ends = sorted(pick(st.lists(st.integers(2, len(labels)), min_size=2, max_size=2)))
    starts = pick(st.integers(1, ends[0] - 1))
    return Problem(
        board=layout.name,
        angle=pick(st.sampled_from(layout.angles)),
        grade=pick(st.none() | st.sampled_from([layout.ladder[0], layout.ladder[8], layout.ladder[-1]])),
        start=tuple(labels[:starts]),
        finish=tuple(labels[starts : ends[0]]),
        hands=tuple(labels[ends[0] : ends[1]]),
        feet=tuple(labels[ends[1] :]) if pick(st.booleans()) else (),
        name=pick(st.none() | st.text(max_size=200)),
        method=pick(st.text(max_size=200)),
    )


def parsed(problem: Problem) -> ElementTree.Element:
    return ElementTree.fromstring(drawing.svg(problem))


def elements(root: ElementTree.Element, kind: str) -> list[ElementTree.Element]:
    return root.findall(f".//{{http://www.w3.org/2000/svg}}{kind}")


def words(root: ElementTree.Element) -> list[str]:
    return [element.text or "" for element in elements(root, "text")]


def rings(problem: Problem) -> dict[str, dict[str, list[tuple[float, float, float]]]]:
    """What the SVG rings on the wall: role -> label -> (x, y, radius) of each ring.

    Labels are read as an eye reads them: the letter below and the number beside a ring's centre.
    """
    root = parsed(problem)
    texts = [
        (element.text or "", float(element.attrib["x"]), float(element.attrib["y"]))
        for element in elements(root, "text")
    ]
    letters = {x: text for text, x, _ in texts if text in COLUMNS}
    numbers = [(y, text) for text, _, y in texts if text.isdigit()]
    found: dict[str, dict[str, list[tuple[float, float, float]]]] = {role: {} for role in COLOURS}
    for circle in elements(root, "circle"):
        x, y, r = (float(circle.attrib[key]) for key in ("cx", "cy", "r"))
        beside = [number for baseline, number in numbers if 3 < baseline - y < 6]
        for role, colour in COLOURS.items():
            if circle.get("stroke") == colour and beside:
                found[role].setdefault(f"{letters[x]}{beside[0]}", []).append((x, y, r))
    return found


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("RGB")


# Terminal text


@pytest.mark.parametrize("problem", EXAMPLES)
def test_text_shows_every_position_by_its_letter(problem: Problem) -> None:
    layout = boards.load(problem.board)
    expected = {hold.label: "·" for hold in layout.holds}
    for letter, labels in zip("SHFE", (problem.start, problem.hands, problem.feet, problem.finish), strict=True):
        expected |= dict.fromkeys(labels, letter)
    lines = drawing.text(problem, colour=False).splitlines()
    rows = sorted({row_of(label) for label in layout.labels}, reverse=True)
    for line, row in zip(lines, rows, strict=False):
        assert int(line[:2]) == row
        cells = line[4:].ljust(2 * len(COLUMNS))[::2]
        assert cells == "".join(expected.get(f"{column}{row}", " ") for column in COLUMNS)
    assert lines[len(rows)] == "    A B C D E F G H I J K"


def test_text_is_compact_and_ends_with_caption_and_notation() -> None:
    lines = drawing.text(replace(FOUR, name="Slow Burn"), colour=False).splitlines()
    assert len(lines) == 20
    assert lines[-2] == "Slow Burn  7A (V6)  MoonBoard 2016 · 40°"
    assert lines[-1] == "F5s D9 G13 G18e"


def test_text_names_an_unusual_foot_rule_and_no_grade() -> None:
    caption = drawing.text(replace(FEET, grade=None, method="Footless + kickboard"), colour=False).splitlines()[-2]
    assert caption == f"{suggested_name(FEET)}  ungraded  MoonBoard Masters 2019 · 40°  Footless + kickboard"


def test_colour_adds_escapes_and_changes_nothing_else() -> None:
    coloured, plain = drawing.text(FEET), drawing.text(FEET, colour=False)
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain
    codes = {letter: set(re.findall(rf"\x1b\[([\d;]+)m{letter}\x1b", coloured)) for letter in "SHFE"}
    assert all(len(found) == 1 for found in codes.values())
    assert len(set.union(*codes.values())) == 4


def test_a_name_cannot_steer_the_terminal() -> None:
    plain = drawing.text(replace(FOUR, name=HOSTILE, method=HOSTILE), colour=False)
    assert all(char == "\n" or char.isprintable() for char in plain)
    assert len(plain.splitlines()) == 20


# SVG


@pytest.mark.parametrize("problem", EXAMPLES)
def test_svg_rings_the_holds_of_the_problem_in_their_roles(problem: Problem) -> None:
    found = rings(problem)
    for role in COLOURS:
        assert sorted(found[role]) == sorted(getattr(problem, role))


@pytest.mark.parametrize("board", EVERY_BOARD)
def test_holds_are_ringed_in_the_colours_in_which_their_board_lights_them(board: str) -> None:
    layout = boards.load(board)
    for role in ROLES.values():
        assert LAMPS[lamp_of(layout, role)].rgb == colours_of(layout)[role.name]


def test_a_colour_that_is_no_lamps_is_shown_as_the_nearest() -> None:
    dim = replace(boards.load("kilter-original"), colours={"start": "00DD00", "hand": "FFFFFF", "finish": "F0A0FF"})
    assert [lamp_of(dim, role) for role in ROLES.values()] == ["green", "cyan", "cyan", "magenta"]


@pytest.mark.parametrize("problem", EXAMPLES)
def test_roles_differ_in_shape_as_well_as_colour(problem: Problem) -> None:
    shapes = {
        role: {tuple(r for _, _, r in drawn) for drawn in found.values()} for role, found in rings(problem).items()
    }
    used = [shape for shape in shapes.values() if shape]
    assert all(len(shape) == 1 for shape in used), "a role has one shape"
    assert len(set.union(*used)) == len(used)


@pytest.mark.parametrize("problem", EXAMPLES)
def test_svg_draws_every_hold_of_the_layout(problem: Problem) -> None:
    layout = boards.load(problem.board)
    outlines = [path.attrib["d"].split("c")[0] for path in elements(parsed(problem), "path") if path.get("stroke")]
    assert len(outlines) == len(layout.holds) + len(problem.holds) + len(layout.hold_sets)
    assert len(set(outlines)) == len(layout.holds) + len(layout.hold_sets), "lit holds lie on their places"


def test_svg_says_what_the_problem_is() -> None:
    root = parsed(replace(LONG, name="Slow Burn", method="Screw ons only"))
    assert {"Slow Burn", "8B+ (V14)", "MoonBoard 2016 · 40°", "Screw ons only"} <= set(words(root))
    assert set(LONG.notation.split()) <= set(words(root))
    assert {*COLUMNS, *map(str, range(2, 19)), "start", "hand", "finish"} <= set(words(root))
    assert "foot" not in words(root)
    assert root.attrib["aria-label"] == f"Slow Burn, 8B+ (V14), MoonBoard 2016 · 40°, Screw ons only, {LONG.notation}"


def test_a_picture_says_which_grade_was_asked_for_where_the_problem_has_another() -> None:
    assert "asked for 6C+" in words(parsed(replace(FOUR, asked_grade="6C+")))
    footless = replace(FOUR, asked_grade="6C+", method="Footless")
    assert "Footless · asked for 6C+" in words(parsed(footless))
    assert not any("asked" in text for text in words(parsed(replace(FOUR, asked_grade="7A"))))


def test_a_problem_without_a_name_has_the_name_that_the_app_suggests() -> None:
    assert suggested_name(FOUR) in words(parsed(FOUR))
    assert drawing.text(FOUR, colour=False).splitlines()[-2].startswith(suggested_name(FOUR))
    assert drawing.png(FOUR) == drawing.png(replace(FOUR, name=suggested_name(FOUR)))
    assert "ungraded" in words(parsed(replace(FOUR, grade=None)))


@pytest.mark.parametrize("board", BOARDS)
def test_no_row_is_drawn_that_has_no_holds(board: str) -> None:
    layout = boards.load(board)
    problem = Problem(
        board=board, angle=layout.angles[0], start=layout.labels[:1], finish=(layout.labels[-1],), grade="6C"
    )
    rows = {str(row_of(label)) for label in layout.labels}
    assert {text for text in words(parsed(problem)) if text.isdigit()} == rows
    assert {line[:2].strip() for line in drawing.text(problem, colour=False).splitlines()[: len(rows)]} == rows


@pytest.mark.parametrize("board", boards.names())
def test_a_legend_names_every_hold_set_in_the_colour_of_its_holds(board: str) -> None:
    layout = boards.load(board)
    problem = Problem(board=board, angle=layout.angles[0], start=layout.labels[:1], finish=(layout.labels[-1],))
    root = parsed(problem)
    assert {name if len(name) > 1 else f"Set {name}" for name in layout.hold_sets} <= set(words(root))
    fills = {path.get("fill") for path in elements(root, "path")}
    assert {DARK.tint(name) for name in layout.hold_sets} <= fills


def test_a_legend_leaves_out_hold_sets_that_a_size_does_not_have() -> None:
    layout = boards.load("kilter-homewall")
    labels = list(layout.size("7x10 Mainline").leds)
    problem = Problem(board=layout.name, angle=40, start=(labels[0],), finish=(labels[-1],))
    root = ElementTree.fromstring(drawing.svg(problem, wall=parse_wall(problem.board, "7x10 Mainline")))
    assert set(words(root)) & set(layout.hold_sets) == {"Mainline"}
    assert set(words(parsed(problem))) >= set(layout.hold_sets)


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [DARK, LIGHT, PAPER], ids=["dark", "light", "paper"])
def test_holds_that_no_problem_uses_stand_out_from_the_wall(theme: Theme) -> None:
    """Three to one is what WCAG 2 asks of graphics; the edge counts where a hold's own colour is like the wall's."""
    for name in theme.tints:
        rest = holds.tint(name, theme, lit=False)
        assert max(contrast(rest, theme.wall), contrast(theme.edge, theme.wall)) >= 3, name


@pytest.mark.parametrize("theme", [DARK, LIGHT, PAPER], ids=["dark", "light", "paper"])
def test_words_and_roles_are_legible_in_every_theme(theme: Theme) -> None:
    for colour in (theme.clear, theme.quiet):
        assert min(contrast(colour, theme.page), contrast(colour, theme.wall)) >= 4.5, colour
    for colour in (*theme.lamps.values(), *theme.hands, theme.warning):
        assert min(contrast(colour, theme.page), contrast(colour, theme.wall)) >= 3, colour


def test_a_light_picture_shows_the_same_on_another_ground() -> None:
    dark, light = (ElementTree.fromstring(drawing.svg(FEET, theme=theme)) for theme in (DARK, LIGHT))
    assert words(dark) == words(light)
    assert opened(drawing.png(FEET, theme=LIGHT)).getpixel((2, 2)) == (0xF5, 0xF0, 0xE7)
    sheet = opened(drawing.sheet([FEET, FOUR], theme=LIGHT))
    assert sheet.getpixel((2, 2)) == tuple(bytes.fromhex(LIGHT.desk[1:]))


def test_a_name_cannot_break_the_svg() -> None:
    document = drawing.svg(replace(FOUR, name=HOSTILE, method=HOSTILE))
    document.encode()
    root = ElementTree.fromstring(document)
    assert not elements(root, "script")
    assert root.attrib["aria-label"].startswith("</text><script>&\"' [31m gnp next line, 7A (V6)")


@pytest.mark.parametrize("name", ["W" * 200, "WWW " * 9, "乱れ足" * 40, "i" * 500])
def test_long_names_are_cut_to_fit(name: str) -> None:
    shown = words(parsed(replace(FOUR, name=name)))
    headline = next(text for text in shown if text.endswith("…"))
    assert name.startswith(headline[:-1])
    assert len(headline) > 10


def test_the_longest_real_names_are_shown_whole() -> None:
    name = "Malibu's most wanted (part II)"
    assert name in words(parsed(replace(FOUR, name=name)))


@pytest.mark.parametrize("problem", EXAMPLES)
def test_notation_wraps_in_even_lines_without_overlap(problem: Problem) -> None:
    tokens = problem.notation.split()
    places = [
        (float(element.attrib["y"]), float(element.attrib["x"]), float(element.attrib["font-size"]))
        for element in elements(parsed(problem), "text")
        if element.text in tokens
    ]
    assert places == sorted(places), "tokens read in the order of the notation"
    size = places[0][2]
    lines = [[x for y, x, _ in places if y == line] for line in sorted({y for y, _, _ in places})]
    assert max(map(len, lines)) - min(map(len, lines)) <= 1
    assert all(right - left > 3 * size for line in lines for left, right in pairwise(line))
    assert all(line[-1] + 3 * size < 360 for line in lines)


# PNG


@pytest.mark.parametrize("problem", EXAMPLES)
@pytest.mark.parametrize("width", [360, 720])
def test_png_has_the_rings_of_the_svg_in_the_same_places(problem: Problem, width: int) -> None:
    picture = opened(drawing.png(problem, width))
    scale = width / 360
    height = float(parsed(problem).attrib["height"])
    assert picture.size == (width, round(height * scale))
    for role, found in rings(problem).items():
        colour = tuple(bytes.fromhex(COLOURS[role][1:]))
        assert len(found) == len(getattr(problem, role))
        for x, y, r in (ring for drawn in found.values() for ring in drawn):
            for dx, dy in [(r, 0), (-r, 0), (0, r), (0, -r)]:
                near = [
                    picture.getpixel((int((x + dx) * scale) + i, int((y + dy) * scale) + j))
                    for i in (-1, 0)
                    for j in (-1, 0)
                ]
                assert colour in near
    assert picture.getpixel((2, 2)) == (0x15, 0x12, 0x0F)


@pytest.mark.parametrize("name", ["W" * 200, "@%" * 30, "Feet & hands — " * 10])
def test_png_captions_stay_within_the_margins(name: str) -> None:
    picture = opened(drawing.png(replace(LONG, name=name, method=name), 360))
    for strip in [(0, 0, 14, picture.height), (347, 0, 360, picture.height)]:
        assert len(picture.crop(strip).getcolors() or []) == 1


def test_png_spells_names_with_the_letters_that_its_font_has() -> None:
    assert drawing.png(replace(FOUR, name="Forsøk ①: Café")) == drawing.png(replace(FOUR, name="Forsok 1: Cafe"))
    assert drawing.png(replace(FOUR, name="乱れ足 midare ashi")) == drawing.png(replace(FOUR, name="midare ashi"))
    assert drawing.png(replace(FOUR, name="課題 💪")) != drawing.png(FOUR)


@pytest.mark.parametrize("width", [-1, 0, 119, 2001])
def test_a_width_out_of_range_is_refused(width: int) -> None:
    with pytest.raises(ClimbpathError, match=f"120 to 2000 pixels wide, not {width}"):
        drawing.png(FOUR, width)
    with pytest.raises(ClimbpathError, match=f"120 to 2000 pixels wide, not {width}"):
        drawing.sheet([FOUR], cell_width=width)


# Sheet


@pytest.mark.parametrize(
    ("count", "columns", "across", "down"),
    [(1, None, 1, 1), (2, None, 2, 1), (10, None, 5, 2), (12, None, 6, 2), (7, 3, 3, 3), (2, 5, 2, 1)],
)
def test_a_sheet_lays_out_the_pictures_in_rows(count: int, columns: int | None, across: int, down: int) -> None:
    shown = [EXAMPLES[i % 4] for i in range(count)]
    pictures = [opened(drawing.png(problem, 120)) for problem in shown]
    tallest = max(picture.height for picture in pictures)
    sheet = opened(drawing.sheet(shown, columns, cell_width=120))
    assert sheet.size == (across * 125 + 5, down * (tallest + 5) + 5)
    for i, picture in enumerate(pictures):
        x, y = 5 + i % across * 125, 5 + i // across * (tallest + 5)
        assert sheet.crop((x, y, x + 120, y + picture.height)).tobytes() == picture.tobytes()
        assert sheet.getpixel((x - 1, y)) == tuple(bytes.fromhex(DARK.desk[1:]))


def test_a_sheet_needs_problems_and_columns() -> None:
    with pytest.raises(ClimbpathError, match="at least one problem"):
        drawing.sheet([])
    with pytest.raises(ClimbpathError, match="one or more columns, not 0"):
        drawing.sheet([FOUR], columns=0)


# All of it


@settings(max_examples=40, deadline=None)
@given(problem=admitted())
def test_every_problem_can_be_drawn(problem: Problem) -> None:
    found = rings(problem)
    for role in COLOURS:
        assert sorted(found[role]) == sorted(getattr(problem, role))
    root = parsed(problem)
    height = float(root.attrib["height"])
    assert all(0 < float(element.attrib["y"]) < height - 10 for element in elements(root, "text"))
    assert [word for word in words(root) if word in problem.notation.split()] == problem.notation.split()
    assert opened(drawing.png(problem, 120)).width == 120
    plain = drawing.text(problem, colour=False)
    assert len(plain.splitlines()) == len({row_of(label) for label in boards.load(problem.board).labels}) + 3
    assert plain.endswith(problem.notation)
    assert sum(line[4:26].count(letter) for line in plain.splitlines()[:-3] for letter in "SHFE") == len(problem.holds)


@settings(max_examples=20, deadline=None)
@given(problem=admitted(tuple(name for name in EVERY_BOARD if name not in BOARDS)))
def test_every_problem_on_a_wall_without_a_grid_can_be_drawn(problem: Problem) -> None:
    layout, root = boards.load(problem.board), parsed(problem)
    circles = {(round(float(one.get("cx", 0))), round(float(one.get("cy", 0))), one.get("stroke"))
               for one in elements(root, "circle")}  # fmt: skip
    for field, role in ROLES.items():
        colour = DARK.shade(layout, role)
        for label in getattr(problem, field):
            x, y = drawing.centre(Wall(layout.name), layout.hold(label))
            assert any(
                abs(x - one_x) <= 1 and abs(y - one_y) <= 1 and stroke == colour for one_x, one_y, stroke in circles
            )
            assert 0 < x < float(root.attrib["width"])
            assert 0 < y < float(root.attrib["height"])
    assert opened(drawing.png(problem, 120)).width == 120
    wall = drawing.text(problem, colour=False).splitlines()[:-2]
    assert sum(line.count(letter) for line in wall for letter in "SHFE") == len(problem.holds)


def test_text_and_svg_work_without_pillow() -> None:
    script = (
        "import sys; sys.modules['PIL'] = None\n"
        "from climbpath.drawing import problem as drawing\n"
        "from climbpath.problem import parse_notation\n"
        "problem = parse_notation('F5s D9 G13 G18e')\n"
        "print(len(drawing.text(problem)), len(drawing.svg(problem)))"
    )
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)


# Sizes and density


WALLS = [(name, None) for name in EVERY_BOARD] + [
    (name, size) for name in EVERY_BOARD for size in boards.load(name).sizes if not boards.load(name).has_grid
]


@pytest.mark.parametrize(("name", "size"), WALLS)
def test_the_rings_of_no_two_holds_meet_on_any_wall(name: str, size: str | None) -> None:
    wall = Wall(name, size)
    place = drawing.frame(wall)
    middles = [drawing.centre(wall, hold) for hold in place.holds]
    apart = min(math.dist(one, other) for one, other in combinations(middles, 2))
    for theme in (DARK, LIGHT, PAPER):
        outermost = max(r + width / 2 for role in theme.roles.values() for r, width in role.rings)
        assert 2 * outermost * place.unit <= 1.01 * apart


@pytest.mark.parametrize(("name", "size"), WALLS)
def test_every_ring_lies_on_the_wall(name: str, size: str | None) -> None:
    wall = Wall(name, size)
    place, panel = drawing.frame(wall), drawing.panel(wall, DARK)
    label = [hold.label for hold in place.holds]
    problem = Problem(board=name, angle=boards.load(name).usual_angle, start=(label[0],), finish=(label[-1],))
    edge = 12 * drawing.ring_unit(problem, wall)
    for hold in place.holds:
        x, y = drawing.centre(wall, hold)
        assert panel.x <= x - edge < x + edge <= panel.x + panel.w
        assert panel.y <= y - edge < y + edge <= panel.y + panel.h


def test_a_size_shows_its_own_holds_alone_unless_the_problem_has_others() -> None:
    layout = boards.load("kilter-original")
    small = list(layout.size("7 x 10").leds)
    inside = Problem(board=layout.name, angle=40, start=(small[0],), finish=(small[-1],))
    outside = replace(inside, start=tuple(label for label in layout.labels if label not in small)[:1])
    wall = parse_wall(layout.name, "7 X 10")
    assert holds_drawn(inside, wall) == len(small)
    assert holds_drawn(inside, None) == holds_drawn(outside, wall) == len(layout.holds)
    drawn = "\n".join(drawing.text(inside, colour=False, wall=wall).splitlines()[:-2])
    assert drawn.count("·") == len(small) - 2
    assert drawing.png(inside, 120, wall=wall) != drawing.png(inside, 120)
    with pytest.raises(ClimbpathError, match="has no size '9 x 9': choose from 16 x 12"):
        drawing.svg(inside, wall=Wall(layout.name, "9 x 9"))


def holds_drawn(problem: Problem, wall: Wall | None) -> int:
    """How many holds a picture shows, without those that are drawn again as lit, and those of the legend."""
    root = ElementTree.fromstring(drawing.svg(problem, wall=wall))
    outlines = sum(1 for path in elements(root, "path") if path.get("stroke"))
    return outlines - len(problem.holds) - len(drawing.shown_sets(drawing.shown_wall(problem, wall)))


@pytest.mark.parametrize("name", EVERY_BOARD)
def test_a_wall_with_some_hold_sets_shows_their_holds_alone_where_all_of_the_board_shows_them(name: str) -> None:
    layout = boards.load(name)
    for hold_set in layout.hold_sets:
        there = [hold for hold in layout.holds if hold.hold_set == hold_set]
        wall = parse_wall(name, hold_sets=hold_set)
        inside = Problem(board=name, angle=layout.usual_angle, start=(there[0].label,), finish=(there[-1].label,))
        assert holds_drawn(inside, wall) == len(there)
        assert set(words(ElementTree.fromstring(drawing.svg(inside, wall=wall)))) & {
            drawing.set_words(one) for one in layout.hold_sets
        } == {drawing.set_words(hold_set)}
        drawn = drawing.text(inside, colour=False, wall=wall).splitlines()[:-2]
        whole = drawing.text(inside, colour=False).splitlines()[:-2]
        assert sum(line.count("·") for line in drawn) == len(there) - 2
        assert all(
            shown in (" ", of_whole)
            for line, full in zip(drawn, whole, strict=True)
            for shown, of_whole in zip(line, full, strict=False)
        )
        for hold in there:
            assert drawing.centre(wall, hold) == drawing.centre(Wall(name), hold)
        if len(layout.hold_sets) > 1:
            other = next(hold.label for hold in layout.holds if hold.hold_set != hold_set)
            assert holds_drawn(replace(inside, hands=(other,)), wall) == len(layout.holds)


def test_a_sheet_of_several_boards_shows_the_wall_of_its_board() -> None:
    layout = boards.load("kilter-original")
    small = list(layout.size("7 x 10").leds)
    kilter = Problem(board=layout.name, angle=40, start=(small[0],), finish=(small[-1],))
    sheet = opened(drawing.sheet([kilter, FOUR], cell_width=120, wall=Wall(layout.name, "7 x 10")))
    picture = opened(drawing.png(kilter, 120, wall=Wall(layout.name, "7 x 10")))
    assert sheet.crop((5, 5, 125, 5 + picture.height)).tobytes() == picture.tobytes()


@pytest.mark.parametrize("name", EVERY_BOARD)
def test_every_board_fits_its_terminal(name: str) -> None:
    layout = boards.load(name)
    problem = Problem(board=name, angle=layout.usual_angle, start=layout.labels[:1], finish=(layout.labels[-1],))

    def widest(width: int) -> int:
        return max(map(len, drawing.text(problem, colour=False, width=width).splitlines()[:-2]))

    assert widest(80) <= 80
    assert widest(80) <= widest(100) <= 100


def test_columns_have_a_space_between_them_where_there_is_room() -> None:
    layout = boards.load("kilter-original")
    problem = Problem(board=layout.name, angle=40, start=layout.labels[:1], finish=(layout.labels[-1],))
    narrow, wide = (drawing.text(problem, colour=False, width=width).splitlines()[0] for width in (80, 100))
    assert wide.lstrip().startswith("·   ·   ·")
    assert wide[::2] == narrow
