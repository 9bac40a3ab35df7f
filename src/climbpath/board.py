"""Boards: walls with fixed holds. A board's facts are data, in boards/*.json, never code."""

import itertools
import json
import re
import reprlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from climbpath.angles import UNKNOWN, show_angle
from climbpath.errors import ClimbpathError
from climbpath.folders import boards_folder
from climbpath.grades import LADDERS

COLUMNS = "ABCDEFGHIJK"
METHODS = (
    "Feet follow hands",
    "Feet follow hands + screw ons",
    "Screw ons only",
    "Footless + kickboard",
    "No kickboard",
    "Footless",
)
"""The foot rules of MoonBoards, as their app names them; the first is that of a problem that names none."""


ROLES = ("start", "hand", "foot", "finish")
"""The roles that a hold can have, in canonical order."""
START, HAND, FOOT, FINISH = range(4)


class Setup(NamedTuple):
    """A board at an angle, as text 'moonboard-2016@40'. Models learn by setup, and every problem has one."""

    board: str
    """The board's name."""
    angle: int | None
    """In degrees; None where it is not known: 'kilter-original@unknown'."""

    def __str__(self) -> str:
        return f"{self.board}@{UNKNOWN if self.angle is None else self.angle}"

    @classmethod
    def parse(cls, text: str) -> "Setup":
        """The setup of its text. Raises ValueError for any other text."""
        board, _, angle = text.partition("@")
        setup = cls(board, None if angle == UNKNOWN else int(angle))
        if str(setup) != text:  # int() reads '+40' and '4_0', too
            raise ValueError(f"no setup: {text!r}")
        return setup

    @property
    def title(self) -> str:
        """For people: 'MoonBoard 2016 · 40°'."""
        return f"{load(self.board).title} · {show_angle(self.angle)}"

    @property
    def words(self) -> str:
        """In a sentence: 'MoonBoard 2016 at 40°'."""
        return f"{load(self.board).title} at {'an unknown angle' if self.angle is None else show_angle(self.angle)}"


def order_of(setup: Setup) -> tuple[str, int]:
    """What setups are sorted by: board, then angle, an unknown one first."""
    return setup.board, -1 if setup.angle is None else setup.angle


Evidence = dict[Setup, dict[str, int]]
"""How many problems of every grade a model was trained on, by setup."""
TOLERANCE_CM = 1e-3
"""How far a distance may be beyond a limit, because distances are rounded."""
LEAST_EVIDENCE = 30
"""With fewer training problems of a grade, the grade rests on thin evidence: no new problem is given it."""


def as_learned(setup: Setup, evidence: Collection[Setup]) -> Setup:
    """The setup that stands for this one: itself where it was learned, else its board at an unknown angle where that
    was; otherwise itself."""
    unknown = setup._replace(angle=None)
    return unknown if setup not in evidence and unknown in evidence else setup


def drawn_as(setup: Setup, evidence: Mapping[Setup, Mapping[str, int]], grades: Iterable[str] = ()) -> Setup:
    """The learned setup that problems of this one, of these grades, are drawn as.

    It is `as_learned`; the board at an unknown angle, too, where one of the grades rests on thin evidence at the angle,
    and on more there; and of a board of which nothing was learned that of the board whose holes it shares; otherwise
    the setup itself.
    """
    found, alike = as_learned(setup, evidence), load(setup.board).alike
    if found in evidence:
        unknown, wanted = found._replace(angle=None), set(grades)
        there = evidence.get(unknown, {})
        thin = [g for g in wanted if evidence[found].get(g, 0) < min(LEAST_EVIDENCE, there.get(g, 0))]
        return unknown if thin and all(there.get(g) for g in wanted) else found
    if alike is None:
        return found
    other = as_learned(setup._replace(board=alike), evidence)
    return other if other in evidence else found


def evidence_for(setup: Setup, evidence: Mapping[Setup, Mapping[str, int]]) -> dict[str, int]:
    """How many problems each grade rests on where problems of it alone are asked for at a setup."""
    found, unknown = (evidence.get(one, {}) for one in (drawn_as(setup, evidence), setup._replace(angle=None)))
    grades = {*found, *unknown} if found else {}
    return {grade: evidence[drawn_as(setup, evidence, [grade])].get(grade, 0) for grade in sorted(grades)}


def evidence_to_json(evidence: Evidence) -> dict[str, dict[str, int]]:
    """Evidence in plain JSON types."""
    return {str(setup): dict(counts) for setup, counts in evidence.items()}


def evidence_from_json(content: dict[str, dict[str, int]]) -> Evidence:
    """The evidence that evidence_to_json wrote. Raises ValueError or ClimbpathError where it is none."""
    evidence = {Setup.parse(text): dict(counts) for text, counts in content.items()}
    for setup, counts in evidence.items():
        board = load(setup.board)
        if not board.has_angle(setup.angle):
            raise ValueError(f"there is no setup {setup}")
        if not counts.keys() <= set(board.ladder) or any(type(n) is not int or n < 0 for n in counts.values()):
            raise ValueError(f"these are no numbers of problems by grade: {counts}")
    return evidence


@dataclass(frozen=True, slots=True)
class Hold:
    """One numbered position on a board."""

    label: str
    """What the board calls it: 'F5' on a MoonBoard, the placement's number, '1073', on an Aurora board."""
    x: float
    """cm to the right of the board's origin."""
    y: float
    """cm above it, along the board."""
    hold_set: str
    """The set of holds that it is one of."""
    mirror: str | None
    """The label of its mirror partner (its own on the middle line), where the board has partners."""
    orientation: str | None
    """The side that it faces, as a point of the compass, where that is known."""
    quality: tuple[float, float] | None
    """An estimate of how good it is for the left and the right hand, 0 (hardly a hold) to 10 (NOTICE has its source);
    None where there is none."""


class Size(NamedTuple):
    """One of the sizes that a board is sold in."""

    name: str
    """Unique on the board: '12 x 12 with kickboard'."""
    edges: tuple[float, float, float, float]
    """Its left, right, lower and upper edge in cm."""
    leds: dict[str, int | None]
    """Every hold that it has, with the position of its LED; None where that is not known."""


Rows = dict[str, tuple[int, int]]
"""Role -> lowest and highest row in which holds may have it; of a role that is not named, none may."""


class Aurora(NamedTuple):
    """Which layout of which app an Aurora board is: climbs are known by its numbers."""

    app: str
    """'kilter', 'tension' and so on."""
    layout: int
    """The layout's number."""
    roles: dict[str, int]
    """Role -> its number."""


@dataclass(frozen=True, eq=False)
class Board:
    """A layout. Board order is by y, then x."""

    name: str
    """What commands and files call it: 'moonboard-2016'."""
    title: str
    """What people call it: 'MoonBoard 2016'."""
    alike: str | None
    """The board whose holes it shares and whose problems stand in for its own where there are none to learn from."""
    family: str
    """Who makes it: 'moonboard', 'kilter', 'tension', …; boards of a family share a model."""
    angles: tuple[int, ...]
    """Angles that it can be set to, in degrees."""
    ladder: tuple[str, ...]
    """Its grades, easiest first."""
    rows: dict[int, Rows]
    """Angle -> which rows may have which role; empty where place tells nothing of a hold's role."""
    reach_cm: float
    """Longest way from a hand or finish hold to the nearest start or hand hold before it in a generated problem."""
    foot_reach_cm: float
    """Longest way from a foot hold to the nearest start or hand hold."""
    length: tuple[int, int]
    """Fewest and most holds for hands, starts and finishes included, of its usual problems."""
    most_feet: int
    """Most foot holds of a generated problem."""
    hold_sets: tuple[str, ...]
    """Names of its hold sets."""
    sizes: dict[str, Size]
    """Its sizes by name, the largest first."""
    colours: dict[str, str]
    """Role -> the colour of its light, as RRGGBB, where the board names one."""
    aurora: Aurora | None
    """Where its climbs come from, if it is an Aurora board."""
    holds: tuple[Hold, ...]
    """Its holds in board order."""

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
    def _distances(self) -> dict[int, list[float]]:
        return {}

    def distances(self, hold: int) -> list[float]:
        """The row of a hold as a plain list: faster to index one at a time. Made when it is first asked for."""
        if hold not in self._distances:
            self._distances[hold] = self.distance[hold].tolist()
        return self._distances[hold]

    @property
    def has_grid(self) -> bool:
        """Whether its holds stand in lettered columns and numbered rows, 'F5', as a MoonBoard's do."""
        return bool(self.rows)

    @cached_property
    def has_feet(self) -> bool:
        """Whether its problems name holds for the feet alone."""
        return bool(self.may_ever[FOOT].any())

    @property
    def methods(self) -> tuple[str, ...]:
        """The foot rules that its problems name, the usual one first; none where feet are holds of the problem."""
        return () if self.has_feet else METHODS

    @cached_property
    def has_mirror(self) -> bool:
        """Whether every hold has a mirror partner."""
        return all(hold.mirror for hold in self.holds)

    def check_mirror(self) -> None:
        """Raises ClimbpathError where holds have no mirror partners."""
        if not self.has_mirror:
            raise ClimbpathError(f"{self.title} has no mirror partners: its problems cannot be mirrored")

    def has_angle(self, angle: int | None) -> bool:
        """Whether problems can have this angle: one that the board can be set to, or, where that makes no difference to
        the roles of holds, an unknown one."""
        return angle in self.angles if angle is not None else not self.rows

    def check_angle(self, angle: int | None) -> None:
        """Raises ClimbpathError, naming those that there are, for an angle that no problem can have."""
        if not self.has_angle(angle):
            given = "an unknown angle" if angle is None else show_angle(angle)
            raise ClimbpathError(f"{self.title} can be set to {self.angles_in_words('or')}, not {given}")

    def angles_in_words(self, joint: str = "and") -> str:
        """All its angles: '40°', '25° and 40°', '0° to 70° in steps of 5°'."""
        steps = {after - before for before, after in itertools.pairwise(self.angles)}
        *some, last = map(show_angle, self.angles)
        if len(some) > 2 and len(steps) == 1:
            return f"{some[0]} to {last} in steps of {show_angle(*steps)}"
        return f"{', '.join(some)} {joint} {last}" if some else last

    @property
    def usual_angle(self) -> int:
        """40°, at which most boards stand, or the steepest of its angles."""
        return 40 if 40 in self.angles else self.angles[-1]

    @cached_property
    def _may(self) -> dict[int | None, np.ndarray]:
        every = np.ones((len(ROLES), len(self.holds)), bool)
        if not self.rows:
            return dict.fromkeys((None, *self.angles), every)
        row = np.array([row_of(hold.label) for hold in self.holds])
        found: dict[int | None, np.ndarray] = {}
        for angle, rows in self.rows.items():
            low = np.array([rows.get(role, (1, 0))[0] for role in ROLES])[:, None]
            high = np.array([rows.get(role, (1, 0))[1] for role in ROLES])[:, None]
            found[angle] = (low <= row) & (row <= high)
        return found

    def may(self, angle: int | None) -> np.ndarray:
        """Which holds may have which role at an angle, bool [ROLES, holds]."""
        return self._may[angle]

    @cached_property
    def may_ever(self) -> np.ndarray:
        """Which holds may have which role at any angle, bool [ROLES, holds]."""
        return np.logical_or.reduce(list(self._may.values()))

    def where(self, role: str, angle: int | None) -> str:
        """Where holds of a role are, for messages: 'in rows 2 to 6', 'in row 18'."""
        low, high = self.rows[angle or 0][role]
        return f"in row {low}" if low == high else f"in rows {low} to {high}"

    @cached_property
    def choice_roles(self) -> np.ndarray:
        """The role of every choice, int [C]: a choice is a hold in a role, in canonical order (model/order.py)."""
        return np.nonzero(self.may_ever)[0]

    @cached_property
    def choice_holds(self) -> np.ndarray:
        """The hold of every choice, [C]."""
        return np.nonzero(self.may_ever)[1]

    @cached_property
    def choice_of(self) -> np.ndarray:
        """The choice of every hold in every role, [ROLES, holds]; -1 where it may not have it."""
        table = np.full(self.may_ever.shape, -1)
        table[self.choice_roles, self.choice_holds] = np.arange(len(self.choice_roles))
        return table

    @cached_property
    def mirrored_choices(self) -> np.ndarray:
        """The mirror image of every choice, and last of "end", which is itself, [C + 1]; for boards with partners."""
        partner = np.array([self.index[str(hold.mirror)] for hold in self.holds])
        return np.append(self.choice_of[self.choice_roles, partner[self.choice_holds]], len(self.choice_roles))

    def permitted(self, angle: int | None) -> np.ndarray:
        """Which choices there are at an angle, bool [C]."""
        allowed: np.ndarray = self.may(angle)[self.choice_roles, self.choice_holds]
        return allowed

    def size(self, name: str) -> Size:
        """The size of this name, in any case and with or without spaces: '12 x 14', '12x14'.

        Raises ClimbpathError, listing the sizes, for others.
        """
        by_name = {_plain(one): size for one, size in self.sizes.items()}
        if _plain(name) not in by_name:
            raise ClimbpathError(f"{self.title} has no size {name!r}: choose from {', '.join(self.sizes)}")
        return by_name[_plain(name)]

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
        by_name = {short_hold_set(name): name for name in self.hold_sets}
        chosen = hold_sets_of(typed)
        for short, name in chosen.items():
            if short not in by_name:
                raise ClimbpathError(f"{self.title} has no hold set {name!r}: it has {', '.join(self.hold_sets)}")
        return frozenset(map(by_name.__getitem__, chosen))


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


def hold_sets_of(typed: str | Iterable[str]) -> dict[str, str]:
    """Hold sets as a user lists them: short name -> the name typed, 'Hold Set A, Original' -> {'a': 'Hold Set A', …}.

    Raises ClimbpathError as `words_of` does.
    """
    return {short_hold_set(name): name for name in words_of(typed, "hold sets", "'A,Original'", ",")}


def short_hold_set(name: str) -> str:
    """The short name of a hold set in lower case: 'Hold Set A' -> 'a', 'Wooden Holds C' -> 'wooden c'."""
    short = " ".join(name.lower().split())
    if short == "original school holds":
        return "original"
    return short.removeprefix("hold set ").replace("wooden holds", "wooden")


def shipped_names() -> list[str]:
    """Names of the boards that climbpath brings along."""
    folder = resources.files("climbpath") / "boards"
    return sorted(entry.name.removesuffix(".json") for entry in folder.iterdir() if entry.name.endswith(".json"))


def names() -> list[str]:
    """Names of all boards: those that climbpath brings along, then those that its user imported."""
    shipped, folder = shipped_names(), boards_folder()
    own = sorted(path.stem for path in folder.glob("*.json")) if folder.is_dir() else []
    return shipped + [name for name in own if name not in shipped and _NAME.fullmatch(name)]


def new_name(text: str) -> str:
    """A name for a board to be imported. Raises ClimbpathError for what is none, and for a taken one."""
    if not _NAME.fullmatch(text):
        raise ClimbpathError(f"{text!r} is no name for a board: use small letters, digits and hyphens, as in 'my-wall'")
    if text in shipped_names():
        raise ClimbpathError(f"climbpath brings along a board {text} itself: choose another name")
    return text


def file_of(name: str) -> Path:
    """Where a board that a user imported is, or is to be."""
    return boards_folder() / f"{name}.json"


_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?")


@cache
def load(name: str) -> Board:
    """The board of this name. Raises ClimbpathError, listing the boards, for an unknown one, and, naming the file, for
    an imported one that is damaged."""
    if name in shipped_names():
        text = (resources.files("climbpath") / "boards" / f"{name}.json").read_text(encoding="utf-8")
        return from_json(name, json.loads(text))
    if name not in names():
        raise ClimbpathError(f"there is no board {name!r}: choose from {', '.join(names())}")
    try:
        return from_json(name, json.loads(file_of(name).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        reason = reprlib.repr(str(error))
        raise ClimbpathError(f"{file_of(name)} is no board ({reason}): import it again, or remove the file") from None


def from_json(name: str, facts: dict[str, Any]) -> Board:
    """The board of a board file's content (docs/file-formats.md). Raises KeyError, TypeError or ValueError for any
    other."""
    holds = [
        Hold(
            label=label,
            x=float(fact["x"]),
            y=float(fact["y"]),
            hold_set=fact["set"],
            mirror=fact.get("mirror"),
            orientation=fact.get("orientation"),
            quality=tuple(fact["quality"]) if fact.get("quality") else None,
        )
        for label, fact in facts["holds"].items()
    ]
    rows = {
        int(angle): {role: (low, high) for role, (low, high) in of_role.items()}
        for angle, of_role in facts.get("rows", {}).items()
    }
    fewest, most = facts["length"]
    return Board(
        name=name,
        title=facts["title"],
        alike=facts.get("alike"),
        family=facts["family"],
        angles=tuple(facts["angles"]),
        ladder=LADDERS[facts["grades"]],
        rows=rows,
        reach_cm=facts["reach_cm"],
        foot_reach_cm=facts.get("foot_reach_cm", 0),
        length=(fewest, most),
        most_feet=facts.get("most_feet", 0),
        hold_sets=tuple(facts["hold_sets"]),
        sizes={one: Size(one, tuple(size["edges"]), size["leds"]) for one, size in facts["sizes"].items()},
        colours=facts.get("colours", {}),
        aurora=Aurora(**facts["aurora"]) if "aurora" in facts else None,
        holds=tuple(sorted(holds, key=lambda hold: (hold.y, hold.x))),
    )


def row_of(label: str) -> int:
    """The row of a hold on a board with a grid, from 1: that of 'F5' is 5."""
    return int(label[1:])


def column_of(label: str) -> int:
    """The column of a hold on a board with a grid, 0 for A."""
    return COLUMNS.index(label[0])


def _plain(name: str) -> str:
    return "".join(name.casefold().replace("×", "x").split())
