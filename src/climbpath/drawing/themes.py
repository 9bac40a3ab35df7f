"""How pictures look: the marks of roles, and themes of colours and sizes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple


class Role(NamedTuple):
    """How the holds of a role are marked."""

    word: str
    """Its name in the legend."""
    letter: str
    """What stands for it in terminal text."""
    colour: str
    """Of its rings."""
    ansi: str
    """The same for a terminal, as an ANSI code."""
    glow: float
    """Opacity of the disc under the rings."""
    rings: tuple[tuple[float, float], ...]
    """Radius and line width of each ring."""


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
    tints: Mapping[str, str]
    """The colour of each hold set of its own."""

    def tint(self, hold_set: str) -> str:
        """The colour of a hold set: its own, that of one like it, else that of set A."""
        return self.tints.get(_LIKE.get(hold_set, hold_set), self.tints["A"])


# Sets that look like another's (the page has the same: web/static/app.css).
_LIKE = {
    "Mainline": "Bolt Ons", "Mainline Kickboard": "Bolt Ons",
    "Screw Ons": "B", "Auxiliary": "B", "Auxiliary Kickboard": "B", "Plastic": "B", "Foot Set": "B",
    "Set A": "Wooden", "Set B": "Wooden B", "Set C": "Wooden C", "Wood": "Wooden",
}  # fmt: skip

# The rings differ in shape as well as in colour, for eyes and printers that cannot tell the colours apart.
_ROLES = {
    "start": Role("start", "S", "#3ddc84", "1;92", 0.3, ((10.4, 4.4),)),
    "hands": Role("hand", "H", "#4da8ff", "1;94", 0.3, ((11.6, 2.6),)),
    "feet": Role("foot", "F", "#ffc233", "1;93", 0.45, ((9.2, 2.8),)),
    "finish": Role("finish", "E", "#ff5c55", "1;91", 0.3, ((12.1, 2.2), (8, 2.2))),
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
    roles=_ROLES,
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
    roles={
        "start": _ROLES["start"]._replace(colour="#00803c"),
        "hands": _ROLES["hands"]._replace(colour="#0b62c4"),
        "feet": _ROLES["feet"]._replace(colour="#ad5200"),
        "finish": _ROLES["finish"]._replace(colour="#d1261f"),
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
        **LIGHT.roles,
        "hands": LIGHT.roles["hands"]._replace(rings=((11.4, 3.8),)),
        "feet": LIGHT.roles["feet"]._replace(rings=((8.2, 3.4),)),
        "finish": LIGHT.roles["finish"]._replace(rings=((12, 3), (6, 3))),
    },
)
"""For print: light, to save ink, with rings and labels that stay legible on a small wall."""

THEMES = {"dark": DARK, "light": LIGHT}
"""What users can choose for their pictures."""
