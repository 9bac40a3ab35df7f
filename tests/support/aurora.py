"""Small databases of Aurora boards, in the schemas of the apps and of BoardLib, and a snapshot of boardsesh."""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from support.commands import ROOT

GRADES = ("4a/V0", "4b/V0", "4c/V0", "5a/V1", "5b/V1", "5c/V2", "6a/V3", "6a+/V3", "6b/V4", "6b+/V4", "6c/V5")
"""The first grades of the apps' table, from difficulty 10 up."""


class Row(NamedTuple):
    """A climb, and what climbers made of it."""

    uuid: str
    frames: str | None
    grades: Sequence[tuple[Any, Any, Any]] = ((40, 18.2, 100),)
    """Angle, difficulty, ascents."""
    cached: tuple[Any, Any] | None = None
    """Difficulty and ascents that are of no angle."""
    name: str = "Swooper"
    layout: int | None = None
    is_draft: int = 0
    is_listed: int = 1
    frames_count: int = 1
    benchmark: Any = None


def facts_of(board: str) -> dict[str, Any]:
    """The facts of a board that climbpath brings along."""
    return json.loads((ROOT / f"src/climbpath/boards/{board}.json").read_text(encoding="utf-8"))


def cave(holds: int = 12) -> dict[str, Any]:
    """The facts of a small board of nobody's: two columns 30 cm apart, a hold every 30 cm, the left ones of wood."""
    places = {str(100 + i): {"x": 30.48 * (i % 2), "y": 30.48 * (i // 2)} for i in range(holds)}
    sets = {label: "Wood" if i % 2 == 0 else "Resin" for i, label in enumerate(places)}
    return {
        "title": "Cave Board",
        "family": "decoy",
        "angles": [20, 45],
        "hold_sets": ["Wood", "Resin"],
        "colours": {"start": "00FF00", "hand": "0000FF", "finish": "FF0000", "foot": "FF00FF"},
        "aurora": {"app": "decoy", "layout": 2, "roles": {"start": 1, "hand": 2, "finish": 3, "foot": 4}},
        "sizes": {
            "tall": {"edges": [-25.4, 55.88, -25.4, 254.0], "leds": {label: i for i, label in enumerate(places)}},
            "short": {
                "edges": [-25.4, 55.88, -25.4, 76.2],
                "leds": {label: i for i, label in enumerate([*places][:6])},
            },
        },
        "holds": {label: place | {"set": sets[label]} for label, place in places.items()},
    }


def write_database(
    path: Path,
    facts: dict[str, Any],
    climbs: Iterable[Row] = (),
    *,
    product: str = "Kilter Board",
    layout: str | None = None,
    is_new: bool = False,
    without: Iterable[str] = (),
) -> Path:
    """Write a database that says what these facts of a board say, with climbs of it.

    Args:
        product: what its maker calls the board.
        layout: what it calls the layout; None is the board's title.
        is_new: whether placements have their sets, as BoardLib reads it, and lights, mirror links and walls are left
            out.
        without: tables to leave out.
    """
    number, roles = facts["aurora"]["layout"], facts["aurora"]["roles"]
    sets = {name: i + 1 for i, name in enumerate(facts["hold_sets"])}
    hole = {label: 10_000 + int(label) for label in facts["holds"]}
    sizes = list(enumerate(facts["sizes"].items(), 1))
    tables: dict[str, tuple[str, list[tuple[Any, ...]]]] = {
        "products": ("id, name", [(1, product)]),
        "layouts": (
            "id, product_id, name, is_mirrored",
            [(number, 1, layout or facts["title"], int(any("mirror" in hold for hold in facts["holds"].values())))],
        ),
        "sets": ("id, name", [(i, name) for name, i in sets.items()]),
        "placement_roles": (
            "id, product_id, name, led_color",
            [(n, 1, "middle" if role == "hand" else role, facts["colours"][role]) for role, n in roles.items()],
        ),
        "products_angles": ("product_id, angle", [(1, angle) for angle in facts["angles"]]),
        "product_sizes": (
            "id, product_id, name, edge_left, edge_right, edge_bottom, edge_top",
            [(i, 1, name, *(round(edge / 2.54) for edge in size["edges"])) for i, (name, size) in sizes],
        ),
        "difficulty_grades": ("difficulty, boulder_name", list(enumerate(GRADES, 10))),
    }
    places = [(hole[label], round(hold["x"] / 2.54), round(hold["y"] / 2.54)) for label, hold in facts["holds"].items()]
    if is_new:
        tables["holes"] = ("id, x, y", places)
        tables["placements"] = (
            "id, layout_id, hole_id, set_id",
            [(int(label), number, hole[label], sets[hold["set"]]) for label, hold in facts["holds"].items()],
        )
    else:
        mirrors = [hole.get(str(hold.get("mirror"))) for hold in facts["holds"].values()]
        tables["holes"] = ("id, x, y, mirrored_hole_id", [(*p, m) for p, m in zip(places, mirrors, strict=True)])
        tables["holds"] = ("id, set_id", [(int(label), sets[hold["set"]]) for label, hold in facts["holds"].items()])
        tables["placements"] = (
            "id, layout_id, hole_id, hold_id",
            [(int(label), number, hole[label], int(label)) for label in facts["holds"]],
        )
        lit = [(i, hole[label], led) for i, (_, size) in sizes for label, led in size["leds"].items()]
        tables["leds"] = ("product_size_id, hole_id, position", lit)
        walls = {(i, number, sets[facts["holds"][label]["set"]]) for i, (_, size) in sizes for label in size["leds"]}
        tables["product_sizes_layouts_sets"] = ("product_size_id, layout_id, set_id", sorted(walls))
    tables |= _climb_tables(climbs, number)
    return write_tables(path, {name: table for name, table in tables.items() if name not in without})


def _climb_tables(climbs: Iterable[Row], number: int) -> dict[str, tuple[str, list[tuple[Any, ...]]]]:
    climbs = list(climbs)
    return {
        "climbs": (
            "uuid, layout_id, name, frames_count, frames, is_draft, is_listed",
            [
                (c.uuid, c.layout or number, c.name, c.frames_count, c.frames, c.is_draft, c.is_listed)
                for c in climbs
            ],
        ),
        "climb_stats": (
            "climb_uuid, angle, display_difficulty, ascensionist_count, benchmark_difficulty",
            [(c.uuid, *grade, c.benchmark) for c in climbs for grade in c.grades],
        ),
        "climb_cache_fields": (
            "climb_uuid, display_difficulty, ascensionist_count",
            [(c.uuid, *c.cached) for c in climbs if c.cached],
        ),
    }  # fmt: skip


def write_snapshot(path: Path, climbs: Iterable[tuple[str, Row]]) -> Path:
    """Write a snapshot of boardsesh with climbs of apps."""
    climbs = list(climbs)
    tables: dict[str, tuple[str, list[tuple[Any, ...]]]] = {
        "board_climbs": (
            "uuid, board_type, layout_id, name, frames_count, frames, is_draft, is_listed, angle",
            [
                (c.uuid, app, c.layout, c.name, c.frames_count, c.frames, c.is_draft, c.is_listed, 40)
                for app, c in climbs
            ],
        ),
        "board_climb_stats": (
            "board_type, climb_uuid, angle, display_difficulty, ascensionist_count, benchmark_difficulty",
            [(app, c.uuid, *grade, c.benchmark) for app, c in climbs for grade in c.grades],
        ),
    }
    return write_tables(path, tables)


def write_tables(path: Path, tables: dict[str, tuple[str, list[tuple[Any, ...]]]]) -> Path:
    """Write a database of tables: the columns of each, and its rows."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for name, (columns, rows) in tables.items():
            connection.execute(f"CREATE TABLE {name} ({columns})")
            marks = ", ".join("?" * len(columns.split(",")))
            connection.executemany(f"INSERT INTO {name} VALUES ({marks})", rows)
    return path
