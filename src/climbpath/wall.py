"""A wall: a board, and what of it is there."""

from collections.abc import Iterable
from typing import NamedTuple

from climbpath import board as boards
from climbpath.angles import UNKNOWN
from climbpath.errors import ClimbpathError


class Wall(NamedTuple):
    """A board, and what of it is there."""

    board: str
    """The board's name."""
    size: str | None = None
    """The name of its size; None is the whole board."""
    hold_sets: tuple[str, ...] | None = None
    """The hold sets that are on it; None is all."""
    angle: int | None = None
    """In degrees; None is an unknown one."""


def parse_wall(
    board: str,
    size: str | None = None,
    hold_sets: str | Iterable[str] | None = None,
    angle: int | str | None = None,
) -> Wall:
    """A wall of names as a user types them, an unknown angle as UNKNOWN, and at the angle that is usual on the board
    where none is named. Raises ClimbpathError for what the board does not have, and ValueError for an angle that is no
    number."""
    layout = boards.load(board)
    degrees = layout.usual_angle if angle is None else None if angle == UNKNOWN else int(angle)
    layout.check_angle(degrees)
    sets = None if hold_sets is None else layout.parse_hold_sets(hold_sets)
    if sets is not None and not sets:
        raise ClimbpathError(f"no hold set is named: {layout.title} has {', '.join(layout.hold_sets)}")
    return Wall(
        layout.name,
        None if size is None else layout.size(size).name,
        None if sets is None else tuple(one for one in layout.hold_sets if one in sets),
        degrees,
    )
