"""Evaluation: how good a model's likelihood and its problems are, against real problems that it never saw."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from climbpath import board as boards
from climbpath.board import Setup, order_of
from climbpath.data.split import split as split_problems
from climbpath.data.usable import why_unusable
from climbpath.errors import ClimbpathError
from climbpath.evaluation import measures
from climbpath.evaluation.baseline_grader import BaselineGrader, GradeAgreement, grade_agreement
from climbpath.evaluation.hold_lists import HoldLists, Holds
from climbpath.evaluation.likelihood import Scored, joined, nats_per_problem, score
from climbpath.evaluation.results import (
    Calibration,
    CalibrationBin,
    ClosestPair,
    EvaluationResult,
    GuidanceRow,
    Likelihood,
    LikelihoodRow,
    ListRow,
    SamplingSettings,
    SetupResult,
    Sides,
    Similarities,
)
from climbpath.evaluation.two_sample import Interval, two_sample_auc
from climbpath.features import Floats, nearest, presence
from climbpath.generator.request import OWN, Request, Sampling, can_be_guided
from climbpath.generator.sample import generate, plain_samples
from climbpath.grader.grader import Grader, expected, grader_of
from climbpath.grades import rank, scale_counts
from climbpath.model.checkpoint import Model
from climbpath.parts import Each
from climbpath.problem import Problem, violations

MOST_COMPARED = 2000
"""Most problems on each side of a two-sample test."""
LEAST_COMPARED = 100
"""Problems of one board and angle below which no classifier or grader is trained."""
BINS = 10
"""Bins of the calibration error."""
PAIRS = 6
"""Closest pairs of generated and real problems that are shown."""
GUIDANCES = (1.0, 1.25, 1.5, 2.0, 3.0)
"""Guidances that are compared."""


class Held(NamedTuple):
    """Held-out problems to measure a model on."""

    problems: list[Problem]
    """Held-out problems that the model can score."""
    others: list[Problem]
    """The other problems of the same data, none on the holds of a held-out one."""
    split: str
    """Which part of the data is held out."""
    left_out: Counter[str]
    """Reason -> how many problems of that part were left out for it."""


def held_out(
    model: Model, problems: Sequence[Problem], split: str | None, setups: Collection[Setup] | None = None
) -> Held:
    """The problems to measure on: a part of the split by key, or all where the model was trained on none of them; of
    these setups, or of any.

    Raises ClimbpathError where the model was trained on a problem of that part.
    """
    trained = set(model.train_keys.tolist())
    if split is None:
        split = "test" if any(problem.key in trained for problem in problems) else "all"
    part = list(problems) if split == "all" else split_problems(problems)[split]
    part = [problem for problem in part if setups is None or problem.setup in setups]
    leaked = sum(problem.key in trained for problem in part)
    if leaked:
        raise ClimbpathError(
            f"{leaked:,} of the {len(part):,} problems of the split {split!r} are among those that the model was "
            "trained on, so they are not held out: give the whole data that it was trained on, with --split test, or "
            "other data"
        )
    left_out: Counter[str] = Counter()
    kept = []
    for problem in part:
        reason = why_unusable(problem) or _not_learned(model, problem)
        left_out.update([reason] if reason else [])
        kept += [] if reason else [problem]
    keys = {problem.key for problem in part}
    others = [problem for problem in problems if problem.key not in keys]
    return Held(kept, others, split, left_out)


def _not_learned(model: Model, problem: Problem) -> str | None:
    """Why a problem cannot be measured: the model has not learned its setup, or its grade there, or it is too long for
    the grader of its setup."""
    if problem.setup not in model.evidence:
        return f"on {problem.setup}, which the model has not learned"
    if problem.grade is None:
        return "without a grade"
    if not model.evidence[problem.setup].get(problem.grade):
        return f"graded {problem.grade}, which the model has not learned on {problem.setup}"
    if (grader := grader_of(problem.setup)) and not grader.reads(problem):
        return "longer than climbpath's grader can read"
    return None


def main_setup(held: Sequence[Held]) -> Setup:
    """The setup of most of the held-out problems. Raises ClimbpathError, with the reasons, where there are none."""
    setups = Counter(problem.setup for one in held for problem in one.problems)
    if not setups:
        reasons = "; ".join(f"{count} {reason}" for one in held for reason, count in one.left_out.items())
        raise ClimbpathError(f"nothing can be measured on the split {held[0].split!r}: {reasons or 'it is empty'}")
    return setups.most_common(1)[0][0]


def evaluate(
    models: Mapping[str, tuple[Model, Held]],
    *,
    samples: int,
    compare: Mapping[Setup, Sequence[HoldLists]],
    seed: int = 0,
    tell: Callable[[str], None] = lambda stage: None,
    each: Each = map,
) -> EvaluationResult:
    """Everything that `climbpath evaluate` reports.

    Args:
        models: name -> a model, and what it is measured on; no setup is measured under two.
        samples: how many problems to draw for each list, with the boards, angles, grades and consensus of what is held
            out in the same proportions.
        compare: lists from elsewhere, by setup, measured in the same way.
        seed: of samples, folds and resamples.
        tell: called with the name of each stage as it begins.
        each: does the work of several setups.
    """
    total = sum(len(held.problems) for _, held in models.values())
    setups = [
        (model, held, setup)
        for model, held in models.values()
        for setup in sorted({problem.setup for problem in held.problems}, key=order_of)
    ]

    def measure(number: int) -> tuple[int, Likelihood | SetupResult]:
        """Number 0 is the likelihood, the others are the setups."""
        if number == 0:
            tell(f"nats of {total:,} problems")
            return number, likelihood([(model, held.problems) for model, held in models.values()])
        model, held, setup = setups[number - 1]
        real = [p for p in held.problems if p.setup == setup]
        others = [p for p in held.others if p.setup == setup and not why_unusable(p)]
        # of the samples each setup gets its part by the number of its held-out problems
        size = max(1, round(samples * len(real) / total))
        return number, _SetupEvaluation(model, setup, real, others, size, seed).run(compare.get(setup, ()), tell)

    results: dict[int, Any] = dict(each(measure, range(len(setups) + 1)))
    return EvaluationResult(
        models={
            name: {
                **model.about,
                "weights": int(sum(value.size for value in model.weights.values())),
                "told_in_training": [
                    what
                    for what, learned in (("foot rule", model.about.get("methods")), ("consensus", model.consensus))
                    if learned
                ],
            }
            for name, (model, _) in models.items()
        },
        split=", ".join(dict.fromkeys(held.split for _, held in models.values())),
        seed=seed,
        held_out=total,
        left_out=dict(sum((held.left_out for _, held in models.values()), Counter())),
        likelihood=results[0],
        setups={setup: results[number] for number, (_, _, setup) in enumerate(setups, 1)},
    )


def likelihood(measured: Sequence[tuple[Model, Sequence[Problem]]]) -> Likelihood:
    """Nats and perplexity overall, by grade and by setup, and how well calibrated the probabilities are, of problems
    under the model that each is measured with."""
    problems = [problem for _, some in measured for problem in some]
    scored = joined([score(model, some) for model, some in measured])
    given = np.concatenate(
        [
            nats_per_problem(model, some, given_consensus=True) if model.consensus else np.full(len(some), np.nan)
            for model, some in measured
        ]
    )
    by_grade: defaultdict[str, list[int]] = defaultdict(list)
    by_setup: defaultdict[Setup, list[int]] = defaultdict(list)
    for i, problem in enumerate(problems):
        by_grade[problem.grade or ""].append(i)
        by_setup[problem.setup].append(i)
    return Likelihood(
        all=_likelihood_row(scored, given, problems, range(len(problems))),
        by_grade={g: _likelihood_row(scored, given, problems, by_grade[g]) for g in sorted(by_grade, key=rank)},
        by_setup={
            setup: _likelihood_row(scored, given, problems, by_setup[setup]) for setup in sorted(by_setup, key=order_of)
        },
        calibration=calibration(scored),
    )


def _likelihood_row(
    scored: Scored, given: NDArray[np.float64], problems: Sequence[Problem], rows: Sequence[int]
) -> LikelihoodRow:
    """The row of some of the problems; `given` are nats given consensus, [problems], nan where the model knows none."""
    nats, is_token, end = scored.nats[rows], scored.is_token[rows], scored.end[rows]
    per_problem = nats.sum(axis=1)
    choices = sum(len(problems[i].sequence) for i in rows)
    return LikelihoodRow(
        problems=len(rows),
        nats_per_problem=float(per_problem.mean()),
        standard_error=float(per_problem.std(ddof=1) / np.sqrt(len(rows))) if len(rows) > 1 else None,
        nats_given_consensus=None if np.isnan(given[rows]).any() else float(given[rows].mean()),
        nats_per_hold=float(nats.sum() / sum(len(problems[i].holds) for i in rows)),
        nats_per_token=float(nats.sum() / is_token.sum()),
        perplexity_of_hold=float(np.exp(nats[~end].sum() / choices)),
    )


def calibration(scored: Scored) -> Calibration:
    """How often the likeliest token is the right one, in bins of its probability, and the expected error."""
    confidence, hit = scored.confidence[scored.is_token], scored.hit[scored.is_token]
    bin_of = np.minimum((confidence * BINS).astype(int), BINS - 1)
    bins = [
        CalibrationBin(int(inside.sum()), float(confidence[inside].mean()), float(hit[inside].mean()))
        for inside in (bin_of == number for number in range(BINS))
        if inside.any()
    ]
    error = sum(b.tokens * abs(b.confidence - b.frequency) for b in bins) / len(confidence)
    return Calibration(bins, float(error))


class _SetupEvaluation:
    """The evaluation of a model on one board at one angle."""

    def __init__(
        self, model: Model, setup: Setup, real: list[Problem], others: list[Problem], samples: int, seed: int
    ) -> None:
        self.model, self.setup, self.board = model, setup, boards.load(setup.board)
        self.real, self.others, self.samples, self.seed = real, others, samples, seed
        self.known = others or real
        self.known_holds = presence([p.holds for p in self.known], self.board)
        graded = [problem for problem in others if problem.grade]
        enough = min(len(real), len(graded)) >= LEAST_COMPARED
        self.baseline_grader = BaselineGrader(graded, self.board, seed) if enough else None
        self.own_grader = grader_of(setup)

    def run(self, compare: Sequence[HoldLists], tell: Callable[[str], None]) -> SetupResult:
        """The measures of real problems, samples and lists from elsewhere."""
        # real problems, compared with others as far as there are any
        tell(f"{self.setup}: real against real")
        rows = {"real, held out": self._problem_row(self.real, _same_mix(self.others, self.real, self.seed))}
        # samples: the three fractions of plain ones, everything else of those that users would get
        graders: dict[str, Grader | None] = {"generated, the model's own distribution": None}
        if self.own_grader:
            graders["generated, the users' default"] = self.own_grader
        shown: list[Problem] = []
        plain = self.plain(OWN, self.samples)
        valid, distinct, novel = self._fractions(plain)
        for name, chooses in graders.items():
            tell(f"{self.setup}: {name}")
            drawn = self.novel(chooses, self.real) or ([] if chooses else plain)
            shown = drawn or shown
            rows[name] = replace(
                self._problem_row(drawn, self.real),
                auc_confirmed=self._auc_confirmed(chooses) if chooses else None,
                valid=valid,
                distinct=distinct,
                novel=novel,
                sampling=SamplingSettings(OWN.temperature, OWN.top_p, OWN.guidance),
            )
        # lists from elsewhere
        for lists in compare:
            tell(f"{self.setup}: {lists.name}")
            rows[lists.name] = self._list_row(lists)
        # charts and pairs, of the last list of samples
        similarity, index = self._nearest(shown)
        return SetupResult(
            board=self.board.name,
            angle=self.setup.angle,
            rows=rows,
            shapes=Sides(measures.shapes(self.real), measures.shapes(shown)),
            usage=Sides(measures.usage(self.real, self.board), measures.usage(shown, self.board)),
            similarity=Similarities(
                _rounded(similarity), _rounded(self._nearest(self.real)[0]) if self.others else None
            ),
            closest=[
                ClosestPair(float(similarity[i]), shown[i], replace(self.known[index[i]], name=None, ids=()))
                for i in np.argsort(-similarity, kind="stable")[:PAIRS]
            ],
            guidance=self._guidance(tell) if can_be_guided(self.model) else [],
        )

    def mixes(self, sampling: Sampling, size: int, real: Sequence[Problem]) -> list[tuple[Counter[str], Request]]:
        """What to draw for `size` problems in the mix of real ones: counts of grades with the request to draw them by,
        once for grades that are a consensus and once for others."""
        found = []
        for consensus in (True, False):
            if mix := Counter(problem.grade or "" for problem in real if problem.has_consensus is consensus):
                count = max(1, round(size * mix.total() / len(real)))
                one, seed = sampling._replace(consensus=consensus), 2 * self.seed + consensus
                request = Request(setup=self.setup, grades=tuple(mix), sampling=one, seed=seed)
                found.append((scale_counts(mix, count), request))
        return found

    def novel(self, grader: Grader | None, real: Sequence[Problem]) -> list[Problem]:
        """Problems in the mix of real ones: valid, novel and distinct; with a grader those that it gives the grade
        asked for, as users get them, without the grades that it gives none."""
        found: list[Problem] = []
        for counts, request in self.mixes(OWN, self.samples, real):
            known = {problem.key for problem in found}
            offered = grader.scale_of(self.setup).grades if grader else tuple(counts)
            wanted = {grade: count for grade, count in counts.items() if grade in offered}
            found += generate(self.model, request, wanted, grader=grader, known=known)
        return found

    def plain(self, sampling: Sampling, size: int) -> list[Problem]:
        """Plain samples in the mix: known problems and repetitions are not left out."""
        mixes = self.mixes(sampling, size, self.real)
        return [problem for counts, request in mixes for problem in plain_samples(self.model, request, counts)]

    def _fractions(self, plain: Sequence[Problem]) -> tuple[float, float, float]:
        """Of plain samples: valid, distinct, and novel against all problems that the model knows."""
        known = self.model.known
        return (
            float(np.mean([not violations(problem) for problem in plain])),
            len({problem.key for problem in plain}) / len(plain),
            float(np.mean([problem.key not in known for problem in plain])),
        )

    def _problem_row(self, problems: Sequence[Problem], against: Sequence[Problem]) -> ListRow:
        """The row of problems with roles and grades, of which a classifier tells those of `against` apart."""
        if not problems:
            return ListRow(problems=0)
        baseline, own = self._agreements(problems)
        auc, judged = self._told_apart(problems, against)
        return replace(
            self._row(_holds(problems)),
            auc=auc,
            judged=judged,
            valid=float(np.mean([not violations(problem) for problem in problems])),
            baseline_grader=baseline,
            own_grader=own,
            beta=measures.betas(problems, self.board),
        )

    def _auc_confirmed(self, grader: Grader) -> Interval | None:
        """How well problems as users get them, in the mix of those real ones that the grader confirms, are told apart
        from these; None where these are too few."""
        real = confirmed(grader, self.real)
        return self._told_apart(self.novel(grader, real), real)[0] if len(real) >= LEAST_COMPARED else None

    def _list_row(self, lists: HoldLists) -> ListRow:
        """The row of a list from elsewhere, of which only the holds are known."""
        compared = _matched([None] * len(lists.problems), [None] * len(self.real), self.seed)
        auc, judged = self._auc(lists.problems, _holds(self.real), compared)
        can_be = [measures.can_be_valid(holds, self.setup) for holds in lists.problems] if self.board.rows else None
        return replace(
            self._row(lists.problems),
            auc=auc,
            judged=judged,
            valid=float(np.mean(can_be)) if can_be else None,
            left_out=dict(lists.left_out),
        )

    def _row(self, some: Sequence[Holds]) -> ListRow:
        """What can be measured of holds alone."""
        return measures.compare_holds(some, [p.holds for p in self.known], self.board)

    def _told_apart(self, some: Sequence[Problem], others: Sequence[Problem]) -> tuple[Interval | None, int | None]:
        """How well a classifier tells problems apart, as many of one list as of the other at every grade."""
        compared = _matched([p.grade for p in some], [p.grade for p in others], self.seed)
        return self._auc(_holds(some), _holds(others), compared)

    def _auc(
        self, some: Sequence[Holds], others: Sequence[Holds], compared: tuple[list[int], list[int]]
    ) -> tuple[Interval | None, int | None]:
        """How well a classifier tells two lists apart, with the number on each side: of those with the indices
        `compared`, or None where these are too few."""
        if min(map(len, compared)) < LEAST_COMPARED:
            return None, None
        left, right = ([items[i] for i in rows] for items, rows in zip((some, others), compared, strict=True))
        return two_sample_auc(left, right, self.board), len(left)

    def _agreements(self, problems: Sequence[Problem]) -> tuple[GradeAgreement | None, GradeAgreement | None]:
        """How well two graders agree with the grades of problems: the baseline, and climbpath's own."""
        baseline = self.baseline_grader.agreement(problems) if self.baseline_grader else None
        if not self.own_grader:
            return baseline, None
        without_repeats = [replace(problem, repeats=None) for problem in problems]  # samples have none
        steps = expected(self.own_grader.probabilities(without_repeats))
        return baseline, grade_agreement(steps, problems, self.own_grader.ladder)

    def _nearest(self, problems: Sequence[Problem]) -> tuple[Floats, NDArray[np.int64]]:
        """The Jaccard similarity of each problem to the nearest known real one, and that one's index."""
        return nearest(presence([p.holds for p in problems], self.board), self.known_holds)

    def _guidance(self, tell: Callable[[str], None]) -> list[GuidanceRow]:
        """How grade agreement, validity and diversity change with guidance, on plain samples."""
        rows = []
        for guidance in GUIDANCES:
            tell(f"{self.setup}: guidance {guidance:g}")
            plain = self.plain(Sampling(guidance=guidance), len(self.real))
            valid, distinct, novel = self._fractions(plain)
            baseline, own = self._agreements(plain)
            holds = presence([problem.holds for problem in plain], self.board)
            rows.append(
                GuidanceRow(
                    guidance=guidance,
                    valid=valid,
                    distinct=distinct,
                    novel=novel,
                    alike=measures.mean_similarity(holds, self.seed),
                    holds_in_use=measures.holds_in_use(holds),
                    baseline_grader=baseline,
                    own_grader=own,
                )
            )
        return rows


def confirmed(grader: Grader, problems: Sequence[Problem]) -> list[Problem]:
    """Those problems of one setup to which a grader gives their own grade, as if they were new."""
    graded = grader.graded([replace(problem, repeats=None) for problem in problems])
    return [problem for problem, new in zip(problems, graded, strict=True) if new.grade == problem.grade]


def _holds(problems: Sequence[Problem]) -> list[Holds]:
    return [frozenset(problem.holds) for problem in problems]


def _rounded(values: Floats) -> list[float]:
    return [round(float(value), 4) for value in values]


def _same_mix(others: Sequence[Problem], real: Sequence[Problem], seed: int) -> list[Problem]:
    """Other problems in the grade mix of the real ones, as many or as many as there are."""
    rows, _ = _matched([p.grade for p in others], [p.grade for p in real], seed)
    return [others[i] for i in rows]


def _matched(some: Sequence[str | None], others: Sequence[str | None], seed: int) -> tuple[list[int], list[int]]:
    """Random indices into two lists, as many of one as of the other at every grade; at most MOST_COMPARED of each.

    Takes the grades of both; None throughout where a list has no grades.
    """
    rng = np.random.default_rng(seed)
    # grade -> the indices of its problems in either list, shuffled
    groups: list[defaultdict[str | None, list[int]]] = [defaultdict(list), defaultdict(list)]
    for group, grades in zip(groups, (some, others), strict=True):
        for i in rng.permutation(len(grades)).tolist():
            group[grades[i]].append(i)
    # how many of each grade both lists have, scaled down where that is too many
    common = {grade: min(len(groups[0][grade]), len(groups[1][grade])) for grade in list(groups[0])}
    total = sum(common.values())
    kept = {grade: n if total <= MOST_COMPARED else n * MOST_COMPARED // total for grade, n in common.items()}
    left, right = ([i for grade, n in kept.items() for i in group[grade][:n]] for group in groups)
    return left, right
