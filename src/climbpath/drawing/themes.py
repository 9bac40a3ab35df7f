"""How pictures look: the marks of roles, and themes of colours and sizes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import NamedTuple

from climbpath.board import Board


class Role(NamedTuple):
    """How the holds of a role are marked, on any board."""

    name: str
    """One of board.ROLES, which is its name in the legend, too."""
    letter: str
    """What stands for it in terminal text."""
    usual: str
    """Its light on a board that names none: that of a MoonBoard."""
    glow: float
    """Opacity of the disc under the rings."""
    rings: tuple[tuple[float, float], ...]
    """Radius and line width of each ring."""


class Lamp(NamedTuple):
    """A colour of LEDs."""

    rgb: str
    """What a board is sent, RRGGBB."""
    ansi: str
    """The code that is nearest to it in a terminal."""


LAMPS = {
    "green": Lamp("00FF00", "1;92"),
    "blue": Lamp("0000FF", "1;94"),
    "red": Lamp("FF0000", "1;91"),
    "cyan": Lamp("00FFFF", "1;96"),
    "magenta": Lamp("FF00FF", "1;95"),
    "orange": Lamp("FFA500", "1;33"),
    "yellow": Lamp("FFFF00", "1;93"),
}
"""The colours of LEDs that boards are lit in, which pictures and the page show each in a shade of its own."""


@cache
def lamp_of(board: Board, role: Role) -> str:
    """Of LAMPS, the colour in which a board lights a role: pictures show what the wall does."""
    colour = board.colours.get(role.name)
    if colour is None:
        return role.usual
    wanted = bytes.fromhex(colour)

    def far(name: str) -> int:
        return sum((one - other) ** 2 for one, other in zip(bytes.fromhex(LAMPS[name].rgb), wanted, strict=True))

    return min(LAMPS, key=far)


@dataclass(frozen=True, slots=True, eq=False)  # its identity is its key in caches
class Theme:
    """How a picture looks, as colours and sizes."""

    page: str
    """Background of the picture."""
    wall: str
    """The board."""
    grid: str
    """Lines through the rows and columns of holds."""
    desk: str
    """Background of a contact sheet."""
    quiet: str
    """Text that is less important."""
    clear: str
    """Other text."""
    warning: str
    """What is out of reach."""
    hands: tuple[str, str]
    """The left and the right hand of a beta."""
    edge: str
    """The outlines of holds."""
    rest: float
    """How much of their own colour the holds have that a problem does not use."""
    label: float
    """Font size of the letters of columns and the numbers of rows."""
    roles: Mapping[str, Role]
    """The roles by the fields of Problem, in the order of its notation."""
    lamps: Mapping[str, str]
    """How each of LAMPS is shown."""
    tints: Mapping[str, str]
    """The colour of each hold set of its own."""

    def tint(self, hold_set: str) -> str:
        """The colour of a hold set: its own, that of one like it, else that of set A."""
        return self.tints.get(_LIKE.get(hold_set, hold_set), self.tints["A"])

    def shade(self, board: Board, role: Role) -> str:
        """How the light of a role on a board is shown."""
        return self.lamps[lamp_of(board, role)]


# Sets that look like another's (the page has the same: web/static/app.css).
_LIKE = {
    "Mainline": "Bolt Ons", "Mainline Kickboard": "Bolt Ons",
    "Screw Ons": "B", "Auxiliary": "B", "Auxiliary Kickboard": "B", "Plastic": "B", "Foot Set": "B",
    "Set A": "Wooden", "Set B": "Wooden B", "Set C": "Wooden C", "Wood": "Wooden",
}  # fmt: skip

# The rings differ in shape as well as in colour, for eyes and printers that cannot tell the colours apart.
ROLES = {
    "start": Role("start", "S", "green", 0.3, ((10.4, 4.4),)),
    "hands": Role("hand", "H", "blue", 0.3, ((11.6, 2.6),)),
    "feet": Role("foot", "F", "cyan", 0.45, ((9.2, 2.8),)),
    "finish": Role("finish", "E", "red", 0.3, ((12.1, 2.2), (8, 2.2))),
}

# The colours of the page of the web app, whose boards are drawn alike (web/static/app.css).
DARK = Theme(
    page="#15120f",
    wall="#26211c",
    grid="#352e27",
    desk="#38322b",
    quiet="#b3a697",
    clear="#f7f2e9",
    warning="#ffb02e",
    hands=("#ff86d3", "#ffffff"),
    edge="#171310",
    rest=0.75,
    label=13,
    roles=ROLES,
    lamps={
        "green": "#3ddc84",
        "blue": "#4da8ff",
        "red": "#ff5c55",
        "cyan": "#52e0f2",
        "magenta": "#e86bff",
        "orange": "#ff9f38",
        "yellow": "#ffdb4d",
    },
    # The colours of the holds themselves, with black as grey so that it shows on a dark wall.
    tints={
        "Original": "#e8c547",
        "A": "#d9d4cb",
        "B": "#8c97a5",
        "C": "#d0664f",
        "Wooden": "#cf9559",
        "Wooden B": "#a3876b",
        "Wooden C": "#c07864",
        "D": "#7ba68b",
        "E": "#c286a0",
        "F": "#8794c7",
        "Bolt Ons": "#dccfb6",
    },
)
"""As in a cellar with the LEDs on."""
LIGHT = Theme(
    page="#f5f0e7",
    wall="#e6d6ba",
    grid="#d6c4a4",
    desk="#d9d0c0",
    quiet="#685c4d",
    clear="#241d15",
    warning="#a34e00",
    hands=("#b3127f", "#241d15"),
    edge="#6f6350",
    rest=0.62,
    label=13,
    roles=ROLES,
    lamps={
        "green": "#00803c",
        "blue": "#0b62c4",
        "red": "#d1261f",
        "cyan": "#007187",
        "magenta": "#a51ac2",
        "orange": "#ad5200",
        "yellow": "#7d6200",
    },
    tints={
        "Original": "#d8a900",
        "A": "#fdfaf3",
        "B": "#3e444c",
        "C": "#bf4a31",
        "Wooden": "#b87534",
        "Wooden B": "#85663f",
        "Wooden C": "#934734",
        "D": "#4d7a60",
        "E": "#a3587a",
        "F": "#5a6aa8",
        "Bolt Ons": "#a3814f",
    },
)
"""As plywood by day."""
PAPER = replace(
    LIGHT,
    page="#ffffff",
    wall="#f4f1eb",
    grid="#e4ded4",
    quiet="#655d53",
    clear="#1b1815",
    rest=0.5,
    label=18,
    roles={
        **ROLES,
        "hands": ROLES["hands"]._replace(rings=((11.4, 3.8),)),
        "feet": ROLES["feet"]._replace(rings=((8.2, 3.4),)),
        "finish": ROLES["finish"]._replace(rings=((12, 3), (6, 3))),
    },
)
"""For print: light, to save ink, with rings and labels that stay legible on a small wall."""

THEMES = {"dark": DARK, "light": LIGHT}
"""What users can choose for their pictures."""
