"""How poor the holds of a board are."""

import pytest

from climbpath import board as boards
from climbpath.beta.weights import poorness


@pytest.mark.parametrize("board", boards.names())
def test_how_poor_holds_are_lies_between_0_and_1(board: str) -> None:
    table = poorness(board)
    assert table.shape == (2, len(boards.load(board).holds))
    assert table.min() >= 0
    assert table.max() <= 1


def test_a_boards_facts_tell_how_poor_its_holds_are() -> None:
    layout = boards.load("moonboard-2016")
    qualities = [hold.quality for hold in layout.holds]
    assert None not in qualities
    for place, quality in enumerate(qualities):
        assert quality is not None
        assert poorness(layout.name)[:, place] == pytest.approx([1 - quality[0] / 10, 1 - quality[1] / 10])
