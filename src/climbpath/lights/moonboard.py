"""The bytes of MoonBoards, as public reverse engineering of the app describes them.

A problem is one ASCII string, `l#S4,P77,P100,E197#`: a letter and the number of an LED for each hold. The numbers run
up and down the columns from the bottom left; a board's JSON has them.
"""

from collections.abc import Sequence

from climbpath.errors import ClimbpathError
from climbpath.lights.leds import Light

LETTERS = {"start": "S", "hand": "P", "left": "P", "right": "P", "match": "P", "finish": "E"}
"""What every firmware understands; footholds stay dark."""
NEW_LETTERS = {"start": "S", "hand": "P", "left": "L", "right": "R", "match": "M", "foot": "F", "finish": "E"}
"""What later versions of the app send."""
EXTRA_LEDS, MINI = "~D*", "~M*"
"""Flags before a problem: a second LED at every hold, and a Mini at a firmware that knows both boards."""
OFF = b"l##"
"""All lights out."""


def dark(lights: Sequence[Light], new_letters: bool = False) -> list[str]:
    """The labels of the lights that have no letter: footholds, without the new letters."""
    letters = NEW_LETTERS if new_letters else LETTERS
    return [light.label for light in lights if light.role not in letters]


def encode(lights: Sequence[Light], extra_leds: bool = False, new_letters: bool = False, mini: bool = False) -> bytes:
    """The bytes that light a MoonBoard. Raises ClimbpathError where nothing would light: that would clear the board."""
    letters = NEW_LETTERS if new_letters else LETTERS
    shown = ",".join(f"{letters[light.role]}{light.position}" for light in lights if light.role in letters)
    if not shown:
        raise ClimbpathError("there is nothing to light" + (": footholds need the new letters" if lights else ""))
    flags = (EXTRA_LEDS if extra_leds else "") + (MINI if mini else "")
    return f"{flags}l#{shown}#".encode("ascii")
