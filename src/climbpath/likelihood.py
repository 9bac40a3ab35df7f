"""How likely real problems are under a model: the nats of docs/design.md §4.2, token by token."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from climbpath import board as boards
from climbpath.checkpoint import Model
from climbpath.inference import Decoder
from climbpath.order import Bools, choices
from climbpath.problem import Problem
from climbpath.tokens import PREFIX

BATCH = 512


class Scored(NamedTuple):
    """B problems, token by token, N tokens in the longest; `real` [B, N] marks where there are any.

    `nats` is -log p of the token that stands there, `end` marks end tokens, `confidence` is the highest probability
    given to any token there and `hit` whether it was given to the right one.
    """

    nats: NDArray[np.float64]
    real: Bools
    end: Bools
    confidence: NDArray[np.float64]
    hit: Bools


def score(model: Model, problems: Sequence[Problem]) -> Scored:
    """Nats of every predicted token of problems, in their order, given their conditions.

    Raises ClimbpathError where the model's vocabulary lacks a problem's board, angle or grade.
    """
    by_board: defaultdict[str, list[int]] = defaultdict(list)
    for i, problem in enumerate(problems):
        by_board[problem.board].append(i)
    width = model.config.tokens.width
    longest = 1 + width * max((len(problem.sequence) for problem in problems), default=0)
    shape = len(problems), longest
    yes_or_no = np.zeros((3, *shape), bool)
    scored = Scored(np.zeros(shape), yes_or_no[0], yes_or_no[1], np.zeros(shape), yes_or_no[2])
    for board, places in by_board.items():
        by_length = sorted(places, key=lambda i: len(problems[i].sequence))
        for first in range(0, len(by_length), BATCH):
            rows = by_length[first : first + BATCH]
            for whole, part in zip(scored, _score(model, board, [problems[i] for i in rows]), strict=True):
                whole[rows, : part.shape[1]] = part
    return scored


def nats_per_problem(model: Model, problems: Sequence[Problem]) -> NDArray[np.float64]:
    """-log p of each problem given its board, angle and grade, [problems]. Raises ClimbpathError as `score` does."""
    return score(model, problems).nats.sum(axis=1)


def _score(model: Model, board: str, problems: Sequence[Problem]) -> Scored:
    """Scores problems of one board in one batch."""
    tokens, layout = model.config.tokens, boards.load(board)
    sequences = [choices(problem, layout) for problem in problems]
    steps = max(map(len, sequences))
    padded = np.array([sequence + [len(layout.holds)] * (steps - len(sequence)) for sequence in sequences])
    prefix = np.array([tokens.prefix(board, p.angle, p.grade, p.partial) for p in problems])
    length = 1 + tokens.width * (steps - 1)
    targets = tokens.spell(board, padded)[:, :length]
    lengths = 1 + tokens.width * (np.array([len(sequence) for sequence in sequences]) - 1)
    real = np.arange(length) < lengths[:, None]
    targets = np.where(real, targets, tokens.end)
    possible = np.ones((len(problems), length, len(tokens.names)), bool)
    if model.about["recipe"]["exclude_impossible"]:
        possible = tokens.mask_targets(board, padded)[:, :length]
    decoder = Decoder(model.weights, model.config.nhead, len(problems), PREFIX + length)
    for ids in prefix.T:
        hidden = decoder.next(ids)
    nats, confidence = np.zeros((2, *real.shape))
    hit = np.zeros(real.shape, bool)
    for t, target in enumerate(targets.T):
        masked = np.where(possible[:, t], hidden @ model.weights["output"].T, -np.inf).astype(np.float64)
        masked -= masked.max(axis=1, keepdims=True)
        log_total = np.log(np.exp(masked).sum(axis=1))
        nats[:, t] = log_total - masked[np.arange(len(target)), target]
        confidence[:, t] = np.exp(-log_total)
        hit[:, t] = masked.argmax(axis=1) == target
        if t + 1 < length:
            hidden = decoder.next(target)
    end = np.arange(length) == lengths[:, None] - 1
    nats[~real] = confidence[~real] = 0.0
    return Scored(nats, real, end, confidence, hit & real)
