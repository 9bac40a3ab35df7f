"""Problems as arrays, and the batches of an epoch: short ones together, so that little is padding."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from climbpath import board as boards
from climbpath.order import Ints, choices
from climbpath.problem import Problem
from climbpath.tokens import BODY, PREFIX, START, Vocabulary

CHUNK = 16
"""Batches' worth of shuffled problems that are sorted by length together."""


class Batch(NamedTuple):
    """B problems as training takes them.

    `inputs` [B, T] are token ids; `targets` [B, T - 1] the tokens to be predicted from inputs[:, 1:] on, with -100
    where there is none; `possible` bool [B, T - 1, V] what can stand there, or None. `problems` counts rows that count.
    """

    inputs: Tensor
    targets: Tensor
    possible: Tensor | None
    problems: int


class Encoded:
    """Problems as arrays of choices: 40 bytes each, so that a million stay small."""

    def __init__(self, problems: Sequence[Problem], tokens: Vocabulary, exclude_impossible: bool) -> None:
        self.tokens, self.exclude_impossible = tokens, exclude_impossible
        sequences = [choices(problem, boards.load(problem.board)) for problem in problems]
        self.lengths = np.array([len(sequence) for sequence in sequences], np.int64)
        self.sequences = np.full((len(sequences), max(self.lengths, default=0)), -1, np.int16)
        for row, sequence in zip(self.sequences, sequences, strict=True):
            row[: len(sequence)] = sequence
        self.prefixes = np.array([tokens.prefix(p.board, p.angle, p.grade) for p in problems], np.int64)
        self.boards = np.array([tokens.boards.index(p.board) for p in problems], np.int64)

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def token_lengths(self) -> Ints:
        """Tokens of every problem, condition and end included, [problems]."""
        return PREFIX + self.tokens.width * (self.lengths - 1) + 1

    def batch(self, rows: Ints, rank: int = 0, world: int = 1) -> Batch:
        """The rows of one batch, or the share of them that process `rank` of `world` takes."""
        mine = rows[rank::world]
        counted = len(mine)
        mine = mine if counted else rows[:1]  # every process must take part in every step
        steps = int(self.lengths[mine].max())
        length = PREFIX + self.tokens.width * (steps - 1) + 1
        ids = np.full((len(mine), length), self.tokens.end)
        ids[:, :PREFIX] = self.prefixes[mine]
        possible = (
            np.zeros((len(mine), length - PREFIX, len(self.tokens.names)), bool) if self.exclude_impossible else None
        )
        for number in np.unique(self.boards[mine]):
            name = self.tokens.boards[number]
            table = self.tokens.spelling(name)
            of_board = np.flatnonzero(self.boards[mine] == number)
            sequences = self.sequences[mine[of_board], :steps].astype(np.int64)
            sequences[sequences < 0] = table.shape[1] - 1
            spelled = np.concatenate([table[START, sequences[:, :2]], table[BODY, sequences[:, 2:]]], axis=1)
            ids[of_board, PREFIX:] = spelled.reshape(len(of_board), -1)[:, : length - PREFIX]
            if possible is not None:
                possible[of_board] = self.tokens.mask_targets(name, sequences)[:, : length - PREFIX]
        predicted = np.arange(PREFIX, length) < self.token_lengths[mine][:, None] * bool(counted)
        targets = np.where(predicted, ids[:, PREFIX:], -100)
        ids[ids < 0] = self.tokens.end
        return Batch(
            torch.from_numpy(ids[:, :-1]),
            torch.from_numpy(targets),
            None if possible is None else torch.from_numpy(possible),
            counted,
        )


def epoch_batches(lengths: Ints, batch_size: int, seed: int, epoch: int) -> list[Ints]:
    """The rows of each batch of an epoch, a function of seed and epoch alone.

    Rows are shuffled, sorted by length in chunks of 16 batches, cut, and the batches shuffled.
    """
    rng = np.random.default_rng([seed, epoch])
    shuffled = rng.permutation(len(lengths))
    batches = []
    for first in range(0, len(shuffled), batch_size * CHUNK):
        chunk = shuffled[first : first + batch_size * CHUNK]
        chunk = chunk[np.argsort(lengths[chunk], kind="stable")]
        batches += [chunk[i : i + batch_size] for i in range(0, len(chunk), batch_size)]
    return [batches[i] for i in rng.permutation(len(batches))]
