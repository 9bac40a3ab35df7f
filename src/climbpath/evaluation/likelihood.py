"""How likely real problems are under a model: nats token by token (docs/promises.md, "Nats per problem")."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from climbpath import board as boards
from climbpath.board import Setup
from climbpath.model.checkpoint import Model
from climbpath.model.inference import Decoder
from climbpath.model.order import Bools, Ints, choices
from climbpath.model.tokens import CONSENSUS, PARTIAL, PREFIX
from climbpath.problem import Problem

BATCH = 512


class Scored(NamedTuple):
    """B problems, token by token, N tokens in the longest; every field is [B, N]."""

    nats: NDArray[np.float64]
    """-log p of the token; 0 in padding."""
    is_token: Bools
    """Where there is a token; elsewhere is padding."""
    end: Bools
    """Where the end token is."""
    confidence: NDArray[np.float64]
    """The probability of the likeliest token; 0 in padding."""
    hit: Bools
    """Whether the likeliest token is the right one."""


def score(model: Model, problems: Sequence[Problem], given_consensus: bool = False) -> Scored:
    """Nats of every predicted token of problems, in their order, given board, angle and grade.

    A model that knows consensus as a condition does not get to see which problems have one: each is scored both as a
    problem with a consensus grade and as one without, weighted by how many problems of the grade the model has learned
    of each kind. With `given_consensus` it is scored as what it is.

    Raises ClimbpathError where the model's vocabulary lacks a problem's board, angle or grade.
    """
    by_setup: defaultdict[Setup, list[int]] = defaultdict(list)
    for i, problem in enumerate(problems):
        by_setup[problem.setup].append(i)
    width = model.config.tokens.width
    longest = 1 + width * max((len(problem.sequence) for problem in problems), default=0)
    shape = len(problems), longest
    yes_or_no = np.zeros((3, *shape), bool)
    scored = Scored(np.zeros(shape), yes_or_no[0], yes_or_no[1], np.zeros(shape), yes_or_no[2])
    # batches of one setup and about one length, so that little is padding
    for setup, rows_of_setup in by_setup.items():
        by_length = sorted(rows_of_setup, key=lambda i: len(problems[i].sequence))
        for first in range(0, len(by_length), BATCH):
            rows = by_length[first : first + BATCH]
            for whole, part in zip(
                scored, _score(model, setup, [problems[i] for i in rows], given_consensus), strict=True
            ):
                whole[rows, : part.shape[1]] = part
    return scored


def joined(scored: Sequence[Scored]) -> Scored:
    """The problems of several, one after the other."""
    longest = max(one.nats.shape[1] for one in scored)
    padded = ([np.pad(part, ((0, 0), (0, longest - part.shape[1]))) for part in one] for one in scored)
    return Scored(*map(np.concatenate, zip(*padded, strict=True)))


def nats_per_problem(model: Model, problems: Sequence[Problem], given_consensus: bool = False) -> NDArray[np.float64]:
    """-log p of each problem as `score` gives it, [problems]. Raises ClimbpathError as `score` does."""
    return score(model, problems, given_consensus).nats.sum(axis=1)


def _conditions(model: Model, problems: Sequence[Problem], given_consensus: bool) -> tuple[Ints, NDArray[np.float64]]:
    """The K conditions that each problem may be under, as tokens [K, B, PREFIX], and their log probability, [K, B]."""
    tokens = model.config.tokens
    told = [tokens.condition_of(problem) for problem in problems]
    plain = [one if one.kind == PARTIAL else one._replace(kind="") for one in told]
    conditions, weights = [plain], [np.ones(len(problems))]
    if model.consensus and given_consensus:
        conditions = [told]
    elif model.consensus:
        conditions.append([one if one.kind == PARTIAL else one._replace(kind=CONSENSUS) for one in told])
        consensus = np.array([0.0 if problem.partial else _consensus_fraction(model, problem) for problem in problems])
        weights = [1 - consensus, consensus]
    grades = [problem.grade for problem in problems]
    prefixes = [[tokens.prefix(*pair) for pair in zip(row, grades, strict=True)] for row in conditions]
    with np.errstate(divide="ignore"):
        return np.array(prefixes), np.log(weights)


def _consensus_fraction(model: Model, problem: Problem) -> float:
    """The fraction of problems with a consensus grade among those of this grade that the model has learned."""
    every, consensus = (
        counts.get(problem.setup, {}).get(problem.grade or "", 0) for counts in (model.evidence, model.consensus)
    )
    return consensus / max(1, every)


def _score(model: Model, setup: Setup, problems: Sequence[Problem], given_consensus: bool) -> Scored:
    """Scores B problems of one setup in one batch, under K conditions each."""
    tokens, layout = model.config.tokens, boards.load(setup.board)
    prefixes, log_weights = _conditions(model, problems, given_consensus)  # raises where the vocabulary lacks one
    # choices of holds, padded with the end: [B, steps]
    sequences = [choices(problem, layout) for problem in problems]
    steps = max(map(len, sequences))
    padded = np.array([sequence + [len(layout.choice_roles)] * (steps - len(sequence)) for sequence in sequences])
    # the tokens that spell them, [B, N]: a hold takes `width` tokens, the end takes one
    length = 1 + tokens.width * (steps - 1)
    lengths = 1 + tokens.width * (np.array([len(sequence) for sequence in sequences]) - 1)
    is_token = np.arange(length) < lengths[:, None]
    targets = np.where(is_token, tokens.spell(setup.board, padded)[:, :length], tokens.end)
    # tokens that the board allows, [B, N, V]; a model trained without that mask may choose any
    columns = tokens.tokens_of(setup.board)
    output, targets = model.output(setup, columns), tokens.columns_of(setup.board, targets)
    allowed = np.ones((len(problems), length, len(columns)), bool)
    if model.about["recipe"]["mask_invalid"]:
        allowed = tokens.mask_targets(setup, padded)[:, :length]
    # every problem is decoded under each of its conditions: K * B sequences
    decoder = Decoder(model.weights, model.config.nhead, log_weights.size, PREFIX + length)
    for ids in prefixes.reshape(-1, PREFIX).T:
        hidden = decoder.next(ids)
    nats, confidence = np.zeros((2, *is_token.shape))
    hit = np.zeros(is_token.shape, bool)
    row = np.arange(len(problems))
    for t, target in enumerate(targets.T):
        # log p of each token under each condition, [K, B, V]
        logits = (hidden @ output.T).reshape(*log_weights.shape, -1).astype(np.float64)
        log_p = np.where(allowed[:, t], logits, -np.inf)
        log_p -= np.logaddexp.reduce(log_p, axis=2, keepdims=True)
        # and averaged over the conditions by how likely they are after the tokens so far, [B, V]
        mean = np.logaddexp.reduce(log_weights[..., None] + log_p, axis=0)
        nats[:, t] = -mean[row, target]
        confidence[:, t] = np.exp(mean.max(axis=1))
        hit[:, t] = mean.argmax(axis=1) == target
        if t + 1 < length:
            hidden = decoder.next(np.tile(columns[target], len(log_weights)))
            # Bayes' rule: a condition under which this token was likelier becomes likelier itself
            likelier = log_weights + log_p[:, row, target]
            log_weights = np.where(is_token[:, t], likelier - np.logaddexp.reduce(likelier, axis=0), log_weights)
    end = np.arange(length) == lengths[:, None] - 1
    nats[~is_token] = confidence[~is_token] = 0.0
    return Scored(nats, is_token, end, confidence, hit & is_token)
