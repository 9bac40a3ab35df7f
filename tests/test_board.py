"""Setups: a board at an angle, and its text."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from climbpath import board as boards
from climbpath.board import Setup, evidence_from_json, evidence_to_json
from climbpath.grades import LADDER

SETUPS = [Setup(name, angle) for name in boards.names() for angle in boards.load(name).angles]
NAMES = st.text(st.characters(exclude_characters="@"))


@pytest.mark.parametrize("setup", SETUPS, ids=str)
def test_every_setup_is_read_from_its_text(setup: Setup) -> None:
    assert str(setup) == f"{setup.board}@{setup.angle}"
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


@given(st.dictionaries(st.sampled_from(SETUPS), st.dictionaries(st.sampled_from(LADDER), st.integers(1, 10**6))))
def test_evidence_is_read_back_from_json(evidence: dict[Setup, dict[str, int]]) -> None:
    assert evidence_from_json(evidence_to_json(evidence)) == evidence
