"""The tables of an evaluation's report: columns with what they mean, rows, facts and notes, all of them text."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from climbpath.evaluation.results import (
    EvaluationResult,
    GuidanceRow,
    Likelihood,
    LikelihoodRow,
    ListRow,
    SetupResult,
)
from climbpath.grades import show

MISSING = "–"
"""Stands where something was not measured."""

Row = TypeVar("Row", contravariant=True)
AnyRow = TypeVar("AnyRow")
SampleRow = ListRow | GuidanceRow


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """A measure in a table."""

    title: str
    """The heading."""
    measure: Callable[[Row], Any]
    """The measure of a row, None where it was not taken."""
    form: str
    """How it is formatted."""
    meaning: str
    """How to read it."""
    dash: str = ""
    """Why a row may have a dash there."""

    def cell(self, row: Row) -> str:
        """The measure of a row as text, a dash where it was not taken."""
        value = self.measure(row)
        return MISSING if value is None else self.form.format(value)


_PERCENT, _FINE, _COARSE = "{:.1%}", "{:.3f}", "{:.2f}"
_TOO_FEW = "fewer than 100 problems on one of the two sides"
_NO_PROBLEMS = "a list without problems"
_BY_HOLDS = "a list given to --compare, of which only the holds count"
_NO_GRADES = (
    f"{_BY_HOLDS}, {_NO_PROBLEMS} or without grades, or too few real problems with a grade to train that grader on"
)
_NO_OWN = f"{_BY_HOLDS}, {_NO_PROBLEMS} or without grades, or a board that climbpath's grader has not learned"
_NO_ROLES = f"{_BY_HOLDS}, or {_NO_PROBLEMS}"

LIKELIHOOD: tuple[Column[LikelihoodRow], ...] = (
    Column("problems", lambda row: row.problems, "{:,}", "Held-out problems that were scored."),
    Column(
        "surprise",
        lambda row: row.nats_per_problem,
        _COARSE,
        "How unexpected a real problem is to the model that is told its board, angle and grade, on average: −log of "
        "its probability, in nats. Lower is better: one less makes real problems 2.7 times as likely. It compares any "
        "two models on the same problems. All are held out and have the usual foot rule; training prints that of the "
        "validation part, and may tell the model more.",
    ),
    Column(
        "± chance",
        lambda row: row.standard_error,
        _COARSE,
        "How far chance alone moves that: another choice of problems would give another mean (its standard error).",
        "a single problem, which says nothing of chance",
    ),
    Column(
        "knowing repeats",
        lambda row: row.nats_given_consensus,
        _COARSE,
        "The same where the model is also told which problems ten or more climbers have repeated.",
        "this model does not learn how often a problem was repeated",
    ),
    Column("per hold", lambda row: row.nats_per_hold, _FINE, "The surprise divided by the number of holds."),
    Column(
        "choices",
        lambda row: row.perplexity_of_hold,
        _COARSE,
        "Among how many holds the model is undecided at each choice of one, on average. Fewer is better.",
    ),
)

SHARES: tuple[Column[SampleRow], ...] = (
    Column(
        "valid",
        lambda row: row.valid,
        _PERCENT,
        "Share that keeps the board's rules of start, finish, length and reach, which real problems need not. Of lists "
        "from elsewhere the roles are not read: a problem counts where some choice of one or two starts and finishes "
        "keeps the rules. On boards whose rows do not tell where a problem may start and finish, nothing can be said.",
        _NO_ROLES,
    ),
    Column(
        "distinct",
        lambda row: row.distinct,
        _PERCENT,
        "Share of hold sets that are left when repetitions are removed.",
    ),
    Column(
        "novel",
        lambda row: row.novel,
        _PERCENT,
        "Share whose holds are not exactly those of a known real problem.",
    ),
)

LISTS: tuple[Column[ListRow], ...] = (
    Column("problems", lambda row: row.problems, "{:,}", "How many problems were measured."),
    *SHARES,
    Column(
        "holds",
        lambda row: row.holds,
        _COARSE,
        "Mean number of holds of a problem: the closer to real problems, the better.",
        _NO_PROBLEMS,
    ),
    Column(
        "hold use",
        lambda row: row.usage,
        "{:.4f}",
        "How differently from real problems the holds are used: 0 is each hold as often, 1 no hold in common "
        "(Jensen-Shannon divergence, in bits). The row of real problems shows what chance alone makes.",
        _NO_PROBLEMS,
    ),
)


def _near(quantile: str) -> Column[ListRow]:
    return Column(
        f"near {quantile}" if quantile == "50%" else quantile,
        lambda row: row.nearest.get(quantile),
        _COARSE,
        f"{quantile} of the problems are at most this similar (shared holds / holds of both) to the nearest known real "
        "one. If this is well above the row of real problems, the model copies.",
        _NO_PROBLEMS,
    )


_NEAR = tuple(map(_near, ("50%", "90%", "99%")))
_TOLD_APART: tuple[Column[ListRow], ...] = (
    Column(
        "told apart (range)",
        lambda row: row.auc,
        "{0.value:.2f} ({0.low:.2f}–{0.high:.2f})",
        "How well a program that has studied both tells the list from held-out real problems: 0.5 is guessing, 1 is "
        "always right (AUC of boosted trees over holds and where they lie; the range holds 95 % of resamples). In the "
        "row of real problems it tries to tell them from other real ones.",
        _TOO_FEW,
    ),
    Column(
        "from confirmed",
        lambda row: row.auc_confirmed,
        "{0.value:.2f} ({0.low:.2f}–{0.high:.2f})",
        "The same for problems whose grade climbpath's grader chose, which are no fair sample of all: how well they "
        "are told from those held-out real problems to which it also gives their own grade.",
        f"problems whose grade climbpath's grader did not choose, or {_TOO_FEW}",
    ),
)
AGAINST_REAL = (*_NEAR, *_TOLD_APART)

BASELINE_GRADER: tuple[Column[SampleRow], ...] = (
    Column(
        "same grade",
        lambda row: row.baseline_grader and row.baseline_grader.same,
        "{:.0%}",
        "Share of problems to which a grader trained on real problems gives their own grade: the one that was asked "
        "for, or that people gave.",
        _NO_GRADES,
    ),
    Column(
        "±1",
        lambda row: row.baseline_grader and row.baseline_grader.within_one,
        "{:.0%}",
        "Share to which it gives that grade or one next to it.",
        _NO_GRADES,
    ),
    Column(
        "grades off",
        lambda row: row.baseline_grader and row.baseline_grader.mean_distance,
        _COARSE,
        "Mean distance between the two grades (6C to 6C+ is one). It is not 0 for real problems either: people "
        "disagree about grades, and the grader sees only holds.",
        _NO_GRADES,
    ),
)

OWN_GRADER: tuple[Column[ListRow], ...] = (
    Column(
        "same grade",
        lambda row: row.own_grader and row.own_grader.same,
        "{:.0%}",
        "The same share by climbpath's own grader. It learned from the same problems as the generator, so its "
        "agreement on generated problems is not independent.",
        _NO_OWN,
    ),
    Column(
        "±1",
        lambda row: row.own_grader and row.own_grader.within_one,
        "{:.0%}",
        "Share to which climbpath's own grader gives that grade or one next to it.",
        _NO_OWN,
    ),
    Column(
        "grades off",
        lambda row: row.own_grader and row.own_grader.mean_distance,
        _COARSE,
        "Mean distance to the grade that climbpath's own grader expects.",
        _NO_OWN,
    ),
)

CLIMBING: tuple[Column[ListRow], ...] = (
    Column(
        "moves",
        lambda row: row.beta and row.beta.moves,
        _COARSE,
        "Hand moves of the beta, without the match on the finish.",
        _NO_ROLES,
    ),
    Column(
        "hardest move",
        lambda row: row.beta and row.beta.hardest,
        _COARSE,
        "Mean difficulty of the hardest move, in steps of the ladder; only differences mean something.",
        _NO_ROLES,
    ),
    Column(
        "all moves",
        lambda row: row.beta and row.beta.difficulty,
        _COARSE,
        "The same for all moves of a problem together.",
        _NO_ROLES,
    ),
    Column(
        "crossed",
        lambda row: row.beta and row.beta.crossed,
        _PERCENT,
        "Share of moves that leave the hands crossed.",
        _NO_ROLES,
    ),
    Column(
        "no hand", lambda row: row.beta and row.beta.no_hand, _PERCENT, "Share of holds that no hand needs.", _NO_ROLES
    ),
    Column(
        "reached",
        lambda row: row.beta and row.beta.reached,
        _PERCENT,
        "Share of problems that a climber with a reach of 175 cm can climb.",
        _NO_ROLES,
    ),
)

GUIDANCE: tuple[Column[GuidanceRow], ...] = (
    *SHARES,
    Column(
        "alike",
        lambda row: row.alike,
        _FINE,
        "Mean similarity of two random samples, never of one with itself: the lower, the more diverse.",
        "fewer than two samples",
    ),
    Column(
        "holds in use",
        lambda row: row.holds_in_use,
        "{:.1f}",
        "Effective number of holds that the samples use: the higher, the more diverse.",
    ),
    *BASELINE_GRADER,
)

_HEADLINES: tuple[Column[ListRow], ...] = (
    *_TOLD_APART,
    _NEAR[0],
    BASELINE_GRADER[1],
    *SHARES,
)


class Table(NamedTuple):
    """A table as text."""

    header: list[str]
    """Headings of all columns."""
    rows: list[list[str]]
    """Cells; the first of each row is its name."""
    columns: tuple[Column[Any], ...]
    """All columns but the first, for what they mean."""

    @property
    def dashes(self) -> list[str]:
        """Why there are dashes, each reason once with its columns: '– under moves, crossed: a list that …'."""
        titles: dict[str, list[str]] = {}
        for i, column in enumerate(self.columns, 1):
            if any(row[i] == MISSING for row in self.rows):
                titles.setdefault(column.dash, []).append(column.title)
        return [f"{MISSING} under {', '.join(under)}: {reason}" for reason, under in titles.items()]


def table_of(first: str, columns: Sequence[Column[AnyRow]], rows: Mapping[str, AnyRow]) -> Table:
    """A table of rows by name; `first` is the heading of the names."""
    cells = [[name, *(column.cell(row) for column in columns)] for name, row in rows.items()]
    return Table([first, *(column.title for column in columns)], cells, tuple(columns))


def likelihood_tables(likelihood: Likelihood) -> tuple[Table, Table]:
    """By grade, and by board and angle."""
    by_grade = {show(grade): row for grade, row in likelihood.by_grade.items()}
    by_setup = {setup.title: row for setup, row in likelihood.by_setup.items()}
    return (
        table_of("grade", LIKELIHOOD, {**by_grade, "all": likelihood.all}),
        table_of("board and angle", LIKELIHOOD, {**by_setup, "all": likelihood.all}),
    )


def guidance_table(measured: SetupResult) -> Table:
    """By guidance."""
    return table_of("guidance", GUIDANCE, {f"{row.guidance:g}": row for row in measured.guidance})


def headlines(result: EvaluationResult) -> Table:
    """What users get on each board at each angle, and real problems below it."""
    rows = {}
    for setup, measured in result.setups.items():
        rows[f"{setup.title}, generated"] = measured.rows[shown(measured)]
        rows[f"{setup.title}, real"] = real_row(measured)
    return table_of("board and angle", _HEADLINES, rows)


def real_row(measured: SetupResult) -> ListRow:
    """The row of held-out real problems, which is the first."""
    return next(iter(measured.rows.values()))


def shown(measured: SetupResult) -> str:
    """The list that charts and pictures show: the last of the generated ones that has problems, which has the users'
    settings."""
    return next(
        name for name in reversed(measured.rows) if measured.rows[name].sampling and measured.rows[name].problems
    )


_TOLD = {
    "foot rule": "the foot rule of each problem",
    "consensus": "which problems ten or more climbers have repeated",
}
"""What training may tell a model besides board, angle and grade, in words."""


def facts(result: EvaluationResult) -> dict[str, str]:
    """What was measured."""

    def of_models(value: Callable[[Mapping[str, Any]], Any]) -> str:
        found = {name: _fact(value(about)) for name, about in result.models.items()}
        return "; ".join(found.values() if len(found) == 1 else (f"{name} {fact}" for name, fact in found.items()))

    return {
        "training recipe": of_models(lambda about: about.get("recipe", {}).get("name")),
        "passes over the training problems": of_models(lambda about: about.get("epoch")),
        "weights of the exported model": of_models(
            lambda about: f"{_fact(about.get('weights'))}, made of the parameters that training counts"
        ),
        "surprise in training": of_models(_in_training),
        "part of the data": result.split,
        "held-out problems": _fact(result.held_out),
        "seed of the random numbers": str(result.seed),
        "left out": _counted(result.left_out) or "none",
    }


def _in_training(about: Mapping[str, Any]) -> str | None:
    """The surprise that training measured: of what, and what the model was told besides."""
    if about.get("nats_per_problem") is None:
        return None
    of_what = f"{_fact(about['nats_per_problem'])} at problems of the validation part"
    more = " and ".join(_TOLD[what] for what in about.get("told_in_training", ()))
    return f"{of_what}, where it is also told {more}" if more else of_what


def _fact(value: Any) -> str:
    if value is None:
        return "not recorded in the model's file"
    return f"{value:,}" if isinstance(value, int) else f"{value:.2f}" if isinstance(value, float) else str(value)


def _counted(reasons: Mapping[str, int]) -> str:
    return "; ".join(f"{count:,} {reason}" for reason, count in reasons.items())


def notes(measured: SetupResult) -> dict[str, str]:
    """How each list came to be, and how many of its problems the AUC is of."""
    found = {}
    for name, row in measured.rows.items():
        parts = []
        if row.sampling:
            settings = row.sampling
            parts.append(
                f"temperature {settings.temperature:g}, top-p {settings.top_p:g}, guidance {settings.guidance:g}"
            )
        if row.judged:
            parts.append(f"told apart: {row.judged:,} problems on each side")
        elif row.problems:
            parts.append("too few problems to be told apart")
        else:
            parts.append("without problems: climbpath's grader gives new ones none of the grades asked for")
        if row.left_out:
            parts.append(f"left out: {_counted(row.left_out)}")
        found[name] = "; ".join(parts)
    return found


def caveats(measured: SetupResult) -> list[str]:
    """What to keep in mind with all lists of a setup."""
    found = [
        "valid, distinct and novel of the generated rows are of what the model writes by itself; users get only what "
        "is all three, and the other measures are of that",
        "climbpath's own grader and the generator learned from the same problems, so its agreement with generated "
        "problems is not independent; that of the other grader is",
    ]
    if measured.similarity.real is None:
        found.append(
            "the data has no other real problems here, so everything is compared with the held-out ones themselves: "
            "novel, hold use and near say nothing in the row of real problems"
        )
    return found
