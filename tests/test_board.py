"""Setups: a board at an angle, and its text."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from climbpath import board as boards
from climbpath.board import Evidence, Setup, evidence_from_json, evidence_to_json
from climbpath.errors import ClimbpathError

SETUPS = [
    Setup(name, angle)
    for name in boards.names()
    for angle in (None, *boards.load(name).angles)
    if boards.load(name).has_angle(angle)
]
NAMES = st.text(st.characters(exclude_characters="@"))


@pytest.mark.parametrize("setup", SETUPS, ids=str)
def test_every_setup_is_read_from_its_text(setup: Setup) -> None:
    assert str(setup) == f"{setup.board}@{'unknown' if setup.angle is None else setup.angle}"
    assert Setup.parse(str(setup)) == setup


@given(NAMES, st.integers(-90, 90))
def test_any_board_and_angle_are_read_from_their_text(board: str, angle: int) -> None:
    assert Setup.parse(str(Setup(board, angle))) == Setup(board, angle)


@given(NAMES, st.sampled_from(["", "@", "@@"]), st.from_regex(r"[ +-]?0?\d*[ _]?\d*\s?", fullmatch=True))
def test_no_other_text_is_taken_for_a_setup(board: str, between: str, angle: str) -> None:
    text = board + between + angle
    with contextlib.suppress(ValueError):
        assert str(Setup.parse(text)) == text


@pytest.mark.parametrize("text", ["", "moonboard-2016", "moonboard-2016@", "moonboard-2016@forty", "a@b@40"])
def test_a_text_without_board_or_angle_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"invalid literal|no setup"):
        Setup.parse(text)


@st.composite
def evidences(pick: st.DrawFn) -> Evidence:
    setups = pick(st.lists(st.sampled_from(SETUPS), unique=True, max_size=5))
    counts = st.integers(1, 10**6)
    return {
        setup: pick(st.dictionaries(st.sampled_from(boards.load(setup.board).ladder), counts, max_size=5))
        for setup in setups
    }


@given(evidences())
def test_evidence_is_read_back_from_json(evidence: Evidence) -> None:
    assert evidence_from_json(evidence_to_json(evidence)) == evidence


@pytest.mark.parametrize(
    "content",
    [
        {"moonboard-2016@30": {"7A": 1}},
        {"moonboard-2016@unknown": {"7A": 1}},
        {"moonboard-2016@40": {"V6": 1}},
        {"tension-1@40": {"7A": 1}},
        {"kilter-original@40": {"7A": -1}},
        {"kilter-original": {"7A": 1}},
    ],
)
def test_evidence_of_what_does_not_exist_is_refused(content: dict[str, dict[str, int]]) -> None:
    with pytest.raises(ValueError, match=r"there is no setup|no numbers of problems by grade|invalid literal"):
        evidence_from_json(content)


@pytest.mark.parametrize("name", [name for name in boards.names() if boards.load(name).has_mirror])
def test_the_mirror_image_of_a_mirror_image_is_the_hold_itself(name: str) -> None:
    layout = boards.load(name)
    for hold in layout.holds:
        partner = layout.hold(str(hold.mirror))
        assert partner.mirror == hold.label
        assert partner.y == pytest.approx(hold.y)
    choices = layout.mirrored_choices
    assert (choices[choices] == range(len(choices))).all()


@pytest.mark.parametrize("name", boards.names())
def test_a_size_is_named_in_any_case_with_or_without_spaces(name: str) -> None:
    layout = boards.load(name)
    for size in layout.sizes.values():
        for typed in (size.name, size.name.upper(), size.name.replace(" ", ""), f"  {' '.join(size.name)} "):
            assert layout.size(typed) is size
    with pytest.raises(ClimbpathError, match=f"{layout.title} has no size '3 x 3': choose from "):
        layout.size("3 x 3")
