"""Merging what was read from several files into distinct problems, with an account of every record."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Any, NamedTuple

from climbpath.data.importers import Rejection
from climbpath.grades import rank
from climbpath.problem import Problem


class Merged(NamedTuple):
    """Problems of distinct identity, how many records were folded into them, and the grade conflicts in words."""

    problems: list[Problem]
    merged: int
    conflicts: list[str]


class Tally(NamedTuple):
    """What became of the records of one file: read = kept + merged + rejected."""

    file: str
    read: int
    kept: int
    merged: int
    rejected: int


class Gathered(NamedTuple):
    """The problems of several files, and an account of every record."""

    problems: list[Problem]
    tallies: list[Tally]
    rejections: list[Rejection]
    conflicts: list[str]


def gather(sources: Iterable[tuple[str, Iterable[Problem | Rejection]]]) -> Gathered:
    """Merge what was read from several files, each given with its name.

    A record counts as kept where its identity is first seen and as merged from then on.
    """
    records: list[Problem] = []
    rejections: list[Rejection] = []
    tallies: list[Tally] = []
    seen: set[tuple[object, ...]] = set()
    for file, items in sources:
        counts: Counter[str] = Counter()
        for item in items:
            counts["read"] += 1
            if isinstance(item, Rejection):
                counts["rejected"] += 1
                rejections.append(item)
                continue
            counts["merged" if item.identity in seen else "kept"] += 1
            seen.add(item.identity)
            records.append(item)
        tallies.append(Tally(file, counts["read"], counts["kept"], counts["merged"], counts["rejected"]))
    problems, _, conflicts = merge(records)
    return Gathered(problems, tallies, rejections, conflicts)


def report(gathered: Gathered) -> dict[str, Any]:
    """What `climbpath data import` reports, in plain JSON types: files, problems by board and angle, rejections
    and grade conflicts."""
    places = Counter((problem.board, problem.angle) for problem in gathered.problems)
    return {
        "files": [tally._asdict() for tally in gathered.tallies],
        "problems": [{"board": board, "angle": angle, "problems": n} for (board, angle), n in sorted(places.items())],
        "rejections": [asdict(rejection) for rejection in gathered.rejections],
        "conflicts": gathered.conflicts,
    }


def merge(records: Iterable[Problem]) -> Merged:
    """Fold records of one identity into one problem, in order of first sight.

    The richer record wins field by field: ids of all are kept, what one lacks is taken from another, and of
    two grades the better attested stays (benchmark before others, then more repeats, then the easier grade).
    """
    groups: defaultdict[tuple[object, ...], list[Problem]] = defaultdict(list)
    for record in records:
        groups[record.identity].append(record)
    conflicts = []
    problems = []
    for group in groups.values():
        best, *others = ranked = sorted(group, key=_attestation)
        if not others:
            problems.append(best)
            continue
        kept = replace(
            best,
            ids=tuple(dict.fromkeys(i for p in group for i in p.ids)),
            grade=next((p.grade for p in ranked if p.grade), None),
            name=next((p.name for p in ranked if p.name), None),
            repeats=next((p.repeats for p in ranked if p.repeats is not None), None),
            user_grade=next((p.user_grade for p in ranked if p.user_grade), None),
        )
        problems.append(kept)
        graded = [p for p in ranked if p.grade and not p.partial]
        if len({p.grade for p in graded}) > 1:
            seen = ", ".join(f"{p.grade} ({', '.join(p.ids) or 'no id'})" for p in graded)
            conflicts.append(f"{kept.board} {kept.angle}° {kept.notation}: {seen}; kept {kept.grade}")
    return Merged(problems, sum(map(len, groups.values())) - len(problems), conflicts)


def _attestation(problem: Problem) -> tuple[bool, bool, int, int]:
    """Sorts the best attested record first."""
    repeats = -1 if problem.repeats is None else problem.repeats
    return (problem.partial, not problem.benchmark, -repeats, _hardness(problem))


def _hardness(problem: Problem) -> int:
    """The rank of the grade, -1 for none."""
    return rank(problem.grade) if problem.grade else -1
