"""Request and response bodies of the API, with limits on everything that comes from outside."""

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, create_model

from climbpath import board as boards
from climbpath.angles import UNKNOWN
from climbpath.beta.body import APES, DEFAULT_CLIMBER, HEIGHTS, Climber
from climbpath.beta.moves import Beta, describe
from climbpath.board import METHODS, Board, Setup, as_learned, column_of, drawn_as, evidence_for, row_of
from climbpath.drawing.themes import ROLES, lamp_of
from climbpath.grader.grader import GradePrediction
from climbpath.grader.scale import offered
from climbpath.grades import ALL_GRADES, v_grade
from climbpath.lights.leds import MOST_LEDS
from climbpath.naming import suggested_name
from climbpath.problem import DEFAULT_BOARD, DEFAULT_METHOD, FIELDS, LABELS, Problem
from climbpath.settings import Wall
from climbpath.web.logbook.records import Entry, LeftOut, Profile, identity_of
from climbpath.web.logbook.store import MOST_TICKS
from climbpath.workout.outline import LONGEST, SHORTEST, TRY_S
from climbpath.workout.plan import Workout, starts

MOST_PROBLEMS, MOST_HOLDS, MOST_BANS, MOST_LISTED, MOST_LIGHTS = 20, 40, 200, 60, 300
LONGEST_NAME, LONGEST_NOTES = 80, 2000
LONGEST_REASON = 300
ANGLES = sorted({angle for name in boards.names() for angle in boards.load(name).angles})


def shortened(text: str) -> str:
    """A text of at most LONGEST_REASON characters."""
    return text if len(text) <= LONGEST_REASON else text[: LONGEST_REASON - 1] + "…"


def validation_message(location: Sequence[object], message: str) -> str:
    """An error that pydantic found in a body or record, with its location, as a text for the user."""
    return f"{'.'.join(map(str, location)) or 'the body'}: {message.removeprefix('Value error, ')}"


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


def _timestamp(text: str) -> str:
    if text:
        datetime.fromisoformat(text)
    return text


INTEGER = BeforeValidator(_integer)
Grade = Annotated[str, Field(json_schema_extra={"enum": list(ALL_GRADES)}), _one_of(ALL_GRADES)]
BoardName = Annotated[str, Field(json_schema_extra={"enum": boards.names()}), _one_of(tuple(boards.names()))]
Angle = Annotated[int, Field(json_schema_extra={"enum": ANGLES}), _one_of(tuple(ANGLES)), INTEGER]
LINKED_ANGLES = (*map(str, ANGLES), UNKNOWN)
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
Day = Annotated[str, Field(json_schema_extra={"format": "date"}), AfterValidator(_day)]
Height = Annotated[float, Field(ge=HEIGHTS[0], le=HEIGHTS[1])]
Ape = Annotated[float, Field(ge=APES[0], le=APES[1])]


class Model(BaseModel):
    """A JSON object with no other fields than its own, each of exactly the type that it declares."""

    model_config = ConfigDict(extra="forbid", strict=True)


class ErrorOut(Model):
    """Why a request was refused, as a text for the user."""

    error: str


class ClimberBody(Model):
    """A climber's height and ape index (arm span minus height), in cm."""

    height: Height = DEFAULT_CLIMBER.height
    ape: Ape = DEFAULT_CLIMBER.ape

    def climber(self) -> Climber:
        """The climber that the body describes."""
        return Climber(self.height, self.ape)


class ProblemBase(Model):
    """A problem: holds with roles on a board, and what is known about it."""

    def problem(self) -> Problem:
        """The problem that the body describes. Raises ClimbpathError if the board has no such problem."""
        return Problem.from_dict(self.model_dump())


LIMITS: dict[str, Any] = {
    "board": BoardName,
    "angle": Angle | None,
    "grade": Grade | None,
    "asked_grade": Grade | None,
    "start": Annotated[list[Label], Field(min_length=1, max_length=2)],
    "hands": Holds,
    "feet": Holds,
    "finish": Annotated[list[Label], Field(min_length=1, max_length=2)],
    "name": Name | None,
    "ids": Annotated[list[Name], Field(max_length=20)],
    "repeats": Annotated[int, Field(ge=0, lt=2**31), INTEGER] | None,
    "method": Name,
    "user_grade": Grade | None,
}
"""The types of Problem's fields in a request body, which limit their size; booleans need no limit."""


def _body_fields() -> dict[str, Any]:
    """Name -> (type, default) of every field of Problem, in a request body."""
    fields = {}
    for field in dataclasses.fields(Problem):
        default = ... if field.default is dataclasses.MISSING else field.default
        bounded = LIMITS[field.name] if field.name in LIMITS else FIELDS[field.name]
        if field.name not in LIMITS and bounded is not bool:
            raise TypeError(f"a body's field {field.name} needs a limit")
        fields[field.name] = bounded, list(default) if isinstance(default, tuple) else default
    return fields


class ProblemOutBase(BaseModel):
    """A problem with its notation, its V grade, its identity in the logbook, and a suggested name."""

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
    """A problem as the API returns it."""
    derived: dict[str, Any] = {
        "notation": problem.notation,
        "v_grade": v_grade(problem.grade) if problem.grade else None,
        "identity": identity_of(problem),
        "suggested_name": suggested_name(problem),
    }
    return ProblemOut(**problem.to_dict(), **derived)


class HoldOut(BaseModel):
    """A hold: x and y in cm, its column and row where the board has a grid, the direction that it faces, as a compass
    point, and its mirror partner."""

    label: str
    x: float
    y: float
    column: int | None
    row: int | None
    hold_set: str
    orientation: str | None
    mirror: str | None


class BoardOut(BaseModel):
    """A board. For each angle: in which rows holds may have which role (where place tells such), the grades that can be
    asked for and which of them were learned at the angle (new problems of the others have an unknown one), those that
    rest on few problems with how many, whether the grader knows it, which foot rules the models know, the usual one
    first, and at which angle it was learned, null where that is not known. `lamps` is the colour of each role's light.

    Where problems can have an unknown angle, 'unknown' is one of the angles. `drawn_as` is the title of the board whose
    problems stand for its own, where it was not learned.
    """

    name: str
    title: str
    angles: list[int]
    family: str
    ladder: list[str]
    rows: dict[int, dict[str, tuple[int, int]]]
    lamps: dict[str, str]
    has_feet: bool
    has_mirror: bool
    methods: dict[str, list[str]]
    sizes: dict[str, list[str]]
    usual_angle: int
    drawn_as: str | None
    learned: dict[str, int | None]
    hold_sets: list[str]
    holds: list[HoldOut]
    grades: dict[str, list[str]]
    own_grades: dict[str, list[str]]
    thin: dict[str, dict[str, int]]
    graded: dict[str, bool]


def board_out(
    board: Board,
    evidence: Mapping[Setup, Mapping[str, int]],
    graded: Collection[Setup],
    methods: Mapping[Setup, Sequence[str]],
) -> BoardOut:
    """A board as the API returns it, given the generator's problems per setup and grade, the grader's setups, and the
    foot rules that the generator knows on each setup."""
    angles = (*board.angles, *([None] if board.has_angle(None) else []))
    names = {angle: UNKNOWN if angle is None else str(angle) for angle in angles}
    setups = {names[angle]: drawn_as(Setup(board.name, angle), evidence) for angle in angles}
    counts = {names[angle]: evidence_for(Setup(board.name, angle), evidence) for angle in angles}
    well_known = {angle: list(offered(count)) for angle, count in counts.items()}
    own = {
        angle: [grade for grade in well_known[angle] if drawn_as(setup, evidence, [grade]) == setup]
        for angle, setup in setups.items()
    }
    return BoardOut(
        name=board.name,
        title=board.title,
        angles=list(board.angles),
        family=board.family,
        ladder=list(board.ladder),
        rows=board.rows,
        lamps={field: lamp_of(board, role) for field, role in ROLES.items()},
        has_feet=board.has_feet,
        has_mirror=board.has_mirror,
        methods={angle: list(methods.get(setup, ())) for angle, setup in setups.items()},
        sizes={name: list(size.leds) for name, size in board.sizes.items()},
        usual_angle=board.usual_angle,
        drawn_as=next((boards.load(one.board).title for one in setups.values() if one.board != board.name), None),
        learned={angle: setup.angle for angle, setup in setups.items()},
        hold_sets=list(board.hold_sets),
        holds=[
            HoldOut(
                label=hold.label,
                x=hold.x,
                y=hold.y,
                column=column_of(hold.label) if board.has_grid else None,
                row=row_of(hold.label) if board.has_grid else None,
                hold_set=hold.hold_set,
                orientation=hold.orientation,
                mirror=hold.mirror,
            )
            for hold in board.holds
        ],
        grades=well_known,
        own_grades=own,
        thin={
            angle: {one: count[one] for one in board.ladder if count.get(one) and one not in well_known[angle]}
            for angle, count in counts.items()
        },
        graded={names[angle]: _is_graded(Setup(board.name, angle), graded) for angle in angles},
    )


def _is_graded(setup: Setup, graded: Collection[Setup]) -> bool:
    return as_learned(setup, graded) in graded


class CodeOut(BaseModel):
    """A link, and its QR code: rows of dark modules, 1, and light ones, 0."""

    link: str
    code: list[str]


class InvitationOut(BaseModel):
    """The links that let another device in, the one to trust this machine first; null where there is none."""

    app: CodeOut | None
    setup: CodeOut | None
    climber: CodeOut | None
    """The link for another device of the climber's own, where each climber has a token."""


class AppInfo(BaseModel):
    """What the page needs to start: the version, every grade of every board, easiest first, with its V grade and how
    hard it is in steps of the Font ladder, and the boards."""

    version: str
    ladder: list[str]
    v_grades: list[str]
    ranks: list[int]
    boards: list[BoardOut]


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
    hold_sets: Annotated[list[ShortName], Field(max_length=10)] = []
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
    hold_sets: Annotated[list[ShortName], Field(max_length=10)] = []
    name: ShortName | None = None
    problems: Annotated[list[ProblemBody], Field(max_length=MOST_LISTED)] = []
    seed: Annotated[int, Field(ge=0, lt=2**32), INTEGER] | None = None


class WorkoutProblem(BaseModel):
    """A problem of a workout: how many tries there is time for, and the seconds of rest after each."""

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
                    style=list(slot.style),
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


class GradeOut(BaseModel):
    """How hard a problem is.

    `grade` is the grader's, `perhaps` another that is at least half as likely, `words` both as a text,
    `probabilities` has every grade, and `influence` says for each hold how many grades harder or easier the problem
    would be without it.
    """

    grade: str
    v_grade: str
    perhaps: str | None
    words: str
    probabilities: dict[str, float]
    influence: dict[str, float]


def grade_out(prediction: GradePrediction, influence: dict[str, float]) -> GradeOut:
    """A prediction as the API returns it, with the change in grade steps that removing each hold would make."""
    return GradeOut(
        **prediction.to_dict(),
        v_grade=v_grade(prediction.grade),
        words=prediction.words,
        influence={label: round(steps, 3) for label, steps in influence.items()},
    )


class BetaRequest(Model):
    """A problem, and the climber whose beta is wanted."""

    problem: ProblemBody
    climber: ClimberBody = ClimberBody()


class MoveOut(BaseModel):
    """One hand moves from `origin` to `hold` while the other is on `other`; `text` describes the move."""

    hand: Literal["LH", "RH"]
    origin: str
    hold: str
    other: str
    difficulty: float
    too_far: float
    text: str


class BetaOut(BaseModel):
    """How to climb a problem: `crux` is the index of the hardest move, `too_far` is in cm, and 0 if all is in reach."""

    start: dict[str, str]
    start_text: str
    moves: list[MoveOut]
    crux: int
    no_hand: list[str]
    too_far: float
    start_too_far: float


def beta_out(beta: Beta) -> BetaOut:
    """A beta as the API returns it."""
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


class SimilarProblem(BaseModel):
    """A known problem, and the share of holds that it has in common with the given one (Jaccard similarity)."""

    problem: ProblemOut
    similarity: float


class SimilarProblems(BaseModel):
    """The most similar of `known` problems; `is_known` if one has exactly the same holds."""

    is_known: bool
    known: int
    problems: list[SimilarProblem]


class WallBody(Model):
    """A board as a climber has it: its angle, and the size and the hold sets that are there, null being all."""

    board: Annotated[str, Field(min_length=1, max_length=60)]
    angle: Angle | None
    size: ShortName | None = None
    hold_sets: Annotated[list[ShortName], Field(min_length=1, max_length=10)] | None = None

    def wall(self) -> Wall:
        """The wall that the body describes."""
        return Wall(self.board, self.size, tuple(self.hold_sets) if self.hold_sets else None, self.angle)


class ProfileBody(Model):
    """A climber: name, height and ape index in cm, the range of grades that they usually climb, and their walls, the
    one in use first; null leaves the walls as they are."""

    name: ShortName
    height: Height = DEFAULT_CLIMBER.height
    ape: Ape = DEFAULT_CLIMBER.ape
    easiest: Grade = "6B+"
    hardest: Grade = "7A"
    walls: Annotated[list[WallBody], Field(max_length=50)] | None = None

    def profile(self, number: str) -> Profile:
        """The climber with this id."""
        walls = None if self.walls is None else tuple(wall.wall() for wall in self.walls)
        return Profile(number, self.name, self.height, self.ape, self.easiest, self.hardest, walls)


class ProfileOut(BaseModel):
    """A climber, with the id of their logbook."""

    id: UUID
    name: str
    height: float
    ape: float
    easiest: str
    hardest: str
    walls: list[WallBody]


def profile_out(profile: Profile) -> ProfileOut:
    """A climber as the API returns it."""
    walls = [wall._asdict() | {"hold_sets": wall.hold_sets and list(wall.hold_sets)} for wall in profile.walls or ()]
    return ProfileOut(**profile._asdict() | {"walls": walls})


class TickBody(Model):
    """A day's attempts: how many, whether the last was a send, and if not, the highest hold reached ('': not noted).

    `angle` is what the wall was set to, at a problem whose own angle is not known.
    """

    day: Day
    attempts: Annotated[int, Field(ge=1, le=999), INTEGER] = 1
    sent: bool = True
    reached: Annotated[str, Field(pattern="^[A-Z0-9]{0,8}$")] = ""
    angle: Annotated[int, Field(ge=0, le=90), INTEGER] | None = None


class TickOut(BaseModel):
    """A day's attempts with their id."""

    id: UUID
    day: date
    attempts: int
    sent: bool
    reached: str
    angle: int | None


class EntryUpdate(Model):
    """Changes to an entry; omitted fields stay as they are. `deleted: false` restores an entry."""

    name: Name = ""
    stars: Stars = 0
    notes: Notes = ""
    felt: Grade | None = None
    lists: Annotated[list[ShortName], Field(max_length=20)] = []
    deleted: bool = False


class EntryOut(BaseModel):
    """A saved problem with the climber's stars, notes, felt grade, lists and ticks."""

    identity: str
    problem: ProblemOut
    stars: int
    notes: str
    felt: str | None
    lists: list[str]
    ticks: list[TickOut]
    saved: str


def entry_out(entry: Entry) -> EntryOut:
    """An entry as the API returns it."""
    return EntryOut(
        identity=entry.identity,
        problem=problem_out(entry.problem),
        stars=entry.stars,
        notes=entry.notes,
        felt=entry.felt,
        lists=list(entry.lists),
        ticks=[TickOut(**tick._asdict() | {"id": UUID(tick.id)}) for tick in entry.ticks],
        saved=entry.saved,
    )


class SearchResult(BaseModel):
    """A page of the matching entries, how many match in all, and the climber's lists and boards with their numbers of
    problems."""

    entries: list[EntryOut]
    read: int
    """Entries on this page, with those that cannot be read."""
    left_out: list[str]
    """What of this page cannot be read, and why."""
    total: int
    lists: dict[str, int]
    boards: dict[str, int]


def left_out_text(left_out: LeftOut) -> str:
    """What cannot be read of the logbook, as a text for the user."""
    return f"{shortened(left_out.name)}: {shortened(left_out.reason)}"


class GradeCountOut(BaseModel):
    """Problems of a grade that were sent, those of them that were flashed, and those tried and not sent yet."""

    sent: int
    flashed: int
    tried: int


class MonthOut(BaseModel):
    """Problems sent for the first time in a month, attempts with and without a send, and the hardest grade sent."""

    sent: int
    tries: int
    hardest: str | None


class HoldCountOut(BaseModel):
    """Sent problems with a hold; attempts without a send at problems with it, and those that got no higher than it."""

    sent: int
    failed: int
    stopped: int


class StatisticsOut(BaseModel):
    """A climber's ticks on one board: by grade ('' without one), by month as YYYY-MM, and by hold.

    `boards` has the problems with ticks on every board; `failed` counts attempts without a send, and `stopped` those of
    them of which the climber noted how far they got.
    """

    board: str | None
    boards: dict[str, int]
    sent: int
    flashed: int
    tries: int
    failed: int
    stopped: int
    days: int
    grades: dict[str, GradeCountOut]
    months: dict[str, MonthOut]
    holds: dict[str, HoldCountOut]
    left_out: list[str]


class ExportedEntry(Model):
    """An entry in a JSON export of the logbook."""

    problem: ProblemBody
    stars: Stars = 0
    notes: Notes = ""
    felt: Grade | None = None
    lists: Annotated[list[ShortName], Field(max_length=20)] = []
    ticks: Annotated[list["ExportedTick"], Field(max_length=MOST_TICKS)] = []
    saved: Annotated[str, Field(max_length=40), AfterValidator(_timestamp)] = ""


class ExportedTick(TickBody):
    """A tick in a JSON export of the logbook."""

    id: Annotated[UUID, Field(strict=False)]


class RejectedRecord(BaseModel):
    """A record that could not be imported, and why."""

    record: int
    reason: str


class NotFoundTick(Model):
    """An imported tick whose problem was not found; '' and 0 are unknown."""

    number: Annotated[str, Field(max_length=100)]
    name: Annotated[str, Field(max_length=300)]
    board: Annotated[str, Field(max_length=60)]
    angle: Annotated[int, Field(ge=0, le=90)]
    grade: Annotated[str, Field(max_length=5)]
    day: Annotated[str, Field(pattern=r"^(\d{4}-\d{2}-\d{2})?$")]
    attempts: Annotated[int, Field(ge=1, le=999)]
    sent: bool
    stars: Stars
    felt: Annotated[str, Field(max_length=5)]
    notes: Notes


class ImportResult(BaseModel):
    """Counts of the records in a file, read = added + merged + rejected + not_found, and the first reasons."""

    read: int
    added: int
    merged: int
    rejected: int
    reasons: list[RejectedRecord]
    not_found: int
    """Ticks whose problems are not known here; they are kept, and looked for again at the next import."""
    notes: list[str]
    """What was left out of records that were added, such as odd dates."""


class LightsOut(BaseModel):
    """Whether this machine lights a board, who holds it, whether that is the client, and how many wait before it."""

    offered: bool
    board: str | None
    holder: str | None
    is_mine: bool
    ahead: int


class HoldBoardBody(Model):
    """A page that asks for the board: its id, and its climber's name for the others."""

    client: Annotated[UUID, Field(strict=False)]
    name: ShortName


class ReleaseBody(Model):
    """A page that gives up the board."""

    client: Annotated[UUID, Field(strict=False)]


class LightBody(Model):
    """A light: the number of a LED, and what it is for."""

    position: Annotated[int, Field(ge=0, lt=MOST_LEDS), INTEGER]
    role: Literal["start", "hand", "left", "right", "match", "foot", "finish"]


class ShowBody(Model):
    """What a page lights on a board: these lights and no others, or none at all where `off` is set."""

    client: Annotated[UUID, Field(strict=False)]
    board: BoardName
    lights: Annotated[list[LightBody], Field(max_length=MOST_LIGHTS)] = []
    off: bool = False
    brightness: Annotated[int, Field(ge=10, le=100), INTEGER] = 100
    extra_leds: bool = False
    new_letters: bool = False
    mini: bool = False
