"""What an evaluation measures, as typed rows: `evaluate` fills them in, report and report.json show them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Generic, TypeVar

from climbpath.board import Setup
from climbpath.evaluation.baseline_grader import GradeAgreement
from climbpath.evaluation.two_sample import Interval
from climbpath.problem import Problem

Kind = TypeVar("Kind")


@dataclass(frozen=True, slots=True, kw_only=True)
class LikelihoodRow:
    """How likely some held-out problems are under the model."""

    problems: int
    """How many were scored."""
    nats_per_problem: float
    """Mean of -log p(problem | board, angle, grade)."""
    standard_error: float | None
    """Of that mean, by the sample standard deviation; None of a single problem."""
    nats_given_consensus: float | None = None
    """The same mean, given also whether each grade is a consensus; None where the model does not know that."""
    nats_per_hold: float
    """The same nats divided by the number of holds."""
    nats_per_token: float
    """The same nats divided by the number of tokens."""
    perplexity_of_hold: float
    """The effective number of holds that the model chooses between at each choice of a hold."""


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Predicted tokens whose likeliest token has about the same probability."""

    tokens: int
    """How many there are."""
    confidence: float
    """Mean probability of the likeliest token."""
    frequency: float
    """How often the likeliest token is the right one."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """How far the probability of the likeliest token can be believed."""

    bins: list[CalibrationBin]
    """By confidence, those without tokens left out."""
    expected_error: float
    """Mean gap between confidence and frequency, weighted by tokens (Guo et al. 2017)."""


@dataclass(frozen=True, slots=True)
class Likelihood:
    """The likelihood of the held-out problems."""

    all: LikelihoodRow
    """Of all of them."""
    by_grade: dict[str, LikelihoodRow]
    """Of each Font grade, easiest first."""
    by_setup: dict[Setup, LikelihoodRow]
    """Of each board and angle."""
    calibration: Calibration
    """Of all tokens."""


@dataclass(frozen=True, slots=True)
class BetaRow:
    """How problems are climbed according to the beta solver, on average."""

    moves: float
    """Moves of a problem, without the match on the finish."""
    hardest: float
    """Difficulty of the hardest move, in steps of the ladder."""
    difficulty: float
    """Difficulty of all moves of a problem together, in steps of the ladder."""
    crossed: float
    """Fraction of moves that leave the hands crossed."""
    no_hand: float
    """Fraction of holds that no hand needs."""
    reached: float
    """Fraction of problems that the default climber can reach through."""


@dataclass(frozen=True, slots=True)
class SamplingSettings:
    """How the problems of a list were sampled, apart from consensus, which follows the mix of the real ones."""

    temperature: float
    """As in Sampling."""
    top_p: float
    """As in Sampling."""
    guidance: float | None
    """As in Sampling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRow:
    """What is measured of a list of problems: real ones, generated ones, or a list from elsewhere."""

    problems: int
    """How many there are; a list without any has nothing else but what is of plain samples."""
    valid: float | None = None
    """Fraction that keeps the board's rules; of a generated list, of plain samples; of a list from elsewhere, that can
    keep them, None where the board's rows do not tell the roles of holds."""
    distinct: float | None = None
    """Distinct sets of holds as a fraction of all; of a generated list, of plain samples."""
    novel: float | None = None
    """Fraction whose holds are not exactly those of a known real problem; of a generated list, of plain samples."""
    nearest: dict[str, float] = field(default_factory=dict)
    """Quantiles, '50%', '90%' and '99%', of the Jaccard similarity to the nearest known real problem."""
    usage: float | None = None
    """Jensen-Shannon divergence from real problems of how often each hold is used, in bits: 0 the same, 1 disjoint."""
    holds: float | None = None
    """Mean number of holds."""
    auc: Interval | None = None
    """How well a classifier tells the list from held-out real problems; None where there are too few."""
    judged: int | None = None
    """Problems on each side of that test."""
    auc_confirmed: Interval | None = None
    """Of problems whose grades climbpath's grader chose: the same against those held-out problems to which it gives
    their own grade; None where there are too few."""
    baseline_grader: GradeAgreement | None = None
    """Agreement of a grader trained on real problems of the same data; None for lists without grades."""
    own_grader: GradeAgreement | None = None
    """Agreement of climbpath's own grader; None for lists without grades and where it does not know the setup."""
    beta: BetaRow | None = None
    """How the problems are climbed; None for lists without roles."""
    sampling: SamplingSettings | None = None
    """Of generated lists."""
    left_out: dict[str, int] | None = None
    """Reason -> how many problems of a list from elsewhere were left out for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuidanceRow:
    """What is measured of plain samples with one guidance."""

    guidance: float
    """As in Sampling."""
    valid: float
    """Fraction that keeps the board's rules."""
    distinct: float
    """Distinct sets of holds as a fraction of all."""
    novel: float
    """Fraction whose holds are not exactly those of a problem that the model knows."""
    alike: float | None
    """Mean Jaccard similarity of two random samples; None where there are no two."""
    holds_in_use: float
    """Effective number of holds that the samples use."""
    baseline_grader: GradeAgreement | None = None
    """As in ListRow."""
    own_grader: GradeAgreement | None = None
    """As in ListRow."""


@dataclass(frozen=True, slots=True)
class Sides(Generic[Kind]):
    """One measure of held-out real problems and of generated ones, side by side."""

    real: Kind
    """Of held-out real problems."""
    generated: Kind
    """Of the last generated list."""


@dataclass(frozen=True, slots=True)
class Similarities:
    """The Jaccard similarity of each problem to the nearest known real one."""

    generated: list[float]
    """Of the last generated list."""
    real: list[float] | None = None
    """Of held-out real problems; None where no other real problems are known."""


@dataclass(frozen=True, slots=True)
class ClosestPair:
    """A generated problem and the known real problem nearest to it."""

    similarity: float
    """Their Jaccard similarity."""
    generated: Problem
    """The generated problem."""
    real: Problem
    """The real one, without name and ids."""


@dataclass(frozen=True, slots=True)
class SetupResult:
    """What was measured on one board at one angle."""

    board: str
    """Name of the board."""
    angle: int | None
    """In degrees."""
    rows: dict[str, ListRow]
    """Title -> measures: held-out real problems first, then generated ones, then lists from elsewhere."""
    shapes: Sides[dict[str, list[float]]]
    """Title of a measure, such as 'width, cm' -> its value for each problem."""
    usage: Sides[list[float]]
    """Fraction of problems that use each hold, in board order."""
    similarity: Similarities
    """To the nearest known real problem."""
    closest: list[ClosestPair]
    """The most similar pairs, most similar first."""
    guidance: list[GuidanceRow]
    """By guidance; empty for a model that cannot be guided."""


@dataclass(frozen=True, slots=True)
class EvaluationResult:
    """Everything that `climbpath evaluate` measures."""

    models: Mapping[str, Mapping[str, Any]]
    """Name -> what the model's file says of it; `weights`, how many it has, folded as in an exported file (training
    counts the parameters that they are made of); and `told_in_training`, what validation told it besides board, angle
    and grade: 'foot rule', 'consensus'."""
    split: str
    """Which part of the data was held out."""
    seed: int
    """Of samples, folds and resamples."""
    held_out: int
    """How many problems were held out and measured on."""
    left_out: dict[str, int]
    """Reason -> how many problems of that part were left out for it."""
    likelihood: Likelihood
    """Of the held-out problems."""
    setups: dict[Setup, SetupResult]
    """Of each board and angle."""


def to_json(value: Any) -> Any:
    """A result, or a part of one, in plain JSON types; fields that were not measured (None) are left out."""
    if isinstance(value, Problem):
        return value.to_dict()
    if is_dataclass(value):
        measured = {one.name: getattr(value, one.name) for one in fields(value)}
        return {name: to_json(part) for name, part in measured.items() if part is not None}
    if isinstance(value, Interval | GradeAgreement):
        return value._asdict()
    if isinstance(value, Mapping):
        return {str(key): to_json(part) for key, part in value.items()}
    return [to_json(part) for part in value] if isinstance(value, list | tuple) else value
