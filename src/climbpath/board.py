"""Boards: walls with fixed holds. A board's facts are data in boards/*.json, never code."""

import json
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources

import numpy as np

from climbpath.errors import ClimbpathError

COLUMNS = "ABCDEFGHIJK"


@dataclass(frozen=True, slots=True)
class Hold:
    """One numbered position on a board; x and y in cm from the lowest, leftmost grid position.

    `quality` is how good it is for the left and the right hand, 0 (hardly a hold) to 10, where that is known.
    """

    label: str
    x: float
    y: float
    column: int
    row: int
    hold_set: str
    orientation: str | None
    led: int
    quality: tuple[float, float] | None


@dataclass(frozen=True)
class Board:
    """A layout. `holds` are in board order: by row, then column, which is the canonical order."""

    name: str
    title: str
    angles: tuple[int, ...]
    rows: int
    start_rows: tuple[int, int]
    top_row: int
    reach_cm: float
    hold_sets: tuple[str, ...]
    holds: tuple[Hold, ...]

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """All labels in board order."""
        return tuple(hold.label for hold in self.holds)

    @cached_property
    def index(self) -> dict[str, int]:
        """Label -> position in board order."""
        return {label: i for i, label in enumerate(self.labels)}

    @cached_property
    def distance(self) -> np.ndarray:
        """Straight distances between holds in cm, float32 [holds, holds]."""
        xy = np.array([(hold.x, hold.y) for hold in self.holds], dtype=np.float32)
        apart: np.ndarray = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))
        return apart

    @cached_property
    def distances(self) -> list[list[float]]:
        """The same as plain lists, in which single distances are found faster."""
        found: list[list[float]] = self.distance.tolist()
        return found

    @cached_property
    def can_start(self) -> np.ndarray:
        """Which holds lie in the start rows, bool [holds]."""
        low, high = self.start_rows
        return np.array([low <= hold.row <= high for hold in self.holds])

    @cached_property
    def can_finish(self) -> np.ndarray:
        """Which holds lie in the top row, bool [holds]."""
        return np.array([hold.row == self.top_row for hold in self.holds])

    def hold(self, label: str) -> Hold:
        """The hold with this label. Raises ClimbpathError where the layout has none."""
        try:
            return self.holds[self.index[label]]
        except KeyError:
            raise ClimbpathError(f"there is no hold {label!r} on {self.title}") from None

    def parse_holds(self, text: str) -> tuple[str, ...]:
        """Labels as a user types them, 'f5, G18' -> ('F5', 'G18'). Raises ClimbpathError for unknown ones."""
        labels = [part.upper() for part in text.replace(",", " ").split()]
        return tuple(self.hold(label).label for label in labels)

    def parse_hold_sets(self, text: str) -> frozenset[str]:
        """Hold-set names as a user types them, any case, 'a,original'. Raises ClimbpathError for unknown ones."""
        by_name = {name.lower(): name for name in self.hold_sets}
        chosen = [part.strip().lower() for part in text.split(",")]
        for part in chosen:
            if part not in by_name:
                raise ClimbpathError(f"{self.title} has no hold set {part!r}: it has {', '.join(self.hold_sets)}")
        return frozenset(by_name[part] for part in chosen)


def names() -> list[str]:
    """The names of all boards that are built in."""
    folder = resources.files("climbpath") / "boards"
    return sorted(entry.name.removesuffix(".json") for entry in folder.iterdir() if entry.name.endswith(".json"))


@cache
def load(name: str) -> Board:
    """The board with this name. Raises ClimbpathError, naming the boards there are, for any other name."""
    if name not in names():
        raise ClimbpathError(f"there is no board {name!r}: choose from {', '.join(names())}")
    facts = json.loads((resources.files("climbpath") / "boards" / f"{name}.json").read_text(encoding="utf-8"))
    spacing = facts["spacing_cm"]
    holds = [
        Hold(
            label=label,
            x=COLUMNS.index(label[0]) * spacing,
            y=(int(label[1:]) - 1) * spacing,
            column=COLUMNS.index(label[0]),
            row=int(label[1:]),
            hold_set=fact["set"],
            orientation=fact["orientation"],
            led=fact["led"],
            quality=tuple(fact["quality"]) if "quality" in fact else None,
        )
        for label, fact in facts["holds"].items()
    ]
    return Board(
        name=name,
        title=facts["title"],
        angles=tuple(facts["angles"]),
        rows=facts["rows"],
        start_rows=(facts["start_rows"][0], facts["start_rows"][1]),
        top_row=facts["top_row"],
        reach_cm=facts["reach_cm"],
        hold_sets=tuple(facts["hold_sets"]),
        holds=tuple(sorted(holds, key=lambda hold: (hold.y, hold.x))),
    )
