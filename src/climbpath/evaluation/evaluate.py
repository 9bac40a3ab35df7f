"""Evaluation: how good a model's likelihood and its problems are, against real problems that it never saw."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from climbpath import board as boards
from climbpath.beta import solver
from climbpath.board import Board, Setup
from climbpath.data.filter import scaled
from climbpath.data.split import split as split_problems
from climbpath.errors import ClimbpathError
from climbpath.evaluation.baseline_grader import Grader, grading
from climbpath.evaluation.hold_lists import HoldLists, measure
from climbpath.evaluation.likelihood import Scored, nats_per_problem, score
from climbpath.evaluation.two_sample import two_sample_auc
from climbpath.features import Floats, nearest, presence
from climbpath.generator.lookahead import Lookahead
from climbpath.generator.request import OWN, Request, Sampling
from climbpath.generator.sample import draw_batches, generate
from climbpath.grader import grader
from climbpath.grades import rank
from climbpath.model.checkpoint import Model
from climbpath.problem import DEFAULT_METHOD, Problem, Rules, longest_reach, violations

JUDGED = 2000
"""Most problems on each side of a two-sample test."""
LEAST_JUDGED = 100
"""Problems of one board and angle below which no classifier is asked."""
BINS = 10
PAIRS = 6
"""Closest pairs of generated and real problems that are shown."""
GUIDANCES = (1.0, 1.25, 1.5, 2.0, 3.0)


class Held(NamedTuple):
    """Held-out problems that the model can be asked about, other problems of the same data, and which split."""

    problems: list[Problem]
    others: list[Problem]
    split: str
    left_out: Counter[str]


def held_out(model: Model, problems: Sequence[Problem], split: str | None) -> Held:
    """The problems to measure on: a part of the split by key, or all where the model was trained on none of them.

    Raises ClimbpathError where problems of the part are among those that the model was trained on, or it has none.
    """
    trained = set(model.train_keys.tolist())
    if split is None:
        split = "test" if any(problem.key in trained for problem in problems) else "all"
    part = list(problems) if split == "all" else split_problems(problems)[split]
    leaked = sum(problem.key in trained for problem in part)
    if leaked:
        raise ClimbpathError(
            f"{leaked:,} of the {len(part):,} problems of the split {split!r} are among those that the model was "
            "trained on, so they are not held out: give the data that it was trained on whole, with --split test, "
            "or other data"
        )
    left_out: Counter[str] = Counter()
    kept = []
    for problem in part:
        reason = _unknown(model, problem)
        left_out.update([reason] if reason else [])
        kept += [] if reason else [problem]
    if not kept:
        reasons = "; ".join(f"{count} {reason}" for reason, count in left_out.items()) or "it is empty"
        raise ClimbpathError(f"nothing can be measured on the split {split!r}: {reasons}")
    keys = {problem.key for problem in part}
    others = [problem for problem in problems if problem.key not in keys]
    return Held(kept, others, split, left_out)


def _unfit(problem: Problem) -> str | None:
    """Why a problem is not one to measure by."""
    if problem.partial:
        return "partial"
    return None if problem.method == DEFAULT_METHOD else "with other foot rules than feet follow hands"


def _unknown(model: Model, problem: Problem) -> str | None:
    """Why a model cannot be asked about a problem."""
    if reason := _unfit(problem):
        return reason
    if problem.setup not in model.evidence:
        return f"on {problem.setup}, which the model has not learned"
    if not model.evidence[problem.setup].get(problem.grade or ""):
        return f"graded {problem.grade}, which the model has not learned on {problem.setup}"
    return None


def main_setup(held: Held) -> Setup:
    """The setup of most of the held-out problems."""
    return Counter(problem.setup for problem in held.problems).most_common(1)[0][0]


def evaluate(
    model: Model,
    held: Held,
    *,
    samples: int,
    default: Sampling,
    compare: Mapping[Setup, Sequence[HoldLists]],
    seed: int = 0,
    tell: Callable[[str], None] = lambda stage: None,
) -> dict[str, Any]:
    """Everything that `climbpath evaluate` reports, in plain JSON types.

    Args:
        model: the model.
        held: what it is measured on.
        samples: how many problems to draw for each setting, in the mix of board, angle and grade of `held`, as many
            of them settled.
        default: the users' default sampling; the model's own distribution is measured beside it.
        compare: lists from elsewhere by setup, measured alike.
        seed: of samples, folds and resamples.
        tell: is told each stage as it begins.
    """
    tell(f"nats of {len(held.problems):,} problems")
    result: dict[str, Any] = {
        "model": {**model.about, "numbers": int(sum(value.size for value in model.weights.values()))},
        "split": held.split,
        "seed": seed,
        "held_out": len(held.problems),
        "left_out": dict(held.left_out),
        "likelihood": likelihood(model, held.problems),
        "setups": {},
    }
    by_setup: defaultdict[Setup, list[Problem]] = defaultdict(list)
    for problem in held.problems:
        by_setup[problem.setup].append(problem)
    for setup, real in sorted(by_setup.items()):
        size = max(1, round(samples * len(real) / len(held.problems)))
        others = [p for p in held.others if p.setup == setup and not _unfit(p)]
        measured = _Measured(model, setup, real, others, size, seed)
        result["setups"][str(setup)] = measured.report(default, compare.get(setup, ()), tell)
    return result


def likelihood(model: Model, problems: Sequence[Problem]) -> dict[str, Any]:
    """Nats overall, by grade, by board and angle; perplexity of the choice of a hold; calibration by confidence."""
    scored = score(model, problems)
    given = nats_per_problem(model, problems, given_consensus=True) if model.consensus else None
    by_grade: defaultdict[str, list[int]] = defaultdict(list)
    by_setup: defaultdict[Setup, list[int]] = defaultdict(list)
    for i, problem in enumerate(problems):
        by_grade[problem.grade or ""].append(i)
        by_setup[problem.setup].append(i)
    return {
        "all": _nats(scored, given, problems, range(len(problems))),
        "by_grade": {grade: _nats(scored, given, problems, by_grade[grade]) for grade in sorted(by_grade, key=rank)},
        "by_setup": {str(setup): _nats(scored, given, problems, by_setup[setup]) for setup in sorted(by_setup)},
        "calibration": calibration(scored),
    }


def _nats(
    scored: Scored, given: NDArray[np.float64] | None, problems: Sequence[Problem], rows: Sequence[int]
) -> dict[str, float]:
    nats, is_token, end = scored.nats[rows], scored.is_token[rows], scored.end[rows]
    per_problem = nats.sum(axis=1)
    choices = sum(len(problems[i].sequence) for i in rows)
    return {
        "problems": len(rows),
        "nats_per_problem": float(per_problem.mean()),
        "standard_error": float(per_problem.std() / np.sqrt(len(rows))),
        **({} if given is None else {"nats_given_consensus": float(given[rows].mean())}),
        "nats_per_hold": float(nats.sum() / sum(len(problems[i].holds) for i in rows)),
        "nats_per_token": float(nats.sum() / is_token.sum()),
        "perplexity_of_hold": float(np.exp(nats[~end].sum() / choices)),
    }


def calibration(scored: Scored) -> dict[str, Any]:
    """How often the likeliest token stands there, in bins of its probability, and the expected calibration error.

    The error is the mean gap between probability and frequency, weighted by tokens (Guo et al. 2017).
    """
    confidence, hit = scored.confidence[scored.is_token], scored.hit[scored.is_token]
    place = np.minimum((confidence * BINS).astype(int), BINS - 1)
    bins = [
        {"tokens": int(at.sum()), "confidence": float(confidence[at].mean()), "frequency": float(hit[at].mean())}
        for at in (place == number for number in range(BINS))
        if at.any()
    ]
    error = sum(b["tokens"] * abs(b["confidence"] - b["frequency"]) for b in bins) / len(confidence)
    return {"bins": bins, "expected_error": float(error)}


class _Measured:
    """One board at one angle: its held-out real problems, and samples in their grade mix, as many of them settled."""

    def __init__(
        self, model: Model, setup: Setup, real: list[Problem], others: list[Problem], samples: int, seed: int
    ) -> None:
        self.model, self.setup, self.board = model, setup, boards.load(setup.board)
        self.real, self.others, self.seed = real, others, seed
        self.samples = samples
        self.known = others or real
        self.known_holds = presence([p.holds for p in self.known], self.board)
        enough = min(len(real), len(others)) >= LEAST_JUDGED
        self.grader = Grader(others, self.board, seed) if enough else None
        bundled = grader.bundled_grader()
        self.ours = bundled if setup in bundled.evidence else None

    def report(self, default: Sampling, compare: Sequence[HoldLists], tell: Callable[[str], None]) -> dict[str, Any]:
        """The measurements of real problems, samples and lists from elsewhere."""
        tell(f"{self.setup}: real against real")
        floor = _like(self.real, self.others, self.seed)
        rows = {"real, held out": self._row(self.real, floor)}
        settings = {"generated, the model's own distribution": OWN}
        if default != OWN:
            settings["generated, the users' default"] = default
        drawn: dict[str, list[Problem]] = {}
        for name, sampling in settings.items():
            tell(f"{self.setup}: {name}")
            plain = self.plain(sampling, self.samples)
            drawn[name] = self.novel(sampling)
            stated = {setting: value for setting, value in sampling._asdict().items() if setting != "consensus"}
            rows[name] = self._row(drawn[name], self.real) | self._shares(plain) | {"sampling": stated}
        for lists in compare:
            tell(f"{self.setup}: {lists.name}")
            rows[lists.name] = self._row(lists.hold_sets, self.real) | {"left_out": dict(lists.left_out)}
        shown = drawn[next(reversed(drawn))]
        similarity, place = self._nearest(shown)
        return {
            "board": self.board.name,
            "angle": self.setup.angle,
            "rows": rows,
            "shapes": {"real": _shapes(self.real), "generated": _shapes(shown)},
            "usage": {"real": _usage(self.real, self.board), "generated": _usage(shown, self.board)},
            "likeness": self._similarities(similarity),
            "closest": self._closest(shown, similarity, place),
            "guidance": self._guidance(tell) if self.model.about["recipe"]["grade_dropout"] else [],
        }

    def mixes(self, sampling: Sampling, size: int) -> list[tuple[Counter[str], Sampling, int]]:
        """What to draw to have `size` problems in the mix: grades of settled ones and of others, and each with what
        sampling and seed."""
        found = []
        for consensus in (True, False):
            mix = Counter(problem.grade or "" for problem in self.real if problem.has_consensus is consensus)
            if share := round(size * mix.total() / len(self.real)):
                found.append((scaled(mix, share), sampling._replace(consensus=consensus), 2 * self.seed + consensus))
        return found

    def novel(self, sampling: Sampling) -> list[Problem]:
        """Problems in the mix as users get them: novel and distinct."""
        found: list[Problem] = []
        for mix, one, seed in self.mixes(sampling, self.samples):
            known = {problem.key for problem in found}
            request = Request(setup=self.setup, grades=tuple(mix), sampling=one, seed=seed)
            found += generate(self.model, request, mix, known=known)
        return found

    def plain(self, sampling: Sampling, size: int) -> list[Problem]:
        """Plain samples in the mix, before any is left out as known or drawn before."""
        lookahead = Lookahead(self.board, Rules())
        found: list[Problem] = []
        for mix, one, seed in self.mixes(sampling, size):
            for batch in draw_batches(self.model, lookahead, self.setup, list(mix.elements()), one, seed):
                found += batch
        return found

    def _shares(self, plain: Sequence[Problem]) -> dict[str, float]:
        """Of plain samples: valid, distinct and novel against all that the model knows."""
        known = self.model.known
        return {
            "valid": float(np.mean([not violations(problem) for problem in plain])),
            "distinct": len({problem.key for problem in plain}) / len(plain),
            "novel": float(np.mean([problem.key not in known for problem in plain])),
        }

    def _row(self, problems: Sequence[Any], against: Sequence[Problem]) -> dict[str, Any]:
        """One row of the table: measured against the known real problems, given apart from `against`."""
        hold_sets = [_holds(problem) for problem in problems]
        row = measure(hold_sets, [p.holds for p in self.known], self.board)
        mine, theirs = _matched(problems, against, self.seed)
        if min(len(mine), len(theirs)) >= LEAST_JUDGED:
            row["auc"] = two_sample_auc([_holds(p) for p in mine], [_holds(p) for p in theirs], self.board)._asdict()
            row["judged"] = len(mine)
        graded = [problem for problem in problems if isinstance(problem, Problem)]
        if graded:
            row |= self._gradings(graded) | {"beta": _betas(graded)}
        return row

    def _gradings(self, problems: Sequence[Problem]) -> dict[str, Any]:
        """How well two graders agree with the grades of problems: one trained here, and climbpath's own."""
        found = {"grading": self.grader.agreement(problems)._asdict()} if self.grader else {}
        if self.ours:
            alike = [replace(problem, repeats=None) for problem in problems]  # of samples none are known
            found["ours"] = grading(grader.expected(self.ours.probabilities(alike)), problems)._asdict()
        return found

    def _nearest(self, problems: Sequence[Problem]) -> tuple[Floats, NDArray[np.int64]]:
        """Jaccard similarity of each to the nearest known real problem, and which that is."""
        return nearest(presence([p.holds for p in problems], self.board), self.known_holds)

    def _similarities(self, similarity: Floats) -> dict[str, list[float]]:
        """Similarity to the nearest known real problem: of generated and of held-out real ones."""
        found = {"generated": similarity, **({"real": self._nearest(self.real)[0]} if self.others else {})}
        return {name: [round(float(x), 4) for x in values] for name, values in found.items()}

    def _closest(self, shown: Sequence[Problem], similarity: Floats, place: NDArray[np.int64]) -> list[dict[str, Any]]:
        """The pairs of a generated problem and the known real one that are most alike."""
        return [
            {
                "similarity": float(similarity[i]),
                "generated": shown[i].to_dict(),
                "real": {**self.known[place[i]].to_dict(), "name": None, "ids": []},
            }
            for i in np.argsort(-similarity, kind="stable")[:PAIRS]
        ]

    def _guidance(self, tell: Callable[[str], None]) -> list[dict[str, Any]]:
        """How grade agreement, validity and diversity move with guidance, on plain samples."""
        rows = []
        for guidance in GUIDANCES:
            tell(f"{self.setup}: guidance {guidance:g}")
            plain = self.plain(Sampling(guidance=guidance), len(self.real))
            row: dict[str, Any] = {"guidance": guidance, **self._shares(plain)}
            holds = presence([problem.holds for problem in plain], self.board)
            row["alike"] = mean_likeness(holds, self.seed)
            row["holds_in_use"] = _spread(holds)
            rows.append(row | self._gradings(plain))
        return rows


def mean_likeness(holds: np.ndarray, seed: int) -> float:
    """Mean Jaccard similarity of random pairs of rows of presence: the lower, the more diverse."""
    other = holds[np.random.default_rng(seed).permutation(len(holds))]
    shared = (holds * other).sum(axis=1)
    return float((shared / (holds.sum(axis=1) + other.sum(axis=1) - shared)).mean())


def _spread(holds: np.ndarray) -> float:
    """Effective number of holds in use: the exponential of the entropy of how often each is used."""
    share = holds.sum(axis=0) / holds.sum()
    share = share[share > 0]
    return float(np.exp(-(share * np.log(share)).sum()))


def _holds(problem: Problem | frozenset[str]) -> frozenset[str]:
    return frozenset(problem.holds) if isinstance(problem, Problem) else problem


def _like(real: Sequence[Problem], others: Sequence[Problem], seed: int) -> list[Problem]:
    """As many of the others in the same grade mix, or as many as there are."""
    return _matched(others, real, seed)[0] if others else []


def _matched(some: Sequence[Any], others: Sequence[Any], seed: int) -> tuple[list[Any], list[Any]]:
    """As many of one list as of the other, of each grade where both have grades; at most JUDGED each."""
    rng = np.random.default_rng(seed)
    graded = all(isinstance(item, Problem) for item in [*some, *others])
    groups: list[defaultdict[str | None, list[Any]]] = [defaultdict(list), defaultdict(list)]
    for group, items in zip(groups, (some, others), strict=True):
        for i in rng.permutation(len(items)):
            group[items[i].grade if graded else None].append(items[i])
    common = {grade: min(len(groups[0][grade]), len(groups[1][grade])) for grade in list(groups[0])}
    total = sum(common.values())
    kept = {grade: count if total <= JUDGED else count * JUDGED // total for grade, count in common.items()}
    left, right = ([item for grade, count in kept.items() for item in group[grade][:count]] for group in groups)
    return left, right


def _shapes(problems: Sequence[Problem]) -> dict[str, list[float]]:
    """Lengths in holds, longest reaches in cm, and how wide and how evenly problems spread, for charts."""
    x = [np.array([boards.load(p.board).hold(label).x for label in p.holds]) for p in problems]
    return {
        "holds": [len(p.holds) for p in problems],
        "longest reach, cm": [round(longest_reach(p), 1) for p in problems],
        "width, cm": [float(np.ptp(values)) for values in x],
    }


def _betas(problems: Sequence[Problem]) -> dict[str, float]:
    """How problems are climbed, in the mean: moves, the hardest one and all of them in steps of the ladder, the share
    of moves that cross the hands, of holds that no hand needs, and of problems that the default climber reaches."""
    solved, board = solver.solve(problems), boards.load(problems[0].board)
    moves = [move for found in solved for move in found.moves if not move.is_match]
    return {
        "moves": len(moves) / len(solved),
        "hardest": float(np.mean([found.moves[found.crux].difficulty for found in solved])),
        "difficulty": float(np.mean([found.difficulty for found in solved])),
        "crossed": float(np.mean([solver.is_crossed(move, board) for move in moves])),
        "no_hand": sum(len(found.no_hand) for found in solved) / sum(len(problem.holds) for problem in problems),
        "reached": float(np.mean([not found.too_far for found in solved])),
    }


def _usage(problems: Sequence[Problem], board: Board) -> list[float]:
    """Share of problems that use each hold, in board order."""
    share = presence([p.holds for p in problems], board).mean(axis=0)
    return [round(float(value), 5) for value in share]
