"""Rebuilds the board facts that are bundled (src/climbpath/boards/*.json), and prints what they were derived from.

    python tools/build_boards.py DATA

DATA has boards/ (hold sets, orientations), moonboard2016/, moonboard2017/, moonboard_catalog/ and aurora/. NOTICE says
where each of them comes from.
"""

import argparse
import csv
import gzip
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from climbpath.board import COLUMNS, short_hold_set
from climbpath.data.aurora.database import opened
from climbpath.data.aurora.layout import Facts, as_json, facts_of, layouts
from climbpath.data.aurora.limits import USUAL, Limits, Point, Roles, limits_of

BOARDS = Path(__file__).parents[1] / "src/climbpath/boards"
SPACING = 20
"""Centimetres between two columns or rows of a MoonBoard."""
TOLERANCE = 0.0025
"""Share of the benchmarks, and of the problems with ten repeats, that a board's rows may shut out: half of what we
allow, for the problems that we have not seen."""
SET_ORDER = ["original", *"abcdef", "wooden", "wooden b", "wooden c"]
COLOURS = {"start": "00FF00", "hand": "0000FF", "finish": "FF0000"}
"""Of the lights: docs/boards/facts.md, "Lights"."""


class MoonBoard(NamedTuple):
    """A MoonBoard, and what it is called in the files that have its facts."""

    title: str
    rows: int
    angles: tuple[int, ...]
    hold_sets: str
    orientations: str | None


MOONBOARDS = {
    "moonboard-2016": MoonBoard("MoonBoard 2016", 18, (25, 40), "moonboard-2016", "Moonboard2016"),
    "moonboard-masters-2017": MoonBoard(
        "MoonBoard Masters 2017", 18, (25, 40), "moonboard-masters-2017", "MoonboardMasters2017"
    ),
    "moonboard-masters-2019": MoonBoard(
        "MoonBoard Masters 2019", 18, (25, 40), "moonboard-masters-2019", "MoonboardMasters2019"
    ),
    "moonboard-mini-2020": MoonBoard("MoonBoard Mini 2020", 12, (40,), "mini-moonboard-2020", "Minimoonboard2020"),
    "moonboard-2024": MoonBoard("MoonBoard 2024", 18, (25, 40), "moonboard-2024", None),
    "moonboard-mini-2025": MoonBoard("MoonBoard Mini 2025", 12, (40,), "mini-moonboard-2025", None),
}
AURORA = {
    "kilter-original": ("kilter_climbs.sqlite3", "Kilter Board Original", "Kilter Board Original"),
    "kilter-homewall": ("kilter_climbs.sqlite3", "Kilter Board Homewall", "Kilter Board Homewall"),
    "tension-1": ("tension_climbs.sqlite3", "Original Layout", "Tension Board 1"),
    "tension-2-mirror": ("tension_climbs.sqlite3", "Tension Board 2 Mirror", "Tension Board 2 Mirror"),
    "tension-2-spray": ("tension_climbs.sqlite3", "Tension Board 2 Spray", "Tension Board 2 Spray"),
}
"""Our name of each Aurora board -> database, name of the layout, title."""


class Real(NamedTuple):
    """A real problem: its holds as (column from 0, row from 1)."""

    angle: int
    start: list[tuple[int, int]]
    hands: list[tuple[int, int]]
    finish: list[tuple[int, int]]
    is_benchmark: bool
    repeats: int


def main() -> None:
    """Write the boards' facts, and print the evidence."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=BOARDS)
    arguments = parser.parse_args()
    real = moonboard_problems(arguments.data)
    for name, board in MOONBOARDS.items():
        print(f"{name}: {len(real[name]):,} real problems")
        write(arguments.output / f"{name}.json", moonboard(name, board, real[name], arguments.data))
    facts = {
        name: aurora(arguments.data / "aurora" / database, layout, title)
        for name, (database, layout, title) in AURORA.items()
    }
    limits = Limits._fields
    facts["tension-2-mirror"] |= {limit: facts["tension-2-spray"][limit] for limit in limits}  # same holes, no climbs
    facts["tension-2-mirror"]["alike"] = "tension-2-spray"
    for name, content in facts.items():
        told = ", ".join(f"{limit} {content[limit]}" for limit in limits)
        print(f"{name}: {len(content['holds'])} holds, {len(content['sizes'])} sizes, {told}")
        write(arguments.output / f"{name}.json", content)


def write(path: Path, content: Facts) -> None:
    """Write the facts of a board, and say whether they are new."""
    text = as_json(content)
    state = "new" if not path.exists() else "unchanged" if path.read_text(encoding="utf-8") == text else "changed"
    path.write_text(text, encoding="utf-8")
    print(f"  {path.name}: {state}")


def aurora(database: Path, layout_name: str, title: str) -> Facts:
    """The facts of a layout of a database."""
    with opened(database) as connection:
        layout = next(one for one in layouts(connection) if one.name == layout_name)
        return facts_of(connection, layout, title)


def moonboard(name: str, board: MoonBoard, real: Sequence[Real], data: Path) -> Facts:
    """The facts of a MoonBoard."""
    hold_sets = load(data / "boards/moonboard_hold_sets.json")[board.hold_sets]
    setup = load(data / "boards/HoldSetup.json").get(board.orientations, {})
    quality = qualities(data) if name == "moonboard-2016" else {}
    holds = {}
    for label in sorted(hold_sets, key=lambda label: (int(label[1:]), label[0])):
        column, row = COLUMNS.index(label[0]), int(label[1:])
        told = setup.get(label, {})
        facts = {
            "x": column * SPACING,
            "y": (row - 1) * SPACING,
            "set": short_hold_set(hold_sets[label]).capitalize().replace(" b", " B").replace(" c", " C"),
            "number": told.get("Hold"),
            "orientation": told.get("Orientation"),
            "quality": quality.get(label),
        }
        holds[label] = {fact: value for fact, value in facts.items() if value is not None}
    reach = limits_of(Roles(in_cm(one.start), in_cm(one.hands), [], in_cm(one.finish)) for one in real)
    print(f"  99 % keep to a reach of {reach.reach_cm} cm; 99 % have {reach.length} holds")
    lowest = min(int(label[1:]) for label in holds)
    return {
        "title": board.title,
        "family": "moonboard",
        "angles": list(board.angles),
        "grades": "moonboard",
        "reach_cm": max(reach.reach_cm, USUAL.reach_cm),
        "length": [3, 14],
        "rows": {
            str(angle): rows_of([one for one in real if one.angle == angle], lowest, board.rows, angle)
            for angle in board.angles
        },
        "hold_sets": sorted({hold["set"] for hold in holds.values()}, key=lambda one: SET_ORDER.index(one.lower())),
        "colours": COLOURS,
        "sizes": {
            f"11 x {board.rows}": {
                "edges": [-SPACING, len(COLUMNS) * SPACING, -SPACING, board.rows * SPACING],
                "leds": {label: light(label, board.rows) for label in holds},
            }
        },
        "holds": holds,
    }


def in_cm(places: Sequence[tuple[int, int]]) -> list[Point]:
    """Where holds are, of their columns and rows."""
    return [(column * SPACING, row * SPACING) for column, row in places]


def light(label: str, rows: int) -> int:
    """The number of a hold's light: column by column from the bottom left, up A, down B, up C."""
    column, row = COLUMNS.index(label[0]), int(label[1:])
    return column * rows + (row - 1 if column % 2 == 0 else rows - row)


def rows_of(real: Sequence[Real], lowest: int, top: int, angle: int) -> dict[str, list[int]]:
    """The rows of each role, inclusive: as few as shut out no more than the tolerance of the benchmarks and of the
    problems with ten repeats."""
    groups = {
        "benchmarks": [one for one in real if one.is_benchmark],
        "with ten repeats": [one for one in real if one.repeats >= 10],
        "all": list(real),
    }
    judged = [group for group in (groups["benchmarks"], groups["with ten repeats"]) if group]

    def shut_out(group: Sequence[Real], start: int, hand: int) -> int:
        return sum(
            any(row > start for _, row in one.start)
            or any(row > hand for _, row in one.hands)
            or any(row != top for _, row in one.finish)
            for one in group
        )

    start, hand = next(
        (start, hand)
        for hand in (top - 1, top)
        for start in range(lowest, top + 1)
        if all(shut_out(group, start, hand) <= TOLERANCE * len(group) for group in judged)
    )
    told = ", ".join(f"{shut_out(group, start, hand)} of {len(group):,} {what}" for what, group in groups.items())
    print(f"  at {angle}°: start in rows {lowest} to {start}, hands to {hand}, finish in {top}: shuts out {told}")
    return {"start": [lowest, start], "hand": [lowest, hand], "finish": [top, top]}


def moonboard_problems(data: Path) -> dict[str, list[Real]]:
    """The real problems of each MoonBoard."""
    found: dict[str, list[Real]] = defaultdict(list)
    found["moonboard-2016"] += guide_csv(data / "moonboard2016")
    found["moonboard-masters-2017"] += api_dump(load(data / "moonboard2017/api_dump.json.gz"))
    for path in sorted((data / "moonboard_catalog").glob("*.json.gz")):
        board = path.name.partition("_")[0]
        content = load(path)
        for problem in content["problems"]:
            at: dict[str, list[tuple[int, int]]] = defaultdict(list)
            for hold in problem["holds"]:
                at[hold["t"] if hold["t"] in ("start", "end") else "hand"].append((hold["c"], hold["r"]))
            found[f"moonboard-{board}"].append(
                Real(
                    content["angle"],
                    at["start"],
                    at["hand"],
                    at["end"],
                    problem["isBenchmark"],
                    problem["repeats"] or 0,
                )
            )
    return found


def guide_csv(folder: Path) -> Iterator[Real]:
    """The problems of the guide's CSV files."""
    for path in sorted(folder.glob("quality_*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                start, hands, finish = (
                    [(x, y + 1) for x, y in json.loads(row[f"{part}_holds"])] for part in ("start", "mid", "end")
                )
                yield Real(40, start, hands, finish, row["is_benchmark"] == "True", int(row["repeats"]))


def api_dump(content: dict[str, Any]) -> Iterator[Real]:
    """The problems of a dump of the app's API."""
    for record in content["Data"]:
        at: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for move in record["Moves"]:
            place = (COLUMNS.index(move["Description"][0].upper()), int(move["Description"][1:]))
            at["start" if move["IsStart"] else "end" if move["IsEnd"] else "hand"].append(place)
        if at["start"] and at["end"]:
            angle = int(record["MoonBoardConfiguration"]["Description"][:2])
            yield Real(angle, at["start"], at["hand"], at["end"], record["IsBenchmark"], record["Repeats"])


def qualities(data: Path) -> dict[str, list[int]]:
    """An estimate of how good each hold of the 2016 is, for the left and the right hand."""
    rated: dict[str, list[int]] = defaultdict(list)
    for hand in ("left", "right"):
        with (data / f"moonboard2016/hold_difficulty_{hand}.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                rated[f"{COLUMNS[int(row['X_coord'])]}{int(row['Y_coord']) + 1}"].append(int(row["Difficulties"]))
    return rated


def load(path: Path) -> Any:
    """The content of a JSON file, compressed or not."""
    raw = path.read_bytes()
    return json.loads(gzip.decompress(raw) if path.suffix == ".gz" else raw)


if __name__ == "__main__":
    main()
