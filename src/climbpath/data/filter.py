"""Filters on sets of problems."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from typing import Any, NamedTuple

from climbpath import board as boards
from climbpath.angles import UNKNOWN
from climbpath.errors import ClimbpathError
from climbpath.grades import FONT_LADDER, on_ladder, parse_grades
from climbpath.problem import Problem


class Filtered(NamedTuple):
    """What filters make of a set of problems."""

    problems: list[Problem]
    """Those that pass all filters, in their order."""
    left_out: dict[str, int]
    """Filter -> how many it left out of those that passed the filters before it."""


def filter_problems(
    problems: Iterable[Problem],
    *,
    grades: str | None = None,
    min_repeats: int = 0,
    benchmarks: bool = False,
    max_holds: int | None = None,
    hold_sets: str | None = None,
    methods: Collection[str] = (),
    board_names: Collection[str] = (),
    angles: Collection[int | None] = (),
    shortest: int | None = None,
) -> Filtered:
    """The problems that pass every filter given, in their order.

    Args:
        problems: of any boards.
        grades: as a user types them, '6C..7B' or 'V4,V5'; on each board those of its ladder that these stand for.
        min_repeats: at least this many; a problem whose repeats are not known counts as having none.
        benchmarks: benchmarks only.
        max_holds: at most this many holds.
        hold_sets: names as Board.parse_hold_sets takes them; every hold must belong to one of these sets.
        methods: foot rules, in any case.
        board_names: names of boards.
        angles: in degrees; None is an unknown one.
        shortest: of those that pass all other filters, this many with the fewest holds; of equals the first.

    Raises ClimbpathError for a board, an angle, a method or a hold set that none of the problems has, and for a text
    that names no grades.
    """
    problems = list(problems)
    present = Counter(problem.board for problem in problems)
    # name -> test, in the order in which they are applied
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
    if grades is not None:
        fonts = parse_grades(grades, FONT_LADDER)
        wanted_grades = {
            name: {grade for font in fonts for grade in on_ladder(font, boards.load(name).ladder)} for name in present
        }
        filters["grades"] = lambda problem: problem.grade in wanted_grades[problem.board]
    if min_repeats:
        filters["min-repeats"] = lambda problem: (problem.repeats or 0) >= min_repeats
    if benchmarks:
        filters["benchmarks"] = lambda problem: problem.benchmark
    if max_holds is not None:
        filters["max-holds"] = lambda problem: len(problem.holds) <= max_holds
    if hold_sets is not None:
        usable = _usable_holds(hold_sets, board_names or present)
        filters["hold-sets"] = lambda problem: usable[problem.board].issuperset(problem.holds)
    # each problem is counted under the first filter that it fails
    left_out = dict.fromkeys(filters, 0)
    passed = []
    for problem in problems:
        failed = next((name for name, passes in filters.items() if not passes(problem)), None)
        if failed:
            left_out[failed] += 1
        else:
            passed.append(problem)
    # the shortest of those, still in their order
    if shortest is not None:
        by_length = sorted(range(len(passed)), key=lambda i: len(passed[i].holds))
        left_out["shortest"] = len(by_length[shortest:])
        passed = [passed[i] for i in sorted(by_length[:shortest])]
    return Filtered(passed, left_out)


def _among(wanted: Collection[str] | Collection[int | None], present: Counter[Any], what: str) -> set[Any]:
    """The values present that are wanted, in upper or lower case. Raises ClimbpathError where one is missing."""
    by_name = {_named(value): value for value in present}
    for value in wanted:
        if _named(value) not in by_name:
            there = ", ".join(f"{UNKNOWN if one is None else one} ({n:,})" for one, n in present.most_common())
            shown = UNKNOWN if value is None else repr(value)
            raise ClimbpathError(f"no problem has the {what} {shown}: there are {there or 'no problems at all'}")
    return {by_name[_named(value)] for value in wanted}


def _named(value: object) -> str:
    return UNKNOWN if value is None else str(value).lower()


def _usable_holds(hold_sets: str, board_names: Iterable[str]) -> dict[str, frozenset[str]]:
    """The labels of these hold sets on each board. Raises ClimbpathError for a set that none of the boards has, and
    where no set is named."""
    layouts = [boards.load(name) for name in sorted(board_names)]
    wanted = boards.hold_sets_of(hold_sets)
    known = dict.fromkeys(name for layout in layouts for name in layout.hold_sets)
    short = {name.lower() for name in known}
    odd = [name for one, name in wanted.items() if one not in short]
    if odd or not wanted:
        titles = " and ".join(layout.title for layout in layouts)
        what = f"no hold set {odd[0]!r} on {titles}" if odd else "no hold set is named"
        raise ClimbpathError(f"{what}: there are {', '.join(known)}")
    return {
        layout.name: frozenset(hold.label for hold in layout.holds if hold.hold_set.lower() in wanted)
        for layout in layouts
    }
