"""The body that climbs: how far its hands reach, and what its feet may stand on.

Two lengths bound a move, both from anthropometry, not fitted. The hands' holds can be as far apart as the arm span. The
highest hand can be as far from the foot as a body is long with an arm stretched overhead: fingertips reach 1.25 times
the height from the floor (S. Pheasant and C. M. Haslegrave, Bodyspace, 3rd ed., 2006: vertical grip reach plus 60 % of
the hand's length, 2,060 + 114 mm for men of 1,740 mm, 1,905 + 105 mm for women of 1,610 mm; D. A. Winter, Biomechanics,
after Drillis and Contini 1966: shoulder at 0.818, arm of 0.44). Standing on the toes gains about as much as fingers
bent over a hold lose. An arm span beyond the height lengthens each arm by half of what it exceeds it.
"""

import math
import re
from typing import NamedTuple

from climbpath import board as boards
from climbpath.errors import ClimbpathError
from climbpath.problem import Problem

HEIGHTS, APES = (100.0, 230.0), (-40.0, 40.0)
"""Lowest and highest height and ape index of a climber, in cm."""
USUAL = 175.0
"""Height of the climber where none is named, in cm; for others, distances count as long as they are to them."""
OVERHEAD = 1.25
"""Reach of an arm stretched overhead, from the floor to the fingertips, as a multiple of the height."""
LEAP = 0.1
"""How much a jump from the feet adds to that, as a multiple of the height; on the flat it is more."""
CAMPUS = 0.7
"""How far apart hands can be without feet, as a multiple of the arm span. Campus rungs 1-5-9 are 0.5; with a swing,
nine in ten of the problems set without feet stay within 0.7."""
STEP = 40.0
"""A foot stands at least this much below the lower hand, in cm: two rows."""
KICKBOARD = 30.0
"""How far the footholds of the kickboard are below row 1, in cm: it is 37 cm high (Moon Climbing, How to build the Moon
School Room Board), and row 1 is some 10 cm above its edge."""
INCH = 2.54


class Climber(NamedTuple):
    """Who climbs."""

    height: float = USUAL
    """In cm."""
    ape: float = 0.0
    """Ape index: arm span minus height, in cm."""

    @property
    def span(self) -> float:
        """How far apart in cm the two hands can be: the arm span."""
        return self.height + self.ape

    @property
    def overhead(self) -> float:
        """How far in cm a hand can be from the foot of a stretched body."""
        return OVERHEAD * self.height + self.ape / 2

    @property
    def words(self) -> str:
        """The climber in words: 'a climber of 165 cm with an ape index of -3 cm'."""
        return f"a climber of {self.height:g} cm" + (f" with an ape index of {self.ape:+g} cm" if self.ape else "")

    def check(self) -> "Climber":
        """The climber. Raises ClimbpathError for measurements that nobody has."""
        _within("height", self.height, HEIGHTS, f"{self.height:g} cm")
        _within("ape index", self.ape, APES, f"{self.ape:g} cm")
        return self


DEFAULT_CLIMBER = Climber()


USUAL_ANGLE = 40
"""The angle that the weights of moves are fitted at, in degrees; it stands for one that is not known."""
OUT = 0.2
"""How far the centre of mass is off the wall, as a fraction of the way from the feet to the hands; it is halfway up."""


def pull(angle: int | None) -> float:
    """How hard hands pull at a wall's angle beyond the vertical, in degrees, as a multiple of that at USUAL_ANGLE.

    The moments of the weight about the feet: what the hands hold is as large as what hangs out behind the feet.
    """

    def moment(degrees: float) -> float:
        return OUT * math.cos(math.radians(degrees)) + math.sin(math.radians(degrees)) / 2

    return moment(USUAL_ANGLE if angle is None else angle) / moment(USUAL_ANGLE)


class FootRule(NamedTuple):
    """What feet may stand on."""

    marked: bool = False
    """Holds that are marked for feet, however little they are below the hands."""
    holds: bool = True
    """The problem's other holds."""
    kickboard: bool = True
    """The footholds of the kickboard, all along the bottom of the board."""
    anywhere: bool = False
    """Screw-on footholds, which are spread over the whole board."""

    @classmethod
    def of(cls, problem: Problem) -> "FootRule":
        """The rule of a problem: where its board has holds for feet these and all others, on a MoonBoard that of its
        method, as the app names it; an unknown one is 'Feet follow hands'."""
        if boards.load(problem.board).has_feet:
            return cls(marked=True, kickboard=False)
        name = problem.method.lower()
        if "footless" in name:
            return cls(holds=False, kickboard="kickboard" in name)
        screws = "screw" in name
        return cls(holds="only" not in name or not screws, kickboard="no kickboard" not in name, anywhere=screws)


def parse_height(text: str) -> float:
    """A height as a climber types it, in cm: 165, 165 cm, 1.65 m, 5'5", 5 ft 5, 65 in.

    Raises ClimbpathError for what is no length, and, naming the range, for a height that nobody has.
    """
    metres = re.fullmatch(r"\s*[12][.,]\d+\s*", text)  # nobody is 1.65 cm tall
    return _within("height", _length(text + "m" if metres else text, "height", "165, 1.65 m or 5'5\""), HEIGHTS, text)


def parse_ape(text: str) -> float:
    """An ape index as a climber types it, in cm: 5, +5 cm, -3, 2", -1.5 in.

    Raises ClimbpathError for what is no length, and, naming the range, for an ape index that nobody has.
    """
    return _within("ape index", _length(text, "ape index", '+5, -3 or 2"'), APES, text)


_NUMBER = r"(\d+(?:[.,]\d+)?|[.,]\d+)"
_METRIC = re.compile(rf"([+-]?){_NUMBER}\s*(cm|centimet(?:er|re)s?|m|met(?:er|re)s?|)")
_FEET = re.compile(rf"([+-]?){_NUMBER}\s*(?:'|ft\.?|feet|foot)\s*(?:{_NUMBER}\s*(?:\"|''|in\.?|inch(?:es)?|)|)")
_INCHES = re.compile(rf"([+-]?){_NUMBER}\s*(?:\"|''|in\.?|inch(?:es)?)")
_TYPED = str.maketrans({"’": "'", "′": "'", "‘": "'", "`": "'", "´": "'", "”": '"', "″": '"', "“": '"', "−": "-"})


def _length(text: str, what: str, examples: str) -> float:
    """A length in cm."""
    typed = text.translate(_TYPED).strip().lower()
    if match := _METRIC.fullmatch(typed):
        sign, number, unit = match.groups()
        cm = _number(number) * (100 if unit.startswith("m") else 1)
    elif match := _INCHES.fullmatch(typed):
        sign, number = match.groups()
        cm = _number(number) * INCH
    elif (match := _FEET.fullmatch(typed)) and _number(match[3] or "0") < 12:
        sign, feet, inches = match.groups()
        cm = (12 * _number(feet) + _number(inches or "0")) * INCH
    else:
        raise ClimbpathError(f"cannot read the {what} {text!r}: write it as {examples}")
    return round(-cm if sign == "-" else cm, 2)


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def _within(what: str, cm: float, limits: tuple[float, float], typed: str) -> float:
    """The length. Raises ClimbpathError, in the words of the climber, if it is not within the limits."""
    low, high = limits
    if not low <= cm <= high:
        limits_in_inches = f"{_imperial(low)} to {_imperial(high)}"
        raise ClimbpathError(
            f"a climber's {what} is {low:.0f} to {high:.0f} cm ({limits_in_inches}), not {typed.strip()}"
        )
    return cm


def _imperial(cm: float) -> str:
    """A length in feet and inches: 5'5", or 16" where it is shorter than two feet."""
    inches = round(abs(cm) / INCH)
    feet, rest = divmod(inches, 12) if inches >= 24 else (0, inches)
    return "-" * (cm < 0) + (f"{feet}'" if feet else "") + f'{rest}"'
