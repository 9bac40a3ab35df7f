"""How a climber climbs a problem."""

from typing import Literal

from pydantic import BaseModel

from climbpath.beta.moves import Beta, describe
from climbpath.web.schemas.base import Model
from climbpath.web.schemas.climber import ClimberBody
from climbpath.web.schemas.problem import ProblemBody


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
