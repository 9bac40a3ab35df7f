"""The report of an evaluation: tables for the terminal, and one HTML page. The page needs jinja2 and matplotlib."""

from textwrap import fill
from typing import Any, NamedTuple

from climbpath.board import Setup
from climbpath.data.stats import table
from climbpath.drawing import problem as drawing
from climbpath.evaluation import charts, tables
from climbpath.evaluation.results import EvaluationResult, Likelihood, SetupResult
from climbpath.evaluation.summary import in_short
from climbpath.evaluation.tables import Table, table_of
from climbpath.wall import Wall

_LINE = 100
"""Columns that any terminal has."""
_NAME = 39
"""Characters of a list's name in the terminal."""

# The terminal


def text(result: EvaluationResult) -> str:
    """Three sentences, then the tables for a terminal: how well real problems are predicted, each board at each angle,
    and what was measured; at most 100 columns wide."""
    parts = [
        "\n".join(map(_wrapped, in_short(result))),
        "How well the model predicts real problems that it never saw (surprise: lower is better)",
        *map(_text_table, tables.likelihood_tables(result.likelihood)),
        _wrapped(
            "where the model is surest of the next hold, it is as sure as it should be to within "
            f"{result.likelihood.calibration.expected_error:.1%} on average"
        ),
    ]
    for setup, measured in result.setups.items():
        rows = measured.rows
        parts += [
            "\n" + setup.title,
            _text_table(table_of("list", tables.LISTS, rows)),
            _text_table(table_of("list against real problems", tables.AGAINST_REAL, rows)),
            _text_table(table_of("list, graded by a grader of real problems", tables.BASELINE_GRADER, rows)),
            _text_table(table_of("list, graded by climbpath's own grader", tables.OWN_GRADER, rows)),
            _text_table(table_of("list, how it is climbed", tables.CLIMBING, rows)),
            "\n".join(_wrapped(f"{name}: {note}") for name, note in tables.notes(measured).items()),
            "\n".join(map(_wrapped, tables.caveats(measured))),
        ]
        if measured.guidance:
            parts.append(_text_table(tables.guidance_table(measured)))
    parts.append("\nWhat was measured\n\n" + "\n".join(_wrapped(f"{n}: {f}") for n, f in tables.facts(result).items()))
    return "\n\n".join(parts)


def _text_table(content: Table) -> str:
    """A table, and below it the reasons of its dashes."""
    body = table(content.header, [[_short(first), *rest] for first, *rest in content.rows])
    return "\n".join([body, *map(_wrapped, content.dashes)])


def _short(name: str) -> str:
    name = _printable(name)
    return name if len(name) <= _NAME else name[: _NAME - 1] + "…"


def _wrapped(line: str) -> str:
    return fill(_printable(line), _LINE, subsequent_indent="  ", break_on_hyphens=False)


def _printable(text: str) -> str:
    """Text from files without characters that control terminals."""
    return "".join(c if c.isprintable() else " " for c in text)


# The page


def page(result: EvaluationResult) -> str:
    """One HTML page with tables, charts and pictures inside, for phones and laptops."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("climbpath.evaluation", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    by_grade, by_setup = tables.likelihood_tables(result.likelihood)
    html = environment.get_template("report.html").render(
        facts=tables.facts(result),
        recipes={name: about.get("recipe", {}) for name, about in result.models.items()},
        in_short=in_short(result),
        tiles=_tiles(result.likelihood),
        headlines=tables.headlines(result),
        likelihood=result.likelihood,
        grade_table=by_grade,
        setup_table=by_setup,
        likelihood_charts=charts.likelihood_charts(result.likelihood),
        walls={
            _wall_id(board): drawing.wall_svg(Wall(board)) for board in sorted({one.board for one in result.setups})
        },
        setups=[_section(i, setup, measured) for i, (setup, measured) in enumerate(result.setups.items(), 1)],
    )
    return html.encode("utf-8", "replace").decode()  # names of files may hold what UTF-8 does not


class Tile(NamedTuple):
    """A headline number."""

    value: str
    """The number."""
    what: str
    """What it is of."""
    beside: str
    """How to read it, in small print."""


def _tiles(likelihood: Likelihood) -> list[Tile]:
    row, calibration = likelihood.all, likelihood.calibration
    return [
        Tile(
            f"{row.nats_per_problem:.2f}",
            "surprise at a real problem",
            "lower is better" if row.standard_error is None else f"± {row.standard_error:.2f}, lower is better",
        ),
        Tile(f"{row.perplexity_of_hold:.1f}", "holds undecided among", "at each choice, lower is better"),
        Tile(f"{calibration.expected_error:.1%}", "too sure or not sure enough", "0 is best"),
    ]


def _wall_id(board: str) -> str:
    """The id of the page's one picture of a board without a problem, which those of problems show below theirs."""
    return f"wall-{board}"


def _section(number: int, setup: Setup, measured: SetupResult) -> dict[str, Any]:
    """What the template shows of one board at one angle."""
    prefix = f"setup{number}"
    return {
        "id": prefix,
        "title": setup.title,
        "shown": tables.shown(measured),
        "table": table_of("list", (*tables.LISTS, *tables.AGAINST_REAL, *tables.BASELINE_GRADER), measured.rows),
        "climbing": table_of("list", (*tables.OWN_GRADER, *tables.CLIMBING), measured.rows),
        "notes": tables.notes(measured),
        "caveats": tables.caveats(measured),
        "memorisation": [charts.similarity_chart(prefix, measured.similarity)],
        "closest": [
            {
                "similarity": f"{pair.similarity:.0%}",
                "generated": drawing.svg(pair.generated, wall_id=_wall_id(setup.board)),
                "real": drawing.svg(pair.real, wall_id=_wall_id(setup.board)),
            }
            for pair in measured.closest
        ],
        "shapes": charts.shape_charts(prefix, measured.shapes),
        "usage": charts.usage_charts(prefix, measured),
        "guidance": tables.guidance_table(measured) if measured.guidance else None,
        "guidance_charts": charts.guidance_charts(prefix, measured) if measured.guidance else [],
    }
