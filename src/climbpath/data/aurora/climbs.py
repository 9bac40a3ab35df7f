"""The climbs of a database with their grades, in memory for one at a time: of the apps' and BoardLib's schemas, and of
the public snapshot of boardsesh, which has the climbs of several apps and no facts of boards."""

import re
import sqlite3
from collections.abc import Iterator
from itertools import groupby
from typing import Any, NamedTuple

from climbpath.data.aurora.database import Tables, need, tables, whole
from climbpath.data.aurora.layout import Layout, app_of, layouts
from climbpath.errors import ClimbpathError

MOST_GRADES = 500
"""Grades of one climb; the boards' have at most one for every angle."""
PLAIN = ("name", "frames")
"""Columns that every table of climbs has."""
OPTIONAL = ("frames_count", "is_draft", "is_listed", "is_hidden")
"""Columns that it may lack."""


class Grade(NamedTuple):
    """What climbers made of a climb, as the database has it."""

    angle: Any
    """In degrees; None where the grade is not of an angle."""
    difficulty: Any
    """The mean of its climbers, on the scale of the table difficulty_grades: 10 is 4a/V0, 22 is 7a/V6."""
    benchmark: Any
    """The difficulty that the board's operator gives it, None where it is no benchmark."""
    ascents: Any
    """How many there were at the angle, None where that is not known."""


class Climb(NamedTuple):
    """A climb, as the database has it."""

    layout: "Key"
    uuid: Any
    name: Any
    frames: Any
    frames_count: Any
    is_draft: Any
    is_listed: Any
    is_hidden: Any
    grades: tuple[Grade, ...]
    """One for each angle; without those, the one that is of no angle, if there is one."""


class Key(NamedTuple):
    """Which layout of which app."""

    app: str | None
    """'kilter', 'tension' and so on; None where the database does not tell."""
    number: int


def is_snapshot(known: Tables) -> bool:
    """Whether a database with these tables is a snapshot of boardsesh."""
    return "board_climbs" in known


def keys(connection: sqlite3.Connection) -> dict[Key, Layout | None]:
    """The layouts of which the database may have climbs; None for one of which it has only the number."""
    known = tables(connection)
    if is_snapshot(known):
        need(known, "board_climbs", "board_type", "layout_id")
        found = connection.execute("SELECT DISTINCT board_type, layout_id FROM board_climbs")
        return {Key(str(app).lower(), whole(number, "a layout's number")): None for app, number in found}
    if "layouts" in known:
        told = layouts(connection)
        return {Key(app_of(told), layout.number): layout for layout in told}
    need(known, "climbs", "layout_id")
    numbers = connection.execute("SELECT DISTINCT layout_id FROM climbs")
    return {Key(None, whole(number, "a layout's number")): None for (number,) in numbers}


def climbs(connection: sqlite3.Connection, only: Key | None = None) -> Iterator[Climb]:
    """The climbs, of one layout if it is given. Raises ClimbpathError where a table or column is missing."""
    known = tables(connection)
    prefix = "board_" if is_snapshot(known) else ""
    climbs_table, stats_table = f"{prefix}climbs", f"{prefix}climb_stats"
    cache_table = "climb_cache_fields"
    need(known, climbs_table, "uuid", "layout_id", *PLAIN)
    if prefix:
        need(known, climbs_table, "board_type")
    own_app = app_of(layouts(connection)) if "layouts" in known and not prefix else None
    chosen = [
        "c.uuid",
        "lower(c.board_type)" if prefix else "NULL",
        "c.layout_id",
        *(f"c.{column}" for column in PLAIN),
    ]
    chosen += [_optional(known, climbs_table, "c", column) for column in OPTIONAL]
    joins = ""
    if stats_table in known:
        need(known, stats_table, "climb_uuid", "angle", "display_difficulty")
        chosen += ["s.climb_uuid", "s.angle", "s.display_difficulty"]
        chosen += [_optional(known, stats_table, "s", one) for one in ("benchmark_difficulty", "ascensionist_count")]
        same_app = " AND s.board_type = c.board_type" if prefix and "board_type" in known[stats_table] else ""
        joins += f" LEFT JOIN {stats_table} s ON s.climb_uuid = c.uuid{same_app}"
    else:
        chosen += ["NULL"] * 5
    if cache_table in known:
        need(known, cache_table, "climb_uuid", "display_difficulty")
        chosen += ["f.display_difficulty", _optional(known, cache_table, "f", "ascensionist_count")]
        joins += f" LEFT JOIN {cache_table} f ON f.climb_uuid = c.uuid"
    else:
        chosen += ["NULL"] * 2
    if stats_table not in known and cache_table not in known:
        raise ClimbpathError(f"the database has no table {stats_table!r}, so nothing tells the grades of its climbs")
    query = f"SELECT {', '.join(chosen)} FROM {climbs_table} c{joins}"  # noqa: S608 (names of ours, never of the file)
    values: tuple[Any, ...] = ()
    if only:
        query, values = query + " WHERE c.layout_id = ?", (only.number,)
        if prefix:
            query, values = query + " AND lower(c.board_type) = ?", (only.number, only.app)
    for _, same in groupby(connection.execute(query, values), key=lambda row: row[:3]):
        first, *others = same
        if len(others) >= MOST_GRADES:
            raise ClimbpathError(f"a climb has over {MOST_GRADES} grades, more than there are angles")
        uuid, app, number, name, frames, count, draft, listed, hidden = first[:9]
        grades = tuple(Grade(*row[10:14]) for row in (first, *others) if row[9] is not None)
        difficulty, ascents = first[14:16]
        if not grades and difficulty is not None:
            grades = (Grade(None, difficulty, None, ascents),)
        yield Climb(Key(app or own_app, _plain(number)), uuid, name, frames, count, draft, listed, hidden, grades)


def _plain(number: Any) -> Any:
    """A layout's number that is stored as text as a number; anything else as it is."""
    return int(number) if isinstance(number, str) and re.fullmatch("[0-9]{1,9}", number) else number


def _optional(known: Tables, table: str, alias: str, column: str) -> str:
    """SQL of a column that may be missing."""
    return f"{alias}.{column}" if column in known[table] else "NULL"
