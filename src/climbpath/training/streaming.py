"""Problems that are more than memory holds: row groups of Parquet files, read when their turn comes.

Once at the start all rows are read, and of each two numbers are kept, 12 bytes: its key and its kind. Problems of one
kind have the same board, angle, grade and length, and differ in their holds alone. Keys give the split, and kinds say
which problems the recipe uses and how many there are of each, so what is learned is known before it is read again.

Row groups are dealt at random into *windows* of some 80,000 problems. An epoch goes through the windows in a random
order and through the problems of each in random batches, as an epoch of data in memory does, which is a single window.
Every process knows which problems are in a batch, and decodes the holds of its own part alone.
"""

from collections import Counter
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from climbpath import board as boards
from climbpath.board import Evidence
from climbpath.data.merge import hardness
from climbpath.data.parquet import RowGroups
from climbpath.data.split import SPLITS, parts_of_keys
from climbpath.errors import ClimbpathError
from climbpath.model.checkpoint import keys_to_tensor
from climbpath.model.order import Ints
from climbpath.model.tokens import vocabulary_of
from climbpath.problem import CONSENSUS_REPEATS, Problem, key_of
from climbpath.progress import PATIENCE, progress_bar
from climbpath.training.batches import Encoded, sequences_of
from climbpath.training.recipes import Recipe
from climbpath.training.selection import check_enough, evidence, methods_in, why_left_out

STREAMED = 200_000
"""More problems than these are streamed: in memory each takes 1.6 kB and more."""
WINDOW = 80_000
"""Problems in a window, about."""
HOLDS = ("board", "angle", "start", "hands", "feet", "finish")
KIND = ("grade", "method", "repeats", "partial")


class StreamedData:
    """What a recipe uses of Parquet files, and why it leaves out the other problems.

    Partial problems are left out: only by comparing each with all is it known which ones are of held-out problems.
    """

    def __init__(self, groups: RowGroups, recipe: Recipe, shown: bool = True) -> None:
        self.groups, self.counts_consensus = groups, recipe.consensus
        keys, kind_of, self.kinds = _read(groups, shown)
        names = sorted({problem.board for problem in self.kinds})
        self.boards = recipe.boards or tuple(names)
        self.tokens = vocabulary_of(recipe.vocabulary, self.boards, recipe.consensus)
        # the part of the split of every whole problem, [rows]
        parts = np.full(len(groups), -1, np.int8)
        whole = ~self._of_kinds(lambda problem: problem.partial)[kind_of]
        board_of = self._of_kinds(lambda problem: names.index(problem.board))[kind_of[whole]]
        parts[whole] = parts_of_keys(keys[whole], board_of, self._of_kinds(hardness)[kind_of[whole]])
        # what the recipe leaves out, by kind
        reasons = [
            "partial, which are not streamed"
            if problem.partial
            else why_left_out(problem, SPLITS[0], (), self.tokens, recipe)
            for problem in self.kinds
        ]
        seen = np.bincount(kind_of[parts != SPLITS.index("test")], minlength=len(self.kinds))
        self.left_out: Counter[str] = Counter()
        for reason, count in zip(reasons, seen.tolist(), strict=True):
            if reason and count:
                self.left_out[reason] += count
        usable = np.array([reason is None for reason in reasons])
        parts[~usable[kind_of]] = -1
        self.parts = parts
        # a problem of each usable kind, encoded, and which one is like every row
        examples = [problem for problem, takes in zip(self.kinds, usable, strict=True) if takes]
        self.train = Encoded(examples, self.tokens, recipe.mask_invalid, recipe.grade_dropout, recipe.mirrored)
        self.alike = (np.cumsum(usable) - 1).astype(np.int32)[kind_of]
        # the windows, each some row groups
        self.learned = np.bincount(kind_of[parts == 0], minlength=len(self.kinds))
        self.train_problems = int(self.learned.sum())
        check_enough("train", self.train_problems, len(groups), self.left_out, recipe)
        number = len(groups.places)
        dealt = np.random.default_rng(recipe.seed).permutation(number)
        self.dealt = np.array_split(dealt, min(number, max(1, round(len(groups) / WINDOW))))
        # what is held out, and what was learned
        held_out = np.flatnonzero(parts == SPLITS.index("validation"))
        check_enough("validation", len(held_out), len(groups), self.left_out, recipe)
        plain = Encoded(examples, self.tokens, recipe.mask_invalid)
        self.validation = self._encoded(plain, held_out, np.arange(len(held_out)))
        self.train_keys = keys_to_tensor(keys[parts == 0])
        self.known_keys = keys_to_tensor(keys)

    @property
    def windows(self) -> int:
        """How many windows the problems are learned in."""
        return len(self.dealt)

    def boards_in(self, window: int) -> Ints:
        """The board of every problem of a window, as its number among the vocabulary's: [rows]."""
        return self.train.board_of[self.alike[self._rows(window)]]

    def window(self, window: int, rows: Ints) -> Encoded:
        """A window in which the holds of these rows are known."""
        return self._encoded(self.train, self._rows(window), np.unique(rows))

    @cached_property
    def evidence(self) -> Evidence:
        """How many train problems there are of every grade, by setup."""
        return evidence(self.kinds, self.learned.tolist())

    @cached_property
    def consensus(self) -> Evidence:
        """How many of these have a consensus grade, where the recipe makes that a condition."""
        theirs = self.learned * self._of_kinds(lambda problem: problem.has_consensus)
        return evidence(self.kinds, theirs.tolist()) if self.counts_consensus else {}

    @cached_property
    def methods(self) -> dict[str, list[str]]:
        """The foot rules other than the usual one that the train problems of every setup have."""
        return methods_in(problem for problem, count in zip(self.kinds, self.learned, strict=True) if count)

    def _of_kinds(self, function: Callable[[Problem], Any]) -> NDArray[Any]:
        return np.array([function(problem) for problem in self.kinds])

    def _rows(self, window: int) -> Ints:
        """The rows of a window's train problems, in the order of the files."""
        first = self.groups.first
        rows = np.concatenate([np.arange(first[group], first[group + 1]) for group in np.sort(self.dealt[window])])
        return rows[self.parts[rows] == 0]

    def _encoded(self, like: Encoded, rows: Ints, known: Ints) -> Encoded:
        """Rows of the files, encoded; of the holds only those of `known` among them are read."""
        sequences = np.full((len(rows), like.sequences.shape[1]), -1, np.int16)
        table, _ = sequences_of(self.groups.problems(rows[known], HOLDS))
        sequences[known, : table.shape[1]] = table
        return like.alike(self.alike[rows].astype(np.int64), sequences)


def _read(groups: RowGroups, shown: bool) -> tuple[NDArray[np.uint64], NDArray[np.int32], list[Problem]]:
    """Of all rows their key and the number of their kind, [rows], and a problem of every kind."""
    keys, kind_of = np.empty(len(groups), np.uint64), np.empty(len(groups), np.int32)
    numbers: dict[tuple[Any, ...], int] = {}
    kinds: list[Problem] = []
    bar = progress_bar(groups.records(HOLDS + KIND), "Reading", len(groups), shown, delay=PATIENCE)
    for row, values in enumerate(bar):
        board, angle, start, hands, feet, finish, grade, method, repeats, partial = values
        try:
            counted = len(hands) + len(finish) + (len(feet) if boards.load(board).has_feet else 0)
            consensus = (repeats or 0) >= CONSENSUS_REPEATS
            kind = board, angle, grade, method, consensus, partial, len(start), counted
            if kind not in numbers:
                numbers[kind] = len(kinds)
                kinds.append(Problem.from_dict(dict(zip(HOLDS + KIND, values, strict=True))))
            keys[row] = key_of(board, [*start, *hands, *feet, *finish])
        except (ClimbpathError, TypeError) as error:
            raise ClimbpathError(
                f"record {row} of the data: {error}: create the file again with climbpath data import"
            ) from error
        kind_of[row] = numbers[kind]
    return keys, kind_of, kinds
