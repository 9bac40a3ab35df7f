"""Statistics of a climber's ticks on one board: problems by grade, progress by month, and holds."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from climbpath.grades import ALL_GRADES, rank
from climbpath.web.logbook.records import Entry


@dataclass
class GradeCount:
    """Problems of one grade."""

    sent: int = 0
    """Sent at least once."""
    flashed: int = 0
    """Of these, sent at the first try of all."""
    tried: int = 0
    """Tried, and not sent yet."""


@dataclass
class Month:
    """What happened in one month."""

    sent: int = 0
    """Problems that were sent for the first time."""
    tries: int = 0
    """Tries, sends included."""
    hardest: str | None = None
    """The hardest grade that was sent."""


@dataclass
class HoldCount:
    """What happened on one hold."""

    sent: int = 0
    """Problems with it that were sent."""
    failed: int = 0
    """Tries without a send at problems with it."""
    stopped: int = 0
    """Tries without a send that got to it and no higher, where the climber noted that."""


@dataclass
class Statistics:
    """A climber's ticks on one board, at all of its angles."""

    board: str | None
    boards: dict[str, int]
    """Board -> problems with ticks, the most climbed one first."""
    sent: int = 0
    flashed: int = 0
    tries: int = 0
    failed: int = 0
    """Tries without a send."""
    stopped: int = 0
    """Those of them of which the climber noted how far they got."""
    days: int = 0
    """Days on this board."""
    grades: dict[str, GradeCount] = field(default_factory=dict)
    """By grade, the easiest first; those without a grade last, as ''."""
    months: dict[str, Month] = field(default_factory=dict)
    """By month as YYYY-MM, the earliest first; months without a try are missing."""
    holds: dict[str, HoldCount] = field(default_factory=dict)
    """By label."""


def statistics(entries: Iterable[Entry], board: str | None = None) -> Statistics:
    """The statistics of entries on a board; on the one with the most problems if none is given."""
    ticked = [entry for entry in entries if entry.ticks]
    boards = dict(Counter(entry.problem.board for entry in ticked).most_common())
    found = Statistics(board or next(iter(boards), None), boards)
    days = set()
    for entry in ticked:
        if entry.problem.board != found.board:
            continue
        grade = entry.problem.grade or ""
        _add_problem(found, grade, entry)
        for tick in entry.ticks:
            days.add(tick.day)
            failed = tick.attempts - tick.sent
            found.tries += tick.attempts
            found.failed += failed
            month = found.months.setdefault(tick.day[:7], Month())
            month.tries += tick.attempts
            if tick.sent and grade and (month.hardest is None or rank(grade) > rank(month.hardest)):
                month.hardest = grade
            for label in entry.problem.holds:
                found.holds.setdefault(label, HoldCount()).failed += failed
            if tick.reached in entry.problem.holds:
                found.stopped += failed
                found.holds[tick.reached].stopped += failed
    found.days = len(days)
    order = {grade: i for i, grade in enumerate([*ALL_GRADES, ""])}
    found.grades = dict(sorted(found.grades.items(), key=lambda item: order[item[0]]))
    found.months = dict(sorted(found.months.items()))
    return found


def _add_problem(found: Statistics, grade: str, entry: Entry) -> None:
    """Count a problem as sent, flashed or tried; a sent one in the month of its first send, and its holds."""
    count = found.grades.setdefault(grade, GradeCount())
    if not entry.is_sent:
        count.tried += 1
        return
    count.sent += 1
    found.sent += 1
    count.flashed += entry.is_flash
    found.flashed += entry.is_flash
    first = min(tick.day for tick in entry.ticks if tick.sent)
    found.months.setdefault(first[:7], Month()).sent += 1
    for label in entry.problem.holds:
        found.holds.setdefault(label, HoldCount()).sent += 1
