"""What every importer yields: a problem, or a rejection that says where and why."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from climbpath.errors import ClimbpathError
from climbpath.problem import Problem, faults


@dataclass(frozen=True, slots=True)
class Rejection:
    """A record that cannot be used: the file, its place in it (record 0 is the first) and the reason."""

    file: str
    record: int
    reason: str


def clean_problem(start: Iterable[str], hands: Iterable[str], finish: Iterable[str], **fields: Any) -> Problem:
    """The problem of a raw record: a hold named again in a later list keeps its first role, start before
    finish before hand (real records repeat holds).

    Raises ClimbpathError with the reason where no sound problem is left.
    """
    start, finish = tuple(start), tuple(finish)
    taken = set(start)
    problem = Problem(
        start=start,
        finish=tuple(label for label in finish if label not in taken),
        hands=tuple(label for label in hands if label not in taken.union(finish)),
        **fields,
    )
    wrong = faults(problem)
    if wrong:
        raise ClimbpathError("; ".join(wrong))
    return problem
