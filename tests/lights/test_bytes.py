"""Problems as bytes: known answers, and a round trip through a decoder that was written from the description alone.

The known bytes are those of public reverse engineering of the apps.
"""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from climbpath import board as boards
from climbpath.errors import ClimbpathError
from climbpath.lights import aurora, moonboard
from climbpath.lights.leds import Light, holds_of, lights_of
from climbpath.lights.messages import Sending, encode, is_moonboard, wall_of
from climbpath.problem import Problem, parse_notation
from support.leds import read_aurora, read_moonboard, serpentine
from support.making import problems

MOONBOARDS = [name for name in boards.names() if is_moonboard(boards.load(name))]
COLOURS = {"start": "00FF00", "hand": "00FFFF", "finish": "FF00FF", "foot": "FFA500"}
LETTERS = {"start": "S", "hand": "P", "finish": "E"}
NEW_LETTERS = {"start": "S", "hand": "P", "left": "L", "right": "R", "match": "M", "foot": "F", "finish": "E"}
roles = st.sampled_from(["start", "hand", "left", "right", "match", "foot", "finish"])


def lights_at(most: int, least_size: int = 1, most_size: int = 300) -> st.SearchStrategy[list[Light]]:
    """Lights at different positions."""
    each = st.tuples(st.integers(0, most), roles)
    found = st.lists(each, min_size=least_size, max_size=most_size, unique_by=lambda one: one[0])
    return found.map(lambda some: [Light(f"H{position}", position, role) for position, role in some])


def test_the_known_bytes_of_a_moonboard() -> None:
    lights = [Light("A1", 0, "start"), Light("A2", 1, "hand"), Light("K18", 197, "finish")]
    assert moonboard.encode(lights) == b"l#S0,P1,E197#"
    lights = [Light("A2", 1, "start"), Light("B2", 22, "hand"), Light("K12", 131, "finish")]
    assert moonboard.encode(lights) == b"l#S1,P22,E131#"


def test_the_known_bytes_of_an_aurora_board() -> None:
    assert aurora.encode([Light("1", 16, "start")], COLOURS, 3) == bytes.fromhex("01047f02541000 1c03")
    assert aurora.encode([Light("1", 10, "start")], COLOURS, 2) == bytes.fromhex("0103 7502 500a30 03")


def test_all_lights_out() -> None:
    assert moonboard.OFF == b"l##"
    assert read_aurora(aurora.off(3)) == ([], 3, "")
    assert read_aurora(aurora.off(2)) == ([], 2, "")


@pytest.mark.parametrize("name", MOONBOARDS)
def test_the_numbers_of_a_moonboard_are_the_app_s(name: str) -> None:
    layout = boards.load(name)
    wall = wall_of(layout)
    assert wall.leds == {label: serpentine(label, 12 if "mini" in layout.name else 18) for label in layout.labels}


@given(problem=problems(MOONBOARDS), extra_leds=st.booleans(), new_letters=st.booleans(), mini=st.booleans())
def test_every_problem_goes_round_on_every_moonboard(
    problem: Problem, extra_leds: bool, new_letters: bool, mini: bool
) -> None:
    layout = boards.load(problem.board)
    wall = wall_of(layout, next(iter(layout.sizes)))
    lights = wall.lights(holds_of(problem))
    sending = Sending(extra_leds=extra_leds, new_letters=new_letters, mini=mini)
    read = read_moonboard(encode(layout, lights, 3, sending))
    letters = NEW_LETTERS if new_letters else LETTERS
    roles = holds_of(problem)
    wanted = [
        (serpentine(label, 12 if "mini" in layout.name else 18), letters[role])
        for label, role in roles
        if role in letters
    ]
    assert read.lights == wanted
    assert read.flags == "D" * extra_leds + "M" * mini
    assert moonboard.dark(lights, new_letters) == ([] if new_letters else list(problem.feet))


def test_hands_have_their_own_letters_where_they_are_known() -> None:
    problem = parse_notation("F5s D9 G13 E15 D3f G18e")
    wall = wall_of(boards.load(problem.board))
    lights = wall.lights(holds_of(problem, {"D9": "left", "G13": "right", "E15": "match", "G18": "right"}))
    assert moonboard.encode(lights, new_letters=True) == b"l#S103,L63,R120,M86,F69,E125#"
    assert moonboard.encode(lights) == b"l#S103,P63,P120,P86,E125#"


@given(lights=lights_at(65_535), level=st.integers(3, 9))
def test_lights_go_round_at_level_3(lights: list[Light], level: int) -> None:
    read = read_aurora(aurora.encode(lights, COLOURS, level))
    bits = {"start": "070", "hand": "073", "finish": "703", "foot": "750"}
    names = {"left": "hand", "right": "hand", "match": "hand"}
    assert read.level == 3
    assert read.lights == [(one.position, bits[names.get(one.role, one.role)]) for one in lights]


@given(lights=lights_at(1023))
def test_lights_go_round_at_level_2_within_the_power_of_the_board(lights: list[Light]) -> None:
    read = read_aurora(aurora.encode(lights, COLOURS, 2))
    assert read.level == 2
    assert [position for position, _ in read.lights] == [one.position for one in lights]
    assert all(colour != "000" for _, colour in read.lights)
    assert sum(int(digit) for _, colour in read.lights for digit in colour) / 30 <= 18


def test_the_first_scale_that_the_power_allows_is_taken() -> None:
    def colour(count: int) -> str:
        lights = [Light(str(i), i, "finish") for i in range(count)]  # FF00FF: 3 + 3 of 2 bits
        return read_aurora(aurora.encode(lights, COLOURS, 2)).lights[0][1]

    assert [colour(n) for n in (90, 91, 135, 136, 270)] == ["303", "202", "202", "101", "101"]
    with pytest.raises(ClimbpathError, match="271 lights need more than the 18 W"):
        colour(271)


def test_many_lights_are_several_packets() -> None:
    def kinds(count: int, level: int) -> str:
        sent = aurora.encode([Light(str(i), i, "start") for i in range(count)], COLOURS, level)
        found, rest = "", sent
        while rest:
            assert rest[1] <= 255
            found += chr(rest[4])
            rest = rest[rest[1] + 5 :]
        return found

    assert [kinds(n, 3) for n in (84, 85, 168, 169, 253)] == ["T", "RS", "RS", "RQS", "RQQS"]
    assert [kinds(n, 2) for n in (127, 128)] == ["P", "NO"]


def test_a_position_that_a_level_has_no_room_for_is_named() -> None:
    far = [Light("900", 900, "start"), Light("1030", 1030, "hand")]
    with pytest.raises(ClimbpathError, match="level 2 cannot light 1030: its LEDs end at 1023"):
        aurora.encode(far, COLOURS, 2)


def test_an_unknown_role_is_white() -> None:
    assert read_aurora(aurora.encode([Light("1", 1, "other")], COLOURS, 3)).lights == [(1, "773")]


@given(role=st.sampled_from(list(COLOURS)), level=st.sampled_from([2, 3]))
def test_less_brightness_is_less_light_and_never_none(role: str, level: int) -> None:
    seen = []
    for percent in range(10, 101, 5):
        ((_, colour),) = read_aurora(aurora.encode([Light("1", 1, role)], COLOURS, level, percent / 100)).lights
        seen.append([int(digit) for digit in colour])
    for dim, bright in pairwise(seen):
        assert all(a <= b for a, b in zip(dim, bright, strict=True))
    assert [bool(channel) for channel in seen[0]] == [bool(channel) for channel in seen[-1]]


def test_nothing_to_light_is_an_error_and_never_puts_the_lights_out() -> None:
    for write in (moonboard.encode, lambda lights: aurora.encode(lights, COLOURS, 3)):
        with pytest.raises(ClimbpathError, match="nothing to light"):
            write([])
    with pytest.raises(ClimbpathError, match="footholds need the new letters"):
        moonboard.encode([Light("D3", 69, "foot")])


def test_a_problem_with_a_hold_that_the_wall_lacks_is_refused_whole() -> None:
    holds = [("1073", "start"), ("1100", "hand"), ("1200", "finish")]
    with pytest.raises(ClimbpathError, match="Kilter Board 8 x 12 has no 1100, 1200"):
        lights_of(holds, {"1073": 3}, "Kilter Board 8 x 12")


def test_a_mirrored_wall_lights_the_partners() -> None:
    leds, mirrors = {"1": 10, "2": 20, "3": 30}, {"1": "2", "2": "1", "3": "3"}
    lights = lights_of([("1", "start"), ("3", "finish")], leds, "A board", mirrors)
    assert [light.position for light in lights] == [20, 30]
    with pytest.raises(ClimbpathError, match="no mirror partner for 1"):
        lights_of([("1", "start")], leds, "A board", {"1": ""})


@pytest.mark.parametrize(
    ("name", "level"),
    [("Kilter Board", 2), ("Kilter Board#751@3", 3), ("Decoy@2", 2), ("a@b", 2), ("@", 2), ("x@³", 2)],
)
def test_the_level_is_in_the_name(name: str, level: int) -> None:
    assert aurora.level_of(name) == level


AURORA = [name for name in boards.names() if not is_moonboard(boards.load(name))]


@given(data=st.data(), name=st.sampled_from(AURORA), level=st.sampled_from([2, 3]), is_mirrored=st.booleans())
def test_every_problem_goes_round_on_every_aurora_board_and_size(
    data: st.DataObject, name: str, level: int, is_mirrored: bool
) -> None:
    layout = boards.load(name)
    size = data.draw(st.sampled_from(list(layout.sizes)))
    leds = layout.sizes[size].leds
    wall = wall_of(layout, size)
    labels = data.draw(st.lists(st.sampled_from(list(leds)), min_size=2, max_size=20, unique=True))
    holds = [(label, data.draw(st.sampled_from(["start", "hand", "foot", "finish"]))) for label in labels]
    partners = [layout.hold(label).mirror if is_mirrored else label for label in labels]
    if any(partner not in leds for partner in partners):
        with pytest.raises(ClimbpathError, match=r"has no|have no"):
            wall.lights(holds, is_mirrored)
        return
    read = read_aurora(encode(layout, wall.lights(holds, is_mirrored), level))
    assert [position for position, _ in read.lights] == [leds[str(partner)] for partner in partners]
    assert read.level == level


def test_the_colours_of_boards_by_aurora_are_those_of_their_apps() -> None:
    kilter, tension = boards.load("kilter-original"), boards.load("tension-2-mirror")
    assert kilter.colours == {"start": "00FF00", "hand": "00FFFF", "finish": "FF00FF", "foot": "FFA500"}
    assert tension.colours == {"start": "00FF00", "hand": "0000FF", "finish": "FF0000", "foot": "FF00FF"}


@pytest.mark.parametrize("name", AURORA)
def test_a_size_that_is_not_known_is_asked_for_and_never_guessed(name: str) -> None:
    layout = boards.load(name)
    with pytest.raises(ClimbpathError, match="which size is your"):
        wall_of(layout)
    with pytest.raises(ClimbpathError, match="has no size"):
        wall_of(layout, "3 x 3")
    assert wall_of(layout, next(iter(layout.sizes)).upper().replace(" ", "")).size == next(iter(layout.sizes))
