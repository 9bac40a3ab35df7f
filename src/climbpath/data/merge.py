"""Merging the problems read from several files into distinct ones, and accounting for every record."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from climbpath.angles import show_angle
from climbpath.board import order_of
from climbpath.data import parquet
from climbpath.data.importers import Failure, Item, LeftOut, Rejection, Tallied
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
    """What became of the records of one file: read = kept + merged + rejected + left_out."""

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
    left_out: int
    """Records that are not asked for: withdrawn, drafts, ungraded, with too few ascents."""


class Gathered(NamedTuple):
    """The problems of several files, and what became of every record."""

    problems: list[Problem]
    """Distinct ones, of all files."""
    tallies: list[Tally]
    """One for each file."""
    rejections: list[Rejection]
    """The first MOST_LISTED of all files."""
    reasons: Counter[str]
    """How many records were rejected for each reason."""
    left_out: Counter[str]
    """How many records were left out for each reason."""
    failures: list[Failure]
    """The files that cannot be read."""
    conflicts: list[str]
    """A line for each problem whose records disagree about the grade."""


MOST_LISTED = 1000
"""Rejections that are listed one by one."""
MOST_TOGETHER = 100
"""Records of one problem in memory, before those that decide nothing are let go."""
MOST_IDS = 1000
"""Ids of one problem that are kept."""
Groups = dict[tuple[object, ...], Problem | list[Problem]]


def gather(sources: Iterable[tuple[str, Iterable[Item]]]) -> Gathered:
    """Merge the records of several files, each given with its name.

    The first record of an identity counts as kept, all later ones as merged.
    """
    groups: Groups = {}
    rejections: list[Rejection] = []
    reasons, left_out = Tallied(), Tallied()
    failures: list[Failure] = []
    tallies: list[Tally] = []
    for file, items in sources:
        kept = merged = rejected = omitted = failed = 0
        for item in items:
            if isinstance(item, Problem):
                if _add(groups, item):
                    kept += 1
                else:
                    merged += 1
            elif isinstance(item, Rejection):
                rejected += 1
                reasons.note(item.reason)
                if len(rejections) < MOST_LISTED:
                    rejections.append(item)
            elif isinstance(item, LeftOut):
                omitted += 1
                left_out.note(item.reason)
            else:
                failed += 1
                failures.append(item)
        read = kept + merged + rejected + omitted
        if read or not failed:
            tallies.append(Tally(file, read, kept, merged, rejected, omitted))
    problems, conflicts = _folded(groups)
    return Gathered(problems, tallies, rejections, reasons, left_out, failures, conflicts)


def report(gathered: Gathered, notes: Counter[str] | None = None) -> dict[str, Any]:
    """The report of `climbpath data import` in plain JSON types: files, files that cannot be read, problems by board
    and angle, rejections by reason and the first of them, records left out, notes and grade conflicts."""
    setups = Counter(problem.setup for problem in gathered.problems)
    in_order = sorted(setups.items(), key=lambda pair: order_of(pair[0]))
    return {
        "files": [tally._asdict() for tally in gathered.tallies],
        "failures": [asdict(failure) for failure in gathered.failures],
        "problems": [{"board": board, "angle": angle, "problems": n} for (board, angle), n in in_order],
        "reasons": dict(gathered.reasons.most_common()),
        "rejections": [asdict(rejection) for rejection in gathered.rejections],
        "left_out": dict(gathered.left_out.most_common()),
        "notes": dict((notes or Counter()).most_common()),
        "conflicts": gathered.conflicts,
    }


def merge(records: Iterable[Problem]) -> Merged:
    """Merge the records of each identity into one problem, in the order in which identities are first seen.

    The best-supported record wins: whole before partial, then benchmarks, then more repeats, then the easier grade. A
    field that it lacks is taken from the next best record that has it, and the ids of all records are kept.
    """
    groups: Groups = {}
    merged = sum(not _add(groups, record) for record in records)
    problems, conflicts = _folded(groups)
    return Merged(problems, merged, conflicts)


def distinct(files: Sequence[Path]) -> Merged:
    """The problems of Parquet files; those that several files have are merged. Raises ClimbpathError as `read` does."""
    every = [problem for path in files for problem in parquet.load(path)]
    return merge(every) if len(files) > 1 else Merged(every, 0, [])


def _add(groups: Groups, record: Problem) -> bool:
    """Put a record to those of its identity; whether it is the first."""
    identity, before = record.identity, len(groups)
    there = groups.setdefault(identity, record)
    if len(groups) > before:
        return True
    if isinstance(there, list):
        there.append(record)
        if len(there) > MOST_TOGETHER:
            groups[identity] = _thinned(there)
    else:
        groups[identity] = [there, record]
    return False


def _thinned(group: list[Problem]) -> list[Problem]:
    """The records of one problem that decide what it is merged into, in their order; the ids of the others go to the
    one with the same grade. Of ids, the first MOST_IDS are kept.
    """
    ranked = sorted(group, key=_attestation)
    deciding = [ranked[0]]
    for has in (lambda p: p.grade, lambda p: p.name, lambda p: p.repeats is not None, lambda p: p.user_grade):
        deciding += [p for p in ranked if has(p)][:1]
    by_grade = {(p.grade, p.partial): p for p in reversed(ranked)}
    kept = {id(p) for p in (*deciding, *by_grade.values())}
    ids = dict.fromkeys(i for p in group for i in p.ids)
    room = set(islice(ids, MOST_IDS))
    thinned = []
    for problem in group:
        if id(problem) in kept:
            own = [p for p in group if (p.grade, p.partial) == (problem.grade, problem.partial)]
            first = by_grade[problem.grade, problem.partial] is problem
            more = dict.fromkeys(i for p in (own if first else [problem]) for i in p.ids if i in room)
            thinned.append(replace(problem, ids=tuple(more)))
    return thinned


def _folded(groups: Groups) -> tuple[list[Problem], list[str]]:
    """The problem of each identity, and a line for each whose records disagree about the grade."""
    conflicts: list[str] = []
    problems = [one if isinstance(one, Problem) else _fold(one, conflicts) for one in groups.values()]
    return problems, conflicts


def _fold(group: list[Problem], conflicts: list[str]) -> Problem:
    """The one problem of all its records, in the order of the files."""
    best, *_ = ranked = sorted(group, key=_attestation)
    # a field that the best record lacks comes from the next best
    kept = replace(
        best,
        ids=tuple(dict.fromkeys(i for p in group for i in p.ids)),
        grade=next((p.grade for p in ranked if p.grade), None),
        name=next((p.name for p in ranked if p.name), None),
        repeats=next((p.repeats for p in ranked if p.repeats is not None), None),
        user_grade=next((p.user_grade for p in ranked if p.user_grade), None),
    )
    # of partial records only the V grade is known, so that another Font grade is no conflict
    graded = [p for p in ranked if p.grade and not p.partial]
    if len({p.grade for p in graded}) > 1:
        seen = ", ".join(f"{p.grade} ({', '.join(p.ids) or 'no id'})" for p in graded)
        conflicts.append(f"{kept.board} {show_angle(kept.angle)} {kept.notation}: {seen}; kept {kept.grade}")
    return kept


def _attestation(problem: Problem) -> tuple[bool, bool, int, int]:
    """A key that sorts the best attested record first."""
    repeats = -1 if problem.repeats is None else problem.repeats
    return (problem.partial, not problem.benchmark, -repeats, hardness(problem))


def hardness(problem: Problem) -> int:
    """The rank of the grade, -1 for none."""
    return rank(problem.grade) if problem.grade else -1
