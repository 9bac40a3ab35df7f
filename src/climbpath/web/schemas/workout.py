"""Workouts: an evening on the board, of new problems or of a list."""

from typing import Annotated

from pydantic import BaseModel, Field

from climbpath.grades import ALL_GRADES
from climbpath.problem import DEFAULT_BOARD, DEFAULT_METHOD
from climbpath.web.schemas.base import Model
from climbpath.web.schemas.climber import ClimberBody
from climbpath.web.schemas.fields import INTEGER, MOST_BANS, Angle, BoardName, Grade, HoldSets, Label, Method, ShortName
from climbpath.web.schemas.problem import ProblemBody, ProblemOut, problem_out
from climbpath.workout.outline import LONGEST, SHORTEST, TRY_S
from climbpath.workout.plan import NO_STYLE, Workout, starts

MOST_LISTED = 60


class WorkoutRequest(Model):
    """An evening on the board: of new problems of these grades, or of a list, the easiest first, after a warm-up.

    Problems of a list are all of this board and angle; their grades then count instead of `grades`.
    """

    board: BoardName = DEFAULT_BOARD
    angle: Angle | None = 40
    size: ShortName | None = None
    method: Method = DEFAULT_METHOD
    grades: Annotated[list[Grade], Field(min_length=1, max_length=len(ALL_GRADES))] = ["6C"]
    minutes: Annotated[int, Field(ge=SHORTEST, le=LONGEST), INTEGER] = 60
    climber: ClimberBody = ClimberBody()
    bans: Annotated[list[Label], Field(max_length=MOST_BANS)] = []
    hold_sets: HoldSets = []
    name: ShortName | None = None
    problems: Annotated[list[ProblemBody], Field(max_length=MOST_LISTED)] = []
    seed: Annotated[int, Field(ge=0, lt=2**32), INTEGER] | None = None


class WorkoutProblem(BaseModel):
    """A problem of a workout: how many tries there is time for, the seconds of rest after each, and the traits that
    stand out, if any."""

    number: int
    problem: ProblemOut
    tries: int
    rest_seconds: list[int]
    style: list[str]


class WorkoutSection(BaseModel):
    """A part of a workout, and the minute at which it starts."""

    name: str
    advice: str
    start_minute: int
    minutes: int
    problems: list[WorkoutProblem]


class WorkoutOut(BaseModel):
    """An evening on the board. `try_seconds` is the time for a try; the sections add up to `minutes`."""

    name: str | None
    grades: list[str]
    minutes: int
    try_seconds: int
    seed: int
    sections: list[WorkoutSection]


def workout_out(workout: Workout) -> WorkoutOut:
    """A workout as the API returns it."""
    sections = [
        WorkoutSection(
            name=section.name,
            advice=section.advice,
            start_minute=start,
            minutes=section.minutes,
            problems=[
                WorkoutProblem(
                    number=slot.number,
                    problem=problem_out(slot.problem),
                    tries=slot.tries,
                    rest_seconds=list(slot.rests),
                    style=[trait for trait in slot.style if trait != NO_STYLE],
                )
                for slot in section.slots
            ],
        )
        for start, section in zip(starts(workout), workout.sections, strict=True)
    ]
    return WorkoutOut(
        name=workout.name,
        grades=list(workout.grades),
        minutes=workout.minutes,
        try_seconds=TRY_S,
        seed=workout.seed,
        sections=sections,
    )
