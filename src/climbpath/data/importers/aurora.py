"""Databases of the Aurora boards: the apps' own, BoardLib's, and the public snapshot of boardsesh.

A record is a climb at one of the angles at which it has a grade. A climb whose grade is of no angle is a record at an
unknown angle; one without a grade, or that is not for everybody, is a record that is left out.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from climbpath.board import Board
from climbpath.data.aurora import frames
from climbpath.data.aurora.climbs import Climb, Grade, Key, climbs, keys
from climbpath.data.aurora.database import as_number, opened
from climbpath.data.aurora.layout import Layout, aurora_boards, boards_of, placements_of, role_numbers
from climbpath.data.aurora.withheld import why_withheld
from climbpath.data.importers.pieces import Source, on_disk
from climbpath.data.importers.records import (
    LeftOutError,
    Note,
    read_count,
    read_text,
    source_ids,
    unnoted,
)
from climbpath.data.importers.sample import Sample
from climbpath.errors import ClimbpathError
from climbpath.grades import of_difficulty
from climbpath.problem import Problem, check_sound

TITLE = "the database of an Aurora board (Kilter, Tension and others)"
EXAMPLE = (
    "an SQLite database of the app, of BoardLib, or the snapshot of boardsesh:",
    "climbpath data import kilter.sqlite3 -o kilter.parquet",
)
NAMES = frozenset({"an SQLite database"})
NEEDS = "the database needs the tables climbs and climb_stats"
RELATED = frozenset({"climb_stats", "climb_cache_fields", "placements", "difficulty_grades", "layouts"})
"""Tables that tell a board's database from another one with climbs; where it has no climbs, two of them do."""
MIN_ASCENTS = 5
"""Known ascents at an angle with fewer of which a climb is left out there."""
UNGRADED = 1.5
"""Difficulties below are no grades: 0 and 1 stand for none."""


class Graded(NamedTuple):
    """A climb with one of its grades."""

    climb: Climb
    grade: Grade | None
    """None where it has none."""
    board: Board | str
    """The board that its layout is, or why there is none."""
    roles: Mapping[int, str]
    """Role numbers of its database."""
    withheld: str | None
    """Why it is left out whatever its grades are."""
    min_ascents: int


def recognises(sample: Sample) -> bool:
    """Whether a file that starts so is such a database, or one that lacks its climbs."""
    least = 1 if "climbs" in sample.tables else 2
    return "board_climbs" in sample.tables or len(sample.tables & RELATED) >= least


def records(path: Source, layout: str | None = None, min_ascents: int = MIN_ASCENTS) -> Iterator[Graded]:
    """The climbs at each of their angles: of the layout or board of this name, else of all.

    Of several boards with the holes of a layout, climbs are on the one that is named, else on ours.

    Raises ClimbpathError where the database is damaged or lacks what is needed, or has no such layout.
    """
    with on_disk(path) as file, opened(file) as connection:
        told = keys(connection)
        found = {key: _board(connection, key, one, layout) for key, one in told.items()}
        in_database = role_numbers(connection)
        roles = {
            key: _app_roles(board.aurora.app) | in_database
            for key, board in found.items()
            if not isinstance(board, str) and board.aurora
        }
        only = None if layout is None else _named(layout, told, found)
        for climb in climbs(connection, only):
            board = found.get(climb.layout, "its layout is not among the layouts of its database")
            withheld = why_withheld(climb.frames, climb.frames_count, climb.is_draft, climb.is_listed, climb.is_hidden)
            for grade in (None,) if withheld else climb.grades or (None,):
                yield Graded(climb, grade, board, roles.get(climb.layout, {}), withheld, min_ascents)


def _board(connection: sqlite3.Connection, key: Key, layout: Layout | None, wanted: str | None) -> Board | str:
    """The board that a layout is, or why there is none. Of several, the one that is wanted by its name, else the one
    that shares most placements."""
    same = boards_of(key.app, key.number)
    same = [board for board in same if wanted and board.name == wanted.casefold()] or same
    title = repr(layout.title) if layout else f"{key.number} of {key.app or 'an unknown app'}"
    if not same:
        way_out = f": climbpath board import FILE --layout {title}" if layout else ""
        return f"climbpath has no board for the layout {title}{way_out}"
    try:
        placements = placements_of(connection, layout) if layout else {}
    except ClimbpathError:
        placements = {}
    if not placements:
        return same[0]
    places = {(str(number), one.x, one.y) for number, one in placements.items()}
    shared = [len(places & {(hold.label, hold.x, hold.y) for hold in board.holds}) for board in same]
    best = same[shared.index(max(shared))]
    if max(shared) < min(len(places), len(best.holds)) / 2:
        return (
            f"the holds of {title} are not where those of {best.name} are: climbpath board import FILE --layout "
            f"{title} makes a board of them"
        )
    return best


def _named(text: str, told: Mapping[Key, Layout | None], found: Mapping[Key, Board | str]) -> Key:
    """The layout of a name: its own, its board's, or its number. Raises ClimbpathError, listing them, where none has
    it or several do."""
    names: dict[Key, list[str]] = {}
    for key, layout in told.items():
        board = found[key]
        names[key] = [] if isinstance(board, str) else [board.title, board.name]
        names[key] += [layout.title, layout.name] if layout else []
        names[key].append(str(key.number))
    matching = [key for key, own in names.items() if text.casefold() in (name.casefold() for name in own)]
    if len(matching) != 1:
        listed = ", ".join(repr(own[0]) for own in names.values()) or "none"
        what = "several layouts" if matching else "no layout"
        raise ClimbpathError(f"the database has {what} {text!r}: it has {listed}")
    return matching[0]


def _app_roles(app: str) -> dict[int, str]:
    """The role numbers of the boards of an app."""
    same = [board.aurora for board in aurora_boards() if board.aurora and board.aurora.app == app]
    return {number: role for one in same for role, number in one.roles.items()}


def problem(record: Graded, note: Note = unnoted) -> Problem:
    """The problem of a climb at one of its angles. Raises ClimbpathError with the reason where there is none."""
    climb, grade, board, *_ = record
    if record.withheld:
        raise LeftOutError(record.withheld)
    if isinstance(board, str):
        raise ClimbpathError(board)
    if grade is None:
        raise LeftOutError("ungraded: it has no grade at any angle")
    font_or_v, is_benchmark = _grade(grade, board)
    if font_or_v is None:
        raise LeftOutError("ungraded at its angle")
    ascents = read_count("ascents", grade.ascents, note)
    if ascents is not None and ascents < record.min_ascents:
        raise LeftOutError(f"fewer than {record.min_ascents} ascents at its angle")
    holds = frames.parse(climb.frames, record.roles)
    app = board.aurora.app if board.aurora else ""
    return check_sound(
        Problem(
            board=board.name,
            angle=_angle(grade.angle),
            grade=font_or_v,
            start=tuple(holds["start"]),
            hands=tuple(holds["hand"]),
            feet=tuple(holds["foot"]),
            finish=tuple(holds["finish"]),
            name=read_text("name", climb.name, note),
            ids=source_ids(app, climb.uuid, note),
            repeats=ascents,
            benchmark=is_benchmark,
        )
    )


def _grade(grade: Grade, board: Board) -> tuple[str | None, bool]:
    """The grade on the board's ladder, None where there is none, and whether the climb is a benchmark at it."""
    benchmark = _difficulty(grade.benchmark)
    difficulty = _difficulty(grade.difficulty) or benchmark
    return (_on_ladder(round(difficulty), board.ladder) if difficulty else None), benchmark is not None


_on_ladder = lru_cache(1000)(of_difficulty)


def _difficulty(value: Any) -> float | None:
    found = as_number(value)
    return found if found is not None and UNGRADED <= found < 100 else None


def _angle(value: Any) -> int | None:
    """An angle in degrees. Raises ClimbpathError for what is none."""
    if value is None:
        return None
    found = as_number(value)
    if found is None or found != round(found):
        raise ClimbpathError(f"cannot read an angle from {str(value)[:40]!r}")
    return round(found)
