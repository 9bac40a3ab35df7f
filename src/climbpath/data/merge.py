"""Merging the problems read from several files into distinct ones, and accounting for every record."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Any, NamedTuple

from climbpath.data.importers import Rejection
from climbpath.grades import rank
from climbpath.problem import Problem


class Merged(NamedTuple):
    """Records merged into distinct problems."""

    problems: list[Problem]
    """No two of the same identity, in the order in which they were first seen."""
    merged: int
    """How many records were merged into another."""
    conflicts: list[str]
    """A line for each problem whose records disagree about the grade."""


class Tally(NamedTuple):
    """What became of the records of one file: read = kept + merged + rejected."""

    file: str
    """Its path."""
    read: int
    """Records read."""
    kept: int
    """Records whose identity was new."""
    merged: int
    """Records of a problem seen before, in this file or another."""
    rejected: int
    """Records that cannot be used."""


class Gathered(NamedTuple):
    """The problems of several files, and what became of every record."""

    problems: list[Problem]
    """Distinct ones, of all files."""
    tallies: list[Tally]
    """One for each file."""
    rejections: list[Rejection]
    """Of all files."""
    conflicts: list[str]
    """A line for each problem whose records disagree about the grade."""


def gather(sources: Iterable[tuple[str, Iterable[Problem | Rejection]]]) -> Gathered:
    """Merge the records of several files, each given with its name.

    The first record of an identity counts as kept, all later ones as merged.
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
    """The report of `climbpath data import` in plain JSON types: files, problems by board and angle, rejections and
    grade conflicts."""
    setups = Counter(problem.setup for problem in gathered.problems)
    return {
        "files": [tally._asdict() for tally in gathered.tallies],
        "problems": [{"board": board, "angle": angle, "problems": n} for (board, angle), n in sorted(setups.items())],
        "rejections": [asdict(rejection) for rejection in gathered.rejections],
        "conflicts": gathered.conflicts,
    }


def merge(records: Iterable[Problem]) -> Merged:
    """Merge the records of each identity into one problem, in the order in which identities are first seen.

    The best-supported record wins: whole before partial, then benchmarks, then more repeats, then the easier grade. A
    field that it lacks is taken from the next best record that has it, and the ids of all records are kept.
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
        # a field that the best record lacks comes from the next best
        kept = replace(
            best,
            ids=tuple(dict.fromkeys(i for p in group for i in p.ids)),
            grade=next((p.grade for p in ranked if p.grade), None),
            name=next((p.name for p in ranked if p.name), None),
            repeats=next((p.repeats for p in ranked if p.repeats is not None), None),
            user_grade=next((p.user_grade for p in ranked if p.user_grade), None),
        )
        problems.append(kept)
        # of partial records only the V grade is known, so that another Font grade is no conflict
        graded = [p for p in ranked if p.grade and not p.partial]
        if len({p.grade for p in graded}) > 1:
            seen = ", ".join(f"{p.grade} ({', '.join(p.ids) or 'no id'})" for p in graded)
            conflicts.append(f"{kept.board} {kept.angle}° {kept.notation}: {seen}; kept {kept.grade}")
    return Merged(problems, sum(map(len, groups.values())) - len(problems), conflicts)


def _attestation(problem: Problem) -> tuple[bool, bool, int, int]:
    """A key that sorts the best attested record first."""
    repeats = -1 if problem.repeats is None else problem.repeats
    return (problem.partial, not problem.benchmark, -repeats, hardness(problem))


def hardness(problem: Problem) -> int:
    """The rank of the grade, -1 for none."""
    return rank(problem.grade) if problem.grade else -1
