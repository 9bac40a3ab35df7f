"""The yardstick: how lists of hold sets on one board compare with real problems, whoever made them.

Everything here goes by holds alone, so that lists without roles or grades can be measured, too.
"""

import json
import re
from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import suppress
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from climbpath.board import COLUMNS, Board
from climbpath.data.importers import Rejection, detect, read
from climbpath.errors import ClimbpathError
from climbpath.features import nearest, presence
from climbpath.problem import Problem, key_of, violations

HoldSet = frozenset[str]


class HoldLists(NamedTuple):
    """The hold sets of one file, those that have two holds or more of the board, and why the others have not."""

    name: str
    hold_sets: list[HoldSet]
    left_out: Counter[str]


def read_hold_lists(path: Path, board: Board) -> HoldLists:
    """Hold sets from a file: any format of problems, JSON [[hold, …], …], or CSV with one problem to a line.

    Raises ClimbpathError, naming the file and the way out, where it holds none.
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
    with suppress(ClimbpathError):
        detect(path)
        items = list(read(path))
        left_out.update(f"rejected: {item.reason}" for item in items if isinstance(item, Rejection))
        problems = [item for item in items if isinstance(item, Problem)]
        left_out.update(f"on {p.board}" for p in problems if p.board != board.name)
        return [list(p.holds) for p in problems if p.board == board.name]
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ClimbpathError(f"{path}: it is not UTF-8 text: write JSON [[hold, …], …] or CSV") from None
    if text.lstrip().startswith("["):
        try:
            lists = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ClimbpathError(f"{path}: it is not whole JSON: {error}") from None
        for i, labels in enumerate(lists):
            if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
                raise ClimbpathError(f"{path}, record {i}: it is not a list of holds such as ['F5', 'E18']")
        return [[label.strip().upper() for label in labels] for labels in lists]
    label = re.compile(rf"\b[{COLUMNS}]\d{{1,2}}\b")
    return [found for line in text.upper().splitlines() if (found := label.findall(line))]


def reads_valid(hold_set: HoldSet, board: Board) -> bool:
    """Whether some choice of one or two start holds makes a valid problem of a hold set."""
    low = [label for label in sorted(hold_set) if board.can_start[board.index[label]]]
    finish = [label for label in hold_set if board.can_finish[board.index[label]]]
    for start in [*combinations(low, 1), *combinations(low, 2)] if finish else []:
        hands = tuple(hold_set.difference(start, finish))
        problem = Problem(board=board.name, angle=board.angles[0], start=start, hands=hands, finish=tuple(finish))
        if not violations(problem):
            return True
    return False


def measure(hold_sets: Sequence[HoldSet], real: Sequence[Collection[str]], board: Board) -> dict[str, Any]:
    """Shares of valid, distinct and novel problems, likeness to the real ones, and use of holds.

    Args:
        hold_sets: what is measured.
        real: the real problems that they are held against.
        board: of both.

    Returns:
        plain JSON types: `nearest` are quantiles of the Jaccard similarity to the nearest real problem and `usage`
        is the Jensen-Shannon divergence of how often each hold is used, in bits (0 the same, 1 nothing shared).
    """
    known = {key_of(board.name, labels) for labels in real}
    keys = [key_of(board.name, labels) for labels in hold_sets]
    ours, theirs = presence(hold_sets, board), presence(real, board)
    similarity = nearest(ours, theirs)[0]
    return {
        "problems": len(hold_sets),
        "valid": float(np.mean([reads_valid(labels, board) for labels in hold_sets])),
        "distinct": len(set(keys)) / len(keys),
        "novel": float(np.mean([key not in known for key in keys])),
        "nearest": {f"{q}%": float(np.percentile(similarity, q)) for q in (50, 90, 99)},
        "usage": usage_divergence(ours, theirs),
        "holds": float(ours.sum(axis=1).mean()),
    }


def usage_divergence(some: NDArray[np.float32], others: NDArray[np.float32]) -> float:
    """Jensen-Shannon divergence in bits (Lin 1991) of how often each hold is used; presence [sets, holds] of both."""
    p, q = (table.sum(axis=0) / table.sum() for table in (some, others))
    middle = (p + q) / 2
    return float(sum(_kullback_leibler(part, middle) for part in (p, q)) / 2)


def _kullback_leibler(p: NDArray[np.float32], q: NDArray[np.float32]) -> float:
    used = p > 0
    return float(np.sum(p[used] * np.log2(p[used] / q[used])))
