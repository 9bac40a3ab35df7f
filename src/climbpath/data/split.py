"""The split into train, validation and test problems, by key."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from climbpath import board as boards
from climbpath.data.merge import _hardness
from climbpath.errors import ClimbpathError
from climbpath.features import presence, subset_of_any
from climbpath.problem import Problem

SPLITS = ("train", "validation", "test")
VALIDATION_SHARE, TEST_SHARE = 0.05, 0.10


def split(problems: Sequence[Problem]) -> dict[str, list[Problem]]:
    """Train, validation and test problems, 85/5/10, by key, stratified by board and grade, deterministic.

    Problems of one key (the same holds at another angle or with other roles) always fall into one split, in the
    stratum of their hardest grade. Within a stratum the keys, which are hashes, are their own random order.
    Partial problems are for training, but each that may be of a validation or test problem goes where that is.
    """
    keys = [problem.key for problem in problems]
    by_key: defaultdict[int, list[Problem]] = defaultdict(list)
    for key, problem in zip(keys, problems, strict=True):
        if not problem.partial:
            by_key[key].append(problem)
    strata: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    for key, group in by_key.items():
        strata[group[0].board, max(map(_hardness, group))].append(key)
    part_of: dict[int, str] = {}
    for stratum in strata.values():
        stratum.sort()
        test = round(TEST_SHARE * len(stratum))
        validation = round((TEST_SHARE + VALIDATION_SHARE) * len(stratum))
        for i, key in enumerate(stratum):
            part_of[key] = "test" if i < test else "validation" if i < validation else "train"
    parts: dict[str, list[Problem]] = {name: [] for name in SPLITS}
    for key, problem in zip(keys, problems, strict=True):
        if not problem.partial:
            parts[part_of[key]].append(problem)
    partial = [problem for problem in problems if problem.partial]
    for problem, name in zip(partial, _parts_of_partial(partial, parts), strict=True):
        parts[name].append(problem)
    return parts


def check_split(parts: Mapping[str, Iterable[Problem]]) -> None:
    """Raises ClimbpathError where problems of one key stand in two parts, which would leak from one to the other."""
    part_of: dict[int, str] = {}
    for name, problems in parts.items():
        for problem in problems:
            if part_of.setdefault(problem.key, name) != name:
                raise ClimbpathError(
                    f"{problem.notation} on {problem.board} stands in {part_of[problem.key]} and in {name}: split the "
                    "whole data anew with climbpath data split"
                )


def _parts_of_partial(partial: Sequence[Problem], parts: Mapping[str, Sequence[Problem]]) -> list[str]:
    """The part of the split that each partial problem belongs to.

    That of a whole one with its number, else of a held-out one on its board that has all its holds, else train.
    """
    by_number = {(p.board, number): name for name in SPLITS for p in parts[name] for number in numbers(p)}
    found: list[str | None] = [
        max((by_number[p.board, n] for n in numbers(p) if (p.board, n) in by_number), key=SPLITS.index, default=None)
        for p in partial
    ]
    for board in {problem.board for problem in partial}:
        layout = boards.load(board)
        mine = [i for i, problem in enumerate(partial) if problem.board == board and found[i] is None]
        holds = presence([partial[i].holds for i in mine], layout)
        for name in SPLITS[1:]:
            whole = presence([p.holds for p in parts[name] if p.board == board], layout)
            for i, inside in zip(mine, subset_of_any(holds, whole), strict=True):
                found[i] = found[i] or (name if inside else None)
    return [name or SPLITS[0] for name in found]


def numbers(problem: Problem) -> set[str]:
    """A problem's ids without their sources: what names it alike in the scrape, the guide's CSV and sequences."""
    return {number for name in problem.ids if (number := name.partition(":")[2])}
