"""What a climber's ticks add up to."""

from pydantic import BaseModel


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
