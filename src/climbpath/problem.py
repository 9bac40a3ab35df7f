"""Problems: sets of holds with roles on a board, in canonical order, and the rules that make one valid."""

import hashlib
import re
import reprlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, get_args, get_type_hints

from climbpath import board as boards
from climbpath.board import FINISH, HAND, METHODS, ROLES, START, TOLERANCE_CM, Board, Setup
from climbpath.errors import ClimbpathError, few
from climbpath.grades import parse_grade

DEFAULT_BOARD = "moonboard-2016"
DEFAULT_METHOD = METHODS[0]
"""The foot rule of a problem that names none."""
CONSENSUS_REPEATS = 10
"""Repeats from which on a problem's grade counts as the consensus of its climbers; with fewer it is the setter's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A problem. Holds of each role are kept sorted in board order, so equal problems compare equal.

    Raises ClimbpathError where a hold is not on the layout, has two roles, or the start or finish is missing.
    Real problems that break rules of sampling (reach, length) are problems all the same.
    """

    board: str = DEFAULT_BOARD
    """The board's name."""
    angle: int | None = 40
    """In degrees; None where it is not known."""
    grade: str | None = None
    """One of the board's grades; None where it is not known."""
    asked_grade: str | None = None
    """The grade that a generated problem was asked for; its grade is the grader's."""
    start: tuple[str, ...]
    """Labels of the start holds."""
    hands: tuple[str, ...] = ()
    """Labels of the hand holds between start and finish."""
    feet: tuple[str, ...] = ()
    """Labels of holds for the feet alone."""
    finish: tuple[str, ...]
    """Labels of the finish holds."""
    name: str | None = None
    """What its setter calls it."""
    ids: tuple[str, ...] = ()
    """Where it was read: 'source:number', one for each source that has it."""
    repeats: int | None = None
    """How many climbers have repeated it; None where that is not known."""
    benchmark: bool = False
    """Whether the board's operator made it a benchmark."""
    method: str = DEFAULT_METHOD
    """The foot rule."""
    user_grade: str | None = None
    """The grade that climbers voted for."""
    partial: bool = False
    """Whether some of its holds may not be known, as in a hand sequence that skips some."""

    def __post_init__(self) -> None:
        layout = boards.load(self.board)
        layout.check_angle(self.angle)
        for role in ("start", "hands", "feet", "finish"):
            object.__setattr__(self, role, _in_board_order(getattr(self, role), layout))
        if not self.start:
            raise ClimbpathError("the problem has no start hold")
        if not self.finish:
            raise ClimbpathError("the problem has no finish hold")
        holds = self.holds
        if len(set(holds)) < len(holds):
            twice = next(label for label in holds if holds.count(label) > 1)
            raise ClimbpathError(f"hold {twice} has two roles")
        for field in ("grade", "asked_grade", "user_grade"):
            if getattr(self, field) is not None:
                object.__setattr__(self, field, _grade_of(layout, getattr(self, field)))
        if self.repeats is not None and not 0 <= self.repeats < 2**31:
            raise ClimbpathError(f"a problem cannot have {reprlib.repr(self.repeats)} repeats")

    @property
    def holds(self) -> tuple[str, ...]:
        """All labels in canonical order: start, hands, feet, finish."""
        return self.start + self.hands + self.feet + self.finish

    @property
    def sequence(self) -> tuple[str, ...]:
        """Its canonical sequence: the start pair (a one-hold start is that hold twice), hands, feet where problems of
        the board name such, finish."""
        pair = self.start * 2 if len(self.start) == 1 else self.start
        return pair + self.hands + (self.feet if boards.load(self.board).has_feet else ()) + self.finish

    @property
    def identity(self) -> tuple[str, int | None, tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
        """Records with the same identity are the same problem."""
        return (self.board, self.angle, self.start, self.hands, self.feet, self.finish)

    @property
    def has_consensus(self) -> bool:
        """Whether so many climbers have repeated the problem that its grade is their consensus."""
        return (self.repeats or 0) >= CONSENSUS_REPEATS

    @property
    def is_known(self) -> bool:
        """Whether the problem comes from a source that has it on record, with a grade of its own."""
        return bool(self.ids)

    @property
    def setup(self) -> Setup:
        """Board and angle."""
        return Setup(self.board, self.angle)

    @property
    def key(self) -> int:
        """64-bit hash of board and set of holds, without roles and angle; splits and novelty are decided by it. Where
        the board has mirror partners, a problem and its mirror image share one."""
        return key_of(self.board, self.holds)

    @property
    def mirrored(self) -> "Problem":
        """Its mirror image, with the ids of no source. Raises ClimbpathError where the board has no mirror partners."""
        layout = boards.load(self.board)
        layout.check_mirror()
        turned = {
            role: tuple(str(layout.hold(label).mirror) for label in getattr(self, role))
            for role in ("start", "hands", "feet", "finish")
        }
        return replace(self, **turned, ids=(), repeats=None, benchmark=False)  # type: ignore[arg-type]

    @property
    def notation(self) -> str:
        """The problem as typed on the command line: 'F5s D9 G13 G18e'."""
        marked = [(self.start, "s"), (self.hands, ""), (self.feet, "f"), (self.finish, "e")]
        return " ".join(label + mark for labels, mark in marked for label in labels)

    def _repr_svg_(self) -> str:
        from climbpath.drawing.problem import svg  # drawing imports this module

        return svg(self)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types; from_dict reads it back to an equal problem."""
        record = {field: getattr(self, field) for field in self.__dataclass_fields__}
        return {field: list(value) if isinstance(value, tuple) else value for field, value in record.items()}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> "Problem":
        """The problem of a JSON record. Raises ClimbpathError that names the field at fault."""
        if not isinstance(record, Mapping):
            raise ClimbpathError(f"a problem is a JSON object, not {type(record).__name__}")
        unknown = record.keys() - cls.__dataclass_fields__.keys()
        if unknown:
            raise ClimbpathError(f"a problem has no field {min(unknown, key=str)!r}")
        fields: dict[str, Any] = {"start": (), "finish": ()}
        for field, value in record.items():
            if field in _PLAIN_FIELDS:
                good = type(value) in _PLAIN_FIELDS[field]
            else:
                good = type(value) in (list, tuple) and {str}.issuperset(map(type, value))
            if not good:
                raise ClimbpathError(f"the problem's field {field!r} cannot be {reprlib.repr(value)}")
            fields[field] = tuple(value) if type(value) is list else value
        return cls(**fields)


FIELDS: dict[str, Any] = get_type_hints(Problem)
"""Name -> type of every field: text, number, yes or no, each maybe missing, or labels. The Parquet schema and the
web API's bodies derive from it."""
LABELS = tuple[str, ...]
"""The type of fields that list labels or ids."""
_PLAIN_FIELDS = {name: get_args(hint) or (hint,) for name, hint in FIELDS.items() if hint != LABELS}
"""Field -> the types that a value in JSON may have."""


def _in_board_order(labels: Iterable[str], layout: Board) -> tuple[str, ...]:
    """The labels in board order, as the layout's own strings, so that a million problems share them."""
    try:
        indices = set(map(layout.index.__getitem__, labels))
    except KeyError as unknown:
        raise ClimbpathError(f"there is no hold {unknown.args[0]!r} on {layout.title}") from None
    return tuple(map(layout.labels.__getitem__, sorted(indices)))


def with_mirrored(problems: Collection[Problem], layout: Board) -> list[Problem]:
    """Problems of one board, and behind them their mirror images where it has mirror partners."""
    return [*problems, *(problem.mirrored for problem in problems if layout.has_mirror)]


def key_of(board: str, holds: Iterable[str]) -> int:
    """The key of a set of holds: the first 8 bytes of BLAKE2b over board and sorted labels, as an integer. Of a set and
    its mirror image, it is that of the one whose labels sort first."""
    labels = sorted(holds)
    layout = boards.load(board)
    if layout.has_mirror:
        labels = min(labels, sorted(str(layout.hold(label).mirror) for label in labels))
    text = board + ":" + ",".join(labels)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def _grade_of(layout: Board, text: str) -> str:
    """A grade of the board. Raises ClimbpathError for others."""
    grade = parse_grade(text)
    if grade not in layout.ladder:
        known = f"{layout.ladder[0]} … {layout.ladder[-1]}"
        raise ClimbpathError(f"{layout.title} has no grade {grade}: its grades are {known}")
    return grade


LABEL = r"[A-Za-z]\d{1,2}|\d{1,7}"
"""What a hold's label looks like: 'F5', or a placement's number."""
_NOTATION = re.compile(rf"({LABEL})([sefSEF]?)")


def parse_notation(text: str, board: str = DEFAULT_BOARD, angle: int | None = 40, grade: str | None = None) -> Problem:
    """A problem as typed: 'F5s D9 G13 I16 G18e'; `s` start, `e` finish, `f` foot.

    Marks may be left out where the row implies the role: where no hold is marked as finish, holds of the finish rows
    are, and the holds of the start rows are the start if there are at most two.

    Raises ClimbpathError for unknown holds and for an ambiguous start.
    """
    layout = boards.load(board)
    roles: dict[str, list[str]] = {"s": [], "": [], "f": [], "e": []}
    for word in text.replace(",", " ").split():
        match = _NOTATION.fullmatch(word)
        if not match:
            example = layout.labels[0]
            raise ClimbpathError(
                f"cannot read {word!r}: write holds as {example}, with s, e or f behind for start, end, foot"
            )
        roles[match[2].lower()].append(layout.hold(match[1].upper()).label)
    if layout.rows:
        can_start, *_, can_finish = layout.may(angle if layout.has_angle(angle) else layout.usual_angle)
        if not roles["e"]:
            roles["e"] = [label for label in roles[""] if can_finish[layout.index[label]]]
            roles[""] = [label for label in roles[""] if label not in roles["e"]]
        if not roles["s"]:
            low = [label for label in roles[""] if can_start[layout.index[label]]]
            if len(low) > 2:
                raise ClimbpathError(f"which holds start? Mark one or two of {', '.join(low)} with s, as in {low[0]}s")
            roles["s"] = low
            roles[""] = [label for label in roles[""] if label not in low]
    return Problem(
        board=board,
        angle=angle,
        grade=grade,
        start=tuple(roles["s"]),
        hands=tuple(roles[""]),
        feet=tuple(roles["f"]),
        finish=tuple(roles["e"]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a generated problem must keep to."""

    min_holds: int | None = None
    """Fewest holds for hands, starts and finishes included; None is what is usual on the board."""
    max_holds: int | None = None
    """Most of them."""
    max_feet: int | None = None
    """Most foot holds; None is what is usual on the board."""
    max_reach: float | None = None
    """Longest way in cm from a hold to the nearest one before it; None is the board's own."""
    size: str | None = None
    """The board's size whose holds may be used; None is all."""
    hold_sets: frozenset[str] | None = None
    """Names of the hold sets that may be used; None is all."""
    start: frozenset[str] | None = None
    """Exactly these start holds; None is any."""
    finish: frozenset[str] | None = None
    """Exactly these finish holds; None is any."""
    pins: frozenset[str] = frozenset()
    """Holds that must be used, in any role."""
    start_pins: frozenset[str] = frozenset()
    """Holds that must be start holds; where it is one, another may start beside it."""
    hand_pins: frozenset[str] = frozenset()
    """Holds that must be hand holds."""
    foot_pins: frozenset[str] = frozenset()
    """Holds that must be foot holds, wherever they are."""
    finish_pins: frozenset[str] = frozenset()
    """Holds that must be finish holds; where it is one, another may be beside it."""
    bans: frozenset[str] = frozenset()
    """Holds that must not be used."""

    @property
    def all_pins(self) -> frozenset[str]:
        """Holds that must be used, whatever their role."""
        return self.pins | self.start_pins | self.hand_pins | self.foot_pins | self.finish_pins

    def length(self, layout: Board) -> tuple[int, int]:
        """Fewest and most holds for hands on a board, starts and finishes included."""
        fewest, most = layout.length
        return fewest if self.min_holds is None else self.min_holds, most if self.max_holds is None else self.max_holds

    def feet(self, layout: Board) -> int:
        """Most foot holds on a board."""
        return layout.most_feet if self.max_feet is None else self.max_feet if layout.has_feet else 0

    def mirrored(self, layout: Board) -> "Rules":
        """The rules that a problem keeps to if its mirror image keeps to these, on a board with mirror partners."""
        partners = {hold.label: str(hold.mirror) for hold in layout.holds}

        def turned(labels: frozenset[str]) -> frozenset[str]:
            return frozenset(map(partners.__getitem__, labels))

        usable = self.usable(layout)
        return replace(
            self,
            size=None,
            hold_sets=None,
            start=self.start and turned(self.start),
            finish=self.finish and turned(self.finish),
            pins=turned(self.pins),
            start_pins=turned(self.start_pins),
            hand_pins=turned(self.hand_pins),
            foot_pins=turned(self.foot_pins),
            finish_pins=turned(self.finish_pins),
            bans=turned(frozenset(layout.labels) - usable),
        )

    def usable(self, layout: Board) -> frozenset[str]:
        """The labels of the holds of a board that may be used."""
        there = layout.size(self.size).leds if self.size else layout.index
        return frozenset(
            hold.label
            for hold in layout.holds
            if hold.label in there
            and hold.label not in self.bans
            and (self.hold_sets is None or hold.hold_set in self.hold_sets)
        )


def faults(problem: Problem) -> list[str]:
    """Which facts of the board a problem breaks, in words; empty for a sound one.

    These are facts of the board (docs/promises.md, "Validity"): 1-2 start holds, 1-2 finish holds, and, where place
    tells something of a hold's role, each in a row of its role.
    """
    layout = boards.load(problem.board)
    may = layout.may(problem.angle)
    found = []
    for role, labels in (("start", problem.start), ("finish", problem.finish)):
        if len(labels) > 2:
            found.append(f"{len(labels)} {role} holds ({few(labels)}); a problem has one or two")
    for number, labels in ((START, problem.start), (FINISH, problem.finish), (HAND, problem.hands)):
        for label in labels:
            if not may[number, layout.index[label]]:
                found.append(f"{ROLES[number]} hold {label} is not {layout.where(ROLES[number], problem.angle)}")
    return found


def check_sound(problem: Problem) -> Problem:
    """The problem itself. Raises ClimbpathError, listing its faults, if it has any."""
    if wrong := faults(problem):
        raise ClimbpathError("; ".join(wrong))
    return problem


def longest_reach(problem: Problem) -> float:
    """The largest distance in cm from a hand or finish hold to the nearest hold for hands before it in the sequence."""
    layout = boards.load(problem.board)
    order = [layout.index[label] for label in problem.start + problem.hands + problem.finish]
    first = len(problem.start)
    return max(min(map(layout.distances(order[i]).__getitem__, order[:i])) for i in range(first, len(order)))


def far_feet(problem: Problem, rules: Rules) -> list[str]:
    """The foot holds that are above all start and hand holds, or beyond the board's reach for feet of every one of
    them; those that are pinned as feet may be anywhere."""
    layout = boards.load(problem.board)
    hands = [layout.index[label] for label in problem.start + problem.hands]
    highest = max(layout.holds[hand].y for hand in hands)
    feet = [layout.index[label] for label in problem.feet if label not in rules.foot_pins]
    return [
        layout.labels[foot]
        for foot in feet
        if layout.holds[foot].y > highest
        or min(map(layout.distances(foot).__getitem__, hands)) > layout.foot_reach_cm + TOLERANCE_CM
    ]


def off_wall(problem: Problem, size: str | None, hold_sets: Collection[str] | None) -> list[str]:
    """Which holds of a problem a size or some hold sets of its board lack, in words; empty where all are there."""
    layout = boards.load(problem.board)
    found = []
    if size is not None:
        outside = [label for label in problem.holds if label not in layout.size(size).leds]
        if outside:
            found.append(f"{', '.join(outside)} not on the size {size}")
    if hold_sets is not None:
        outside = [label for label in problem.holds if layout.hold(label).hold_set not in hold_sets]
        if outside:
            found.append(f"{', '.join(outside)} not in hold sets {', '.join(sorted(hold_sets))}")
    return found


def violations(problem: Problem, rules: Rules | None = None) -> list[str]:
    """Which rules a problem breaks, in words; empty for a valid one."""
    rules = rules or Rules()
    layout = boards.load(problem.board)
    found = faults(problem)
    # length and reach are the hands'
    count = len(problem.holds) - len(problem.feet)
    fewest, most = rules.length(layout)
    if not fewest <= count <= most:
        found.append(f"{count} holds, not {fewest} to {most}")
    reach = layout.reach_cm if rules.max_reach is None else rules.max_reach
    longest = longest_reach(problem)
    if longest > reach + TOLERANCE_CM:
        found.append(f"a move of {longest:.0f} cm, over the reach of {reach:.0f} cm")
    # feet have limits of their own
    if len(problem.feet) > rules.feet(layout) and layout.has_feet:
        found.append(f"{len(problem.feet)} foot holds, more than {rules.feet(layout)}")
    if layout.has_feet and (far := far_feet(problem, rules)):
        found.append(f"foot holds {', '.join(far)} out of reach of the hands")
    found += off_wall(problem, rules.size, rules.hold_sets)
    if rules.start is not None and set(problem.start) != rules.start:
        found.append(f"starts on {', '.join(problem.start)}, not {', '.join(sorted(rules.start))}")
    if rules.finish is not None and set(problem.finish) != rules.finish:
        found.append(f"finishes on {', '.join(problem.finish)}, not {', '.join(sorted(rules.finish))}")
    missing = sorted(rules.all_pins.difference(problem.holds))
    if missing:
        found.append(f"leaves out pinned {', '.join(missing)}")
    for role, wanted, given in (
        ("start", rules.start_pins, problem.start),
        ("hand", rules.hand_pins, problem.hands),
        ("foot", rules.foot_pins, problem.feet),
        ("finish", rules.finish_pins, problem.finish),
    ):
        others = sorted(wanted.difference(given, missing))
        if others:
            found.append(f"uses {', '.join(others)}, but not as {role}")
    banned = [label for label in problem.holds if label in rules.bans]
    if banned:
        found.append(f"uses banned {', '.join(banned)}")
    return found
