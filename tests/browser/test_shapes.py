"""Pictures draw holds as the page does."""

import math
import re

from climbpath import board as boards
from climbpath.drawing.holds import outline
from climbpath.web.schemas.boards import board_out
from support.steps import LINK
from support.visits import Visit

DRAWN = """async (layout) => {
  const { BoardView } = await import("/js/board.js");
  const view = new BoardView();
  view.lay(layout, false);
  return [...view.root.querySelectorAll(".hold")].map((place) => [
    place.dataset.label,
    place.querySelector(".shape").getAttribute("transform"),
    place.querySelector(".body").getAttribute("d"),
    place.querySelector(".lip").getAttribute("d"),
  ]);
}"""


def test_every_hold_of_every_board_has_the_same_outline_in_pictures_as_on_the_page(visit: Visit) -> None:
    page = visit(LINK)
    for board in boards.names():
        layout = boards.load(board)
        drawn = page.evaluate(DRAWN, board_out(layout, {}, (), {}).model_dump())
        assert [label for label, *_ in drawn] == list(layout.labels)
        for label, transform, *paths in drawn:
            turn = math.radians(float(re.findall(r"-?[\d.]+", transform)[0]))
            for path, corners in zip(paths, outline(layout.hold(label)), strict=True):
                numbers = [float(number) for number in re.findall(r"-?[\d.]+", path)]
                ends = list(zip(numbers[::2], numbers[1::2], strict=True))[::3]  # M, then the end of every C
                assert len(ends) == len(corners) + 1
                for (x, y), (across, down) in zip(ends, corners, strict=False):
                    assert math.isclose(x * math.cos(turn) - y * math.sin(turn), across, abs_tol=0.01), label
                    assert math.isclose(x * math.sin(turn) + y * math.cos(turn), down, abs_tol=0.01), label
