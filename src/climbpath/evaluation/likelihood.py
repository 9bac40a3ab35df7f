"""How likely real problems are under a model: nats token by token (docs/promises.md, "Nats per problem")."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from climbpath import board as boards
from climbpath.model.checkpoint import Model
from climbpath.model.inference import Decoder
from climbpath.model.order import Bools, Ints, choices
from climbpath.model.tokens import CONSENSUS, PARTIAL, PREFIX
from climbpath.problem import Problem

BATCH = 512


class Scored(NamedTuple):
    """B problems, token by token, N tokens in the longest; `is_token` [B, N] marks where there are any.

    `nats` is -log p of the token that stands there, `end` marks end tokens, `confidence` is the highest probability
    given to any token there and `hit` whether it was given to the right one.
    """

    nats: NDArray[np.float64]
    is_token: Bools
    end: Bools
    confidence: NDArray[np.float64]
    hit: Bools


def score(model: Model, problems: Sequence[Problem], given_consensus: bool = False) -> Scored:
    """Nats of every predicted token of problems, in their order, given board, angle and grade.

    A model that tells settled problems from others is not told which these are: its probabilities are those as a
    settled problem and as another, weighted by how many of the grade it has learned of each. `given_consensus` gives it
    the kind, too.

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
            for whole, part in zip(
                scored, _score(model, board, [problems[i] for i in rows], given_consensus), strict=True
            ):
                whole[rows, : part.shape[1]] = part
    return scored


def nats_per_problem(model: Model, problems: Sequence[Problem], given_consensus: bool = False) -> NDArray[np.float64]:
    """-log p of each problem as `score` gives it, [problems]. Raises ClimbpathError as `score` does."""
    return score(model, problems, given_consensus).nats.sum(axis=1)


def _conditions(model: Model, problems: Sequence[Problem], given_consensus: bool) -> tuple[Ints, NDArray[np.float64]]:
    """Under which K conditions problems may stand, [K, B, PREFIX], and the logarithm of how likely each is, [K, B]."""
    tokens = model.config.tokens
    kinds, shares = [[PARTIAL if problem.partial else "" for problem in problems]], [np.ones(len(problems))]
    if model.consensus and given_consensus:
        kinds = [[tokens.kind_of(problem) for problem in problems]]
    elif model.consensus:
        kinds.append([PARTIAL if problem.partial else CONSENSUS for problem in problems])
        consensus = np.array([0.0 if problem.partial else _consensus_share(model, problem) for problem in problems])
        shares = [1 - consensus, consensus]
    prefixes = [
        [tokens.prefix(p.board, p.angle, p.grade, kind) for p, kind in zip(problems, row, strict=True)] for row in kinds
    ]
    with np.errstate(divide="ignore"):
        return np.array(prefixes), np.log(shares)


def _consensus_share(model: Model, problem: Problem) -> float:
    """The share of settled problems among those that the model learned the problem's grade from."""
    every, consensus = (
        counts.get(problem.setup, {}).get(problem.grade or "", 0) for counts in (model.evidence, model.consensus)
    )
    return consensus / max(1, every)


def _score(model: Model, board: str, problems: Sequence[Problem], given_consensus: bool) -> Scored:
    """Scores problems of one board in one batch."""
    tokens, layout = model.config.tokens, boards.load(board)
    sequences = [choices(problem, layout) for problem in problems]
    steps = max(map(len, sequences))
    padded = np.array([sequence + [len(layout.holds)] * (steps - len(sequence)) for sequence in sequences])
    prefixes, behind = _conditions(model, problems, given_consensus)
    length = 1 + tokens.width * (steps - 1)
    targets = tokens.spell(board, padded)[:, :length]
    lengths = 1 + tokens.width * (np.array([len(sequence) for sequence in sequences]) - 1)
    is_token = np.arange(length) < lengths[:, None]
    targets = np.where(is_token, targets, tokens.end)
    possible = np.ones((len(problems), length, len(tokens.names)), bool)
    if model.about["recipe"]["mask_invalid"]:
        possible = tokens.mask_targets(board, padded)[:, :length]
    decoder = Decoder(model.weights, model.config.nhead, behind.size, PREFIX + length)
    for ids in prefixes.reshape(-1, PREFIX).T:
        hidden = decoder.next(ids)
    nats, confidence = np.zeros((2, *is_token.shape))
    hit = np.zeros(is_token.shape, bool)
    row = np.arange(len(problems))
    for t, target in enumerate(targets.T):
        logits = (hidden @ model.weights["output"].T).reshape(*behind.shape, -1).astype(np.float64)
        log_p = np.where(possible[:, t], logits, -np.inf)
        log_p -= np.logaddexp.reduce(log_p, axis=2, keepdims=True)
        mean = np.logaddexp.reduce(behind[..., None] + log_p, axis=0)
        nats[:, t] = -mean[row, target]
        confidence[:, t] = np.exp(mean.max(axis=1))
        hit[:, t] = mean.argmax(axis=1) == target
        if t + 1 < length:
            hidden = decoder.next(np.tile(target, len(behind)))
            likelier = behind + log_p[:, row, target]
            behind = np.where(is_token[:, t], likelier - np.logaddexp.reduce(likelier, axis=0), behind)
    end = np.arange(length) == lengths[:, None] - 1
    nats[~is_token] = confidence[~is_token] = 0.0
    return Scored(nats, is_token, end, confidence, hit & is_token)
