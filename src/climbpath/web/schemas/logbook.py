"""Saved problems, with what their climber notes."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from climbpath.web.logbook.records import Entry, LeftOut
from climbpath.web.schemas.base import Model
from climbpath.web.schemas.errors import shortened
from climbpath.web.schemas.fields import INTEGER, Day, Grade, Name, Notes, ShortName, Stars
from climbpath.web.schemas.problem import ProblemOut, problem_out


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


def left_out_text(left_out: LeftOut) -> str:
    """What cannot be read of the logbook, as a text for the user."""
    return f"{shortened(left_out.name)}: {shortened(left_out.reason)}"
