"""The grader: how hard a problem is, as a probability for every grade. Runs on NumPy.

Several small transformers read the problem's tokens with the grade left open, and their mean probability is the
answer (training/grader.py trains them). Grades are opinions, so the answer is a distribution, calibrated
on problems that were held out. Few have confirmed some of the grades learned, many have settled others, which tend to
be lower; of a problem whose repeats are known the answer is for its kind, of any other it is the mean of both.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from climbpath import board as boards
from climbpath.board import Evidence, Setup, evidence_from_json, evidence_to_json
from climbpath.errors import ClimbpathError
from climbpath.grades import LADDER, v_number
from climbpath.model.checkpoint import read_tensors, write_tensors
from climbpath.model.config import ModelConfig
from climbpath.model.inference import encode
from climbpath.model.order import Ints, choices
from climbpath.model.tokens import ANY_GRADE, PREFIX
from climbpath.problem import Problem, check_sound
from climbpath.threads import on_threads

Floats = NDArray[np.float32]

FORMAT = 3
BUNDLED = "grader.safetensors"
FIELD = "climbpath grader"
BATCH = 256
V_OF = np.array([v_number(grade) for grade in LADDER])
"""The V grade of every step of the ladder."""


@dataclass(frozen=True)
class Grader:
    """Trained graders that answer together.

    `members` are their weights, `evidence` counts training problems as a generator's does, `train_keys` are the keys of
    the problems they were trained on, uint64.
    """

    config: ModelConfig
    members: list[dict[str, np.ndarray]]
    evidence: Evidence
    train_keys: np.ndarray
    about: dict[str, Any]

    def probabilities(self, problems: Sequence[Problem]) -> Floats:
        """The probability of every grade of the ladder for each problem, [problems, LADDER].

        Raises ClimbpathError for a problem that is not sound, or on a board or at an angle that the grader has not
        learned.
        """
        return mean_softmax(self.logits(problems), kinds(problems))

    def logits(self, problems: Sequence[Problem]) -> Floats:
        """What each member says of every grade, as given and as settled, [members, problems, 2, LADDER].

        Raises ClimbpathError as above.
        """
        groups: defaultdict[tuple[Setup, int], list[int]] = defaultdict(list)
        for i, problem in enumerate(problems):
            self._check(problem)
            groups[problem.setup, len(problem.sequence)].append(i)
        parts = [places[first : first + BATCH] for places in groups.values() for first in range(0, len(places), BATCH)]

        def read(rows: list[int]) -> Floats:
            batch = self._tokens([problems[i] for i in rows])
            both = [
                encode(one, self.config.nhead, batch) @ one["head.weight"].T + one["head.bias"] for one in self.members
            ]
            return np.array(both).reshape(len(self.members), len(rows), 2, -1)

        found = np.zeros((len(self.members), len(problems), 2, len(LADDER)), np.float32)
        for rows, logits in zip(parts, on_threads(read, parts), strict=True):
            found[:, rows] = logits
        return found

    def _check(self, problem: Problem) -> None:
        check_sound(problem)
        if problem.setup not in self.evidence:
            raise ClimbpathError(
                f"the grader has not learned {boards.load(problem.board).title} at {problem.angle}°: "
                f"it knows {', '.join(map(str, self.evidence))}"
            )
        if PREFIX + len(problem.sequence) + 1 > self.config.max_seq_len:
            raise ClimbpathError(f"a problem of {len(problem.holds)} holds is longer than the grader can read")

    def _tokens(self, problems: Sequence[Problem]) -> Ints:
        """The tokens of problems of one board, angle and length, with the grade left open: [B, T]."""
        tokens, first = self.config.tokens, problems[0]
        layout = boards.load(first.board)
        sequences = np.array([choices(problem, layout) for problem in problems])
        prefix = [tokens.ids[str(first.setup)], tokens.ids[ANY_GRADE]]
        return np.concatenate([np.tile(prefix, (len(problems), 1)), tokens.spell(first.board, sequences)], axis=1)


def kinds(problems: Sequence[Problem]) -> Floats:
    """How likely the grade of each problem is one as given, and one that repeats have settled: [problems, 2]."""
    consensus = [0.5 if problem.repeats is None else float(problem.has_consensus) for problem in problems]
    return np.array([(1 - share, share) for share in consensus], np.float32).reshape(-1, 2)


def mean_softmax(logits: Floats, weights: Floats) -> Floats:
    """The members' mean probability, [members, problems, 2, LADDER] -> [problems, LADDER], each kind's times its weight
    of `weights` [problems, 2]."""
    share = np.exp(logits - logits.max(axis=3, keepdims=True))
    share /= share.sum(axis=3, keepdims=True)
    return np.einsum("mpkg,pk->pg", share, weights) / np.float32(len(logits))


class GradePrediction(NamedTuple):
    """What the grader says of a problem.

    `grade` is the likeliest Font grade of the V grade that is most likely right or one off, where being right counts
    twice; `expected` the mean step of the ladder, 0 for 5+; `probabilities` those of every grade of the ladder.
    """

    grade: str
    expected: float
    probabilities: dict[str, float]


def predictions(probabilities: Floats) -> list[GradePrediction]:
    """The verdict of each row of probabilities, [problems, LADDER]."""
    off = np.abs(V_OF[:, None] - np.arange(V_OF.max() + 1))
    merit = probabilities @ np.maximum(2 - off, 0).astype(np.float32)
    told = np.where(merit.argmax(axis=1)[:, None] == V_OF, probabilities, -1).argmax(axis=1)
    return [
        GradePrediction(LADDER[best], float(mean), dict(zip(LADDER, row, strict=True)))
        for best, mean, row in zip(told, expected(probabilities), probabilities.tolist(), strict=True)
    ]


def expected(probabilities: Floats) -> Floats:
    """The mean step of the ladder under each row of probabilities, [problems]."""
    return np.asarray(probabilities @ np.arange(len(LADDER), dtype=np.float32))


def nearest_grade(steps: float) -> str:
    """The Font grade nearest to an expected step of the ladder."""
    return LADDER[min(max(round(steps), 0), len(LADDER) - 1)]


def influence(grader: Grader, problem: Problem) -> dict[str, float]:
    """How the expected grade changes, in steps of the ladder, when each hold is taken away; largest change first.

    A hold without which there is no start or no finish cannot be taken away, and is left out.
    """
    fewer = {}
    for label in problem.holds:
        start, hands, feet, finish = (
            tuple(other for other in labels if other != label)
            for labels in (problem.start, problem.hands, problem.feet, problem.finish)
        )
        if start and finish:
            fewer[label] = replace(problem, start=start, hands=hands, feet=feet, finish=finish)
    steps = expected(grader.probabilities([problem, *fewer.values()]))
    changes = dict(zip(fewer, (steps[1:] - steps[0]).tolist(), strict=True))
    return dict(sorted(changes.items(), key=lambda item: -abs(item[1])))


def save_grader(path: Path, grader: Grader) -> None:
    """Write a grader as safetensors: its weights, the key hashes, and everything else as JSON metadata."""
    tensors = {
        f"{number}.{name}": value for number, weights in enumerate(grader.members) for name, value in weights.items()
    }
    about = {
        "members": len(grader.members),
        "config": grader.config.to_dict(),
        "evidence": evidence_to_json(grader.evidence),
        "about": grader.about,
    }
    write_tensors(path, FIELD, FORMAT, about, {**tensors, "train_keys": grader.train_keys})


def load_grader(path: Path | None = None) -> Grader:
    """The grader in a file, or the bundled one where no path is given.

    Raises ClimbpathError where the file is missing, damaged or no grader.
    """
    if path is None:
        with resources.as_file(resources.files("climbpath") / "assets" / BUNDLED) as bundled:
            return _read(bundled)
    if not path.is_file():
        raise ClimbpathError(f"there is no grader {path}: train one with 'climbpath train-grader', or leave it out")
    return _read(path)


@cache
def bundled_grader() -> Grader:
    """The grader that comes with climbpath, read once."""
    return load_grader()


def _read(path: Path) -> Grader:
    about, tensors = read_tensors(path, FIELD, FORMAT, "grader", "climbpath train-grader")
    try:
        return _assembled(about, tensors)
    except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
        raise ClimbpathError(f"{path} is not a climbpath grader: {error!r} is missing or wrong in it") from None


def _assembled(about: dict[str, Any], tensors: dict[str, np.ndarray]) -> Grader:
    keys = tensors.pop("train_keys")
    members: list[dict[str, np.ndarray]] = [{} for _ in range(about["members"])]
    for name, value in tensors.items():
        number, _, inner = name.partition(".")
        members[int(number)][inner] = value
    return Grader(
        ModelConfig.from_dict(about["config"]), members, evidence_from_json(about["evidence"]), keys, about["about"]
    )
