"""The facts of a board, read from a layout of an Aurora database, as boards/*.json has them.

Two schemas are known: the older one of the apps (placements -> holds -> sets) and the newer (placements.set_id). What
is only for lights and walls (leds, mirror links, sizes by set) may be missing, as BoardLib leaves it out.
"""

import json
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from climbpath import board as boards
from climbpath.board import Board
from climbpath.data.aurora import frames
from climbpath.data.aurora.database import as_number, rows, tables, whole
from climbpath.data.aurora.limits import Roles, limits_of
from climbpath.data.aurora.withheld import why_withheld
from climbpath.errors import ClimbpathError

KNOWN_APPS = ("kilter", "tension", "decoy", "grasshopper", "touchstone", "soill")
"""Families of boards, as the products of their apps are called."""
V_GRADED = ("tension",)
"""Families whose climbers speak of V grades."""
INCH = 2.54
"""Centimetres in an inch, the unit of Aurora's coordinates."""
ROLES = {"start": "start", "middle": "hand", "finish": "finish", "foot": "foot"}
"""Their name of a role -> ours."""
MOST_PLACEMENTS = 5_000
"""Holds of the largest board that is read."""
USUAL_ANGLES = range(0, 75, 5)
"""Of a board whose database tells none."""
WHOLE_WALL = "whole wall"
"""Name of the size of a board whose database tells none."""

Facts = dict[str, Any]
"""A board's facts, as its JSON has them."""


class Layout(NamedTuple):
    """A layout of a database: the holds of a product, and where they are."""

    number: int
    name: str
    """As the database has it: 'Original Layout'."""
    product: int
    product_name: str
    is_mirrored: bool

    @property
    def title(self) -> str:
        """For people: the layout's name, behind the product's where that does not say it."""
        first = self.product_name.split(" ")[0].lower()
        return self.name if first in self.name.lower() else f"{self.product_name} {self.name}"


class Placement(NamedTuple):
    """A hold in its hole."""

    hole: int
    x: float
    y: float
    mirrored_hole: int | None
    hold_set: int


def layouts(connection: sqlite3.Connection) -> list[Layout]:
    """The layouts of a database. Raises ClimbpathError where it has none."""
    products = dict(rows(connection, "products", ("id", "name"))) if "products" in tables(connection) else {}
    return [
        Layout(
            whole(number, "a layout's number"),
            _name(name, "a layout's name"),
            whole(product, "a layout's product"),
            str(products.get(product) or ""),
            bool(is_mirrored),
        )
        for number, name, product, is_mirrored in rows(
            connection, "layouts", ("id", "name", "product_id"), optional=("is_mirrored",)
        )
    ]


def app_of(found: Iterable[Layout]) -> str:
    """Whose database has these layouts: 'kilter', 'tension' and so on by the names of its products, else 'aurora'."""
    names = " ".join(f"{layout.product_name} {layout.name}" for layout in found).lower()
    words = set(re.findall("[a-z]+", names.replace("so ill", "soill")))
    return next((app for app in KNOWN_APPS if app in words), "aurora")


def aurora_boards() -> Iterator[Board]:
    """The boards that come from the apps' databases: those that climbpath brings along, then those that its user
    imported."""
    for name in boards.names():
        with suppress(ClimbpathError):  # a damaged file of a board that a user imported
            board = boards.load(name)
            if board.aurora:
                yield board


def boards_of(app: str | None, number: int) -> list[Board]:
    """The boards that a layout of this number is, of this app or, where it is not known, of any."""
    return [
        board
        for board in aurora_boards()
        if board.aurora and board.aurora.layout == number and app in (None, board.aurora.app)
    ]


def facts_of(connection: sqlite3.Connection, layout: Layout, title: str | None = None) -> Facts:
    """The facts of a layout. Raises ClimbpathError, naming what is missing or wrong."""
    app = app_of(layouts(connection))
    placements = placements_of(connection, layout)
    sets = _hold_sets(connection, placements.values())
    numbers, colours = _roles(connection, layout)
    limits = limits_of(_real(connection, layout, placements, numbers))
    return {
        "title": title or layout.title,
        "family": app,
        "angles": _angles(connection, layout),
        "grades": "v" if app in V_GRADED else "font",
        **limits._asdict(),
        "hold_sets": list(dict.fromkeys(sets.values())),
        "colours": colours,
        "aurora": {"app": app, "layout": layout.number, "roles": {role: number for number, role in numbers.items()}},
        "sizes": _sizes(connection, layout, placements),
        "holds": _holds(layout, placements, sets),
    }


def as_json(facts: Facts) -> str:
    """The text of a board's JSON file, with a size or a hold on each line."""
    parts = []
    for name, value in facts.items():
        if name in ("sizes", "holds"):
            lines = (f"  {_dump(key)}: {_dump(content)}" for key, content in value.items())
            parts.append(f' "{name}": {{\n' + ",\n".join(lines) + "\n }")
        else:
            parts.append(f' "{name}": {_dump(value)}')
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _dump(content: object) -> str:
    return json.dumps(content, ensure_ascii=False)


def placements_of(connection: sqlite3.Connection, layout: Layout) -> dict[int, Placement]:
    """The placements of a layout, by number. Raises ClimbpathError where one is not complete or shares its place."""
    known = tables(connection)
    holes = {
        whole(hole, "a hole's number"): (x, y, mirrored)
        for hole, x, y, mirrored in rows(connection, "holes", ("id", "x", "y"), optional=("mirrored_hole_id",))
    }
    is_new = "set_id" in known.get("placements", ())
    holds = [] if is_new else rows(connection, "holds", ("id", "set_id"))
    set_of_hold = {whole(hold, "a hold's number"): hold_set for hold, hold_set in holds}
    found = {}
    for told, told_hole, hold in rows(
        connection,
        "placements",
        ("id", "hole_id", "set_id" if is_new else "hold_id"),
        where=("layout_id", layout.number),
    ):
        number, hole = whole(told, "a placement's number"), whole(told_hole, f"the hole of placement {told}")
        hold_set = hold if is_new else set_of_hold.get(whole(hold, f"the hold of placement {number}"))
        if hole not in holes or hold_set is None:
            missing = "hole" if hole not in holes else "hold set"
            raise ClimbpathError(f"placement {number} of the database has no {missing}: one of its tables lacks rows")
        x, y, mirrored = holes[hole]
        here = f"of placement {number}"
        found[number] = Placement(
            hole,
            _cm(x, f"x {here}"),
            _cm(y, f"y {here}"),
            None if mirrored is None else whole(mirrored, f"the mirrored hole {here}"),
            whole(hold_set, f"the set {here}"),
        )
        if len(found) > MOST_PLACEMENTS:
            raise ClimbpathError(f"{layout.title} has over {MOST_PLACEMENTS:,} placements: no board has so many")
    if not found:
        raise ClimbpathError(f"the database has no placements of {layout.title}")
    taken = Counter((placement.x, placement.y) for placement in found.values())
    twice = next((number for number, p in found.items() if taken[p.x, p.y] > 1), None)
    if twice is not None:
        raise ClimbpathError(f"placement {twice} of the database is where another one of {layout.title} is")
    return found


def _hold_sets(connection: sqlite3.Connection, placements: Iterable[Placement]) -> dict[int, str]:
    """The names of the sets that the placements are of, by number."""
    told = rows(connection, "sets", ("id", "name")) if "sets" in tables(connection) else []
    names = {whole(number, "a set's number"): name for number, name in told}
    used = sorted({placement.hold_set for placement in placements})
    found = {number: _name(names.get(number) or f"set {number}", "a set's name") for number in used}
    return {number: name.replace(",", "") for number, name in found.items()}  # lists of sets have commas between them


def _roles(connection: sqlite3.Connection, layout: Layout) -> tuple[dict[int, str], dict[str, str]]:
    """The roles by number, and the colours of their lights by role."""
    told = list(rows(connection, "placement_roles", ("id", "name", "led_color"), where=("product_id", layout.product)))
    numbers, colours = {}, {}
    for number, name, colour in told:
        if role := ROLES.get(str(name).lower()):
            numbers[whole(number, "a role's number")] = role
            colours[role] = str(colour).upper() if re.fullmatch("[0-9A-Fa-f]{6}", str(colour)) else "FFFFFF"
    missing = [name for name, role in ROLES.items() if role not in colours and role != "foot"]
    if missing:
        names = ", ".join(str(name) for _, name, _ in told) or "none"
        raise ClimbpathError(
            f"{layout.title} has no role {missing[0]!r}: its roles are {names}, and nothing tells where a climb of it "
            "starts and ends"
        )
    return numbers, colours


def role_numbers(connection: sqlite3.Connection) -> dict[int, str]:
    """The roles of all boards of a database, by number: climbs use those of other boards of their app, too."""
    if "placement_roles" not in tables(connection):
        return {}
    told = {
        whole(number, "a role's number"): ROLES.get(str(name).lower())
        for number, name in rows(connection, "placement_roles", ("id", "name"))
    }
    return {number: role for number, role in told.items() if role}


def _holds(layout: Layout, placements: Mapping[int, Placement], sets: Mapping[int, str]) -> dict[str, Facts]:
    """The holds by label, in board order.

    They have mirror partners where the layout is mirrored: where it says so, or every hold has one of its own set. The
    partner is what is in the mirrored hole.
    """
    at_hole = {placement.hole: number for number, placement in placements.items()}
    partners: dict[int, str | None] = {}
    for number, placement in placements.items():
        partner = None if placement.mirrored_hole is None else at_hole.get(placement.mirrored_hole)
        other = None if partner is None else placements[partner]
        is_pair = other and other.mirrored_hole == placement.hole and other.hold_set == placement.hold_set
        partners[number] = str(partner) if is_pair else None
    is_mirrored = any(partners.values()) and (layout.is_mirrored or all(partners.values()))
    in_order = sorted(placements.items(), key=lambda item: (item[1].y, item[1].x))
    return {
        str(number): {
            "x": placement.x,
            "y": placement.y,
            "set": sets[placement.hold_set],
            **({"mirror": partners[number]} if is_mirrored else {}),
        }
        for number, placement in in_order
    }


def _sizes(connection: sqlite3.Connection, layout: Layout, placements: Mapping[int, Placement]) -> dict[str, Facts]:
    """The wall sizes by name, the largest first: edges in cm, and the holds that each has, with their lights.

    A size has the holds whose holes have lights there, of its sets; where nothing is known of lights, those between
    its edges.
    """
    known = tables(connection)
    sets_of: dict[int, set[int]] = defaultdict(set)
    if "product_sizes_layouts_sets" in known:
        columns = ("product_size_id", "set_id")
        for size, hold_set in rows(
            connection, "product_sizes_layouts_sets", columns, where=("layout_id", layout.number)
        ):
            sets_of[whole(size, "a size's number")].add(whole(hold_set, "a set's number"))
    edges_of = ("edge_left", "edge_right", "edge_bottom", "edge_top")
    told: list[tuple[Any, ...]] = []
    if "product_sizes" in known:
        for size, *facts, position in rows(
            connection,
            "product_sizes",
            ("id", "name", *edges_of),
            optional=("description", "position"),
            where=("product_id", layout.product),
        ):
            number = whole(size, "a size's number")
            if not sets_of or number in sets_of:
                told.append((number, *facts, whole(position or 0, f"the position of size {number}")))
    told.sort(key=lambda row: (row[-1], row[0]))
    lights = _lights(connection)
    found: dict[str, Facts] = {}
    for name, (size, _, *edges, _, _) in zip(_size_names(told), told, strict=True):
        left, right, bottom, top = (_cm(edge, f"an edge of the size {name!r}") for edge in edges)
        lit = lights.get(size)
        here = {
            str(number): lit[hold.hole] if lit else None
            for number, hold in sorted(placements.items())
            if (not sets_of or hold.hold_set in sets_of[size])
            and (hold.hole in lit if lit else left < hold.x < right and bottom < hold.y < top)
        }
        if here:
            found[name] = {"edges": [left, right, bottom, top], "leds": here}
    if not found:
        xs, ys = [hold.x for hold in placements.values()], [hold.y for hold in placements.values()]
        edges = [round(edge, 2) for edge in (min(xs) - 10, max(xs) + 10, min(ys) - 10, max(ys) + 10)]
        found[WHOLE_WALL] = {"edges": edges, "leds": dict.fromkeys(map(str, sorted(placements)))}
    return dict(sorted(found.items(), key=lambda item: -len(item[1]["leds"])))


def _size_names(told: list[tuple[Any, ...]]) -> list[str]:
    """Names that are unique on the board: a size's own, with the kit behind it or its number where that is shared."""
    short = [_name(name, "a size's name") for _, name, *_ in told]
    kits = [str(description or "").replace("LED Kit", "").strip() for *_, description, _ in told]
    longer = [f"{name} {kit}" if short.count(name) > 1 and kit else name for name, kit in zip(short, kits, strict=True)]
    return [
        f"{name} ({row[0]})" if longer.count(name) > 1 else _name(name, "a size's name")
        for name, row in zip(longer, told, strict=True)
    ]


def _lights(connection: sqlite3.Connection) -> dict[int, dict[int, int]]:
    """Size -> hole -> position of its light."""
    lights: dict[int, dict[int, int]] = defaultdict(dict)
    if "leds" in tables(connection):
        for size, hole, position in rows(connection, "leds", ("product_size_id", "hole_id", "position")):
            of_size = lights[whole(size, "a size's number")]
            of_size[whole(hole, "a hole's number")] = whole(position, "the position of a light")
    return lights


def _angles(connection: sqlite3.Connection, layout: Layout) -> list[int]:
    """The angles that the product can be set to, in degrees."""
    if "products_angles" not in tables(connection):
        return list(USUAL_ANGLES)
    told = rows(connection, "products_angles", ("angle",), where=("product_id", layout.product))
    found = sorted({whole(angle, "an angle") for (angle,) in told})
    for angle in found:
        if not 0 <= angle <= 90:
            raise ClimbpathError(f"the database has {layout.title} at {angle}°: no board can be set to that")
    return found or list(USUAL_ANGLES)


def _real(
    connection: sqlite3.Connection, layout: Layout, placements: Mapping[int, Placement], roles: Mapping[int, str]
) -> Iterator[Roles]:
    """The sound climbs of a layout, to tell the board's limits by."""
    if "climbs" not in tables(connection):
        return
    marks = ("frames_count", "is_draft", "is_listed", "is_hidden")
    for text, *told in rows(connection, "climbs", ("frames",), optional=marks, where=("layout_id", layout.number)):
        if why_withheld(text, *told):
            continue
        try:
            points = {
                role: [placements[int(label)][1:3] for label in labels]
                for role, labels in frames.parse(text, roles).items()
            }
        except (ClimbpathError, KeyError):
            continue
        if 1 <= len(points["start"]) <= 2 and 1 <= len(points["finish"]) <= 2:
            yield Roles(points["start"], points["hand"], points["foot"], points["finish"])


def _name(value: object, what: str) -> str:
    """A short text in one line. Raises ClimbpathError where it is none."""
    text = " ".join(value.split()) if isinstance(value, str) else ""
    if not text or len(text) > 100 or not text.isprintable():
        raise ClimbpathError(f"{what} is {str(value)[:40]!r}: it cannot be shown")
    return text


def _cm(value: object, what: str) -> float:
    """Inches of a database in cm. Raises ClimbpathError where it is no sensible length."""
    inches = as_number(value)
    if inches is None or abs(inches) >= 10_000:
        raise ClimbpathError(f"{what} is no length: {str(value)[:40]!r}")
    return round(inches * INCH, 2)
