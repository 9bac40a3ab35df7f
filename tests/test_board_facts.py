import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from climbpath import board as boards
from climbpath.board import COLUMNS, column_of, row_of, short_hold_set
from climbpath.errors import ClimbpathError
from support.making import BOARDS, EVERY_BOARD

REAL = Path(os.environ.get("CLIMBPATH_DATA") or Path(__file__).parents[2] / "shared" / "data")
HOLD_SETS = REAL / "boards" / "moonboard_hold_sets.json"
PUBLISHED = {
    "moonboard-2016": "moonboard-2016",
    "moonboard-2024": "moonboard-2024",
    "moonboard-masters-2017": "moonboard-masters-2017",
    "moonboard-masters-2019": "moonboard-masters-2019",
    "moonboard-mini-2020": "mini-moonboard-2020",
    "moonboard-mini-2025": "mini-moonboard-2025",
}
"""Our name of each MoonBoard, and the name under which its hold sets are published."""


@pytest.mark.parametrize("name", EVERY_BOARD)
def test_the_facts_of_a_board_agree_with_each_other(name: str) -> None:
    layout = boards.load(name)
    assert len(set(layout.labels)) == len(layout.holds)
    assert {hold.hold_set for hold in layout.holds} == set(layout.hold_sets)
    assert len(set(layout.hold_sets)) == len(layout.hold_sets)
    assert list(layout.angles) == sorted(set(layout.angles))
    assert set().union(*(size.leds for size in layout.sizes.values())) == set(layout.labels)
    for size in layout.sizes.values():
        positions = [led for led in size.leds.values() if led is not None]
        assert len(set(positions)) == len(positions)
        left, right, low, high = size.edges
        for hold in map(layout.hold, size.leds):
            assert left <= hold.x <= right
            assert low <= hold.y <= high
    for hold in layout.holds:
        if hold.mirror:
            partner = layout.hold(hold.mirror)
            assert (partner.mirror, partner.y) == (hold.label, hold.y)


@pytest.mark.parametrize("name", BOARDS)
def test_holds_of_a_moonboard_and_their_leds_stand_in_columns_and_rows(name: str) -> None:
    layout = boards.load(name)
    (size,) = layout.sizes.values()
    high = int(size.name.split(" x ")[1])
    for hold in layout.holds:
        column, row = column_of(hold.label), row_of(hold.label)
        assert hold.label == f"{COLUMNS[column]}{row}"
        assert (hold.x, hold.y) == (20 * column, 20 * (row - 1))
        assert 1 <= row <= high
        up = row - 1 if column % 2 == 0 else high - row  # the strip goes up A, down B, up C
        assert size.leds[hold.label] == column * high + up


@pytest.mark.skipif(not HOLD_SETS.exists(), reason="needs the published hold sets")
@pytest.mark.parametrize("name", BOARDS)
def test_every_hold_is_in_the_hold_set_that_is_published(name: str) -> None:
    published = json.loads(HOLD_SETS.read_text(encoding="utf-8"))[PUBLISHED[name]]
    ours = {hold.label: hold.hold_set.lower() for hold in boards.load(name).holds}
    assert ours == {label: short_hold_set(hold_set) for label, hold_set in published.items()}


@pytest.mark.skipif(not HOLD_SETS.exists(), reason="needs the published orientations")
@pytest.mark.parametrize(
    "name", ["moonboard-2016", "moonboard-masters-2017", "moonboard-masters-2019", "moonboard-mini-2020"]
)
def test_orientations_and_numbers_are_those_that_are_published(name: str) -> None:
    layouts = json.loads((REAL / "boards" / "HoldSetup.json").read_text(encoding="utf-8"))
    words = name.split("-")
    key = next(key for key in layouts if words[-1] in key and (len(words) == 2 or words[1] in key.lower()))
    for label, fact in layouts[key].items():
        hold = boards.load(name).hold(label)
        assert (hold.orientation, hold.hold_set.lower()) == (fact["Orientation"], short_hold_set(fact["HoldSet"]))


def test_wooden_holds_c_are_on_the_boards_that_have_them() -> None:
    for name in ("moonboard-masters-2019", "moonboard-mini-2020"):
        holds = [hold for hold in boards.load(name).holds if hold.hold_set == "Wooden C"]
        assert len(holds) == 24


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("Hold Set A", {"A"}),
        ("hold set a, Original School Holds", {"A", "Original"}),
        (["Wooden Holds", "Wooden Holds C", "WOODEN B"], {"Wooden", "Wooden C", "Wooden B"}),
        ("original", {"Original"}),
    ],
)
def test_official_names_of_hold_sets_are_understood(typed: str | list[str], found: set[str]) -> None:
    assert boards.load("moonboard-masters-2019").parse_hold_sets(typed) == found


@pytest.mark.parametrize("name", ["Hold Set 1", "Wooden Holds", "Original School Holds", "Bolt  Ons", "A"])
def test_any_name_of_a_hold_set_is_understood_as_the_board_has_it(name: str) -> None:
    board = replace(boards.load("moonboard-2016"), hold_sets=(name, "Screw Ons"))
    assert board.parse_hold_sets(name) == {name}
    assert board.parse_hold_sets(f"{name.upper()},screw ons") == {name, "Screw Ons"}


def test_an_unknown_hold_set_is_refused() -> None:
    with pytest.raises(ClimbpathError, match="has no hold set 'Hold Set Z': it has Original, A, B"):
        boards.load("moonboard-2016").parse_hold_sets("Hold Set Z")
