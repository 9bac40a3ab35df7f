"""The split into train, validation and test problems, by key."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from climbpath import board as boards
from climbpath.data.merge import hardness
from climbpath.errors import ClimbpathError
from climbpath.features import presence, subset_of_any
from climbpath.problem import Problem

SPLITS = ("train", "validation", "test")
VALIDATION_SHARE, TEST_SHARE = 0.05, 0.10


def split(problems: Sequence[Problem]) -> dict[str, list[Problem]]:
    """Train, validation and test problems, 85/5/10, by key, stratified by board and grade, deterministic.

    All problems of a key (the same holds at another angle or with other roles) fall into the same part, in the stratum
    of their hardest grade. Within a stratum they are ordered by key; keys are hashes, so the order is random.
    Partial problems go to the train part, except those that may belong to a validation or test problem: they go with
    it.
    """
    # whole problems by key, and keys by board and hardest grade
    keys = [problem.key for problem in problems]
    by_key: defaultdict[int, list[Problem]] = defaultdict(list)
    for key, problem in zip(keys, problems, strict=True):
        if not problem.partial:
            by_key[key].append(problem)
    strata: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    for key, group in by_key.items():
        strata[group[0].board, max(map(hardness, group))].append(key)
    # of each stratum the first tenth is test, the next twentieth validation, the rest train
    part_of: dict[int, str] = {}
    for stratum in strata.values():
        stratum.sort()
        test = round(TEST_SHARE * len(stratum))
        validation = round((TEST_SHARE + VALIDATION_SHARE) * len(stratum))
        for i, key in enumerate(stratum):
            part_of[key] = "test" if i < test else "validation" if i < validation else "train"
    # problems keep their order within a part
    parts: dict[str, list[Problem]] = {name: [] for name in SPLITS}
    for key, problem in zip(keys, problems, strict=True):
        if not problem.partial:
            parts[part_of[key]].append(problem)
    # partial problems follow, each where no held-out problem leaks
    partial = [problem for problem in problems if problem.partial]
    for problem, name in zip(partial, _parts_of_partial(partial, parts), strict=True):
        parts[name].append(problem)
    return parts


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
