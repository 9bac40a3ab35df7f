"""Lists of problems from elsewhere, of which only the holds count: no roles, no grades."""

import itertools
import json
import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from climbpath.board import COLUMNS, Board
from climbpath.data.importers import Failure, LeftOut, Rejection, read
from climbpath.data.importers.pieces import pieces
from climbpath.errors import ClimbpathError
from climbpath.problem import Problem

Holds = frozenset[str]
"""The labels of a problem's holds, whatever their roles."""

_CELL = re.compile(r'"(?:[^"]|"")*"|[^,;\t"]+')
"""A cell of a line of CSV: what is in quotes, or what is between delimiters."""
_BETWEEN = re.compile(r"""[\s,;|"'()\[\]]+""")
"""What stands between the words of a cell."""


class HoldLists(NamedTuple):
    """The problems of one file, as sets of holds."""

    name: str
    """What reports call the list."""
    problems: list[Holds]
    """The holds of each problem: two or more, all of them on the board."""
    left_out: Counter[str]
    """Reason -> how many problems were left out for it."""


def read_hold_lists(path: Path, board: Board) -> HoldLists:
    """Sets of holds from a file: any format of problems, JSON [[hold, …], …], or CSV or text with one problem to a
    line, whose holds are all of the line's or, where one of its cells is a list, that cell's.

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
    items = list(read(path))
    failures = [item.reason for item in items if isinstance(item, Failure)]
    if failures and len(failures) == len(items):  # of no format that climbpath imports
        return _plain_lists(path, board, left_out, failures)
    left_out.update(failures)
    left_out.update(f"rejected: {item.reason}" for item in items if isinstance(item, Rejection))
    left_out.update(item.reason for item in items if isinstance(item, LeftOut))
    problems = [item for item in items if isinstance(item, Problem)]
    left_out.update(f"on {p.board}" for p in problems if p.board != board.name)
    return [list(p.holds) for p in problems if p.board == board.name]


def _plain_lists(path: Path, board: Board, left_out: Counter[str], failures: list[str]) -> list[list[str]]:
    """The labels of each problem of JSON, CSV or text without roles.

    Raises ClimbpathError where it is none of these, with the first of `failures`, which is what it is to importers; and
    where holds are numbers in several cells of a line, and there are other columns, whose numbers look like holds.
    """
    try:
        text = b"".join(pieces(path)).decode("utf-8")
    except UnicodeDecodeError:
        raise ClimbpathError(
            f"{path}: it is not UTF-8 text ({failures[0]}): write JSON [[hold, …], …] or CSV"
        ) from None
    except ClimbpathError as error:
        raise ClimbpathError(f"{path}: {error}") from None
    if text.lstrip().startswith("["):
        return _json_lists(path, text)
    label = re.compile(rf"[{COLUMNS}]\d{{1,2}}" if board.has_grid else r"\d{1,7}")
    found = []
    spread = other = None  # the first line with a problem in several cells, and with a cell that is no hold
    for number, line in enumerate(text.upper().splitlines(), 1):
        texts = [cell[0] for cell in _CELL.finditer(line) if cell[0].strip()]
        cells = [[word for word in _BETWEEN.split(one) if label.fullmatch(word)] for one in texts]
        lists = [cell for cell in cells if len(cell) > 1]
        if len(lists) > 1:
            left_out["with several lists of holds in one line"] += 1
        else:
            found.append(lists[0] if lists else list(itertools.chain(*cells)))
        if not lists and len(found[-1]) > 1:
            spread = spread or number
        if not all(cells):
            other = other or number
    if spread and other and not board.has_grid:
        raise ClimbpathError(
            f"{path}, line {spread}: which of its numbers are holds? Line {other} tells of other columns: write the "
            f'holds of a problem in one cell, as in 17,"{" ".join(board.labels[:3])}", or nothing but holds'
        )
    # lines without holds are headers
    return [labels for labels in found if labels]


def _json_lists(path: Path, text: str) -> list[list[str]]:
    """The lists of JSON. Raises ClimbpathError where it is broken, or anything but lists of holds."""
    try:
        lists = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ClimbpathError(f"{path}: it is not valid JSON: {error}") from None
    for i, labels in enumerate(lists):
        if not isinstance(labels, list) or not all(type(label) in (str, int) for label in labels):
            raise ClimbpathError(f"{path}, record {i}: it is not a list of holds such as ['F5', 'E18'] or [1149, 1234]")
    return [[str(label).strip().upper() for label in labels] for labels in lists]
