"""What the API takes and gives, with a limit on everything that comes from outside."""

import dataclasses
from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, create_model

from climbpath import board as boards
from climbpath.beta.solver import APES, DEFAULT_CLIMBER, STATURES, Beta, Climber, describe
from climbpath.grader.grader import GradePrediction
from climbpath.grades import LADDER, v_grade
from climbpath.naming import suggested_name
from climbpath.problem import DEFAULT_BOARD, FIELDS, LABELS, Problem
from climbpath.web import logbook

MOST_PROBLEMS, MOST_HOLDS, MOST_BANS = 20, 40, 200
LONGEST_NAME, LONGEST_NOTES = 80, 2000
ANGLES = sorted({angle for name in boards.names() for angle in boards.load(name).angles})


def fault_in(place: Sequence[object], words: str) -> str:
    """A fault that pydantic found, with its place in a body or record, to be shown to a user."""
    return f"{'.'.join(map(str, place)) or 'the body'}: {words.removeprefix('Value error, ')}"


def _one_of(allowed: tuple[Any, ...]) -> Any:
    def check(value: Any) -> Any:
        if value not in allowed:
            raise ValueError(f"choose from {', '.join(map(str, allowed))}")
        return value

    return AfterValidator(check)


def _whole(value: Any) -> Any:
    """In JSON 2.0 is a whole number, too."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _day(text: str) -> str:
    if date.fromisoformat(text).isoformat() != text:
        raise ValueError("write a day as 2026-05-31")
    return text


def _moment(text: str) -> str:
    if text:
        datetime.fromisoformat(text)
    return text


WHOLE = BeforeValidator(_whole)
Grade = Annotated[str, Field(json_schema_extra={"enum": list(LADDER)}), _one_of(LADDER)]
BoardName = Annotated[str, Field(json_schema_extra={"enum": boards.names()}), _one_of(tuple(boards.names()))]
Angle = Annotated[int, Field(json_schema_extra={"enum": ANGLES}), _one_of(tuple(ANGLES)), WHOLE]
Label = Annotated[str, Field(pattern="^[A-Za-z0-9]{1,8}$")]
Holds = Annotated[list[Label], Field(max_length=MOST_HOLDS)]
Ends = Annotated[list[Label], Field(max_length=2)]
Name = Annotated[str, Field(max_length=LONGEST_NAME)]
Notes = Annotated[str, Field(max_length=LONGEST_NOTES)]
Stars = Annotated[int, Field(ge=0, le=5), WHOLE]
ShortName = Annotated[str, Field(min_length=1, max_length=40)]
Day = Annotated[str, Field(json_schema_extra={"format": "date"}), AfterValidator(_day)]
Height = Annotated[float, Field(ge=STATURES[0], le=STATURES[1])]
Ape = Annotated[float, Field(ge=APES[0], le=APES[1])]


class Model(BaseModel):
    """A JSON object without other fields than its own, each of the very type that it tells."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Failure(Model):
    """Why a request was refused, in words for the user."""

    error: str


class ClimberBody(Model):
    """Who climbs: height and ape index (arm span minus height) in cm."""

    height: Height = DEFAULT_CLIMBER.height
    ape: Ape = DEFAULT_CLIMBER.ape

    def climber(self) -> Climber:
        """The climber."""
        return Climber(self.height, self.ape)


class ProblemBase(Model):
    """A problem: holds with roles on a board, and what is known of it."""

    def problem(self) -> Problem:
        """The problem. Raises ClimbpathError where the board has no such one."""
        return Problem.from_dict(self.model_dump())


LIMITS: dict[str, Any] = {
    "board": BoardName,
    "angle": Angle,
    "grade": Grade | None,
    "start": Annotated[list[Label], Field(min_length=1, max_length=2)],
    "hands": Holds,
    "feet": Holds,
    "finish": Annotated[list[Label], Field(min_length=1, max_length=2)],
    "name": Name | None,
    "ids": Annotated[list[Name], Field(max_length=20)],
    "repeats": Annotated[int, Field(ge=0, lt=2**31), WHOLE] | None,
    "method": Name,
    "user_grade": Grade | None,
}
"""What comes from outside is bounded: the types of Problem's fields in a body, but for those that are yes or no."""


def _body_fields() -> dict[str, Any]:
    """Name -> type and default of every field of Problem, in a body."""
    found = {}
    for field in dataclasses.fields(Problem):
        default = ... if field.default is dataclasses.MISSING else field.default
        bounded = LIMITS[field.name] if field.name in LIMITS else FIELDS[field.name]
        if field.name not in LIMITS and bounded is not bool:
            raise TypeError(f"a body's field {field.name} needs a limit")
        found[field.name] = bounded, list(default) if isinstance(default, tuple) else default
    return found


class ProblemOutBase(BaseModel):
    """A problem with its notation, V grade, identity in a logbook, and a name that would suit it."""

    notation: str
    v_grade: str | None
    identity: str
    suggested_name: str


if TYPE_CHECKING:
    ProblemBody = ProblemBase
    ProblemOut = ProblemOutBase
else:
    ProblemBody = create_model("ProblemBody", __base__=ProblemBase, **_body_fields())
    _out_fields = {name: (list[str] if hint == LABELS else hint, ...) for name, hint in FIELDS.items()}
    ProblemOut = create_model("ProblemOut", __base__=ProblemOutBase, **_out_fields)


def problem_out(problem: Problem) -> ProblemOut:
    """A problem as the API gives it."""
    more: dict[str, Any] = {
        "notation": problem.notation,
        "v_grade": v_grade(problem.grade) if problem.grade else None,
        "identity": logbook.identity_of(problem),
        "suggested_name": suggested_name(problem),
    }
    return ProblemOut(**problem.to_dict(), **more)


class HoldOut(BaseModel):
    """A hold: x and y in cm, and the side that it faces, as a point of the compass."""

    label: str
    x: float
    y: float
    column: int
    row: int
    hold_set: str
    orientation: str | None


class BoardOut(BaseModel):
    """A board, and what the models know of it: for each angle the grades it can generate, and whether it can grade."""

    name: str
    title: str
    angles: list[int]
    rows: int
    start_rows: tuple[int, int]
    top_row: int
    hold_sets: list[str]
    holds: list[HoldOut]
    grades: dict[int, list[str]]
    graded: dict[int, bool]


class AppInfo(BaseModel):
    """What the page needs first."""

    version: str
    ladder: list[str]
    v_grades: list[str]
    boards: list[BoardOut]


class GenerateRequest(Model):
    """Which problems are wanted.

    `pins` are used in any role, `start` and `finish` are exactly these holds, `bans` are not used.
    `climber` must reach every hold; `check_grade` keeps only what the grader finds as hard as asked for.
    """

    board: BoardName = DEFAULT_BOARD
    angle: Angle = 40
    grades: Annotated[list[Grade], Field(min_length=1, max_length=len(LADDER))] = ["7A"]
    number: Annotated[int, Field(ge=1, le=MOST_PROBLEMS), WHOLE] = 1
    temperature: Annotated[float, Field(ge=0.2, le=2.5)] = 1.0
    pins: Annotated[list[Label], Field(max_length=20)] = []
    start: Ends = []
    finish: Ends = []
    bans: Annotated[list[Label], Field(max_length=MOST_BANS)] = []
    hold_sets: Annotated[list[ShortName], Field(max_length=10)] = []
    min_holds: Annotated[int, Field(ge=2, le=20), WHOLE] = 3
    max_holds: Annotated[int, Field(ge=2, le=20), WHOLE] = 14
    climber: ClimberBody | None = None
    check_grade: bool = False
    seed: Annotated[int, Field(ge=0, lt=2**32), WHOLE] | None = None


class Generated(BaseModel):
    """New problems, maybe fewer than wanted where the conditions leave no more."""

    problems: list[ProblemOut]


class GradeOut(BaseModel):
    """How hard a problem is: the grade that fits best, the mean step of the ladder, and every grade's probability."""

    grade: str
    v_grade: str
    expected: float
    probabilities: dict[str, float]
    influence: dict[str, float]


def grade_out(prediction: GradePrediction, influence: dict[str, float]) -> GradeOut:
    """A verdict as the API gives it, with the steps by which taking away each hold would change it."""
    return GradeOut(
        grade=prediction.grade,
        v_grade=v_grade(prediction.grade),
        expected=round(prediction.expected, 3),
        probabilities={name: round(share, 4) for name, share in prediction.probabilities.items()},
        influence={label: round(steps, 3) for label, steps in influence.items()},
    )


class BetaRequest(Model):
    """Whose beta is wanted."""

    problem: ProblemBody
    climber: ClimberBody = ClimberBody()


class MoveOut(BaseModel):
    """One hand goes from `origin` to `hold` while the other is on `other`; `text` says it in words."""

    hand: Literal["LH", "RH"]
    origin: str
    hold: str
    other: str
    difficulty: float
    too_far: float
    text: str


class BetaOut(BaseModel):
    """How a problem is climbed; `crux` is the place of the hardest move, `too_far` in cm is 0 where all is in reach."""

    start: dict[str, str]
    start_text: str
    moves: list[MoveOut]
    crux: int
    no_hand: list[str]
    too_far: float
    start_too_far: float


def beta_out(beta: Beta) -> BetaOut:
    """A beta as the API gives it."""
    first, *rest = describe(beta)
    return BetaOut(
        start={"LH": beta.start[0], "RH": beta.start[1]},
        start_text=first,
        moves=[MoveOut(**move._asdict(), text=text) for move, text in zip(beta.moves, rest, strict=True)],
        crux=beta.crux,
        no_hand=list(beta.no_hand),
        too_far=round(beta.too_far, 1),
        start_too_far=round(beta.start_too_far, 1),
    )


class Alike(BaseModel):
    """A known problem, and the share of holds that it has in common with another."""

    problem: ProblemOut
    shared: float


class Similar(BaseModel):
    """Known problems like one; `is_known` if one has exactly its holds."""

    is_known: bool
    known: int
    problems: list[Alike]


class ProfileBody(Model):
    """A climber: name, height, ape index, and the grades usually climbed."""

    name: ShortName
    height: Height = DEFAULT_CLIMBER.height
    ape: Ape = DEFAULT_CLIMBER.ape
    easiest: Grade = "6B"
    hardest: Grade = "7A"


class ProfileOut(BaseModel):
    """A climber with the id that the logbook goes by."""

    id: UUID
    name: str
    height: float
    ape: float
    easiest: str
    hardest: str


class TickBody(Model):
    """An ascent: the day, and at which attempt of that day; 1 is a flash."""

    day: Day
    attempts: Annotated[int, Field(ge=1, le=999), WHOLE] = 1


class TickOut(BaseModel):
    """An ascent with its id."""

    id: UUID
    day: date
    attempts: int


class Change(Model):
    """What to change of an entry; what is left out stays. `deleted` false brings one back."""

    name: Name = ""
    stars: Stars = 0
    notes: Notes = ""
    felt: Grade | None = None
    lists: Annotated[list[ShortName], Field(max_length=20)] = []
    deleted: bool = False


class EntryOut(BaseModel):
    """A saved problem, and what its climber noted: stars, notes, how hard it felt, lists and ascents."""

    identity: str
    problem: ProblemOut
    stars: int
    notes: str
    felt: str | None
    lists: list[str]
    ticks: list[TickOut]
    saved: str


def entry_out(entry: logbook.Entry) -> EntryOut:
    """An entry as the API gives it."""
    return EntryOut(
        identity=entry.identity,
        problem=problem_out(entry.problem),
        stars=entry.stars,
        notes=entry.notes,
        felt=entry.felt,
        lists=list(entry.lists),
        ticks=[
            TickOut(id=UUID(tick.id), day=date.fromisoformat(tick.day), attempts=tick.attempts) for tick in entry.ticks
        ],
        saved=entry.saved,
    )


class SearchResult(BaseModel):
    """Entries of a search, how many there are in all, and the climber's lists with their sizes."""

    entries: list[EntryOut]
    total: int
    lists: dict[str, int]


class KeptEntry(Model):
    """An entry in a logbook's own JSON file."""

    problem: ProblemBody
    stars: Stars = 0
    notes: Notes = ""
    felt: Grade | None = None
    lists: Annotated[list[ShortName], Field(max_length=20)] = []
    ticks: Annotated[list["KeptTick"], Field(max_length=10_000)] = []
    saved: Annotated[str, Field(max_length=40), AfterValidator(_moment)] = ""


class KeptTick(TickBody):
    """A tick in a logbook's own JSON file."""

    id: Annotated[UUID, Field(strict=False)]


class Rejected(BaseModel):
    """A record that could not be imported, and why."""

    record: int
    reason: str


class Imported(BaseModel):
    """What became of the records of a file: read = added + merged + rejected. The first reasons are told."""

    read: int
    added: int
    merged: int
    rejected: int
    reasons: list[Rejected]
