"""Statistics of a set of problems: tables for the terminal, and a chart."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from climbpath import board as boards
from climbpath.angles import show_angle
from climbpath.board import Setup, order_of
from climbpath.drawing.charts import board_axes
from climbpath.errors import ClimbpathError
from climbpath.files import replacing
from climbpath.grades import ALL_GRADES, rank, show
from climbpath.problem import Problem, longest_reach

if TYPE_CHECKING:  # matplotlib is slow to import, and the tables do without it
    from matplotlib.axes import Axes
    from matplotlib.figure import SubFigure

_EIGHTHS = " ▏▎▍▌▋▊▉"
_BAR = 32
_QUANTILES = (0, 10, 50, 90, 95, 99, 100)
_REPEATS = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
"""Lower ends of the chart's classes of repeats."""

MOST_LABELS = 25
"""Bars of a panel that there is room to name."""

_INK, _FAINT = "#22303c", "#d9dee3"
_HEAT = ("#dcc9a8", "#f08a24", "#b3121d", "#4a0010")
_ANGLES = ("#1d2f57", "#2f6690", "#2a9d8f", "#8cb369", "#f4e285")
"""A scale of colours for the angles, from the steepest to the flattest."""
_UNKNOWN = "#b8bec4"
"""The colour of an unknown angle."""


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Columns of text, the first aligned left and the others right; whole numbers as 12,345."""
    cells = [list(header), *([f"{cell:,}" if type(cell) is int else str(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["  ".join([first.ljust(widths[0]), *map(str.rjust, rest, widths[1:])]).rstrip() for first, *rest in cells]
    return "\n".join(lines)


def describe(problems: Iterable[Problem]) -> str:
    """Tables of grades, lengths, repeats, longest reaches and methods, for each board at each angle."""
    groups: defaultdict[Setup, list[Problem]] = defaultdict(list)
    for problem in problems:
        groups[problem.setup].append(problem)
    return "\n\n\n".join(_describe(setup, groups[setup]) for setup in sorted(groups, key=order_of))


def grade_rows(parts: Iterable[Sequence[Problem]]) -> list[tuple[object, ...]]:
    """Rows of a table: every grade that occurs with its number of problems in each part, and the totals."""
    counts = [Counter(problem.grade for problem in part) for part in parts]
    rows = [(_name(grade), *(count[grade] for count in counts)) for grade in _grades(set().union(*counts))]
    return [*rows, ("all", *(count.total() for count in counts))]


def _grades(found: Iterable[str | None]) -> list[str | None]:
    """Easiest first, then None where there is one."""
    return sorted(found, key=lambda grade: len(ALL_GRADES) if grade is None else rank(grade))


def _name(grade: str | None) -> str:
    return show(grade) if grade else "no grade"


def _describe(setup: Setup, problems: Sequence[Problem]) -> str:
    benchmarks = sum(problem.benchmark for problem in problems)
    partial = sum(problem.partial for problem in problems)
    title = f"{setup.board} at {show_angle(setup.angle)}: {len(problems):,} problem{'s' * (len(problems) != 1)}"
    title += f", {benchmarks:,} benchmark{'s' * (benchmarks != 1)}"
    title += f", {partial:,} partial" if partial else ""
    grades = Counter(problem.grade for problem in problems)
    most = max(grades.values())
    rows = [(_name(grade), grades[grade], _bar(grades[grade] / most)) for grade in _grades(grades)]
    width = max(len(bar) for _, _, bar in rows)
    repeats = [problem.repeats for problem in problems if problem.repeats is not None]
    quantile_rows = [
        ("holds", *_quantiles([len(problem.holds) for problem in problems])),
        (f"repeats (known for {len(repeats):,})", *_quantiles(repeats)),
        ("longest reach, cm", *_quantiles([longest_reach(problem) for problem in problems])),
    ]
    parts = [
        title,
        table(("grade", "problems", ""), [(name, count, bar.ljust(width)) for name, count, bar in rows]),
        table(("", "least", *(f"{q}%" for q in _QUANTILES[1:-1]), "most"), quantile_rows),
    ]
    if boards.load(problems[0].board).methods:  # elsewhere, feet are holds of the problem
        parts.append(table(("method", "problems"), Counter(problem.method for problem in problems).most_common()))
    return "\n\n".join(parts)


def _bar(fraction: float) -> str:
    """A bar of up to _BAR characters, to an eighth of a character; never empty."""
    whole, part = divmod(round(fraction * _BAR * 8), 8)
    return (("█" * whole + _EIGHTHS[part]).rstrip()) or _EIGHTHS[1]


def _quantiles(values: Sequence[float]) -> list[str]:
    if not values:
        return ["–"] * len(_QUANTILES)
    return [f"{value:,.0f}" for value in np.percentile(values, _QUANTILES)]


def chart(problems: Iterable[Problem], path: Path) -> None:
    """Draw grades, lengths, use of holds and repeats to a PNG file, a row of panels for each board.

    Raises ClimbpathError where there are no problems or the file cannot be written.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    by_board: defaultdict[str, list[Problem]] = defaultdict(list)
    for problem in problems:
        by_board[problem.board].append(problem)
    if not by_board:
        raise ClimbpathError("there are no problems to draw")
    style: dict[Any, Any] = {
        "font.size": 9.5,
        "text.color": _INK,
        "axes.labelcolor": _INK,
        "axes.edgecolor": _FAINT,
        "xtick.color": _INK,
        "ytick.color": _INK,
        "xtick.major.size": 0,
        "ytick.major.size": 0,
    }
    with rc_context(style), replacing(path) as temporary:
        spacing = ConstrainedLayoutEngine(w_pad=0.15, h_pad=0.1)
        figure = Figure(figsize=(16, 5.2 * len(by_board)), layout=spacing, dpi=110)
        rows = figure.subfigures(len(by_board), 1, hspace=0.05, squeeze=False)
        for row, (_, group) in zip(rows[:, 0], sorted(by_board.items()), strict=True):
            _draw_board(row, group)
        figure.savefig(temporary, format="png", facecolor="white")


def _draw_board(row: "SubFigure", problems: Sequence[Problem]) -> None:
    layout = boards.load(problems[0].board)
    by_angle: defaultdict[int | None, list[Problem]] = defaultdict(list)
    for problem in problems:
        by_angle[problem.angle].append(problem)
    benchmarks = sum(problem.benchmark for problem in problems)
    title = f"{layout.title} · {len(problems):,} problems · {benchmarks:,} benchmarks"
    row.suptitle(title, x=0.012, ha="left", fontsize=14, fontweight="bold")
    holds, grades, lengths, repeats = row.subplots(1, 4, width_ratios=(1.05, 1, 1, 1))
    _heat_map(holds, problems)
    ranks = [rank(problem.grade) for problem in problems if problem.grade]
    low, high = min(ranks, default=0), max(ranks, default=-1)
    ladder = [grade for grade in layout.ladder if low <= rank(grade) <= high]
    _bars(grades, "Grade", ladder, {a: _counts(ladder, [p.grade for p in group]) for a, group in by_angle.items()})
    sizes = [len(problem.holds) for problem in problems]
    numbers = range(min(sizes), max(sizes) + 1)
    _bars(lengths, "Holds", numbers, {a: _counts(numbers, [len(p.holds) for p in g]) for a, g in by_angle.items()})
    classes = {a: _classes([p.repeats for p in group if p.repeats is not None]) for a, group in by_angle.items()}
    unknown = sum(problem.repeats is None for problem in problems)
    if unknown == len(problems):
        repeats.set_title("Repeats (not known)", loc="left", fontsize=11)
        repeats.set_axis_off()
    else:
        _bars(repeats, "Repeats" + f" (not known for {unknown:,})" * bool(unknown), _class_names(), classes)
    if len(by_angle) > 1:
        row.legend(
            *lengths.get_legend_handles_labels(),  # of problems without grades, too
            loc="outside lower right",
            ncols=len(by_angle),
            frameon=False,
            handlelength=1,
            columnspacing=1,
        )


def _counts(names: Iterable[object], values: Iterable[object]) -> list[int]:
    counts = Counter(values)
    return [counts[name] for name in names]


def _class_names() -> list[str]:
    ranges = [str(low) if high == low + 1 else f"{low}–{high - 1}" for low, high in pairwise(_REPEATS)]
    return [*ranges, f"{_REPEATS[-1]}+"]


def _classes(repeats: Sequence[int]) -> list[int]:
    """How many problems are in each class of repeats."""
    return [int(count) for count in np.histogram(repeats, bins=[*_REPEATS, np.inf])[0]]


def _bars(panel: "Axes", title: str, names: Iterable[object], counts: Mapping[int | None, Sequence[int]]) -> None:
    """Horizontal bars of counts by name, from the top down, stacked by angle; of many, some have their name and count
    beside them, at even distances."""
    labels = [str(name) for name in names]
    places = np.arange(len(labels))
    before = np.zeros(len(labels))
    for angle, colour in _colours(counts).items():
        panel.barh(places, counts[angle], 0.78, left=before, color=colour, label=show_angle(angle), zorder=2)
        before += counts[angle]
    every = max(1, math.ceil(len(labels) / MOST_LABELS))
    for place, total in zip(places[::every], before[::every], strict=True):
        panel.annotate(f"{total:,.0f}", (total, place), (4, 0), textcoords="offset points", va="center", fontsize=8)
    panel.set_yticks(places[::every], labels[::every])
    panel.invert_yaxis()
    panel.set_xlim(0, max(1, before.max(initial=0)) * 1.14)
    panel.set_xticks([])
    panel.set_title(title, loc="left", fontsize=11)
    panel.spines[["top", "right", "bottom"]].set_visible(False)


def _colours(angles: Iterable[int | None]) -> dict[int | None, Any]:
    """Angle -> its colour on a scale of all of them, the steepest first and an unknown one last."""
    from matplotlib.colors import LinearSegmentedColormap

    steepest_first = sorted((angle for angle in angles if angle is not None), reverse=True)
    scale = LinearSegmentedColormap.from_list("angles", _ANGLES)
    found = dict(zip(steepest_first, scale(np.linspace(0, 1, len(steepest_first))), strict=True))
    return found | {angle: _UNKNOWN for angle in angles if angle is None}


def _heat_map(panel: "Axes", problems: Sequence[Problem]) -> None:
    """The board in its true proportions; the more problems use a hold, the larger and darker its spot."""
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    layout = boards.load(problems[0].board)
    uses = Counter(label for problem in problems for label in problem.holds)
    usage = np.array([uses[hold.label] / len(problems) for hold in layout.holds])
    x = np.array([hold.x for hold in layout.holds])
    y = np.array([hold.y for hold in layout.holds])
    area = 10 + 150 * usage / usage.max()
    heat = LinearSegmentedColormap.from_list("heat", _HEAT)
    spots = panel.scatter(x, y, s=area, c=usage, cmap=heat, vmin=0, linewidths=0, zorder=2)
    board_axes(panel, layout)
    panel.set_facecolor("#f4f1ea")
    panel.set_title("Problems that use a hold", loc="left", fontsize=11)
    bar = panel.figure.colorbar(
        spots, ax=panel, shrink=0.5, pad=0.03, format=PercentFormatter(1, 0), ticks=MaxNLocator(4, steps=[1, 2, 5, 10])
    )
    bar.outline.set_visible(False)
