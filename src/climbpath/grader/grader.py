"""The grader: how hard a problem is, as a probability for every grade. Runs on NumPy.

Several small transformers read the problem's tokens with the grade left open, and the mean of their probabilities is
the prediction (training/grader.py trains them). Grades are opinions, so the prediction is a distribution, calibrated on
held-out problems. Where it helps, a straight line stands beside the networks (grader/line.py). Some of the grades
learned from are the setter's, others the consensus of many repeats, which tends to be lower: each network has one head
without and one with consensus. Where a problem's repeats are known the prediction is that of one head; otherwise it is
the mean of both, as far as a setup has problems of both kinds.

A new problem has no record to compare with. Its grade follows from the grader's expected grade by a scale
(grader/scale.py); it is the one grade that such a problem has everywhere.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from climbpath import board as boards
from climbpath.board import Evidence, Setup, as_learned, evidence_from_json, evidence_to_json
from climbpath.errors import ClimbpathError, loading
from climbpath.folders import graders_folder
from climbpath.grader.kernel import FEATURES
from climbpath.grader.line import Line, input_count
from climbpath.grader.scale import Scale
from climbpath.grades import v_number
from climbpath.model.bundled import SUFFIX, evidence_in, names_in, opened
from climbpath.model.config import ModelConfig
from climbpath.model.inference import check_weights, encode, shapes_of
from climbpath.model.order import Ints, choices
from climbpath.model.tensors import read_tensors, write_tensors
from climbpath.model.tokens import ANY_GRADE, PREFIX, Condition
from climbpath.problem import DEFAULT_METHOD, Problem, check_sound
from climbpath.threads import on_threads

Floats = NDArray[np.float32]

FORMAT = 7
BUNDLED = "assets/graders"
FIELD = "climbpath grader"
BATCH = 256
LINE, MOMENTS = "line.", "moments."
"""What the names of lines' weights begin with, and of the moments of those that have random features."""
WITHIN, ELSEWHERE = 4, 2 / 3
"""How far above the easiest grade of its angle, in steps of the ladder, a problem is expected at most that may have an
easier one, and how likely such grades must be at an unknown angle for it to be graded as there. On held-out problems of
Kilter Board Original a probability of a half does as well for the easy ones, and less well for those at 40°."""
LEAST_OF_KIND = 100
"""With fewer training problems of a setup without, or with, a consensus grade the head for these says nothing."""


@dataclass(frozen=True)
class Grader:
    """An ensemble of trained networks."""

    config: ModelConfig
    """Vocabulary and sizes, the same for all networks."""
    members: list[dict[str, np.ndarray]]
    """The weights of each network, by name."""
    evidence: Evidence
    """How many training problems there were of every grade, by setup."""
    lines: dict[Setup, Line]
    """The straight line of each setup where one helps."""
    scales: dict[Setup, Scale]
    """What it expects of real problems of each grade, by setup."""
    train_keys: np.ndarray
    """Keys of the training problems, uint64."""
    about: dict[str, Any]
    """How it was trained, as plain JSON types."""

    @property
    def ladder(self) -> tuple[str, ...]:
        """The grades that it tells apart, easiest first."""
        return self.config.tokens.ladder

    def scale_of(self, setup: Setup) -> Scale:
        """The scale of new problems at a setup."""
        return self.scales[as_learned(setup, self.evidence)]

    def predict(self, problems: Sequence[Problem]) -> list["GradePrediction"]:
        """The grade of each problem: of a new one by its setup's scale, of a known one by `predictions`.

        The grade that a known problem has on record is the community's; the grader's is an opinion beside it.

        Raises ClimbpathError as `probabilities` does.
        """
        placed, probabilities = self._placed(problems)
        found: list[GradePrediction] = predictions(probabilities, self.ladder)
        new = [i for i, problem in enumerate(problems) if not problem.is_known]
        likely = self._as_new([placed[i] for i in new], probabilities[new])
        for i, step, row in zip(new, likely.argmax(axis=1).tolist(), likely.tolist(), strict=True):
            found[i] = GradePrediction(self.ladder[step], dict(zip(self.ladder, row, strict=True)))
        return found

    def graded(self, problems: Sequence[Problem]) -> list[Problem]:
        """New problems with their grade by the scale of their setup; the grade that they had is forgotten.

        Raises ClimbpathError as `probabilities` does.
        """
        likeliest = self._as_new(*self._placed(problems)).argmax(axis=1).tolist()
        return [replace(problem, grade=self.ladder[step]) for problem, step in zip(problems, likeliest, strict=True)]

    def _as_new(self, problems: Sequence[Problem], probabilities: Floats) -> Floats:
        """How likely each grade is by the scales of the problems' setups, given `_probabilities`."""
        likely = np.zeros_like(probabilities)
        for setup, rows in self._rows(problems).items():
            likely[rows] = self.scales[setup].probabilities(expected(probabilities[rows]), self.ladder)
        return likely

    def lacking(self, setup: Setup) -> list[str]:
        """The grades that are easier than all that a setup has, and that its board has at an unknown angle. At 40° on
        Kilter boards hardly any climbs below 6B were learned: there, one for beginners would get 6B.
        """
        unknown = setup._replace(angle=None)
        if setup == unknown or not {setup, unknown} <= self.scales.keys():
            return []
        easiest = self.ladder.index(self.scales[setup].grades[0])
        return [grade for grade in self.scales[unknown].grades if self.ladder.index(grade) < easiest]

    def _placed(self, problems: Sequence[Problem]) -> tuple[list[Problem], Floats]:
        """The problems as they are graded, and `_probabilities` of these: at an unknown angle where their own probably
        lacks their grade."""
        placed, found = list(problems), self._probabilities(problems)
        for setup, rows in self._rows(problems).items():
            if not (lacking := self.lacking(setup)):
                continue
            # what its own angle finds hard is easy nowhere
            hard = self.ladder.index(self.scales[setup].grades[0]) + WITHIN
            rows = [i for i, step in zip(rows, expected(found[rows]), strict=True) if step < hard]
            anywhere = [replace(problems[i], angle=None) for i in rows]
            there = self._probabilities(anywhere)
            likely = there[:, [self.ladder.index(grade) for grade in lacking]].sum(axis=1)
            for i, one, row, probability in zip(rows, anywhere, there, likely.tolist(), strict=True):
                if probability > ELSEWHERE:
                    placed[i], found[i] = one, row
        return placed, found

    def probabilities(self, problems: Sequence[Problem]) -> Floats:
        """The probability of every grade of the ladder for each problem, [problems, ladder].

        Raises ClimbpathError for a problem that is not sound, or on a board or at an angle that the grader has not
        learned.

        A problem and its mirror image have the same, on a board that has mirror partners.
        """
        return self._placed(problems)[1]

    def expected_alike(self, problem: Problem, versions: Sequence[Problem]) -> Floats:
        """The expected grade of a problem and of versions of it, in steps of the ladder, [1 + versions]: all graded at
        the angle at which the problem is, so that they can be compared. Raises ClimbpathError as `probabilities` does.
        """
        [placed], _ = self._placed([problem])
        return expected(self._probabilities([placed, *(replace(one, angle=placed.angle) for one in versions)]))

    def _probabilities(self, problems: Sequence[Problem]) -> Floats:
        # the networks' opinion: the mean over a problem and its mirror image where its board has mirror partners
        images = [i for i, problem in enumerate(problems) if boards.load(problem.board).has_mirror]
        weights = self.consensus_weights(problems)
        logits = self.logits([*problems, *(problems[i].mirrored for i in images)])
        found, of_images = np.split(mean_softmax(logits, np.concatenate([weights, weights[images]])), [len(problems)])
        found[images] = (found[images] + of_images) / 2
        for setup, rows in self._rows(problems).items():
            if line := self.lines.get(setup):
                steps = line.steps([problems[i] for i in rows], boards.load(setup.board))
                found[rows] = line.joined(found[rows], steps)
        return found

    def _rows(self, problems: Sequence[Problem]) -> dict[Setup, list[int]]:
        """Which of the problems are of each setup that was learned."""
        rows: defaultdict[Setup, list[int]] = defaultdict(list)
        for i, problem in enumerate(problems):
            rows[as_learned(problem.setup, self.evidence)].append(i)
        return rows

    def consensus_weights(self, problems: Sequence[Problem]) -> Floats:
        """The weights of the predictions without and with consensus, [problems, 2]: equal where repeats are not known.

        Where nearly all that was learned of a setup is of one kind, that one counts alone.
        """
        weights = [self._consensus_weight(problem) for problem in problems]
        return np.array([(1 - weight, weight) for weight in weights], np.float32).reshape(-1, 2)

    def _consensus_weight(self, problem: Problem) -> float:
        setup = str(as_learned(problem.setup, self.evidence))
        without, given = self.about.get("consensus", {}).get(setup, (LEAST_OF_KIND, LEAST_OF_KIND))
        if min(without, given) < LEAST_OF_KIND:
            return float(given > without)
        return 0.5 if problem.repeats is None else float(problem.has_consensus)

    def logits(self, problems: Sequence[Problem]) -> Floats:
        """Each network's logits of every grade without and with consensus, [members, problems, 2, ladder].

        Raises ClimbpathError as `check` does.
        """
        # Batches of one condition and length need no padding; each is a list of indices of problems.
        groups: defaultdict[tuple[Condition, int], list[int]] = defaultdict(list)
        for i, problem in enumerate(problems):
            self.check(problem)
            groups[self._condition(problem), len(problem.sequence)].append(i)
        batches = [group[first : first + BATCH] for group in groups.values() for first in range(0, len(group), BATCH)]

        def batch_logits(rows: list[int]) -> Floats:
            board = boards.load(problems[rows[0]].board)
            tokens = self._tokens([problems[i] for i in rows], self._condition(problems[rows[0]]))
            # One matrix per member holds both heads side by side: [B, 2 * LADDER].
            both = [
                encode(one, self.config.nhead, tokens) @ one["head.weight"].T + one["head.bias"] for one in self.members
            ]
            found = np.array(both).reshape(len(self.members), len(rows), 2, -1)
            found[..., [grade not in board.ladder for grade in self.ladder]] = -np.inf  # grades of other boards
            return found

        # Each batch's logits back to the order of the problems.
        logits = np.zeros((len(self.members), len(problems), 2, len(self.ladder)), np.float32)
        for rows, part in zip(batches, on_threads(batch_logits, batches), strict=True):
            logits[:, rows] = part
        return logits

    def check(self, problem: Problem) -> None:
        """Raises ClimbpathError for a problem that it cannot grade: not sound, too long, or of a setup not learned."""
        check_sound(problem)
        if as_learned(problem.setup, self.evidence) not in self.evidence:
            raise ClimbpathError(
                f"the grader has not learned {problem.setup.words}: it knows {', '.join(map(str, self.evidence))}"
            )
        if not self.reads(problem):
            raise ClimbpathError(f"a problem of {len(problem.holds)} holds is longer than the grader can read")

    def reads(self, problem: Problem) -> bool:
        """Whether a problem is short enough for it."""
        return PREFIX + len(problem.sequence) + 1 <= self.config.max_seq_len

    def _condition(self, problem: Problem) -> Condition:
        """What the networks are told of a problem: its setup, and its foot rule where they have learned that."""
        setup = as_learned(problem.setup, self.evidence)
        learned = problem.method in self.about.get("methods", {}).get(str(setup), [])
        return Condition(setup, method=problem.method if learned else DEFAULT_METHOD)

    def _tokens(self, problems: Sequence[Problem], condition: Condition) -> Ints:
        """The tokens of B problems of one condition and length, with the grade left open, [B, T]."""
        tokens, board = self.config.tokens, condition.setup.board
        layout = boards.load(board)
        sequences = np.array([choices(problem, layout) for problem in problems])
        prefix = [tokens.ids[str(condition)], tokens.ids[ANY_GRADE]]
        return np.concatenate([np.tile(prefix, (len(problems), 1)), tokens.spell(board, sequences)], axis=1)


def mean_softmax(logits: Floats, weights: Floats) -> Floats:
    """The members' mean probabilities, [members, problems, 2, ladder] -> [problems, ladder].

    Those without and with consensus are weighted by `weights` [problems, 2].
    """
    probabilities = np.exp(logits - logits.max(axis=3, keepdims=True))
    probabilities /= probabilities.sum(axis=3, keepdims=True)
    return np.einsum("mpkg,pk->pg", probabilities, weights) / np.float32(len(logits))


class GradePrediction(NamedTuple):
    """The grader's prediction for a problem."""

    grade: str
    """The grade."""
    probabilities: dict[str, float]
    """The probability of every grade of the ladder."""

    @property
    def perhaps(self) -> str | None:
        """The likeliest other grade, where it is at least half as likely as the grade itself."""
        other = max((g for g in self.probabilities if g != self.grade), key=self.probabilities.__getitem__)
        return other if self.probabilities[other] >= self.probabilities[self.grade] / 2 else None

    @property
    def words(self) -> str:
        """The grade with its range: '6C+, perhaps 7A'."""
        return f"{self.grade}, perhaps {self.perhaps}" if self.perhaps else self.grade

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types, rounded."""
        return {
            "grade": self.grade,
            "perhaps": self.perhaps,
            "probabilities": {grade: round(value, 4) for grade, value in self.probabilities.items()},
        }


def v_of(ladder: Sequence[str]) -> NDArray[np.int64]:
    """The V grade of every step of a ladder."""
    return np.array([v_number(grade) for grade in ladder])


def predictions(probabilities: Floats, ladder: Sequence[str]) -> list[GradePrediction]:
    """The prediction of each row of probabilities, [problems, ladder]: the likeliest grade of the V grade that is the
    fewest V grades off on average, which is the median."""
    v = v_of(ladder)
    # how far each V grade is off on average, [problems, V grades]
    off = probabilities @ np.abs(v[:, None] - np.arange(v.max() + 1)).astype(np.float32)
    best = np.where(off.argmin(axis=1)[:, None] == v, probabilities, -1).argmax(axis=1)
    return [
        GradePrediction(ladder[step], dict(zip(ladder, row, strict=True)))
        for step, row in zip(best, probabilities.tolist(), strict=True)
    ]


def expected(probabilities: Floats) -> Floats:
    """The mean step of the ladder under each row of probabilities, [problems]."""
    return np.asarray(probabilities @ np.arange(probabilities.shape[1], dtype=np.float32))


def predict(problems: Sequence[Problem], graders: Mapping[Setup, Grader]) -> list[GradePrediction]:
    """The prediction of each problem by the grader of its setup. Raises ClimbpathError as `Grader.probabilities`."""
    found: dict[int, GradePrediction] = {}
    for setup, grader in graders.items():
        rows = [i for i, problem in enumerate(problems) if problem.setup == setup]
        found |= zip(rows, grader.predict([problems[i] for i in rows]), strict=True)
    return [found[i] for i in range(len(problems))]


def influence(grader: Grader, problem: Problem) -> dict[str, float]:
    """How the expected grade changes, in steps of the ladder, when each hold is removed; largest change first.

    A hold without which there would be no start or no finish cannot be removed and is left out.
    """
    fewer = {}
    for label in problem.holds:
        start, hands, feet, finish = (
            tuple(other for other in labels if other != label)
            for labels in (problem.start, problem.hands, problem.feet, problem.finish)
        )
        if start and finish:
            fewer[label] = replace(problem, start=start, hands=hands, feet=feet, finish=finish)
    steps = grader.expected_alike(problem, list(fewer.values()))
    changes = dict(zip(fewer, (steps[1:] - steps[0]).tolist(), strict=True))
    return dict(sorted(changes.items(), key=lambda item: -abs(item[1])))


def save_grader(path: Path, grader: Grader, half: bool = False) -> None:
    """Write a grader as safetensors: its weights, the key hashes, and everything else as JSON metadata.

    With `half` the weights take half the room, as float16, which cuts off what is beyond three digits.
    """
    tensors = {
        f"{number}.{name}": value.astype(np.float16 if half else np.float32)
        for number, weights in enumerate(grader.members)
        for name, value in weights.items()
    }
    about = {
        "members": len(grader.members),
        "config": grader.config.to_dict(),
        "evidence": evidence_to_json(grader.evidence),
        "lines": {str(setup): [line.offset, line.trust, line.width] for setup, line in grader.lines.items()},
        "scales": {str(setup): scale.to_dict() for setup, scale in grader.scales.items()},
        "about": grader.about,
    }
    lines = {f"{LINE}{setup}": line.weights for setup, line in grader.lines.items()}
    moments = {f"{MOMENTS}{setup}": line.moments for setup, line in grader.lines.items() if line.moments is not None}
    write_tensors(path, FIELD, FORMAT, about, {**tensors, **lines, **moments, "train_keys": grader.train_keys})


def load_grader(path: str | Path | None = None, setup: Setup | None = None) -> Grader:
    """The grader in a file, or where no path is given, the one that has learned a setup, else that of the MoonBoards.

    Raises ClimbpathError where the file is missing, damaged or not a grader, or no grader has learned the setup.
    """
    if path is None:
        return checked_grader_of(setup) if setup else bundled_grader()
    path = Path(path)
    if path.exists() and not path.is_file():
        raise ClimbpathError(f"{path} is no file: name one of 'climbpath train-grader', or leave it out")
    if not path.is_file():
        raise ClimbpathError(f"there is no grader {path}: train one with 'climbpath train-grader', or leave it out")
    return _read(path)


def bundled_graders() -> list[str]:
    """The names of the graders that come with climbpath."""
    return names_in(BUNDLED)


def graded_by(name: str) -> Evidence:
    """What a bundled grader was trained on; its weights are not read."""
    return evidence_in(BUNDLED, name, FIELD)


@cache
def bundled_grader(name: str = "moonboard") -> Grader:
    """A grader that comes with climbpath, read once: of MoonBoards where none is named."""
    with opened(BUNDLED, name) as path:
        return _read(path)


def own_graders() -> list[Grader]:
    """The user's own graders, the newest first. Raises ClimbpathError, naming the file, where one cannot be used."""
    times = {path: path.stat().st_mtime_ns for path in graders_folder().glob(f"*{SUFFIX}")}
    return [_own(path, times[path]) for path in sorted(times, key=times.__getitem__, reverse=True)]


@cache
def _own(path: Path, changed: int) -> Grader:
    try:
        return _read(path)
    except ClimbpathError as error:
        way_out = "remove it, or replace it with 'climbpath train-grader --use --force'"
        raise ClimbpathError(f"a grader of yours cannot be used: {error}; {way_out}") from None


def graded_setups() -> list[Setup]:
    """The setups that a grader has learned: the user's own, then the bundled ones."""
    own = [setup for grader in own_graders() for setup in grader.evidence]
    return list(dict.fromkeys([*own, *(setup for name in bundled_graders() for setup in graded_by(name))]))


def grader_of(setup: Setup) -> Grader | None:
    """The grader that has learned a setup, else its board at an unknown angle, the user's own before a bundled one.

    None where there is none: there a problem has the grade that it was asked for.
    """
    for learned in dict.fromkeys((setup, setup._replace(angle=None))):
        for own in own_graders():
            if learned in own.evidence:
                return own
        for name in bundled_graders():
            if learned in graded_by(name):
                return bundled_grader(name)
    return None


def checked_grader_of(setup: Setup) -> Grader:
    """The grader that has learned a setup. Raises ClimbpathError, listing the setups learned, if none has."""
    if grader := grader_of(setup):
        return grader
    known = ", ".join(map(str, graded_setups()))
    raise ClimbpathError(
        f"no grader has learned {setup.words} ({setup}): they know {known}; "
        "'climbpath train-grader --data FILE --use' makes one of your problems"
    )


def _read(path: Path) -> Grader:
    about, tensors = read_tensors(path, FIELD, FORMAT, "grader", "climbpath train-grader")
    with loading(path, "is not a climbpath grader"):
        return _assembled(about, tensors)


def _assembled(about: dict[str, Any], tensors: dict[str, np.ndarray]) -> Grader:
    keys = tensors.pop("train_keys")
    evidence = evidence_from_json(about["evidence"])
    lines = {setup: _line(setup, about["lines"], tensors) for setup in evidence if str(setup) in about["lines"]}
    by_number: defaultdict[str, dict[str, np.ndarray]] = defaultdict(dict)
    for name, value in tensors.items():
        number, _, inner = name.partition(".")
        by_number[number][inner] = value.astype(np.float32)
    if about["members"] != len(by_number) or by_number.keys() != set(map(str, range(len(by_number)))):
        raise ValueError(f"it has the weights of {len(by_number)} networks, not those of {about['members']}")
    members = [by_number[str(number)] for number in range(len(by_number))]
    config = ModelConfig.from_dict(about["config"])
    steps = 2 * len(config.tokens.ladder)
    heads = {"head.weight": (steps, config.d_model), "head.bias": (steps,)}
    shapes = shapes_of(config)
    for weights in members:
        check_weights(weights, {name: shape for name, shape in shapes.items() if name != "output"} | heads)
    scales = {setup: Scale.from_dict(about["scales"][str(setup)]) for setup in evidence}
    return Grader(config, members, evidence, lines, scales, keys, about["about"])


def _line(setup: Setup, settings: Mapping[str, list[float]], tensors: dict[str, np.ndarray]) -> Line:
    """The line of a setup, whose weights and moments are taken out of the tensors."""
    board = boards.load(setup.board)
    weights, moments = tensors.pop(f"{LINE}{setup}"), tensors.pop(f"{MOMENTS}{setup}", None)
    inputs = input_count(board)
    shapes: dict[tuple[int, ...], np.ndarray] = {(inputs,): weights}
    if moments is not None:
        shapes = {(inputs + FEATURES,): weights, (2, inputs - 2 * len(board.holds)): moments}
    if any(array.shape != shape or array.dtype != np.float32 for shape, array in shapes.items()):
        raise ValueError(f"the line of {setup} does not fit the board")
    offset, trust, width = map(float, settings[str(setup)])
    are_finite = np.isfinite([offset, trust]).all() and all(np.isfinite(array).all() for array in shapes.values())
    if not (are_finite and trust >= 0 and width > 0 and (moments is None or (moments[1] > 0).all())):
        raise ValueError(f"the line of {setup} has wrong numbers")
    return Line(weights, offset, trust, width, moments)
