"""Export and import of a logbook."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from climbpath.web.logbook.store import MOST_TICKS
from climbpath.web.schemas.base import Model
from climbpath.web.schemas.fields import Grade, Notes, ShortName, Stars
from climbpath.web.schemas.logbook import TickBody
from climbpath.web.schemas.problem import ProblemBody


def _timestamp(text: str) -> str:
    if text:
        datetime.fromisoformat(text)
    return text


class ExportedTick(TickBody):
    """A tick in a JSON export of the logbook."""

    id: Annotated[UUID, Field(strict=False)]


class ExportedEntry(Model):
    """An entry in a JSON export of the logbook."""

    problem: ProblemBody
    stars: Stars = 0
    notes: Notes = ""
    felt: Grade | None = None
    lists: Annotated[list[ShortName], Field(max_length=20)] = []
    ticks: Annotated[list[ExportedTick], Field(max_length=MOST_TICKS)] = []
    saved: Annotated[str, Field(max_length=40), AfterValidator(_timestamp)] = ""


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
