"""The board that this machine lights."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from climbpath.lights.leds import MOST_LEDS
from climbpath.web.schemas.base import Model
from climbpath.web.schemas.fields import INTEGER, BoardName, ShortName

MOST_LIGHTS = 300


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
