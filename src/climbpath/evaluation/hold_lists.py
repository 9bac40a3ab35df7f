"""Lists of problems from elsewhere, of which only the holds count: no roles, no grades."""

import json
import re
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from climbpath.board import COLUMNS, Board
from climbpath.data.importers import Rejection, detect, read
from climbpath.errors import ClimbpathError
from climbpath.problem import Problem

Holds = frozenset[str]
"""The labels of a problem's holds, whatever their roles."""


class HoldLists(NamedTuple):
    """The problems of one file, as sets of holds."""

    name: str
    """What reports call the list."""
    problems: list[Holds]
    """The holds of each problem: two or more, all of them on the board."""
    left_out: Counter[str]
    """Reason -> how many problems were left out for it."""


def read_hold_lists(path: Path, board: Board) -> HoldLists:
    """Sets of holds from a file: any format of problems, JSON [[hold, …], …], or CSV with one problem to a line.

    Raises ClimbpathError, naming the file and what to write instead, where none can be used.
    """
    if not path.is_file():
        raise ClimbpathError(f"{path}: there is no such file")
    left_out: Counter[str] = Counter()
    kept = []
    for labels in _labels(path, board, left_out):
        if not board.index.keys() >= set(labels):
            left_out[f"with holds that are not on {board.title}"] += 1
        elif len(set(labels)) < 2:
            left_out["with fewer than two holds"] += 1
        else:
            kept.append(frozenset(labels))
    if not kept:
        reasons = "; ".join(f"{count} {reason}" for reason, count in left_out.items()) or "it lists no holds"
        raise ClimbpathError(f"{path}: no problem in it can be compared ({reasons}): write JSON [[hold, …], …] or CSV")
    return HoldLists(str(path), kept, left_out)


def _labels(path: Path, board: Board, left_out: Counter[str]) -> list[list[str]]:
    """The labels of each problem of a file, not yet checked. Raises ClimbpathError where it is of no known format."""
    # a format that climbpath imports
    with suppress(ClimbpathError):
        detect(path)
        items = list(read(path))
        left_out.update(f"rejected: {item.reason}" for item in items if isinstance(item, Rejection))
        problems = [item for item in items if isinstance(item, Problem)]
        left_out.update(f"on {p.board}" for p in problems if p.board != board.name)
        return [list(p.holds) for p in problems if p.board == board.name]
    # plain lists, as JSON
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ClimbpathError(f"{path}: it is not UTF-8 text: write JSON [[hold, …], …] or CSV") from None
    if text.lstrip().startswith("["):
        try:
            lists = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ClimbpathError(f"{path}: it is not valid JSON: {error}") from None
        for i, labels in enumerate(lists):
            if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
                raise ClimbpathError(f"{path}, record {i}: it is not a list of holds such as ['F5', 'E18']")
        return [[label.strip().upper() for label in labels] for labels in lists]
    # CSV or any text: whatever looks like a hold is one, and lines without holds are headers
    label = re.compile(rf"\b[{COLUMNS}]\d{{1,2}}\b")
    return [found for line in text.upper().splitlines() if (found := label.findall(line))]
