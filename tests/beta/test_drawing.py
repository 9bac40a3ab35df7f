import io
import math
import subprocess
import sys
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from PIL import Image, ImageSequence

from climbpath import board as boards
from climbpath.beta import drawing as beta_drawing
from climbpath.beta import solver
from climbpath.beta.body import DEFAULT_CLIMBER, Climber
from climbpath.beta.moves import HANDS, Beta
from climbpath.drawing import problem as drawing
from climbpath.errors import ClimbpathError
from climbpath.problem import DEFAULT_BOARD, parse_notation
from climbpath.wall import Wall

COLOURS = {"LH": "#ff86d3", "RH": "#ffffff"}


def beta(notation: str, climber: Climber = DEFAULT_CLIMBER, board: str = DEFAULT_BOARD) -> Beta:
    (found,) = solver.solve([parse_notation(notation, board=board, grade="7A")], climber)
    return found


USUAL = beta("F5s C8 D11 C12 H14 E18e")
TWO_STARTS = beta("G2s F5s C8 H11 F13 I16 E18e")
EDGE = beta("B6s D7 B10 D11 E12 G15 H16 K18e")
TWO_HOLDS = beta("F5s G18e", Climber(165))
LONG = beta("A5s F5s E6 C8 D9 G9 H11 F12 I13 E14 J14 G16 E18e K18e")
DENSE = beta("F5s F6s G6 F7 G8 H9 G10 H11 G13 F13 F14 E15 F16 E18e")
FEET = beta("B3s D3s C6 E9 D12 B13 A1f H2f D18e", board="moonboard-masters-2019")
ROOMY = [USUAL, TWO_STARTS, EDGE, TWO_HOLDS, LONG, FEET]
EXAMPLES = [*ROOMY, DENSE]


def parsed(found: Beta) -> ElementTree.Element:
    return ElementTree.fromstring(beta_drawing.svg(found))


def elements(root: ElementTree.Element, kind: str) -> list[ElementTree.Element]:
    return root.findall(f".//{{http://www.w3.org/2000/svg}}{kind}")


def words(found: Beta) -> list[str]:
    return [element.text or "" for element in elements(parsed(found), "text")]


def corner(point: str) -> tuple[float, float]:
    x, y = map(float, point.split(","))
    return x, y


def polygons(found: Beta, colour: str) -> list[list[tuple[float, float]]]:
    """The corners of each polygon of a colour."""
    drawn = [element for element in elements(parsed(found), "polygon") if element.get("fill") == colour]
    return [[corner(point) for point in element.attrib["points"].split()] for element in drawn]


def heads(found: Beta) -> list[list[tuple[float, float]]]:
    """The heads of the arrows, the left hand's first."""
    return [points for colour in COLOURS.values() for points in polygons(found, colour) if len(points) == 3]


def area(triangle: list[tuple[float, float]]) -> float:
    (x1, y1), (x2, y2), (x3, y3) = triangle
    return abs((x2 - x1) * (y3 - y1) - (x3 - x1) * (y2 - y1)) / 2


def centre(found: Beta, label: str) -> tuple[float, float]:
    layout = boards.load(found.problem.board)
    return drawing.centre(Wall(layout.name), layout.hold(label))


def ends_with_match(found: Beta) -> bool:
    return found.moves[-1].is_match


def frames(found: Beta, width: int = 480) -> list[Image.Image]:
    with Image.open(io.BytesIO(beta_drawing.gif(found, width))) as animation:
        return [frame.convert("RGB") for frame in ImageSequence.Iterator(animation)]


# SVG


@pytest.mark.parametrize("found", EXAMPLES)
def test_svg_numbers_every_move_with_its_hand_and_names_the_crux(found: Beta) -> None:
    expected = [f"{i}{move.hand[0]}" for i, move in enumerate(found.moves, 1)]
    expected[found.crux] += " crux"
    if ends_with_match(found):
        expected[-1] = f"{len(found.moves)} L+R"
    shown = words(found)
    assert [shown.count(number) for number in expected] == [1] * len(expected)
    crux = found.moves[found.crux]
    assert f"{len(found.moves)} moves · crux: {found.crux + 1}. {crux.hand} → {crux.hold}" in shown


@pytest.mark.parametrize("found", EXAMPLES)
def test_arrows_go_from_hold_to_hold_and_a_last_match_has_none(found: Beta) -> None:
    shown = found.moves[:-1] if ends_with_match(found) else found.moves
    tips = [points[0] for points in heads(found)]
    assert len(tips) == len(shown)
    for move, tip in zip(sorted(shown, key=lambda move: move.hand), tips, strict=True):
        distances = {label: math.dist(tip, centre(found, label)) for label in found.problem.holds}
        assert min(distances, key=distances.__getitem__) == move.hold


@pytest.mark.parametrize("found", ROOMY)
def test_arrows_hide_no_hold_of_the_problem(found: Beta) -> None:
    corners = [point for colour in COLOURS.values() for points in polygons(found, colour) for point in points]
    for label in found.problem.holds:
        assert min(math.dist(corner, centre(found, label)) for corner in corners) > 12.2


@pytest.mark.parametrize("found", EXAMPLES)
def test_hands_differ_in_line_style_as_well_as_colour(found: Beta) -> None:
    shafts = {hand: len(polygons(found, colour)) for hand, colour in COLOURS.items()}
    arrows = {hand: sum(len(points) == 3 for points in polygons(found, COLOURS[hand])) for hand in COLOURS}
    assert shafts["LH"] == 2 * arrows["LH"], "a shaft in one piece"
    assert shafts["RH"] >= 3 * arrows["RH"], "a shaft in dashes"


@pytest.mark.parametrize("found", [USUAL, TWO_STARTS, EDGE, LONG])
def test_the_arrow_of_the_crux_is_the_thickest(found: Beta) -> None:
    hard = found.moves[found.crux].hold
    thickest = max(heads(found), key=area)
    assert math.dist(thickest[0], centre(found, hard)) < 16
    assert area(thickest) > 2 * sorted(map(area, heads(found)))[-2]


def test_the_hands_at_the_start_are_marked_on_their_holds_or_beside_the_one_hold() -> None:
    def marks(found: Beta) -> dict[str, tuple[float, float]]:
        texts = elements(parsed(found), "text")
        return {e.text or "": (float(e.attrib["x"]), float(e.attrib["y"])) for e in texts if e.text in ("L", "R")}

    left, right = (centre(TWO_STARTS, label) for label in TWO_STARTS.start)
    found = marks(TWO_STARTS)
    assert math.dist(found["L"], left) < 5
    assert math.dist(found["R"], right) < 5
    x, _ = centre(USUAL, USUAL.start[0])
    found = marks(USUAL)
    assert found["L"][0] < x - 12 < x + 12 < found["R"][0]


@pytest.mark.parametrize("found", EXAMPLES)
def test_numbers_stay_on_the_wall_and_apart(found: Beta) -> None:
    numbers = {f"{i}{move.hand[0]}" for i, move in enumerate(found.moves, 1)}
    places = sorted(
        (float(element.attrib["y"]), float(element.attrib["x"]))
        for element in elements(parsed(found), "text")
        if element.text in numbers
    )
    assert all(36 < x < 342 and y > 80 for y, x in places)
    assert all(y2 - y1 > 14 or abs(x2 - x1) > 22 for (y1, x1), (y2, x2) in pairwise(places))


def test_holds_that_no_hand_needs_step_back() -> None:
    def feet(document: str) -> int:
        circles = elements(ElementTree.fromstring(document), "circle")
        return sum(circle.get("stroke") == "#52e0f2" for circle in circles)

    assert feet(drawing.svg(FEET.problem)) == 3, "two on the wall, one in the legend"
    assert feet(beta_drawing.svg(FEET)) == 1
    assert not any("no hand" in text for text in words(FEET)), "footholds are no news"
    assert not any("no hand" in text for text in words(USUAL))


def test_what_is_out_of_reach_is_said() -> None:
    assert TWO_HOLDS.too_far
    by = round(TWO_HOLDS.moves[0].too_far)
    assert f"out of reach for 165 cm: move 1 by {by} cm" in words(TWO_HOLDS)
    assert f"out of reach for 165 cm: move 1 by {by} cm" in parsed(TWO_HOLDS).attrib["aria-label"]
    assert not any("out of reach" in text for text in words(USUAL))


def test_the_start_and_the_ape_index_are_named_where_they_matter() -> None:
    found = beta("A5s K5s F9 G18e", Climber(160, -10))
    (note,) = [text for text in words(found) if "out of reach" in text]
    assert note.startswith(f"out of reach for 160 cm, ape -10: start by {round(found.start_too_far)} cm, move ")


# PNG


@pytest.mark.parametrize("found", ROOMY)
def test_png_is_the_picture_of_the_svg(found: Beta) -> None:
    with Image.open(io.BytesIO(beta_drawing.png(found, 360))) as opened:
        picture = opened.convert("RGB")
    assert picture.size == (360, int(parsed(found).attrib["height"]))
    for colour in COLOURS.values():
        for points in polygons(found, colour):
            if len(points) == 3:
                x, y = (sum(part) / 3 for part in zip(*points, strict=True))
                assert picture.getpixel((int(x), int(y))) == tuple(bytes.fromhex(colour[1:]))


def test_png_is_as_wide_as_asked_and_more_than_the_plain_picture() -> None:
    with (
        Image.open(io.BytesIO(beta_drawing.png(USUAL))) as picture,
        Image.open(io.BytesIO(drawing.png(USUAL.problem))) as plain,
    ):
        assert picture.width == 720
        assert picture.height > plain.height
        wall = (0, 160, 720, 1180)
        assert picture.crop(wall).tobytes() != plain.crop(wall).tobytes()


@pytest.mark.parametrize("width", [0, 119, 2001])
def test_a_width_out_of_range_is_refused(width: int) -> None:
    for render in (beta_drawing.png, beta_drawing.gif):
        with pytest.raises(ClimbpathError, match=f"120 to 2000 pixels wide, not {width}"):
            render(USUAL, width)


# GIF


@pytest.mark.parametrize("found", EXAMPLES)
def test_gif_has_a_frame_for_the_start_and_one_for_each_move_and_is_small(found: Beta) -> None:
    content = beta_drawing.gif(found)
    assert len(content) < 200_000
    with Image.open(io.BytesIO(content)) as animation:
        assert animation.format == "GIF"
        assert animation.width == 480
        assert animation.info["loop"] == 0, "for ever"
        shown = list(ImageSequence.Iterator(animation))
        assert len(shown) == 1 + len(found.moves)
        durations = []
        for i in range(len(shown)):
            animation.seek(i)
            durations.append(animation.info["duration"])
    assert len(set(durations[1:-1])) <= 1
    assert durations[-1] > 2 * max(durations[1:-1])


@pytest.mark.parametrize("found", [USUAL, EDGE, LONG])
def test_gif_marks_both_hands_where_they_are(found: Beta) -> None:
    hands = dict(zip(HANDS, found.start, strict=True))
    for move, frame in zip(found.moves, frames(found, 360)[1:], strict=True):
        hands[move.hand] = move.hold
        for hand, label in hands.items():
            x, y = centre(found, label)
            aside = {"LH": -20.7, "RH": 20.7}[hand] if hands["LH"] == hands["RH"] else 0
            seen = frame.getpixel((int(x + aside), int(y - 5.5)))
            assert isinstance(seen, tuple)
            assert math.dist(seen, bytes.fromhex(COLOURS[hand][1:])) < 40


# All of it


def test_svg_works_without_pillow() -> None:
    script = (
        "import sys; sys.modules['PIL'] = None\n"
        "from climbpath.beta import drawing, solver\n"
        "from climbpath.problem import parse_notation\n"
        "print(len(drawing.svg(solver.solve([parse_notation('F5s D9 G13 G18e')])[0])))"
    )
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
