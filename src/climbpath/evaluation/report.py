"""What `climbpath evaluate` has measured, as tables for the terminal and as one HTML page. Charts need matplotlib."""

import io
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from textwrap import fill
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from climbpath import board as boards
from climbpath.board import Setup
from climbpath.data.stats import table
from climbpath.drawing import problem as drawing
from climbpath.drawing.charts import board_axes
from climbpath.grades import show
from climbpath.problem import Problem

if TYPE_CHECKING:  # matplotlib is slow to import, and the tables do without it
    from matplotlib.axes import Axes

Json = Mapping[str, Any]

MISSING = "–"
_LINE = 100
"""Columns of text that a terminal surely has."""
_NAME = 39
"""Characters of a list's name in the terminal."""


class Column(NamedTuple):
    """A measure in a table: where it stands in a row, as what it is written, and how to read it."""

    title: str
    path: tuple[str, ...]
    form: str
    meaning: str

    def cell(self, row: Json) -> str:
        """The measure of a row, or a dash where it was not taken."""
        value = _at(row, *self.path)
        return MISSING if value is None else self.form.format(value)


_SHARE, _FINE, _COARSE = "{:.1%}", "{:.3f}", "{:.2f}"

_NATS = (
    Column("problems", ("problems",), "{:,}", "Held-out problems that were scored."),
    Column(
        "nats",
        ("nats_per_problem",),
        _COARSE,
        "Mean of −log p(problem | board, angle, grade), from the first start hold to the end. Lower is better, and it "
        "compares any two models on the same problems.",
    ),
    Column("± error", ("standard_error",), _COARSE, "Standard error of that mean: how far chance alone moves it."),
    Column(
        "given consensus",
        ("nats_given_consensus",),
        _COARSE,
        "The same nats where the model also knows which problems ten or more climbers have repeated.",
    ),
    Column("per hold", ("nats_per_hold",), _FINE, "The same nats, shared among the holds of the problems."),
    Column(
        "per token", ("nats_per_token",), _FINE, "The same nats, shared among the tokens of the model's vocabulary."
    ),
    Column(
        "perplexity",
        ("perplexity_of_hold",),
        _COARSE,
        "Among how many equally likely holds the model is in doubt at each choice of a hold.",
    ),
)

_MAKE = (
    Column("problems", ("problems",), "{:,}", "How many problems were measured."),
    Column(
        "valid",
        ("valid",),
        _SHARE,
        "Share that keeps the board's rules of start, finish, length and reach, which real problems need not. These "
        "and lists from elsewhere count where some choice of start holds keeps them.",
    ),
    Column("distinct", ("distinct",), _SHARE, "Share of hold sets that are left when repetitions are struck out."),
    Column("novel", ("novel",), _SHARE, "Share whose holds are not exactly those of a known real problem."),
    Column("holds", ("holds",), _COARSE, "Mean number of holds of a problem: the closer to real problems, the better."),
    Column(
        "hold use, bits",
        ("usage",),
        "{:.4f}",
        "Jensen-Shannon divergence of how often each hold is used from real problems: 0 is the same, 1 nothing shared. "
        "What real problems have is what chance alone makes.",
    ),
)

_LIKE = (
    *(
        Column(
            f"near {q}" if q == "50%" else q,
            ("nearest", q),
            _COARSE,
            f"{q} of the problems are at most so similar (shared holds / holds of both) to the nearest known real one. "
            "Well above what real problems have, the model copies.",
        )
        for q in ("50%", "90%", "99%")
    ),
    Column(
        "AUC (95 % range)",
        ("auc",),
        "{0[value]:.2f} ({0[low]:.2f}–{0[high]:.2f})",
        "How well a classifier (boosted trees over holds and geometry) tells the list from held-out real problems: 0.5 "
        "is not at all, 1 is always. Beside real problems: asked to tell them from other real ones.",
    ),
)

_GRADING = (
    Column(
        "same",
        ("grading", "same"),
        "{:.0%}",
        "Share of problems that a grader trained on real problems gives the grade that was asked for, or set.",
    ),
    Column("±1", ("grading", "within_one"), "{:.0%}", "Share that it gives that grade or one next to it."),
    Column(
        "steps",
        ("grading", "mean_distance"),
        _COARSE,
        "Mean distance between the two grades, in steps of the ladder (6C to 6C+ is one). Real problems have one, too: "
        "people disagree about grades, and the grader sees only holds.",
    ),
)

_OURS = (
    Column(
        "same",
        ("ours", "same"),
        "{:.0%}",
        "The same share by climbpath's own grader. It and the generator learned from the same problems, so it is no "
        "independent judge of generated ones.",
    ),
    Column("±1", ("ours", "within_one"), "{:.0%}", "Share that climbpath's grader gives that grade or one next to it."),
    Column("steps", ("ours", "mean_distance"), _COARSE, "Mean distance to the grade that climbpath's grader expects."),
)

_BETA = (
    Column("moves", ("beta", "moves"), _COARSE, "Hand moves of the beta, without the match on the finish."),
    Column(
        "hardest move",
        ("beta", "hardest"),
        _COARSE,
        "Mean difficulty of the hardest move, in steps of the ladder, of which only differences mean something.",
    ),
    Column("all moves", ("beta", "difficulty"), _COARSE, "The same of all moves of a problem together."),
    Column("crossed", ("beta", "crossed"), _SHARE, "Share of moves that leave the hands crossed."),
    Column("no hand", ("beta", "no_hand"), _SHARE, "Share of holds that no hand needs."),
    Column(
        "reached", ("beta", "reached"), _SHARE, "Share of problems that a climber with a reach of 175 cm can climb."
    ),
)

_GUIDANCE = (
    *(column for column in _MAKE if column.title in ("valid", "distinct", "novel")),
    Column("alike", ("alike",), _FINE, "Mean similarity of two random samples: the lower, the more diverse."),
    Column(
        "holds in use",
        ("holds_in_use",),
        "{:.1f}",
        "Effective number of holds that the samples use: the higher, the more diverse.",
    ),
    *_GRADING,
)


def _at(row: Json, *path: str) -> Any:
    """What stands in a row at a path, or None."""
    value: Any = row
    for key in path:
        value = value.get(key) if value else None
    return value


class Table(NamedTuple):
    """A header and rows of text, and the columns for their meanings."""

    header: list[str]
    rows: list[list[str]]
    columns: tuple[Column, ...]


def _table(first: str, columns: Sequence[Column], rows: Mapping[str, Json]) -> Table:
    cells = [[name, *(column.cell(row) for column in columns)] for name, row in rows.items()]
    return Table([first, *(column.title for column in columns)], cells, tuple(columns))


def _likelihood_tables(result: Json) -> list[Table]:
    likelihood = result["likelihood"]
    by_grade = {show(grade): row for grade, row in likelihood["by_grade"].items()}
    by_setup = {_title(place): row for place, row in likelihood["by_setup"].items()}
    return [
        _table("grade", _NATS, {**by_grade, "all": likelihood["all"]}),
        _table("board and angle", _NATS, {**by_setup, "all": likelihood["all"]}),
    ]


def _guidance_table(place: Json) -> Table:
    return _table("guidance", _GUIDANCE, {f"{row['guidance']:g}": row for row in place["guidance"]})


def _title(setup: str) -> str:
    return Setup.parse(setup).title


def _facts(result: Json) -> dict[str, str]:
    """What was measured, and on what."""
    model = result["model"]
    columns = {
        "recipe": ("recipe", "name"),
        "epoch": ("epoch",),
        "numbers": ("numbers",),
        "validation nats": ("nats_per_problem",),
    }
    facts = {name: _fact(_at(model, *path)) for name, path in columns.items()}
    facts |= {"split": str(result["split"]), "held-out problems": _fact(result["held_out"])}
    facts |= {"seed": str(result["seed"])} if "seed" in result else {}
    return facts | {"left out": _counted(result["left_out"]) or "none"}


def _fact(value: Any) -> str:
    if value is None:
        return MISSING
    return f"{value:,}" if isinstance(value, int) else f"{value:.2f}" if isinstance(value, float) else str(value)


def _counted(reasons: Mapping[str, int]) -> str:
    return "; ".join(f"{count:,} {reason}" for reason, count in reasons.items())


def _notes(place: Json) -> dict[str, str]:
    """How each list of a place came to be, and how much of it was judged."""
    notes = {}
    for name, row in place["rows"].items():
        sampling, left_out = row.get("sampling"), _counted(row.get("left_out", {}))
        parts = [
            "temperature {temperature:g}, top-p {top_p:g}, guidance {guidance:g}".format(**sampling)
            if sampling
            else "",
            f"AUC of {row['judged']:,} problems on each side" if "judged" in row else "too few problems for an AUC",
            f"left out: {left_out}" if left_out else "",
        ]
        notes[name] = "; ".join(filter(None, parts))
    return notes


def _caveats(place: Json) -> list[str]:
    """What has to be said of all lists of a place."""
    caveats = [
        "valid, distinct and novel of the generated rows are of plain samples, before filters enforce all three; their "
        "other measures are of what passes",
        "climbpath's own grader and the generator learned from the same problems: its agreement with generated "
        "problems is not that of an independent judge, which the other grader is",
    ]
    if "real" not in place["likeness"]:
        caveats.append(
            "the data has no other real problems here, so all is held against the held-out ones themselves: novel, "
            "hold use and near say nothing in the row of real problems"
        )
    return caveats


# The terminal


def text(result: Json) -> str:
    """The tables for a terminal: likelihood, then each board at each angle, at most 100 columns wide."""
    facts = "\n".join(_wrapped(f"{name}: {fact}") for name, fact in _facts(result).items())
    grade, place = _likelihood_tables(result)
    error = result["likelihood"]["calibration"]["expected_error"]
    parts = [
        facts,
        "Likelihood (nats: lower is better)",
        _text_table(grade),
        _text_table(place),
        f"calibration: the likeliest token's probability is off by {error:.3f} in the mean",
    ]
    for name, measured in result["setups"].items():
        rows = measured["rows"]
        parts += [
            "\n" + _title(name),
            _text_table(_table("list", _MAKE, rows)),
            _text_table(_table("list against real problems", (*_LIKE, *_GRADING), rows)),
            _text_table(_table("list, graded by climbpath's own grader", _OURS, rows)),
            _text_table(_table("list, how it is climbed", _BETA, rows)),
            "\n".join(_wrapped(f"{list_name}: {note}") for list_name, note in _notes(measured).items()),
            "\n".join(map(_wrapped, _caveats(measured))),
        ]
        if measured["guidance"]:
            parts.append(_text_table(_guidance_table(measured)))
    return "\n\n".join(parts)


def _text_table(content: Table) -> str:
    return table(content.header, [[_short(first), *rest] for first, *rest in content.rows])


def _short(name: str) -> str:
    name = _printable(name)
    return name if len(name) <= _NAME else name[: _NAME - 1] + "…"


def _wrapped(line: str) -> str:
    return fill(_printable(line), _LINE, subsequent_indent="  ", break_on_hyphens=False)


def _printable(text: str) -> str:
    """Names of strangers' files, without what steers terminals."""
    return "".join(c if c.isprintable() else " " for c in text)


# The page


def page(result: Json) -> str:
    """One HTML page that needs nothing else: tables, charts and pictures, for a phone and a laptop."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("climbpath.evaluation", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    grade, place = _likelihood_tables(result)
    html = environment.get_template("report.html").render(
        facts=_facts(result),
        recipe=_at(result["model"], "recipe") or {},
        tiles=_tiles(result),
        headlines=_headlines(result),
        likelihood=result["likelihood"],
        grade_table=grade,
        place_table=place,
        likelihood_charts=_likelihood_charts(result["likelihood"]),
        places=[_place(i, name, measured) for i, (name, measured) in enumerate(result["setups"].items(), 1)],
    )
    return html.encode("utf-8", "replace").decode()  # names of files may hold what UTF-8 does not


class Tile(NamedTuple):
    """A headline number."""

    value: str
    what: str
    beside: str


def _tiles(result: Json) -> list[Tile]:
    nats, calibration = result["likelihood"]["all"], result["likelihood"]["calibration"]
    return [
        Tile(f"{nats['nats_per_problem']:.2f}", "nats per problem", f"± {nats['standard_error']:.2f}, lower is better"),
        Tile(f"{nats['perplexity_of_hold']:.1f}", "holds in doubt at each choice", "perplexity, lower is better"),
        Tile(f"{calibration['expected_error']:.1%}", "calibration error", "0 is best"),
    ]


def _headlines(result: Json) -> Table:
    """What users get on each board at each angle, and real problems below it."""
    rows = {}
    for name, place in result["setups"].items():
        rows[f"{_title(name)}, generated"] = place["rows"][_shown(place)]
        rows[f"{_title(name)}, real"] = next(iter(place["rows"].values()))
    wanted = ("AUC (95 % range)", "near 50%", "±1", "valid", "distinct", "novel")
    columns = {column.title: column for column in (*_MAKE, *_LIKE, *_GRADING)}
    return _table("board and angle", [columns[title] for title in wanted], rows)


def _shown(place: Json) -> str:
    """The list that charts and pictures show: the last of the generated ones, which has the users' settings."""
    return next(name for name in reversed(place["rows"]) if "sampling" in place["rows"][name])


def _place(number: int, name: str, place: Json) -> dict[str, Any]:
    """What the template shows of one board at one angle."""
    prefix = f"place{number}"
    return {
        "id": prefix,
        "title": _title(name),
        "shown": _shown(place),
        "table": _table("list", (*_MAKE, *_LIKE, *_GRADING), place["rows"]),
        "climbing": _table("list", (*_OURS, *_BETA), place["rows"]),
        "notes": _notes(place),
        "caveats": _caveats(place),
        "memorisation": [_likeness_chart(prefix, place["likeness"])],
        "closest": [
            {
                "similarity": f"{pair['similarity']:.0%}",
                "generated": drawing.svg(Problem.from_dict(pair["generated"])),
                "real": drawing.svg(Problem.from_dict(pair["real"])),
            }
            for pair in place["closest"]
        ],
        "shapes": [_shape_chart(prefix, shape, place["shapes"]) for shape in place["shapes"]["real"]],
        "usage": _usage_charts(prefix, place),
        "guidance": _guidance_table(place) if place["guidance"] else None,
        "guidance_charts": _guidance_charts(prefix, place) if place["guidance"] else [],
    }


# The charts

_INK, _FAINT = "#22303c", "#d9dee3"
_REAL, _GENERATED = "#7486a0", "#d9652b"
"""Both can be told from a white and from a black page."""
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
    """A drawing for the page, with its title."""

    title: str
    svg: str


def _chart(name: str, title: str, paint: Callable[["Axes"], None], size: tuple[float, float] = (4.2, 3.0)) -> Chart:
    """A chart as SVG for inside a page; its name, unique there, sets its ids apart from those of other charts."""
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
    svg = svg.replace(_INK, "currentColor").replace(_FAINT, "var(--line)")  # light on a dark page
    return Chart(title, svg)


def _likelihood_charts(likelihood: Json) -> list[Chart]:
    return [
        _chart("grades", "Nats per problem by grade, with 95 % ranges", partial(_paint_grades, likelihood["by_grade"])),
        _chart(
            "calibration", "Probability of the likeliest token", partial(_paint_calibration, likelihood["calibration"])
        ),
    ]


def _paint_grades(by_grade: Json, axes: "Axes") -> None:
    nats = [row["nats_per_problem"] for row in by_grade.values()]
    errors = [1.96 * row["standard_error"] for row in by_grade.values()]
    axes.errorbar(nats, list(by_grade), xerr=errors, fmt="o", color=_GENERATED, markersize=5, linewidth=1.4)
    axes.invert_yaxis()
    axes.tick_params(axis="y", labelsize=8)
    axes.set(xlabel="nats")


def _paint_calibration(calibration: Json, axes: "Axes") -> None:
    bins = calibration["bins"]
    tokens = np.array([b["tokens"] for b in bins])
    axes.plot([0, 1], [0, 1], "--", color=_REAL, linewidth=1)
    axes.plot([b["confidence"] for b in bins], [b["frequency"] for b in bins], color=_GENERATED, linewidth=1)
    area = 12 + 120 * tokens / tokens.max()
    axes.scatter([b["confidence"] for b in bins], [b["frequency"] for b in bins], area, color=_GENERATED, linewidths=0)
    axes.set(
        xlabel="probability that the model gives it",
        ylabel="how often it stands there",
        xlim=(-0.02, 1.03),
        ylim=(-0.02, 1.03),
    )


def _likeness_chart(prefix: str, density_ratio: Json) -> Chart:
    title = "Similarity to the nearest known real problem (1: the same holds)"
    bins = np.linspace(0, 1, 21).tolist()
    return _chart(f"{prefix}-likeness", title, partial(_paint_histogram, density_ratio, bins, "similarity"))


def _shape_chart(prefix: str, shape: str, shapes: Json) -> Chart:
    values = {name: shapes[name][shape] for name in ("real", "generated")}
    low, high = min(map(min, values.values())), max(map(max, values.values()))
    step = _STEPS[shape]
    bins = np.arange(low - step / 2, high + step, step).tolist()
    name = f"{prefix}-" + re.sub(r"\W+", "-", shape)
    return _chart(name, shape.capitalize(), partial(_paint_histogram, values, bins, shape))


def _paint_histogram(values: Json, bins: Sequence[float], what: str, axes: "Axes") -> None:
    """Shares of problems: real ones filled, generated ones as a line over them."""
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    looks: dict[str, dict[str, Any]] = {
        "real": {"color": _REAL, "alpha": 0.55, "label": "real"},
        "generated": {"color": _GENERATED, "histtype": "step", "linewidth": 1.8, "label": "generated"},
    }
    for name in (name for name in looks if name in values):
        axes.hist(values[name], bins=bins, weights=np.full(len(values[name]), 1 / len(values[name])), **looks[name])
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(PercentFormatter(1, 0))
    axes.set(xlabel=what, ylabel="problems")
    axes.grid(visible=False, axis="x")
    axes.legend(handlelength=1.2)


def _usage_charts(prefix: str, place: Json) -> list[Chart]:
    usage = place["usage"]
    most = max(map(max, usage.values()))
    maps = [
        _chart(
            f"{prefix}-map-{name}", title, partial(_paint_map, place["board"], usage[name], most, colour), (3.1, 4.6)
        )
        for name, title, colour in (
            ("real", "Use of holds, real problems", _REAL),
            ("generated", "Use of holds, generated problems", _GENERATED),
        )
    ]
    return [*maps, _chart(f"{prefix}-usage", "Use of each hold", partial(_paint_usage, usage), (4.2, 4.2))]


def _paint_map(board: str, share: Sequence[float], most: float, colour: str, axes: "Axes") -> None:
    """The board in its true proportions; the area of a disc is the share of problems that use the hold."""
    layout = boards.load(board)
    x, y = [hold.x for hold in layout.holds], [hold.y for hold in layout.holds]
    axes.scatter(x, y, 8, color=_FAINT, linewidths=0)
    axes.scatter(x, y, 130 * np.array(share) / most, color=colour, linewidths=0, zorder=2)
    board_axes(axes, layout)
    axes.grid(visible=False)
    axes.tick_params(labelsize=8)


def _paint_usage(usage: Json, axes: "Axes") -> None:
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    most = 1.05 * max(map(max, usage.values()))
    axes.plot([0, most], [0, most], "--", color=_REAL, linewidth=1)
    axes.scatter(usage["real"], usage["generated"], 18, color=_GENERATED, alpha=0.7, linewidths=0)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        axis.set_major_formatter(PercentFormatter(1, 0))
    axes.set(xlabel="real problems that use it", ylabel="generated problems that use it", aspect="equal")


def _guidance_charts(prefix: str, place: Json) -> list[Chart]:
    rows = place["guidance"]
    charts = [_chart(f"{prefix}-alike", "Mean similarity of two samples", partial(_paint_alike, rows))]
    if all("grading" in row for row in rows):
        real = next(iter(place["rows"].values()))
        charts.insert(0, _chart(f"{prefix}-agree", "Agreement with the grader", partial(_paint_agreement, rows, real)))
    return charts


def _paint_agreement(rows: Sequence[Json], real: Json, axes: "Axes") -> None:
    from matplotlib.ticker import PercentFormatter

    for measure, label, mark in (("within_one", "within one step", "o-"), ("same", "same grade", "s-")):
        shares = [row["grading"][measure] for row in rows]
        axes.plot([row["guidance"] for row in rows], shares, mark, color=_GENERATED, markersize=5, label=label)
        of_real = _at(real, "grading", measure)
        if of_real is not None:
            axes.axhline(of_real, color=_REAL, linestyle="--", linewidth=1)
    axes.yaxis.set_major_formatter(PercentFormatter(1, 0))
    axes.set_xticks([row["guidance"] for row in rows], [f"{row['guidance']:g}" for row in rows])
    axes.set(xlabel="guidance", ylabel="problems", ylim=(0, 1))
    axes.legend(handlelength=1.6)


def _paint_alike(rows: Sequence[Json], axes: "Axes") -> None:
    axes.plot([row["guidance"] for row in rows], [row["alike"] for row in rows], "o-", color=_GENERATED, markersize=5)
    axes.set_xticks([row["guidance"] for row in rows], [f"{row['guidance']:g}" for row in rows])
    axes.set(xlabel="guidance", ylabel="similarity", ylim=(0, 1.1 * max(row["alike"] for row in rows)))
