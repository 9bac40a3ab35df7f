"""Merging what was read from several files into distinct problems, with an account of every record."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Any, NamedTuple

from climbpath.data.importers import Failure, Item, LeftOut, Rejection, Tallied
from climbpath.grades import rank
from climbpath.problem import Problem


class Merged(NamedTuple):
    """Problems of distinct identity, how many records were folded into them, and the grade conflicts in words."""

    problems: list[Problem]
    merged: int
    conflicts: list[str]


class Tally(NamedTuple):
    """What became of the records of one file: read = kept + merged + rejected + left_out."""

    file: str
    read: int
    kept: int
    merged: int
    rejected: int
    left_out: int


class Gathered(NamedTuple):
    """The problems of several files, and an account of every record."""

    problems: list[Problem]
    tallies: list[Tally]
    rejections: list[Rejection]
    """The first MOST_LISTED of them."""
    reasons: Counter[str]
    """How many records were rejected for each reason."""
    left_out: Counter[str]
    """How many records were left out for each reason."""
    failures: list[Failure]
    """The files that cannot be read."""
    conflicts: list[str]


MOST_LISTED = 1000
"""Rejections that are listed one by one."""
Groups = dict[tuple[object, ...], Problem | list[Problem]]


def gather(sources: Iterable[tuple[str, Iterable[Item]]]) -> Gathered:
    """Merge what was read from several files, each given with its name.

    A record counts as kept where its identity is first seen and as merged from then on.
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
    problems, _, conflicts = _folded(groups)
    return Gathered(problems, tallies, rejections, reasons, left_out, failures, conflicts)


def report(gathered: Gathered, notes: Counter[str] | None = None) -> dict[str, Any]:
    """What `climbpath data import` reports, in plain JSON types: files, problems by board and angle, rejections
    by reason and the first of them, what was left out, files that cannot be read, notes and grade conflicts."""
    places = Counter((problem.board, problem.angle) for problem in gathered.problems)
    return {
        "files": [tally._asdict() for tally in gathered.tallies],
        "failures": [asdict(failure) for failure in gathered.failures],
        "problems": [{"board": board, "angle": angle, "problems": n} for (board, angle), n in sorted(places.items())],
        "reasons": dict(gathered.reasons.most_common()),
        "rejections": [asdict(rejection) for rejection in gathered.rejections],
        "left_out": dict(gathered.left_out.most_common()),
        "notes": dict((notes or Counter()).most_common()),
        "conflicts": gathered.conflicts,
    }


def merge(records: Iterable[Problem]) -> Merged:
    """Fold records of one identity into one problem, in order of first sight.

    The richer record wins field by field: ids of all are kept, what one lacks is taken from another, and of
    two grades the better attested stays (benchmark before others, then more repeats, then the easier grade).
    """
    groups: Groups = {}
    for record in records:
        _add(groups, record)
    return _folded(groups)


def _add(groups: Groups, record: Problem) -> bool:
    """Put a record to those of its identity; whether it is the first."""
    identity, before = record.identity, len(groups)
    there = groups.setdefault(identity, record)
    if len(groups) > before:
        return True
    if isinstance(there, list):
        there.append(record)
    else:
        groups[identity] = [there, record]
    return False


def _folded(groups: Groups) -> Merged:
    conflicts: list[str] = []
    merged = 0
    problems = []
    for group in groups.values():
        if isinstance(group, Problem):
            problems.append(group)
        else:
            problems.append(_fold(group, conflicts))
            merged += len(group) - 1
    return Merged(problems, merged, conflicts)


def _fold(group: list[Problem], conflicts: list[str]) -> Problem:
    """The one problem of all its records, in the order of the files."""
    best, *_ = ranked = sorted(group, key=_attestation)
    kept = replace(
        best,
        ids=tuple(dict.fromkeys(i for p in group for i in p.ids)),
        grade=next((p.grade for p in ranked if p.grade), None),
        name=next((p.name for p in ranked if p.name), None),
        repeats=next((p.repeats for p in ranked if p.repeats is not None), None),
        user_grade=next((p.user_grade for p in ranked if p.user_grade), None),
    )
    graded = [p for p in ranked if p.grade and not p.partial]
    if len({p.grade for p in graded}) > 1:
        seen = ", ".join(f"{p.grade} ({', '.join(p.ids) or 'no id'})" for p in graded)
        conflicts.append(f"{kept.board} {kept.angle}° {kept.notation}: {seen}; kept {kept.grade}")
    return kept


def _attestation(problem: Problem) -> tuple[bool, bool, int, int]:
    """Sorts the best attested record first."""
    repeats = -1 if problem.repeats is None else problem.repeats
    return (problem.partial, not problem.benchmark, -repeats, _hardness(problem))


def _hardness(problem: Problem) -> int:
    """The rank of the grade, -1 for none."""
    return rank(problem.grade) if problem.grade else -1
