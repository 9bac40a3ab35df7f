"""What a recipe uses of a set of problems, encoded, with a count of what it leaves out and why."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property

from climbpath.board import METHODS, Evidence, Setup, order_of, show_angle
from climbpath.data.split import check_split, split
from climbpath.data.usable import whole_numbers, why_unusable
from climbpath.errors import ClimbpathError
from climbpath.model.checkpoint import keys_to_tensor
from climbpath.model.tokens import PREFIX, CoordinateVocabulary, vocabulary_of
from climbpath.problem import Problem
from climbpath.training.batches import Encoded
from climbpath.training.recipes import Recipe


def evidence(problems: Iterable[Problem]) -> Evidence:
    """How many problems there are of every grade, by setup; partial ones are not counted."""
    found: defaultdict[Setup, Counter[str]] = defaultdict(Counter)
    for problem in problems:
        if not problem.partial:
            found[problem.setup][problem.grade or ""] += 1
    return {setup: dict(counts) for setup, counts in sorted(found.items(), key=lambda pair: order_of(pair[0]))}


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
            if not part:
                reasons = "; ".join(f"{count} {reason}" for reason, count in self.left_out.items())
                raise ClimbpathError(
                    f"the recipe {recipe.name} finds no {name} problems among {len(problems)}"
                    + (f" (left out: {reasons})" if reasons else ": at least 20 problems of a grade are needed")
                )
        self.train = self.encoded(self.parts["train"], recipe)
        self.validation = Encoded(self.parts["validation"], self.tokens, recipe.mask_invalid)
        self.held_out_keys = {p.key for name in ("validation", "test") for p in parts[name]}
        self.train_keys = keys_to_tensor({p.key for p in self.parts["train"]})
        self.known_keys = keys_to_tensor({p.key for p in problems})

    def encoded(self, problems: Sequence[Problem], recipe: Recipe) -> Encoded:
        """Problems to train on."""
        return Encoded(problems, self.tokens, recipe.mask_invalid, recipe.grade_dropout, recipe.mirrored)

    def _takes(self, problem: Problem, part: str, recipe: Recipe) -> bool:
        reason = self._reason(problem, part, recipe)
        if reason:
            self.left_out[reason] += 1
        return not reason

    def _reason(self, problem: Problem, part: str, recipe: Recipe) -> str | None:
        methods = METHODS if recipe.vocabulary == "hold" else METHODS[:1]
        if reason := why_unusable(problem, part, self.whole, methods=methods):
            return reason
        if problem.partial and recipe.vocabulary == "coordinate":
            return "partial, which coordinate tokens cannot express"
        if problem.board not in self.boards:
            return f"not on {', '.join(self.boards)}"
        if isinstance(self.tokens, CoordinateVocabulary) and not self.tokens.tells(problem.setup):
            return f"at {show_angle(problem.angle)}, where coordinate tokens cannot tell the roles of holds"
        if problem.grade not in self.tokens.grades:
            return f"graded outside {self.tokens.grades[0]} … {self.tokens.grades[-1]}"
        if PREFIX + self.tokens.width * len(problem.sequence) + 1 > recipe.max_seq_len:
            return f"longer than {recipe.max_seq_len} tokens"
        return None

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
        found: defaultdict[str, set[str]] = defaultdict(set)
        for problem in self.parts["train"]:
            if problem.method != METHODS[0]:
                found[str(problem.setup)].add(problem.method)
        return {setup: sorted(methods) for setup, methods in sorted(found.items())}
