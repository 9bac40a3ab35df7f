"""Ticks from the logbooks of other programs: reading them, and finding the problems that they were of.

The MoonBoard site's logbook has every problem with its holds. BoardLib's CSV and the app's export of a climber's own
data name problems by name, board and angle, or by number; of a Kilter or Tension board, BoardLib's CSV names the app.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from climbpath import board as boards
from climbpath.data.aurora.layout import aurora_boards
from climbpath.data.importers import documents, pieces
from climbpath.data.importers.api_dump import problem as api_problem
from climbpath.data.importers.documents import Raw
from climbpath.data.importers.logbooks import EXPORTED, is_boardlib, names_no_holds
from climbpath.data.importers.pieces import Source
from climbpath.data.importers.records import Note, read_angle, read_board, read_count, read_grade, take
from climbpath.data.importers.sample import Sample
from climbpath.data.split import source_numbers
from climbpath.errors import ClimbpathError
from climbpath.grades import LADDER, v_number
from climbpath.problem import Problem
from climbpath.web.logbook.records import Entry, LoggedTick, Tick, identity_of

PREAMBLE = 50
"""Lines in which the columns of the app's export are looked for."""
TRIES = {"flashed": 1, "2nd try": 2, "3rd try": 3, "more than 3 tries": 4}
"""What the site and the app write for the number of tries."""
PROJECT = "project"
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def is_logbook(sample: Sample) -> bool:
    """Whether a file that starts like this sample is a logbook of another program."""
    if sample.record:
        return isinstance(sample.record.get("problem"), dict) and "numberoftries" in sample.record
    return names_no_holds(sample)


def read_logbook(path: Source, sample: Sample, note: Note) -> Iterator[Entry | LoggedTick | str]:
    """The ticks of a logbook: entries where it has the holds; for a record that is rejected, the reason."""
    if sample.record:
        records: Iterator[Any] = documents.records(path)
        read: Callable[[Any, Note], Entry | LoggedTick]
        read = _of_site
    elif is_boardlib(sample):
        ladders = {board.aurora.app: board.ladder for board in aurora_boards() if board.aurora}
        records, read = pieces.csv_rows(path), partial(_of_boardlib, ladders=ladders)
    else:
        records, read = _exported_rows(path), _of_export
    try:
        for record in records:
            try:
                if isinstance(record, ClimbpathError):
                    raise record
                yield read(record, note)
            except ClimbpathError as error:
                yield str(error)
    except ClimbpathError as error:  # the file is truncated
        yield str(error)


def find(ticks: Sequence[LoggedTick], problems: Sequence[Problem]) -> tuple[list[Entry], list[LoggedTick]]:
    """Entries for the ticks whose problems are among these, and the ticks whose problems are not found.

    A problem is found by its number, else by name, board and angle, and where several have them by its grade, too. One
    whose angle is not known is found at every angle, unless another one is of that.
    """

    def is_on(problem: Problem, tick: LoggedTick) -> bool:
        aurora = boards.load(problem.board).aurora
        return tick.board in ("", problem.board, aurora.app if aurora else problem.board)

    by_number: dict[str, Problem] = {}
    by_name: dict[str, list[Problem]] = {}
    for problem in {identity_of(problem): problem for problem in reversed(problems)}.values():
        by_number |= dict.fromkeys(source_numbers(problem), problem)
        if problem.name:
            by_name.setdefault(problem.name.casefold(), []).append(problem)
    found, missing = [], []
    for tick in ticks:
        same = [by_number[tick.number]] if tick.number in by_number else by_name.get(tick.name.casefold(), [])
        same = [problem for problem in same if is_on(problem, tick)]
        at_angle = [problem for problem in same if tick.angle in (0, problem.angle)]
        same = at_angle or [problem for problem in same if angle_of(tick.angle or None, problem)]
        if len(same) > 1:
            exactly = [problem for problem in same if problem.grade == tick.grade]
            same = exactly or [problem for problem in same if _is_alike(problem.grade, tick.grade)]
        if len(same) == 1:
            found.append(_entry(same[0], tick))
        else:
            missing.append(tick)
    return found, missing


def _is_alike(one: str | None, other: str) -> bool:
    """Whether two grades are of one V grade."""
    return bool(one and other) and v_number(one or "") == v_number(other)


def _entry(problem: Problem, tick: LoggedTick) -> Entry:
    """A tick as an entry. One without a day, which the logbook has no place for, is told in the notes."""
    if tick.day:
        key = tick_id(problem, tick.day, tick.attempts, tick.sent)
        done = Tick(key, tick.day, tick.attempts, tick.sent, "", angle_of(tick.angle or None, problem))
        return Entry(problem, tick.stars, tick.notes, tick.felt or None, (), (done,))
    attempts = "1 try" if tick.attempts == 1 else f"{tick.attempts} tries"
    told = f"{'sent' if tick.sent else 'not sent'}: {attempts}, on an unknown day"
    return Entry(problem, tick.stars, "\n".join(filter(None, [tick.notes, told]))[:2000], tick.felt or None)


def angle_of(angle: int | None, problem: Problem) -> int | None:
    """The angle of a tick at a problem: None where it is not known, is no angle of the board, or is the problem's."""
    is_told = angle is not None and problem.angle is None and boards.load(problem.board).has_angle(angle)
    return angle if is_told else None


def tick_id(problem: Problem, day: str, attempts: int, sent: bool, number: int = 0) -> str:
    """The id of an imported tick, which depends on what it says, so that importing it twice adds nothing."""
    name = f"{problem.identity} {day} {attempts} {number}" + ("" if sent else " not sent")
    return str(uuid5(NAMESPACE_URL, name))


def _of_site(record: Raw, note: Note) -> Entry:
    fields = {name.lower(): value for name, value in record.value.items()} if isinstance(record.value, dict) else {}
    problem = api_problem(Raw(take({"Problem": fields.get("problem")}, "Problem", dict), None, {}), note)
    tick = _tick(
        note,
        tries=fields.get("numberoftries"),
        attempts=fields.get("attempts"),
        day=fields.get("dateclimbed") or fields.get("dateclimbedasstring"),
        stars=fields.get("rating"),
        felt=fields.get("grade"),
        notes=fields.get("comment"),
    )
    return _entry(problem, tick)


def _of_boardlib(row: dict[str, str], note: Note, ladders: Mapping[str, tuple[str, ...]]) -> LoggedTick:
    """A tick of BoardLib's, which names a MoonBoard, or the app of a board: `ladders` are those of the apps."""
    app = (row.get("board") or "").strip().lower()
    is_app = app in ladders
    return _tick(
        note,
        name=row["climb_name"],
        board=app if is_app else read_board(row.get("board")),
        angle=0 if is_app and not row.get("angle") else read_angle(row.get("angle")),
        ladder=ladders[app] if is_app else LADDER,
        grade=row.get("displayed_grade"),
        tries="" if row.get("is_ascent", "true").strip().lower() in ("true", "1", "") else PROJECT,
        attempts=row.get("tries"),
        day=row["date"],
        felt=row.get("logged_grade"),
        notes=row.get("comment"),
    )


def _of_export(row: dict[str, str], note: Note) -> LoggedTick:
    return _tick(
        note,
        number=row["problem id"],
        grade=row["grade"],
        tries=row["tries"],
        attempts=row["attempts"],
        day=_british(row["date"]),
        stars=row["rating"],
    )


def _exported_rows(path: Source) -> Iterator[dict[str, str] | ClimbpathError]:
    """The rows of the app's export under its columns."""
    names: list[str] = []
    for number, line in enumerate(pieces.lines(path)):
        if not line.strip() or (not names and number > PREAMBLE):
            continue
        try:
            values = pieces.csv_values(line)
            if not names:
                lower = [value.strip().lower() for value in values]
                names = lower if set(lower) >= set(EXPORTED) else []
            elif len(values) != len(names):
                yield ClimbpathError(f"the row has {len(values)} fields where the header names {len(names)}")
            else:
                yield dict(zip(names, values, strict=True))
        except ClimbpathError as error:
            yield error


def _tick(
    note: Note,
    *,
    tries: Any,
    attempts: Any,
    day: Any,
    number: str = "",
    name: str = "",
    board: str = "",
    angle: int = 0,
    ladder: tuple[str, ...] = LADDER,
    grade: Any = None,
    stars: Any = None,
    felt: Any = None,
    notes: Any = None,
) -> LoggedTick:
    """A tick from a record's fields; an odd date, grade or number of stars is left out with a note."""
    words = tries.strip().lower() if isinstance(tries, str) else ""
    count = read_count("attempts", attempts, note) or 0
    if words in TRIES and (words == "flashed" or not count):
        count = TRIES[words]
    return LoggedTick(
        number=number.strip()[:100],
        name=name.strip()[:300],
        board=board,
        angle=angle,
        grade=read_grade(grade, note, "user grade", ladder) or "",
        day=read_day(day, note),
        attempts=min(max(count, 1), 999),
        sent=words != PROJECT,
        stars=read_stars(stars, note),
        felt=read_grade(felt, note, "user grade", ladder) or "",
        notes=notes[:2000] if isinstance(notes, str) else "",
    )


def read_stars(value: Any, note: Note) -> int:
    """A number of stars from 0 to 5; anything else is left out with a note."""
    stars = read_count("stars", value, note) or 0
    if stars > 5:
        note(f"stars left out: {stars} is more than 5")
        return 0
    return stars


def read_day(value: Any, note: Note) -> str:
    """A day as YYYY-MM-DD; empty, with a note, for what is no day or could be one of two.

    Read are 2026-01-26 with or without a time, 26 Jan 2026, 26.1.2026, 26/01/2026 where no month can be meant by one
    of the numbers, and the site's /Date(milliseconds)/.
    """
    if value is None or value == "":
        return ""
    text = str(value).strip()[:60]
    try:
        if match := re.fullmatch(r"/Date\((-?\d{1,15})([+-]\d{4})?\)/", text):
            return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(match[1]))).date().isoformat()
        if match := re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})([T ].*)?", text):
            return date(int(match[1]), int(match[2]), int(match[3])).isoformat()
        if match := re.fullmatch(r"(\d{1,2})\.?\s+([A-Za-z]{3})[a-z]*\.?,?\s+(\d{4})", text):
            return date(int(match[3]), MONTHS.index(match[2].lower()) + 1, int(match[1])).isoformat()
        if match := re.fullmatch(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", text):
            return date(int(match[3]), int(match[2]), int(match[1])).isoformat()
        if match := re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", text):
            first, second, year = int(match[1]), int(match[2]), int(match[3])
            if first > 12 or first == second:
                return date(year, second, first).isoformat()
            if second > 12:
                return date(year, first, second).isoformat()
    except (ValueError, OverflowError):
        pass
    note(f"date left out: {text!r}")
    return ""


def _british(text: str) -> str:
    """The app writes days as 26/01/20, the day first and the year of this century last; other texts as they are."""
    match = re.fullmatch(r"\s*(\d{1,2})/(\d{1,2})/(\d{2}|\d{4})\s*", text)
    if not match:
        return text
    day, month, year = match.groups()
    return f"{year if len(year) == 4 else f'20{year}'}-{month}-{day}"
