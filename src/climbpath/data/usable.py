"""Which problems can be used to train and to measure models, and why the others cannot."""

from collections.abc import Collection, Iterable

from climbpath.data.split import source_numbers
from climbpath.problem import DEFAULT_METHOD, Problem

Numbers = Collection[tuple[str, str]]
"""Boards and numbers of problems, as in ('moonboard-2016', '12345')."""


def why_unusable(
    problem: Problem,
    part: str | None = None,
    whole: Numbers = (),
    needs_grade: bool = False,
    methods: Collection[str] = (DEFAULT_METHOD,),
) -> str | None:
    """Why a problem cannot be used, whatever the model, in words to count by; None where it can.

    Args:
        problem: the problem.
        part: the part of the split that a training run would use it in; None for measuring, where no partial problem
            can be used.
        whole: `whole_numbers` of the data; partial records of these problems add nothing to train on.
        needs_grade: whether problems without a grade are of no use.
        methods: the foot rules of problems that are of use.
    """
    if needs_grade and problem.grade is None:
        return "ungraded"
    if problem.method not in methods:
        return "with other foot rules than feet follow hands"
    if not problem.partial:
        return None
    if part is None:
        return "partial"
    if part != "train":
        return "partial, perhaps of held-out problems"
    if any((problem.board, number) in whole for number in source_numbers(problem)):
        return "partial, of problems that are here whole"
    return None


def whole_numbers(problems: Iterable[Problem]) -> set[tuple[str, str]]:
    """The numbers of the problems that are not partial, each with its board."""
    return {(p.board, number) for p in problems if not p.partial for number in source_numbers(p)}
