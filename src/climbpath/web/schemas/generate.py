"""New problems."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from climbpath.grades import ALL_GRADES
from climbpath.problem import DEFAULT_BOARD, DEFAULT_METHOD
from climbpath.web.schemas.base import Model
from climbpath.web.schemas.climber import ClimberBody
from climbpath.web.schemas.fields import (
    INTEGER,
    MOST_BANS,
    Angle,
    BoardName,
    Ends,
    Grade,
    HoldSets,
    Label,
    Method,
    ShortName,
)
from climbpath.web.schemas.problem import ProblemOut

MOST_PROBLEMS = 20


class GenerateRequest(Model):
    """What to generate.

    Only holds of the `size` and the `hold_sets` are used; `method` is the foot rule, on MoonBoards; an angle of null is
    an unknown one.

    Every hold in `pins` is used: "F5" in any role, "F5s" as a start, "D9h" as a hand, "G18e" as a finish. The start and
    finish holds are exactly `start` and `finish`, if given; holds in `bans` are not used. `climber` must be able to
    reach every hold. A problem's grade is the grader's; `any_grade` keeps problems, too, to which it gives another one
    than was asked for.
    """

    board: BoardName = DEFAULT_BOARD
    angle: Angle | None = 40
    size: ShortName | None = None
    method: Method = DEFAULT_METHOD
    grades: Annotated[list[Grade], Field(min_length=1, max_length=len(ALL_GRADES))] = ["7A"]
    number: Annotated[int, Field(ge=1, le=MOST_PROBLEMS), INTEGER] = 1
    temperature: Annotated[float, Field(ge=0.2, le=2.5)] = 1.0
    pins: Annotated[list[Label], Field(max_length=20)] = []
    start: Ends = []
    finish: Ends = []
    bans: Annotated[list[Label], Field(max_length=MOST_BANS)] = []
    hold_sets: HoldSets = []
    min_holds: Annotated[int, Field(ge=2, le=20), INTEGER] = 3
    max_holds: Annotated[int, Field(ge=2, le=20), INTEGER] = 14
    climber: ClimberBody | None = None
    any_grade: bool = False
    seed: Annotated[int, Field(ge=0, lt=2**32), INTEGER] | None = None
    unsent_by: Annotated[UUID, Field(strict=False)] | None = None
    """A climber's id: problems that this climber has sent are left out."""


class GeneratedProblems(BaseModel):
    """New problems, which may be fewer than requested if the conditions are narrow."""

    problems: list[ProblemOut]
