"""Which LEDs show a problem: holds with roles become positions with roles, all of them or none."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from climbpath.board import Board
from climbpath.errors import ClimbpathError, loading
from climbpath.problem import Problem

MOST_BYTES = 1 << 20
"""Bytes of the largest mapping file that is read."""
MOST_LEDS = 65_536
"""Positions are two bytes at most."""
ROLES = ("start", "hand", "left", "right", "match", "foot", "finish")
"""What a light can be for: a problem's roles, and a hand that is known to be the left, the right, or both."""


_GRID = re.compile("[A-K]([1-9]|1[0-8])")
"""Positions of MoonBoards, of which each layout has some; a strip has LEDs at all of them."""


class Light(NamedTuple):
    """A hold that is lit."""

    label: str
    """The hold's label."""
    position: int
    """The number of its LED, as the board's controller counts."""
    role: str
    """One of ROLES."""


def holds_of(problem: Problem, hands: Mapping[str, str] | None = None) -> list[tuple[str, str]]:
    """Label and role of every hold of a problem in canonical order; `hands` names the hand of those that it knows."""
    known = hands or {}
    return [
        *((label, "start") for label in problem.start),
        *((label, known.get(label, "hand")) for label in problem.hands),
        *((label, "foot") for label in problem.feet),
        *((label, "finish") for label in problem.finish),
    ]


def lights_of(
    holds: Iterable[tuple[str, str]], leds: Mapping[str, int], title: str, mirrors: Mapping[str, str] | None = None
) -> list[Light]:
    """The lights of holds with roles.

    Args:
        holds: label and role of every hold.
        leds: label -> position, for all holds that the wall has.
        title: what to call the wall in an error: 'Kilter Board Original 12 x 14'.
        mirrors: on a mirrored wall, label -> label of the mirror partner, whose LED is lit instead.

    Raises ClimbpathError that names the holds without an LED, or without a partner: never half a problem.
    """
    shown = [(label, label if mirrors is None else mirrors.get(label, ""), role) for label, role in holds]
    if alone := [label for label, partner, _ in shown if not partner]:
        raise ClimbpathError(f"{title} has no mirror partner for {', '.join(alone)}: light it without --mirror")
    if dark := [label for label, partner, _ in shown if partner not in leds]:
        raise ClimbpathError(f"{title} has no {', '.join(dark)}: choose another size, or a problem that fits it")
    return [Light(label, leds[partner], role) for label, partner, role in shown]


def mirrors_of(board: Board) -> dict[str, str]:
    """Label -> label of the mirror partner. Raises ClimbpathError for a board without mirror image."""
    found = {hold.label: hold.mirror or "" for hold in board.holds}
    if not any(found.values()):
        raise ClimbpathError(f"the holds of {board.title} have no mirror image: light it without --mirror")
    return found


def read_mapping(path: Path, board: Board) -> dict[str, int]:
    """A mapping file, {"A1": 0, "A2": 1, …}: the LED at each hold of a strip that is wired in a way of its own.

    Raises ClimbpathError that names the file, and the hold or number at fault.
    """
    if not path.is_file():
        raise ClimbpathError(f"{path}: there is no such file")
    with loading(path, "is not a mapping of LEDs"):
        if path.stat().st_size > MOST_BYTES:
            raise ClimbpathError(f"{path} is larger than a mapping can be ({MOST_BYTES:,} bytes)")
        return mapping_of(json.loads(path.read_text(encoding="utf-8-sig")), board, str(path))


def mapping_of(content: object, board: Board, source: str) -> dict[str, int]:
    """The LED at each hold, of JSON. Raises ClimbpathError that names the source, and the hold or number at fault."""
    if not isinstance(content, dict) or not content:
        raise ClimbpathError(f'{source}: a mapping is a JSON object such as {{"A1": 0, "A2": 1}}')
    found: dict[str, int] = {}
    at: dict[int, str] = {}
    for typed, position in content.items():
        label = typed.upper()
        if label not in board.index and not _GRID.fullmatch(label):
            raise ClimbpathError(f"{source}: there is no hold {typed[:20]!r} on {board.title}")
        if type(position) is not int or not 0 <= position < MOST_LEDS:
            raise ClimbpathError(f"{source}: the LED of {label} is a number from 0 to {MOST_LEDS - 1}")
        if label in found or position in at:
            raise ClimbpathError(f"{source}: LED {position} is at {at.get(position, label)} and at {label}")
        found[label], at[position] = position, label
    return found
