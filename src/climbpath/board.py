"""Boards: walls with fixed holds. A board's facts are data, in boards/*.json, never code."""

import json
import reprlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import NamedTuple

import numpy as np

from climbpath.errors import ClimbpathError
from climbpath.grades import LADDER

COLUMNS = "ABCDEFGHIJK"


class Setup(NamedTuple):
    """A board at an angle, as text 'moonboard-2016@40'. Models learn by setup, and every problem has one."""

    board: str
    """The board's name."""
    angle: int
    """In degrees."""

    def __str__(self) -> str:
        return f"{self.board}@{self.angle}"

    @classmethod
    def parse(cls, text: str) -> "Setup":
        """The setup of its text. Raises ValueError for any other text."""
        board, _, angle = text.partition("@")
        setup = cls(board, int(angle))
        if str(setup) != text:  # int() reads '+40' and '4_0', too
            raise ValueError(f"no setup: {text!r}")
        return setup

    @property
    def title(self) -> str:
        """For people: 'MoonBoard 2016 · 40°'."""
        return f"{load(self.board).title} · {self.angle}°"


Evidence = dict[Setup, dict[str, int]]
"""How many problems of every grade a model was trained on, by setup."""


def evidence_to_json(evidence: Evidence) -> dict[str, dict[str, int]]:
    """Evidence in plain JSON types."""
    return {str(setup): dict(counts) for setup, counts in evidence.items()}


def evidence_from_json(content: dict[str, dict[str, int]]) -> Evidence:
    """The evidence that evidence_to_json wrote. Raises ValueError or ClimbpathError where it is none."""
    evidence = {Setup.parse(text): dict(counts) for text, counts in content.items()}
    for setup, counts in evidence.items():
        if setup.angle not in load(setup.board).angles:
            raise ValueError(f"there is no setup {setup}")
        if not counts.keys() <= set(LADDER) or any(type(n) is not int or n < 0 for n in counts.values()):
            raise ValueError(f"these are no numbers of problems by grade: {counts}")
    return evidence


@dataclass(frozen=True, slots=True)
class Hold:
    """One numbered position on a board."""

    label: str
    """What the board calls it: 'F5'."""
    x: float
    """cm to the right of the lowest, leftmost grid position."""
    y: float
    """cm above it, along the board."""
    column: int
    """0 for A."""
    row: int
    """From 1."""
    hold_set: str
    """The set of holds that it is one of."""
    orientation: str | None
    """The side that it faces, as a point of the compass, where that is known."""
    led: int
    """Index of its LED."""
    quality: tuple[float, float] | None
    """An estimate of how good it is for the left and the right hand, 0 (hardly a hold) to 10 (NOTICE has its source);
    None where there is none."""


@dataclass(frozen=True)
class Board:
    """A layout. Board order is by row, then column."""

    name: str
    """What commands and files call it: 'moonboard-2016'."""
    title: str
    """What people call it: 'MoonBoard 2016'."""
    angles: tuple[int, ...]
    """Angles that it can be set to, in degrees."""
    rows: int
    """Rows of the grid."""
    start_rows: tuple[int, int]
    """Lowest and highest row of start holds."""
    top_row: int
    """The row of finish holds, and of no others."""
    reach_cm: float
    """Longest way from a hold to the nearest one before it in a generated problem."""
    hold_sets: tuple[str, ...]
    """Names of its hold sets."""
    holds: tuple[Hold, ...]
    """Its holds in board order."""

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """All labels in board order."""
        return tuple(hold.label for hold in self.holds)

    @cached_property
    def hold_rows(self) -> tuple[int, ...]:
        """The rows that have holds, from the lowest."""
        return tuple(sorted({hold.row for hold in self.holds}))

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
        """The same as plain lists: faster to index one at a time."""
        found: list[list[float]] = self.distance.tolist()
        return found

    @cached_property
    def can_start(self) -> np.ndarray:
        """Which holds are in the start rows, bool [holds]."""
        low, high = self.start_rows
        return np.array([low <= hold.row <= high for hold in self.holds])

    @cached_property
    def can_finish(self) -> np.ndarray:
        """Which holds are in the top row, bool [holds]."""
        return np.array([hold.row == self.top_row for hold in self.holds])

    def hold(self, label: str) -> Hold:
        """The hold with this label. Raises ClimbpathError if the board has none."""
        try:
            return self.holds[self.index[label]]
        except KeyError:
            raise ClimbpathError(f"there is no hold {label!r} on {self.title}") from None

    def parse_holds(self, typed: str | Iterable[str]) -> tuple[str, ...]:
        """Labels as a user types them, 'f5, G18' -> ('F5', 'G18'), or a list. Raises ClimbpathError for others."""
        return tuple(self.hold(label.upper()).label for label in words_of(typed))

    def parse_hold_sets(self, typed: str | Iterable[str]) -> frozenset[str]:
        """Names of hold sets in any case, ours or the official ones: 'a,original', 'Hold Set A', or a list of them.

        Raises ClimbpathError for unknown ones.
        """
        by_name = {name.lower(): name for name in self.hold_sets}
        chosen = [short_hold_set(part) for part in words_of(typed, "hold sets", "'A,Original'", ",")]
        for part in chosen:
            if part not in by_name:
                raise ClimbpathError(f"{self.title} has no hold set {part!r}: it has {', '.join(self.hold_sets)}")
        return frozenset(by_name[part] for part in chosen)


def words_of(typed: object, what: str = "holds", example: str = "'F5,G6'", separators: str = ", ") -> list[str]:
    """What a user lists in one text, 'F5, G6', or in a list, tuple or set of texts, as single words.

    Raises ClimbpathError for anything else; `what` and `example` are for its words.
    """
    parts = [typed] if isinstance(typed, str) else typed
    if not isinstance(parts, Iterable) or isinstance(parts, bytes):
        raise ClimbpathError(f"{what} are a text such as {example} or a list of them, not {reprlib.repr(typed)}")
    words: list[str] = []
    for part in parts:
        if not isinstance(part, str):
            raise ClimbpathError(f"{what} are named by text, as in {example}, not by {reprlib.repr(part)}")
        for separator in separators:
            part = part.replace(separator, ",")
        words += [word.strip() for word in part.split(",") if word.strip()]
    return words


def short_hold_set(name: str) -> str:
    """The short name of a hold set in lower case: 'Hold Set A' -> 'a', 'Wooden Holds C' -> 'wooden c'."""
    short = " ".join(name.lower().split())
    if short == "original school holds":
        return "original"
    return short.removeprefix("hold set ").replace("wooden holds", "wooden")


def names() -> list[str]:
    """Names of the built-in boards."""
    folder = resources.files("climbpath") / "boards"
    return sorted(entry.name.removesuffix(".json") for entry in folder.iterdir() if entry.name.endswith(".json"))


@cache
def load(name: str) -> Board:
    """The board of this name. Raises ClimbpathError, listing the boards, for an unknown one."""
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
