"""Filters on sets of problems, and mixes of grades."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from typing import Any, NamedTuple

from climbpath import board as boards
from climbpath.errors import ClimbpathError
from climbpath.grades import rank
from climbpath.problem import Problem


class Kept(NamedTuple):
    """The problems that pass all filters, and how many of the rest each filter left out, in the order applied."""

    problems: list[Problem]
    left_out: dict[str, int]


def keep(
    problems: Iterable[Problem],
    *,
    grades: Collection[str] = (),
    min_repeats: int = 0,
    benchmarks: bool = False,
    max_holds: int | None = None,
    hold_sets: str | None = None,
    methods: Collection[str] = (),
    board_names: Collection[str] = (),
    angles: Collection[int] = (),
    shortest: int | None = None,
) -> Kept:
    """The problems that pass every filter given, in their order.

    Args:
        problems: of any boards.
        grades: canonical Font grades (see grades.parse_grades).
        min_repeats: at least so many; a problem whose repeats are not known has none.
        benchmarks: benchmarks only.
        max_holds: at most so many holds.
        hold_sets: names as Board.parse_hold_sets takes them; every hold must be of one of these sets.
        methods: foot rules, in any case.
        board_names: names of boards.
        angles: in degrees.
        shortest: of those that pass all the others, so many with the fewest holds; of equals the first.

    Raises ClimbpathError for a board, a hold set or a method that is not among the problems.
    """
    problems = list(problems)
    present = Counter(problem.board for problem in problems)
    filters: dict[str, Callable[[Problem], bool]] = {}
    if board_names:
        wanted_boards = _among(board_names, present, "board")
        filters["board"] = lambda problem: problem.board in wanted_boards
    if angles:
        wanted_angles = _among(angles, Counter(problem.angle for problem in problems), "angle")
        filters["angle"] = lambda problem: problem.angle in wanted_angles
    if methods:
        wanted_methods = _among(methods, Counter(problem.method for problem in problems), "method")
        filters["method"] = lambda problem: problem.method in wanted_methods
    if grades:
        filters["grades"] = lambda problem: problem.grade in grades
    if min_repeats:
        filters["min-repeats"] = lambda problem: (problem.repeats or 0) >= min_repeats
    if benchmarks:
        filters["benchmarks"] = lambda problem: problem.benchmark
    if max_holds is not None:
        filters["max-holds"] = lambda problem: len(problem.holds) <= max_holds
    if hold_sets is not None:
        usable = _usable_holds(hold_sets, board_names or present)
        filters["hold-sets"] = lambda problem: usable[problem.board].issuperset(problem.holds)
    left_out = dict.fromkeys(filters, 0)
    passed = []
    for problem in problems:
        failed = next((name for name, passes in filters.items() if not passes(problem)), None)
        if failed:
            left_out[failed] += 1
        else:
            passed.append(problem)
    if shortest is not None:
        by_length = sorted(range(len(passed)), key=lambda i: len(passed[i].holds))
        left_out["shortest"] = len(by_length[shortest:])
        passed = [passed[i] for i in sorted(by_length[:shortest])]
    return Kept(passed, left_out)


def _among(wanted: Collection[str] | Collection[int], present: Counter[Any], what: str) -> set[Any]:
    """The values present that are wanted, in any case of letters. Raises ClimbpathError where one is not there."""
    by_name = {str(value).lower(): value for value in present}
    for value in wanted:
        if str(value).lower() not in by_name:
            there = ", ".join(f"{name} ({count:,})" for name, count in present.most_common())
            raise ClimbpathError(f"no problem has the {what} {value!r}: there are {there or 'no problems at all'}")
    return {by_name[str(value).lower()] for value in wanted}


def _usable_holds(hold_sets: str, board_names: Iterable[str]) -> dict[str, frozenset[str]]:
    """The labels of these hold sets on each board. Raises ClimbpathError for a set that none of the boards has."""
    layouts = [boards.load(name) for name in sorted(board_names)]
    wanted = {boards.short_hold_set(part) for part in hold_sets.split(",")}
    known = dict.fromkeys(name for layout in layouts for name in layout.hold_sets)
    for part in sorted(wanted.difference(name.lower() for name in known)):
        titles = ", ".join(layout.title for layout in layouts)
        raise ClimbpathError(f"{titles} has no hold set {part!r}: it has {', '.join(known)}")
    return {
        layout.name: frozenset(hold.label for hold in layout.holds if hold.hold_set.lower() in wanted)
        for layout in layouts
    }


def scaled(mix: Counter[str], total: int) -> Counter[str]:
    """So many grades in all, in the proportions of a mix, by largest remainders."""
    exact = {grade: count * total / mix.total() for grade, count in mix.items()}
    whole = Counter({grade: int(share) for grade, share in exact.items()})
    by_remainder = sorted(exact, key=lambda grade: (whole[grade] - exact[grade], rank(grade)))
    whole.update(by_remainder[: total - whole.total()])
    return Counter({grade: whole[grade] for grade in sorted(whole, key=rank) if whole[grade]})
