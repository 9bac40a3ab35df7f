"""What a recipe uses of a set of problems, encoded, with a count of what it leaves out and why."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import repeat

from climbpath.angles import show_angle
from climbpath.board import METHODS, Evidence, Setup, order_of
from climbpath.data.split import check_split, split
from climbpath.data.usable import Numbers, whole_numbers, why_unusable
from climbpath.errors import ClimbpathError
from climbpath.model.checkpoint import keys_to_tensor
from climbpath.model.order import Ints
from climbpath.model.tokens import PREFIX, CoordinateVocabulary, Vocabulary, vocabulary_of
from climbpath.problem import DEFAULT_METHOD, Problem
from climbpath.training.batches import Encoded
from climbpath.training.recipes import Recipe


def evidence(problems: Iterable[Problem], counts: Iterable[int] = repeat(1)) -> Evidence:
    """How many problems there are of every grade, by setup; partial ones are not counted.

    Where `counts` are given, each problem stands for so many.
    """
    found: defaultdict[Setup, Counter[str]] = defaultdict(Counter)
    for problem, count in zip(problems, counts, strict=False):
        if count and not problem.partial:
            found[problem.setup][problem.grade or ""] += count
    return {setup: dict(counts) for setup, counts in sorted(found.items(), key=lambda pair: order_of(pair[0]))}


def methods_in(problems: Iterable[Problem]) -> dict[str, list[str]]:
    """The foot rules other than the usual one that problems of every setup have."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for problem in problems:
        if problem.method != DEFAULT_METHOD:
            found[str(problem.setup)].add(problem.method)
    return {setup: sorted(methods) for setup, methods in sorted(found.items())}


def why_left_out(problem: Problem, part: str, whole: Numbers, tokens: Vocabulary, recipe: Recipe) -> str | None:
    """Why a recipe does not use a problem of a part of the split, in words to count by; None where it does.

    `whole` are the numbers of the problems that are not partial.
    """
    methods = METHODS if recipe.vocabulary == "hold" else METHODS[:1]
    if reason := why_unusable(problem, part, whole, methods=methods):
        return reason
    if problem.partial and recipe.vocabulary == "coordinate":
        return "partial, which coordinate tokens cannot express"
    if problem.board not in tokens.boards:
        return f"not on {', '.join(tokens.boards)}"
    if isinstance(tokens, CoordinateVocabulary) and not tokens.tells(problem.setup):
        return f"at {show_angle(problem.angle)}, where coordinate tokens cannot tell the roles of holds"
    if problem.grade not in tokens.grades:
        return f"graded outside {tokens.grades[0]} … {tokens.grades[-1]}"
    if PREFIX + tokens.width * len(problem.sequence) + 1 > recipe.max_seq_len:
        return f"longer than {recipe.max_seq_len} tokens"
    return None


def check_enough(name: str, found: int, problems: int, left_out: Counter[str], recipe: Recipe) -> None:
    """Raises ClimbpathError where a recipe found no problems for a part of the split."""
    if not found:
        reasons = "; ".join(f"{count} {reason}" for reason, count in left_out.items())
        raise ClimbpathError(
            f"the recipe {recipe.name} finds no {name} problems among {problems}"
            + (f" (left out: {reasons})" if reasons else ": at least 20 problems of a grade are needed")
        )


class TrainingData:
    """The train and validation problems that a recipe uses of a data set, and why it leaves out the others."""

    def __init__(self, problems: Sequence[Problem], recipe: Recipe) -> None:
        self.boards = recipe.boards or tuple(sorted({problem.board for problem in problems}))
        self.tokens = vocabulary_of(recipe.vocabulary, self.boards, recipe.consensus)
        self.counts_consensus = recipe.consensus
        self.left_out: Counter[str] = Counter()
        parts = split(problems)
        self.whole = whole_numbers(problems)
        self.parts = {
            name: [p for p in parts[name] if self._takes(p, name, recipe)] for name in ("train", "validation")
        }
        check_split(self.parts)
        for name, part in self.parts.items():
            check_enough(name, len(part), len(problems), self.left_out, recipe)
        self.train_problems = len(self.parts["train"])
        self.train = self.encoded(self.parts["train"], recipe)
        self.validation = Encoded(self.parts["validation"], self.tokens, recipe.mask_invalid)
        self.held_out_keys = {p.key for name in ("validation", "test") for p in parts[name]}
        self.train_keys = keys_to_tensor({p.key for p in self.parts["train"]})
        self.known_keys = keys_to_tensor({p.key for p in problems})

    def encoded(self, problems: Sequence[Problem], recipe: Recipe) -> Encoded:
        """Problems to train on."""
        return Encoded(problems, self.tokens, recipe.mask_invalid, recipe.grade_dropout, recipe.mirrored)

    @property
    def windows(self) -> int:
        """All problems are learned in one window."""
        return 1

    def boards_in(self, window: int) -> Ints:
        """The board of every problem of a window, as its number among the vocabulary's: [rows]."""
        return self.train.board_of

    def window(self, window: int, rows: Ints) -> Encoded:
        """A window in which the holds of at least these rows are known."""
        return self.train

    def _takes(self, problem: Problem, part: str, recipe: Recipe) -> bool:
        reason = why_left_out(problem, part, self.whole, self.tokens, recipe)
        if reason:
            self.left_out[reason] += 1
        return not reason

    @cached_property
    def evidence(self) -> Evidence:
        """How many train problems there are of every grade, by setup."""
        return evidence(self.parts["train"])

    @cached_property
    def consensus(self) -> Evidence:
        """How many of these have a consensus grade, where the recipe makes that a condition."""
        return evidence(p for p in self.parts["train"] if p.has_consensus) if self.counts_consensus else {}

    @cached_property
    def methods(self) -> dict[str, list[str]]:
        """The foot rules other than the usual one that the train problems of every setup have."""
        return methods_in(self.parts["train"])
