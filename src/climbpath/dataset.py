"""Sets of problems: merge, filter, split."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from climbpath.grades import rank
from climbpath.problem import Problem

SPLITS = ("train", "validation", "test")
VALIDATION_SHARE, TEST_SHARE = 0.05, 0.10


class Merged(NamedTuple):
    """Problems of distinct identity, how many records were folded into them, and the grade conflicts."""

    problems: list[Problem]
    merged: int
    conflicts: list[str]


def merge(records: Iterable[Problem]) -> Merged:
    """Fold records of one identity into one problem, in order of first sight.

    The richer record wins field by field: ids of all are kept, what one lacks is taken from another, and of
    two grades the better attested stays (benchmark before others, then more repeats, then the first seen).
    """
    groups: defaultdict[tuple[object, ...], list[Problem]] = defaultdict(list)
    for record in records:
        groups[record.identity].append(record)
    conflicts = []
    problems = []
    for group in groups.values():
        best, *others = sorted(group, key=lambda p: (p.benchmark, -1 if p.repeats is None else p.repeats), reverse=True)
        if any(other.grade != best.grade for other in others):
            seen = ", ".join(f"{p.grade} ({', '.join(p.ids) or 'no id'})" for p in [best, *others])
            conflicts.append(f"{best.notation}: {seen}; kept {best.grade}")
        problems.append(
            replace(
                best,
                ids=tuple(dict.fromkeys(i for p in group for i in p.ids)),
                name=next((p.name for p in [best, *others] if p.name), None),
                user_grade=next((p.user_grade for p in [best, *others] if p.user_grade), None),
            )
        )
    return Merged(problems, sum(map(len, groups.values())) - len(problems), conflicts)


def split(problems: Sequence[Problem]) -> dict[str, list[Problem]]:
    """Train, validation and test problems, 85/5/10, by key, stratified by board and grade, deterministic.

    Problems of one key (the same holds at another angle or with other roles) always fall into one split, in the
    stratum of their hardest grade. Within a stratum the keys, which are hashes, are their own random order.
    """
    by_key: defaultdict[int, list[Problem]] = defaultdict(list)
    for problem in problems:
        by_key[problem.key].append(problem)
    strata: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    for key, group in by_key.items():
        strata[group[0].board, max(rank(p.grade) if p.grade else -1 for p in group)].append(key)
    part_of: dict[int, str] = {}
    for keys in strata.values():
        keys.sort()
        test = round(TEST_SHARE * len(keys))
        validation = round((TEST_SHARE + VALIDATION_SHARE) * len(keys))
        for i, key in enumerate(keys):
            part_of[key] = "test" if i < test else "validation" if i < validation else "train"
    parts: dict[str, list[Problem]] = {name: [] for name in SPLITS}
    for problem in problems:
        parts[part_of[problem.key]].append(problem)
    return parts
