"""Problems as arrays, and the batches of an epoch."""

import copy
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from climbpath import board as boards
from climbpath.board import Setup
from climbpath.model.order import Bools, Ints, choices, pin_choices, used_before_each
from climbpath.model.tokens import PREFIX, Vocabulary
from climbpath.problem import Problem


class Batch(NamedTuple):
    """B problems of one board as training takes them, with N tokens in all but the ends, which predict nothing.

    The board's problems are written in V of the model's tokens, and logits are about these alone.
    """

    inputs: Tensor
    """Token ids, [B, T]."""
    token_places: Tensor
    """Which of the B * T places hold tokens, [N], sorted."""
    columns: Tensor
    """Those V tokens, as ids."""
    targets: Tensor
    """Which of them is the next one of each token, [N]; -100 where the next one is part of the condition."""
    possible: Tensor | None
    """Which tokens can be the next one, bool [N, V]; None where all can."""
    pins: Tensor | None
    """1 for every token that is a pin still to be placed, [N, V]; None where there are no pins."""


class Encoded:
    """Problems as arrays of choices: some 100 bytes each at most, so that a million stay small.

    `grade_dropout` is the fraction of them whose grade is dropped, and `mirrored` of those that are mirrored, where
    their board has mirror partners; anew in each batch.
    """

    def __init__(
        self,
        problems: Sequence[Problem],
        tokens: Vocabulary,
        mask_invalid: bool,
        grade_dropout: float = 0.0,
        mirrored: float = 0.0,
    ) -> None:
        self.tokens, self.mask_invalid = tokens, mask_invalid
        self.grade_dropout, self.mirrored = grade_dropout, mirrored
        self.sequences, self.lengths = sequences_of(problems)
        one_hold_start = (self.sequences[:, :2] == self.sequences[:, :1]).all(axis=1)
        self.chosen = self.lengths - 1 - one_hold_start  # different choices before the end
        self.prefixes = np.array([tokens.prefix(tokens.condition_of(p), p.grade) for p in problems], np.int64)
        # problems by what can follow what: by board, and by angle where roles of holds depend on it
        setups = [p.setup if boards.load(p.board).rows else Setup(p.board, None) for p in problems]
        self.setups = list(dict.fromkeys(setups))
        self.setup_of = np.array([self.setups.index(setup) for setup in setups], np.int64)
        self.board_of = np.array([tokens.boards.index(p.board) for p in problems], np.int64)

    def alike(self, rows: Ints, sequences: NDArray[np.int16]) -> "Encoded":
        """Problems that differ in their holds alone from those of some rows; `sequences` has theirs, [rows, N]."""
        others = copy.copy(self)
        for name in ("lengths", "chosen", "prefixes", "setup_of", "board_of"):
            setattr(others, name, getattr(self, name)[rows])
        others.sequences = sequences
        return others

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def token_lengths(self) -> Ints:
        """Tokens of every problem, condition and end included, [problems]."""
        return PREFIX + self.tokens.width * (self.lengths - 1) + 1

    def batch(self, rows: Ints, pinned: float = 0.0, seed: int = 0, rank: int = 0, world: int = 1) -> Batch:
        """The rows of one batch, all of one board, or those of them that process `rank` of `world` takes.

        Of a fraction `pinned` of them some holds are given as pins; `seed` draws which.
        """
        # 1. Draw for the whole batch, then take this process's part, so that the draw does not depend on their number.
        rng = np.random.default_rng(seed)
        part = part_of(len(rows), rank, world)
        counted = rank < len(rows)
        drops_grade = (rng.random(len(rows)) < self.grade_dropout)[part]
        every_sequence = self._drawn_sequences(rows, rng)
        given = self._draw_pins(every_sequence, rows, pinned, rng)[part]
        mine, mine_spelled = rows[part], every_sequence[part]

        # 2. The condition, [B, PREFIX] of ids [B, T + 1].
        steps = int(self.lengths[mine].max())
        length = PREFIX + self.tokens.width * (steps - 1) + 1
        ids = np.full((len(mine), length), self.tokens.end)
        ids[:, :PREFIX] = self.prefixes[mine]
        if drops_grade.any():
            ids[drops_grade, 1] = self.tokens.any_grade

        # 3. Setup by setup: the tokens of the choices, the pins still to be placed, and what may follow.
        board = self.tokens.boards[self.board_of[mine[0]]]
        layout, columns = boards.load(board), self.tokens.tokens_of(board)
        every_token = len(mine), length - 1, len(columns)
        possible = np.ones(every_token, bool) if self.mask_invalid else None
        pins = np.zeros(every_token, np.float32) if given.any() else None
        for number in np.unique(self.setup_of[mine]):
            setup = self.setups[number]
            of_setup = np.flatnonzero(self.setup_of[mine] == number)
            sequences = mine_spelled[of_setup, :steps]
            ids[of_setup, PREFIX:] = self.tokens.spell(board, sequences)[:, : length - PREFIX]
            left = None
            if pins is not None:
                left = given[of_setup, None] & ~used_before_each(layout, sequences)
                # the condition, too, is read with all pins in sight
                shown = np.concatenate([left[:, :1]] * (PREFIX - 1) + [left], axis=1)
                pins[of_setup, :, :-1] = shown  # a choice is a token where there are pins
            if possible is not None:
                masks = self.tokens.mask_targets(setup, sequences, left)
                possible[of_setup, PREFIX - 1 :] = masks[:, : length - PREFIX]
        ids[ids < 0] = self.tokens.end

        # 4. Each token's target is the next one, but none is asked for inside the condition. Padding is packed away.
        targets = self.tokens.columns_of(board, ids[:, 1:])
        targets[:, : PREFIX - 1 if counted else length] = -100
        token_places = np.flatnonzero(np.arange(length - 1) < self.token_lengths[mine][:, None] - 1)

        def packed(table: np.ndarray | None) -> Tensor | None:
            return None if table is None else torch.from_numpy(table.reshape(-1, table.shape[-1])[token_places])

        return Batch(
            inputs=torch.from_numpy(ids[:, :-1]),
            token_places=torch.from_numpy(token_places),
            columns=torch.from_numpy(columns),
            targets=torch.from_numpy(targets.reshape(-1)[token_places]),
            possible=packed(possible),
            pins=packed(pins),
        )

    def _drawn_sequences(self, rows: Ints, rng: np.random.Generator) -> Ints:
        """The sequences of rows of one board, some of them mirrored, padded with the end: [rows, N]."""
        layout = boards.load(self.tokens.boards[self.board_of[rows[0]]])
        sequences = self.sequences[rows].astype(np.int64)
        sequences[sequences < 0] = len(layout.choice_roles)
        if self.mirrored and layout.has_mirror:
            # in canonical order again: choices rise, whatever their role
            turns = rng.random(len(rows)) < self.mirrored
            sequences[turns] = np.sort(layout.mirrored_choices[sequences[turns]], axis=1)
        return sequences

    def _draw_pins(self, sequences: Ints, rows: Ints, fraction: float, rng: np.random.Generator) -> Bools:
        """Random holds of a fraction of the rows, one to all of a problem's, as choices: bool [rows, C]."""
        layout = boards.load(self.tokens.boards[self.board_of[rows[0]]])
        pins = np.zeros((len(rows), len(layout.choice_roles)), bool)
        for row in np.flatnonzero(rng.random(len(rows)) < fraction):
            number = int(self.chosen[rows[row]])
            places = rng.permutation(number)[: rng.integers(1, number + 1)]
            found = np.unique(sequences[row])  # the end is last
            if len(found) > number:  # else another process has this problem's holds, and its pins
                drawn = found[places]
                pins[row, pin_choices(layout, layout.choice_holds[drawn], layout.choice_roles[drawn])] = True
        return pins


def sequences_of(problems: Iterable[Problem]) -> tuple[NDArray[np.int16], Ints]:
    """The canonical sequences of problems as choices, int16 [problems, N], padded with -1, and their lengths."""
    sequences = [choices(problem, boards.load(problem.board)) for problem in problems]
    lengths = np.array([len(sequence) for sequence in sequences], np.int64)
    table = np.full((len(sequences), max(lengths, default=0)), -1, np.int16)
    for row, sequence in zip(table, sequences, strict=True):
        row[: len(sequence)] = sequence
    return table, lengths


def part_of(rows: int, rank: int, world: int) -> Ints:
    """Which rows of a batch process `rank` of `world` takes; where there are fewer than processes, the first, which it
    does not count: every process must take part in every step."""
    return np.arange(rows)[rank::world] if rank < rows else np.zeros(1, np.int64)


def epoch_batches(board_of: Ints, batch_size: int, seed: int, epoch: int, window: int = 0) -> list[Ints]:
    """The rows of each batch of an epoch over the rows [rows] of a window: each of one board, shuffled, a function of
    seed, epoch and window alone."""
    rng = np.random.default_rng([seed, epoch, window])
    shuffled = rng.permutation(len(board_of))
    batches = []
    for board in np.unique(board_of):
        rows = shuffled[board_of[shuffled] == board]
        batches += [rows[first : first + batch_size] for first in range(0, len(rows), batch_size)]
    return [batches[i] for i in rng.permutation(len(batches))]
