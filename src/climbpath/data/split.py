"""The split into train, validation and test problems, by key."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from climbpath import board as boards
from climbpath.data.merge import hardness
from climbpath.errors import ClimbpathError
from climbpath.features import presence, subset_of_any
from climbpath.problem import Problem

Ints = NDArray[np.int64]

SPLITS = ("train", "validation", "test")
VALIDATION_SHARE, TEST_SHARE = 0.05, 0.10


def split(problems: Sequence[Problem]) -> dict[str, list[Problem]]:
    """Train, validation and test problems, 85/5/10, by key, stratified by board and grade, deterministic.

    All problems of a key (the same holds at another angle or with other roles) fall into the same part, in the stratum
    of their hardest grade. Within a stratum they are ordered by key; keys are hashes, so the order is random.
    Partial problems go to the train part, except those that may belong to a validation or test problem: they go with
    it.
    """
    whole = [problem for problem in problems if not problem.partial]
    keys = np.array([problem.key for problem in whole], np.uint64)
    names = list(dict.fromkeys(problem.board for problem in whole))
    board_of = np.array([names.index(problem.board) for problem in whole], np.int64)
    found = parts_of_keys(keys, board_of, np.array([hardness(problem) for problem in whole], np.int64))
    # problems keep their order within a part
    parts: dict[str, list[Problem]] = {name: [] for name in SPLITS}
    for part, problem in zip(found.tolist(), whole, strict=True):
        parts[SPLITS[part]].append(problem)
    # partial problems follow, each where no held-out problem leaks
    partial = [problem for problem in problems if problem.partial]
    for problem, name in zip(partial, _parts_of_partial(partial, parts), strict=True):
        parts[name].append(problem)
    return parts


def parts_of_keys(keys: NDArray[np.uint64], board_of: Ints, hardness_of: Ints) -> Ints:
    """The part of each whole problem, as its number in SPLITS: [problems], of arrays [problems]."""
    found, first, key_of = np.unique(keys, return_index=True, return_inverse=True)
    # the stratum of every key, [keys]: its board, and the hardest grade of its problems
    hardest = np.full(len(found), np.iinfo(np.int16).min, np.int64)
    np.maximum.at(hardest, key_of, hardness_of)
    numbers = board_of[first] * 2**16 + hardest
    _, stratum, sizes = np.unique(numbers, return_inverse=True, return_counts=True)
    # of each stratum, by key, the first tenth is test, the next twentieth validation, the rest train
    order = np.argsort(stratum, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    test, validation = (np.rint(share * sizes)[stratum] for share in (TEST_SHARE, TEST_SHARE + VALIDATION_SHARE))
    parts = np.select([place < test, place < validation], [SPLITS.index("test"), SPLITS.index("validation")])
    return np.asarray(parts[key_of])


def check_split(parts: Mapping[str, Iterable[Problem]]) -> None:
    """Raises ClimbpathError where problems of one key are in two parts, which would leak from one to the other."""
    part_of: dict[int, str] = {}
    for name, problems in parts.items():
        for problem in problems:
            if part_of.setdefault(problem.key, name) != name:
                raise ClimbpathError(
                    f"{problem.notation} on {problem.board} is in {part_of[problem.key]} and in {name}: split the "
                    "whole data again with climbpath data split"
                )


def _parts_of_partial(partial: Sequence[Problem], parts: Mapping[str, Sequence[Problem]]) -> list[str]:
    """The part of the split that each partial problem belongs to.

    That of a whole problem with the same number, else of a held-out problem on the board that has all its holds, else
    train.
    """
    # by number; of problems of several numbers the most held-out part counts
    by_number = {(p.board, number): name for name in SPLITS for p in parts[name] for number in source_numbers(p)}
    found: list[str | None] = [
        max(
            (by_number[p.board, n] for n in source_numbers(p) if (p.board, n) in by_number),
            key=SPLITS.index,
            default=None,
        )
        for p in partial
    ]
    # by holds, for those without the number of a whole problem
    for board in {problem.board for problem in partial}:
        layout = boards.load(board)
        mine = [i for i, problem in enumerate(partial) if problem.board == board and found[i] is None]
        holds = presence([partial[i].holds for i in mine], layout)
        for name in SPLITS[1:]:
            whole = presence([p.holds for p in parts[name] if p.board == board], layout)
            for i, inside in zip(mine, subset_of_any(holds, whole), strict=True):
                found[i] = found[i] or (name if inside else None)
    return [name or SPLITS[0] for name in found]


def source_numbers(problem: Problem) -> set[str]:
    """A problem's ids without their sources: the scrape, the guide's CSV and hand sequences share these numbers."""
    return {number for name in problem.ids if (number := name.partition(":")[2])}
