"""What the logbook stores: climbers, saved problems and ticks."""

from typing import NamedTuple

from climbpath import board as boards
from climbpath.angles import show_angle
from climbpath.beta.body import DEFAULT_CLIMBER
from climbpath.errors import ClimbpathError
from climbpath.problem import Problem, key_of
from climbpath.wall import Wall


class Profile(NamedTuple):
    """A climber: name, height and ape index in cm, the range of grades that they usually climb, and their walls."""

    id: str
    name: str
    height: float = DEFAULT_CLIMBER.height
    ape: float = DEFAULT_CLIMBER.ape
    easiest: str = ""
    """'' where none was chosen, as for the hardest."""
    hardest: str = ""
    walls: tuple[Wall, ...] | None = ()
    """One for each board that they have chosen anything of, the one in use first; None leaves those that are saved."""


class Tick(NamedTuple):
    """A day's tries at a problem: the day as YYYY-MM-DD, how many, and whether the last of them was a send."""

    id: str
    day: str
    attempts: int = 1
    sent: bool = True
    reached: str = ""
    """The highest hold that tries without a send reached; '' if not noted."""
    angle: int | None = None
    """What the wall was set to, in degrees, at a problem whose own angle is not known; None if not noted."""

    @property
    def said(self) -> tuple[str, int, bool, int | None]:
        """What makes two ticks of a problem the same where they have no ids in common."""
        return self.day, self.attempts, self.sent, self.angle


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

    @property
    def is_sent(self) -> bool:
        """Whether the climber has got to the top."""
        return any(tick.sent for tick in self.ticks)

    @property
    def is_flash(self) -> bool:
        """Whether the first try of all was a send. Ticks of one day are in no order, so all must be sends on one try:
        who sends on the third and then on the first has not flashed."""
        first = min((tick.day for tick in self.ticks), default="")
        that_day = [tick for tick in self.ticks if tick.day == first]
        return bool(that_day) and all(tick.sent and tick.attempts == 1 for tick in that_day)


class LeftOut(NamedTuple):
    """A row of the logbook that cannot be read: the entry's number and name, and why."""

    number: int
    name: str
    reason: str


class LoggedTick(NamedTuple):
    """A tick from another program's logbook, which names its problem and not the holds; '' and 0 are unknown."""

    number: str = ""
    """The problem's number."""
    name: str = ""
    """The problem's name."""
    board: str = ""
    """The board's name, or that of the app of several boards: 'kilter'."""
    angle: int = 0
    """In degrees."""
    grade: str = ""
    """The problem's grade."""
    day: str = ""
    """As YYYY-MM-DD."""
    attempts: int = 1
    """On that day."""
    sent: bool = True
    """Whether the climber got to the top."""
    stars: int = 0
    """From 1 to 5."""
    felt: str = ""
    """The grade that the climber gave it."""
    notes: str = ""
    """What the climber noted."""


def check_tick(tick: Tick, problem: Problem) -> None:
    """Raises ClimbpathError for a hold that the problem does not have, or an angle that it cannot be tried at."""
    if tick.reached and tick.reached not in problem.holds:
        raise ClimbpathError(f"the problem has no hold {tick.reached}")
    if tick.angle is not None:
        if problem.angle is not None:
            raise ClimbpathError(f"the problem is at {show_angle(problem.angle)}: its ticks have no angle of their own")
        boards.load(problem.board).check_angle(tick.angle)


def identity_of(problem: Problem) -> str:
    """A problem's identity as text, 'moonboard-2016@40:F5s-D9-G18e'."""
    return f"{problem.setup}:{problem.notation.replace(' ', '-')}"


def key_of_identity(identity: str) -> int:
    """The key of the problem with this identity."""
    setup, _, notation = identity.partition(":")
    return key_of(setup.partition("@")[0], [word.rstrip("sfe") for word in notation.split("-")])
