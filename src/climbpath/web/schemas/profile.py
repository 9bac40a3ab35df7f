"""Climbers, and their walls."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from climbpath.beta.body import DEFAULT_CLIMBER
from climbpath.wall import Wall
from climbpath.web.logbook.records import Profile
from climbpath.web.schemas.base import Model
from climbpath.web.schemas.fields import Angle, Ape, Grade, Height, ShortName


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
    easiest: Grade | None = None
    hardest: Grade | None = None
    walls: Annotated[list[WallBody], Field(max_length=50)] | None = None

    def profile(self, number: str) -> Profile:
        """The climber with this id."""
        walls = None if self.walls is None else tuple(wall.wall() for wall in self.walls)
        return Profile(number, self.name, self.height, self.ape, self.easiest or "", self.hardest or "", walls)


class ProfileOut(BaseModel):
    """A climber, with the id of their logbook."""

    id: UUID
    name: str
    height: float
    ape: float
    easiest: str | None
    hardest: str | None
    walls: list[WallBody]


def profile_out(profile: Profile) -> ProfileOut:
    """A climber as the API returns it."""
    walls = [wall._asdict() | {"hold_sets": wall.hold_sets and list(wall.hold_sets)} for wall in profile.walls or ()]
    grades = {"easiest": profile.easiest or None, "hardest": profile.hardest or None}
    return ProfileOut(**profile._asdict() | grades | {"walls": walls})
