"""The climber's body: how lengths are typed, what nobody has, what feet may stand on."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from climbpath.beta.body import Climber, FootRule, parse_ape, parse_height, pull
from climbpath.errors import ClimbpathError
from climbpath.problem import parse_notation


@pytest.mark.parametrize(
    ("typed", "cm"),
    [
        ("165", 165),
        (" 165 cm ", 165),
        ("165cm", 165),
        ("164.5", 164.5),
        ("164,5 cm", 164.5),
        ("1.65 m", 165),
        ("1,65m", 165),
        ("1.65", 165),
        ("2 m", 200),
        ("5'5\"", 165.1),
        ("5' 5\"", 165.1),
        ("5'5", 165.1),
        ("5′5″", 165.1),
        ("5’5”", 165.1),
        ("5'5''", 165.1),
        ("5'5.5\"", 166.37),
        ("6'", 182.88),
        ("5 ft 5", 165.1),
        ("5ft 5in", 165.1),
        ("5 feet 5 inches", 165.1),
        ("5 FT. 5 IN.", 165.1),
        ("65 in", 165.1),
        ('65"', 165.1),
        ("5.5 ft", 167.64),
    ],
)
def test_a_height_is_understood_as_it_is_typed(typed: str, cm: float) -> None:
    assert parse_height(typed) == pytest.approx(cm)


@pytest.mark.parametrize(
    ("typed", "cm"),
    [
        ("5", 5),
        ("+5 cm", 5),
        ("-3", -3),
        ("−3", -3),
        ('2"', 5.08),
        ("+1.5 in", 3.81),
        ("-2''", -5.08),
        ("0", 0),
        ("1.5", 1.5),
    ],
)
def test_an_ape_index_is_understood_as_it_is_typed(typed: str, cm: float) -> None:
    assert parse_ape(typed) == pytest.approx(cm)


@pytest.mark.parametrize(
    "typed", ["", "tall", "5'13\"", "5-5", "165 kg", "1.65.0", "--165", "5'5\" or so", "nan", "1e2"]
)
def test_what_is_no_height_is_told_with_how_to_write_one(typed: str) -> None:
    with pytest.raises(ClimbpathError, match=r"cannot read the height .*: write it as 165, 1\.65 m or 5'5\""):
        parse_height(typed)


@pytest.mark.parametrize("typed", ["65", "5.5", "0", "99.9", "231", "2.4 m", "8'", "-165", "16.5 m"])
def test_a_height_that_nobody_has_is_told_not_changed(typed: str) -> None:
    with pytest.raises(ClimbpathError, match=rf"height is 100 to 230 cm \(3'3\" to 7'7\"\), not {typed}$"):
        parse_height(typed)


def test_an_ape_index_that_nobody_has_is_told_not_changed() -> None:
    with pytest.raises(ClimbpathError, match=r"ape index is -40 to 40 cm \(-16\" to 16\"\), not 170"):
        parse_ape("170")


@given(st.floats(100, 230))
def test_every_height_is_the_same_in_all_units(cm: float) -> None:
    feet, inches = divmod(cm / 2.54, 12)
    for typed in (f"{cm:.4f}", f"{cm:.4f} cm", f"{cm / 100:.6f} m", f"{cm / 2.54:.4f} in"):
        assert parse_height(typed) == pytest.approx(cm, abs=0.01)
    if inches < 11.999:
        assert parse_height(f"{feet:.0f}'{inches:.4f}\"") == pytest.approx(cm, abs=0.01)


@given(st.text("0123456789.,'\"+- cminft", max_size=10))
def test_whatever_is_typed_is_a_height_or_an_error_in_words(typed: str) -> None:
    try:
        cm = parse_height(typed)
    except ClimbpathError:
        return
    assert 100 <= cm <= 230


def test_the_reach_of_a_body_is_that_of_a_grown_one() -> None:
    """Bodyspace: men of 174 cm reach 217 cm from the floor with their fingertips, women of 161 cm 201 cm."""
    assert Climber(174).overhead == pytest.approx(217, abs=1)
    assert Climber(161).overhead == pytest.approx(201, abs=1)
    assert Climber(170, 6).span == 176
    assert Climber(170, 6).overhead == Climber(170).overhead + 3


@pytest.mark.parametrize(
    ("method", "holds", "kickboard", "anywhere"),
    [
        ("Feet follow hands", True, True, False),
        ("Feet follow hands + screw ons", True, True, True),
        ("Screw ons only", False, True, True),
        ("No kickboard", True, False, False),
        ("Footless", False, False, False),
        ("Footless + kickboard", False, True, False),
        ("whatever a setter writes", True, True, False),
    ],
)
def test_methods_say_what_feet_may_stand_on(method: str, holds: bool, kickboard: bool, anywhere: bool) -> None:
    problem = parse_notation("F5s G18e")
    wanted = FootRule(holds=holds, kickboard=kickboard, anywhere=anywhere)
    assert FootRule.of(replace(problem, method=method)) == wanted


def test_on_boards_with_feet_they_stand_on_holds_of_the_problem_alone() -> None:
    rule = FootRule.of(parse_notation("1073s 1391e 1078f", "kilter-original", None))
    assert rule == FootRule(marked=True, holds=True, kickboard=False, anywhere=False)


def test_hands_pull_harder_the_steeper_the_wall() -> None:
    pulls = [pull(angle) for angle in range(0, 71, 5)]
    assert pulls == sorted(pulls)
    assert pull(40) == pull(None) == 1
    assert pull(0) == pytest.approx(0.2 / (0.2 * math.cos(math.radians(40)) + math.sin(math.radians(40)) / 2))
