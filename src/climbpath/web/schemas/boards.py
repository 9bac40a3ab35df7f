"""The boards, and what the models know of them."""

from collections.abc import Collection, Mapping, Sequence

from pydantic import BaseModel

from climbpath import board as boards
from climbpath.angles import UNKNOWN
from climbpath.board import Board, Setup, as_learned, column_of, drawn_as, evidence_for, row_of
from climbpath.drawing.themes import ROLES, lamp_of
from climbpath.grader.scale import offered


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


class AppInfo(BaseModel):
    """What the page needs to start: the version, every grade of every board, easiest first, with its V grade and how
    hard it is in steps of the Font ladder, and the boards."""

    version: str
    ladder: list[str]
    v_grades: list[str]
    ranks: list[int]
    boards: list[BoardOut]


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
