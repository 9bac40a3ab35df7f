"""The types of fields, with limits on everything that comes from outside."""

from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from climbpath import board as boards
from climbpath.angles import UNKNOWN
from climbpath.beta.body import APES, HEIGHTS
from climbpath.board import METHODS
from climbpath.grades import ALL_GRADES

MOST_HOLDS, MOST_BANS = 40, 200
LONGEST_NAME, LONGEST_NOTES = 80, 2000
ANGLES = sorted({angle for name in boards.names() for angle in boards.load(name).angles})
LINKED_ANGLES = (*map(str, ANGLES), UNKNOWN)


def _one_of(allowed: tuple[Any, ...]) -> Any:
    def check(value: Any) -> Any:
        if value not in allowed:
            raise ValueError(f"choose from {', '.join(map(str, allowed))}")
        return value

    return AfterValidator(check)


def _integer(value: Any) -> Any:
    """2.0 is an integer in JSON."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _day(text: str) -> str:
    if date.fromisoformat(text).isoformat() != text:
        raise ValueError("write a day as 2026-05-31")
    return text


INTEGER = BeforeValidator(_integer)
Grade = Annotated[str, Field(json_schema_extra={"enum": list(ALL_GRADES)}), _one_of(ALL_GRADES)]
BoardName = Annotated[str, Field(json_schema_extra={"enum": boards.names()}), _one_of(tuple(boards.names()))]
Angle = Annotated[int, Field(json_schema_extra={"enum": ANGLES}), _one_of(tuple(ANGLES)), INTEGER]
LinkedAngle = Annotated[str, Field(json_schema_extra={"enum": list(LINKED_ANGLES)}), _one_of(LINKED_ANGLES)]
"""An angle in a query, where null cannot be written."""
Method = Annotated[str, Field(json_schema_extra={"enum": list(METHODS)}), _one_of(METHODS)]
Label = Annotated[str, Field(pattern="^[A-Za-z0-9]{1,8}$")]
Holds = Annotated[list[Label], Field(max_length=MOST_HOLDS)]
Ends = Annotated[list[Label], Field(max_length=2)]
Name = Annotated[str, Field(max_length=LONGEST_NAME)]
Notes = Annotated[str, Field(max_length=LONGEST_NOTES)]
Stars = Annotated[int, Field(ge=0, le=5), INTEGER]
ShortName = Annotated[str, Field(min_length=1, max_length=40)]
HoldSets = Annotated[list[ShortName], Field(max_length=10)]
Day = Annotated[str, Field(json_schema_extra={"format": "date"}), AfterValidator(_day)]
Height = Annotated[float, Field(ge=HEIGHTS[0], le=HEIGHTS[1])]
Ape = Annotated[float, Field(ge=APES[0], le=APES[1])]
