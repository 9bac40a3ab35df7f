"""What is sent to a wall: the bytes that light holds there, and those that put its lights out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from climbpath.board import Board
from climbpath.errors import ClimbpathError
from climbpath.lights import aurora, moonboard
from climbpath.lights.leds import Light, lights_of, mirrors_of

MOONBOARD_COLOURS = {
    "start": "00FF00",
    "hand": "0000FF",
    "right": "0000FF",
    "left": "8000FF",
    "match": "FF0080",
    "foot": "00FFFF",
    "finish": "FF0000",
}
"""The colours in which firmwares show a MoonBoard's letters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """How lights are sent to a board: what its protocol has room for."""

    brightness: float = 1
    """Of an Aurora board, from aurora.DIMMEST to 1."""
    extra_leds: bool = False
    """Whether a MoonBoard is asked to light a second LED at every hold."""
    new_letters: bool = False
    """Whether a MoonBoard is sent the letters for left, right, match and foot."""
    mini: bool = False
    """Whether a MoonBoard's firmware is told that the board is a Mini."""


USUAL = Sending()


def encode(board: Board, lights: Sequence[Light], level: int, sending: Sending = USUAL) -> bytes:
    """The bytes that show these lights on a board, and no others; `level` is the API level of an Aurora board.

    Raises ClimbpathError where they cannot all be shown, and where there is nothing to show.
    """
    if not is_moonboard(board):
        if sending.extra_leds or sending.new_letters or sending.mini:
            raise ClimbpathError(f"{board.title} knows no second LED, new letters or Mini flag: MoonBoards do")
        return aurora.encode(lights, colours_of(board), level, sending.brightness)
    if sending.brightness < 1:
        raise ClimbpathError("MoonBoards take no brightness from an app: set it at the controller")
    return moonboard.encode(lights, sending.extra_leds, sending.new_letters, sending.mini)


def off(board: Board, level: int) -> bytes:
    """The bytes that put all lights of a board out."""
    return moonboard.OFF if is_moonboard(board) else aurora.off(level)


@dataclass(frozen=True, slots=True)
class Wall:
    """A wall with LEDs: a board in one of its sizes."""

    board: Board
    """The board."""
    size: str
    """Its size, as the board calls it."""
    title: str
    """What people call it: 'Kilter Board Original 12 x 14'."""
    leds: Mapping[str, int]
    """Label -> position, for all holds that the wall has."""

    def lights(self, holds: Iterable[tuple[str, str]], mirror: bool = False) -> list[Light]:
        """The lights of holds with roles. Raises ClimbpathError that names those that the wall lacks."""
        return lights_of(holds, self.leds, self.title, mirrors_of(self.board) if mirror else None)


def is_moonboard(board: Board) -> bool:
    """Whether a board speaks as MoonBoards do; all others speak as Aurora's boards."""
    return board.family == "moonboard"


def colours_of(board: Board) -> Mapping[str, str]:
    """Role -> the colour in which a board shows it, 'RRGGBB'."""
    return MOONBOARD_COLOURS if is_moonboard(board) else board.colours


def wall_of(board: Board, size: str | None = None, mapping: Mapping[str, int] | None = None) -> Wall:
    """The wall of a board in a size, which may be left out where there is one; `mapping` replaces its numbers of LEDs.

    Raises ClimbpathError, listing the sizes, where none or an unknown one is named.
    """
    if size is None and len(board.sizes) > 1:
        raise ClimbpathError(f"which size is your {board.title}? Name it with --size: {', '.join(board.sizes)}")
    chosen = next(iter(board.sizes.values())) if size is None else board.size(size)
    leds = {label: led for label, led in chosen.leds.items() if led is not None}
    if not leds and mapping is None:
        raise ClimbpathError(f"nobody has told which LED is where on {board.title}: name a mapping file with --mapping")
    title = board.title if len(board.sizes) == 1 else f"{board.title} {chosen.name}"
    return Wall(board, chosen.name, title, leds if mapping is None else mapping)
