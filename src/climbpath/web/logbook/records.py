"""What the logbook stores: climbers, saved problems and ascents."""

from typing import NamedTuple

from climbpath.beta.solver import DEFAULT_CLIMBER
from climbpath.problem import Problem


class Profile(NamedTuple):
    """A climber: name, height and ape index in cm, and the range of grades that they usually climb."""

    id: str
    name: str
    height: float = DEFAULT_CLIMBER.height
    ape: float = DEFAULT_CLIMBER.ape
    easiest: str = "6B+"
    hardest: str = "7A"


class Tick(NamedTuple):
    """An ascent: the day as YYYY-MM-DD, and the number of attempts on that day; 1 is a flash."""

    id: str
    day: str
    attempts: int = 1


class Entry(NamedTuple):
    """A saved problem with everything that its climber noted; `saved` is the time of saving, in ISO 8601 and UTC."""

    problem: Problem
    stars: int = 0
    notes: str = ""
    felt: str | None = None
    lists: tuple[str, ...] = ()
    ticks: tuple[Tick, ...] = ()
    saved: str = ""

    @property
    def identity(self) -> str:
        """The problem's identity, which is unique in a climber's logbook."""
        return identity_of(self.problem)


class LoggedTick(NamedTuple):
    """A tick from another program's logbook, which names its problem and not the holds; '' and 0 are unknown."""

    number: str = ""
    """The problem's number."""
    name: str = ""
    """The problem's name."""
    board: str = ""
    """The board's name."""
    angle: int = 0
    """In degrees."""
    grade: str = ""
    """The problem's Font grade."""
    day: str = ""
    """As YYYY-MM-DD."""
    attempts: int = 1
    """On that day."""
    sent: bool = True
    """Whether the climber got to the top; if not, the tick is of a project."""
    stars: int = 0
    """From 1 to 5."""
    felt: str = ""
    """The Font grade that the climber gave it."""
    notes: str = ""
    """What the climber noted."""


def identity_of(problem: Problem) -> str:
    """A problem's identity as text, 'moonboard-2016@40:F5s-D9-G18e'."""
    return f"{problem.setup}:{problem.notation.replace(' ', '-')}"
