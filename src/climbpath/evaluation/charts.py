"""The charts of an evaluation's page, as SVG. Needs matplotlib."""

import io
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from climbpath import board as boards
from climbpath.drawing.problem import centre, frame, grid, panel
from climbpath.drawing.shapes import Circle, Shape, elements
from climbpath.drawing.themes import DARK
from climbpath.evaluation.results import (
    Calibration,
    GuidanceRow,
    Likelihood,
    LikelihoodRow,
    ListRow,
    SetupResult,
    Sides,
    Similarities,
)
from climbpath.evaluation.tables import real_row
from climbpath.grades import V_LADDER
from climbpath.wall import Wall

if TYPE_CHECKING:  # matplotlib is slow to import, and the terminal's tables do without it
    from matplotlib.axes import Axes

_INK, _FAINT = "#22303c", "#d9dee3"
_REAL, _GENERATED = "#7486a0", "#d9652b"
"""Both stand out on white and on black pages."""
LEAST_SHOWN = 20
"""Problems of a grade below which its mean is not drawn: its range would dwarf all others."""
_LARGEST_DISC = 11.5
"""Radius of the largest disc of a map of use, on a MoonBoard."""
_STEPS = {"holds": 1, "longest reach, cm": 10, "width, cm": 20}
"""Widths of the bars of a histogram."""

_STYLE: dict[Any, Any] = {
    "font.size": 9.5,
    "text.color": _INK,
    "axes.labelcolor": _INK,
    "axes.edgecolor": _FAINT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": _FAINT,
    "grid.linewidth": 0.6,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "legend.frameon": False,
    "svg.fonttype": "none",
}


class Chart(NamedTuple):
    """A chart for the page."""

    title: str
    """Its caption."""
    svg: str
    """An <svg> element."""


def _chart(name: str, title: str, paint: Callable[["Axes"], None], size: tuple[float, float] = (4.2, 3.0)) -> Chart:
    """A chart as SVG to be put inside a page; its name, unique there, keeps its ids apart from other charts'."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    stream = io.StringIO()
    with rc_context({**_STYLE, "svg.hashsalt": name}):
        figure = Figure(figsize=size, layout="constrained")
        paint(figure.subplots())
        no_metadata = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(stream, format="svg", transparent=True, metadata=no_metadata)
    whole = stream.getvalue()
    svg = re.sub(r'( id="|url\(#|href="#)', rf"\g<1>{name}-", whole[whole.index("<svg") :])
    svg = re.sub(r"<style.*?</style>", "", svg, flags=re.DOTALL)  # its rules for * would reach the whole page
    # half of the bytes: indents, fonts, which the page sets, and digits that no screen shows
    svg = re.sub(r"\s*\n\s*", " ", svg)
    svg = re.sub(r" ?font-family: [^;]*;", "", svg)
    svg = re.sub(r"\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}", svg)
    return Chart(title, _in_the_colours_of_the_page(svg))


def _in_the_colours_of_the_page(svg: str) -> str:
    """Light on a dark page."""
    return svg.replace(_INK, "currentColor").replace(_FAINT, "var(--line)")


def likelihood_charts(likelihood: Likelihood) -> list[Chart]:
    """How sure the model may be, and surprise by grade, of either kind of grades by itself."""
    charts = [
        _chart("calibration", "How sure it is of the next hold", partial(_paint_calibration, likelihood.calibration))
    ]
    for kind in ("Font", "V"):
        rows = {
            grade: row
            for grade, row in likelihood.by_grade.items()
            if (grade in V_LADDER) == (kind == "V") and row.problems >= LEAST_SHOWN
        }
        if rows:
            title = f"Surprise by {kind} grade, with 95 % ranges; grades of {LEAST_SHOWN} or more problems"
            charts.append(_chart(f"grades-{kind}", title, partial(_paint_grades, rows), (4.2, 0.8 + 0.17 * len(rows))))
    return charts


def _paint_grades(by_grade: dict[str, LikelihoodRow], axes: "Axes") -> None:
    nats = [row.nats_per_problem for row in by_grade.values()]
    errors = [1.96 * row.standard_error for row in by_grade.values() if row.standard_error is not None]
    axes.errorbar(nats, list(by_grade), xerr=errors, fmt="o", color=_GENERATED, markersize=5, linewidth=1.4)
    axes.invert_yaxis()
    axes.tick_params(axis="y", labelsize=8)
    axes.set(xlabel="surprise, nats")


def _paint_calibration(calibration: Calibration, axes: "Axes") -> None:
    bins = calibration.bins
    tokens = np.array([b.tokens for b in bins])
    confidence, frequency = [b.confidence for b in bins], [b.frequency for b in bins]
    axes.plot([0, 1], [0, 1], "--", color=_REAL, linewidth=1)
    axes.plot(confidence, frequency, color=_GENERATED, linewidth=1)
    axes.scatter(confidence, frequency, 12 + 120 * tokens / tokens.max(), color=_GENERATED, linewidths=0)
    axes.set(
        xlabel="probability that the model gives it",
        ylabel="how often it is right",
        xlim=(-0.02, 1.03),
        ylim=(-0.02, 1.03),
    )


def similarity_chart(prefix: str, similarity: Similarities) -> Chart:
    """Similarities to the nearest known real problem."""
    title = "Similarity to the nearest known real problem (1: the same holds)"
    bins = np.linspace(0, 1, 21).tolist()
    paint = partial(_paint_histogram, similarity.real, similarity.generated, bins, "similarity")
    return _chart(f"{prefix}-similarity", title, paint)


def shape_charts(prefix: str, shapes: Sides[dict[str, list[float]]]) -> list[Chart]:
    """A histogram of each measure of shape."""
    return [_shape_chart(prefix, title, shapes.real[title], shapes.generated[title]) for title in shapes.real]


def _shape_chart(prefix: str, title: str, real: Sequence[float], generated: Sequence[float]) -> Chart:
    step = _STEPS[title]
    bins = np.arange(min(*real, *generated) - step / 2, max(*real, *generated) + step, step).tolist()
    name = f"{prefix}-" + re.sub(r"\W+", "-", title)
    return _chart(name, title.capitalize(), partial(_paint_histogram, real, generated, bins, title))


def _paint_histogram(
    real: Sequence[float] | None, generated: Sequence[float], bins: Sequence[float], what: str, axes: "Axes"
) -> None:
    """Shares of problems: real ones filled, generated ones as a line over them."""
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    if real is not None:
        weights = np.full(len(real), 1 / len(real))
        axes.hist(real, bins=bins, weights=weights, color=_REAL, alpha=0.55, label="real")
    weights = np.full(len(generated), 1 / len(generated))
    axes.hist(
        generated, bins=bins, weights=weights, color=_GENERATED, histtype="step", linewidth=1.8, label="generated"
    )
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(PercentFormatter(1, 0))
    axes.set(xlabel=what, ylabel="problems")
    axes.grid(visible=False, axis="x")
    axes.legend(handlelength=1.2)


def usage_charts(prefix: str, measured: SetupResult) -> list[Chart]:
    """How often each hold is used: a map of the board for either side, and one side against the other."""
    usage = measured.usage
    most = max(*usage.real, *usage.generated)
    maps = [
        Chart("Use of holds, real problems", _map(measured.board, usage.real, most, _REAL)),
        Chart("Use of holds, generated problems", _map(measured.board, usage.generated, most, _GENERATED)),
    ]
    return [*maps, _chart(f"{prefix}-usage", "Use of each hold", partial(_paint_usage, usage, most), (4.2, 4.2))]


def _map(board: str, usage: Sequence[float], most: float, colour: str) -> str:
    """The board as in pictures; the area of a disc is the fraction of problems that use the hold, and `most` that of
    the largest."""
    layout, whole = boards.load(board), Wall(board)
    theme, unit = replace(DARK, quiet=_INK, grid=_FAINT), frame(whole).unit
    area = panel(whole, theme)
    shapes: list[Shape] = grid(whole, theme) if layout.has_grid else []
    for hold, share in zip(layout.holds, usage, strict=True):
        x, y = centre(whole, hold)
        radius = _LARGEST_DISC * unit * math.sqrt(share / most)
        shapes.append(Circle(x, y, radius, colour) if share else Circle(x, y, 2.5 * unit, _FAINT))
    return _in_the_colours_of_the_page(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{area.x:g} {area.y:g} {area.w:g} {area.h:g}">\n'
        f"{elements(shapes)}\n</svg>"
    )


def _paint_usage(usage: Sides[list[float]], most: float, axes: "Axes") -> None:
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    diagonal = [0, 1.05 * most]
    axes.plot(diagonal, diagonal, "--", color=_REAL, linewidth=1)
    axes.scatter(usage.real, usage.generated, 18, color=_GENERATED, alpha=0.7, linewidths=0)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        axis.set_major_formatter(PercentFormatter(1, 0))
    axes.set(xlabel="real problems that use it", ylabel="generated problems that use it", aspect="equal")


def guidance_charts(prefix: str, measured: SetupResult) -> list[Chart]:
    """Agreement with the baseline grader, and diversity, by guidance, where they were measured."""
    rows = measured.guidance
    charts = []
    if all(row.alike is not None for row in rows):
        charts.append(_chart(f"{prefix}-alike", "Mean similarity of two samples", partial(_paint_alike, rows)))
    if all(row.baseline_grader for row in rows):
        paint = partial(_paint_agreement, rows, real_row(measured))
        charts.insert(0, _chart(f"{prefix}-agree", "Agreement with the grader", paint))
    return charts


def _paint_agreement(rows: Sequence[GuidanceRow], real: ListRow, axes: "Axes") -> None:
    from matplotlib.ticker import PercentFormatter

    guidances = [row.guidance for row in rows]
    agreements = [row.baseline_grader for row in rows if row.baseline_grader]
    for measure, label, mark in (("within_one", "within one step", "o-"), ("same", "same grade", "s-")):
        values = [getattr(agreement, measure) for agreement in agreements]
        axes.plot(guidances, values, mark, color=_GENERATED, markersize=5, label=label)
        if real.baseline_grader:
            axes.axhline(getattr(real.baseline_grader, measure), color=_REAL, linestyle="--", linewidth=1)
    axes.yaxis.set_major_formatter(PercentFormatter(1, 0))
    _guidance_axis(axes, guidances)
    axes.set(ylabel="problems", ylim=(0, 1))
    axes.legend(handlelength=1.6)


def _paint_alike(rows: Sequence[GuidanceRow], axes: "Axes") -> None:
    guidances, alike = [row.guidance for row in rows], [row.alike for row in rows if row.alike is not None]
    axes.plot(guidances, alike, "o-", color=_GENERATED, markersize=5)
    _guidance_axis(axes, guidances)
    axes.set(ylabel="similarity", ylim=(0, 1.1 * max(alike)))


def _guidance_axis(axes: "Axes", guidances: Sequence[float]) -> None:
    axes.set_xticks(guidances, [f"{guidance:g}" for guidance in guidances])
    axes.set(xlabel="guidance")
