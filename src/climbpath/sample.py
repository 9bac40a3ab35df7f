"""Batched constrained sampling: every problem that comes out is valid, novel and distinct."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from climbpath import board as boards
from climbpath.checkpoint import Model
from climbpath.errors import ClimbpathError
from climbpath.inference import Decoder
from climbpath.lookahead import Batch, Lookahead
from climbpath.order import Bools, Ints, problem_of
from climbpath.problem import Problem, Rules, violations
from climbpath.tokens import BODY, PREFIX, START

BATCH = 512
PATIENCE = 20
"""Batches in a row without one new problem after which a request counts as exhausted."""
THIN_EVIDENCE = 30
"""Training problems of a grade below which a user is told that little is known of it."""


def thin_evidence(model: Model, board: str, angle: int, grade: str) -> int | None:
    """How many problems the model learned this grade from, where they are few; else None.

    Raises ClimbpathError, naming what the model knows, where it has learned none.
    """
    place = f"{board}@{angle}"
    if place not in model.evidence:
        raise ClimbpathError(
            f"this model has not learned {boards.load(board).title} at {angle}°: it knows {', '.join(model.evidence)}"
        )
    learned = {name: count for name, count in model.evidence[place].items() if count}
    if grade not in learned:
        raise ClimbpathError(f"this model has not learned grade {grade} on {place}: it knows {', '.join(learned)}")
    return learned[grade] if learned[grade] < THIN_EVIDENCE else None


def generate(
    model: Model,
    board: str,
    angle: int,
    wanted: Mapping[str, int],
    rules: Rules | None = None,
    *,
    temperature: float = 1.0,
    top_p: float = 1.0,
    seed: int = 0,
) -> Iterator[Problem]:
    """Valid problems that are novel (their key is not among the model's known keys) and distinct by key.

    Args:
        model: a trained model.
        board: a board's name.
        angle: in degrees.
        wanted: grade -> number of problems.
        rules: what every problem keeps to.
        temperature: divides the logits; above 1 is more adventurous.
        top_p: nucleus sampling keeps the likeliest tokens that together have this probability.
        seed: the same seed, version and machine give the same problems.

    Yields fewer than wanted where the request has no more to give: nothing new in 20 batches.

    Raises ClimbpathError, when first iterated, where the model has not learned a board, angle or grade, or no
    problem can keep to the rules.
    """
    if not 0 < temperature < float("inf"):
        raise ClimbpathError(f"temperature must be above 0, not {temperature}: 1 is the model's own")
    if not 0 < top_p <= 1:
        raise ClimbpathError(f"top-p must be above 0 and at most 1, not {top_p}")
    for grade in wanted:
        thin_evidence(model, board, angle, grade)
    rules = rules or Rules()
    layout = boards.load(board)
    lookahead = Lookahead(layout, rules)
    lookahead.check()
    rng = np.random.default_rng(seed)
    missing = Counter(wanted)
    seen = set(model.known_keys.tolist())
    fruitless = 0
    while (left := missing.total()) and fruitless < PATIENCE:
        asked = list(missing.elements())
        size = min(BATCH, left + left // 8 + 4)
        grades = [asked[i] for i in np.linspace(0, left - 1, size).round().astype(int)]
        fruitless += 1
        for sequence, grade in zip(draw(model, lookahead, angle, grades, temperature, top_p, rng), grades, strict=True):
            problem = problem_of(sequence, layout, angle, grade)
            if missing[grade] and problem.key not in seen and not violations(problem, rules):
                seen.add(problem.key)
                missing[grade] -= 1
                fruitless = 0
                yield problem


def draw(
    model: Model,
    lookahead: Lookahead,
    angle: int,
    grades: Sequence[str],
    temperature: float,
    top_p: float,
    rng: np.random.Generator,
) -> Ints:
    """One sequence of choices per grade, [B, N] padded with "end", every one within the lookahead's rules.

    Neither novel nor distinct: these are plain samples of the model. Raises ClimbpathError where a problem
    grows longer than the model can count.
    """
    layout = lookahead.board
    tokens = model.config.tokens
    table = tokens.spelling(layout.name)
    batch = Batch(layout, len(grades))
    positions = len(model.weights["position"])
    length = min(positions, PREFIX + tokens.width * (lookahead.rules.max_holds + 2))
    decoder = Decoder(model.weights, model.config.nhead, len(grades), length)
    prefix = np.array([tokens.prefix(layout.name, angle, grade) for grade in grades])
    for ids in prefix.T:
        logits = decoder.next_logits(ids)
    end = len(layout.holds)
    alive = np.arange(len(grades))
    sequences: list[Ints] = []
    while len(alive):
        if decoder.length + tokens.width > length:
            raise ClimbpathError(f"this model ends after {decoder.length} tokens: ask for fewer holds with --max-holds")
        stage = START if batch.step < 2 else BODY
        allowed = lookahead.allowed(batch)
        for place in range(tokens.width):
            mask = tokens.token_mask(layout.name, stage, place, allowed)
            ids = _pick(logits, mask, temperature, top_p, rng, tokens.end)
            spelled = table[stage, :, place]
            allowed &= (spelled == ids[:, None]) | (spelled < 0)
            logits = decoder.next_logits(ids)
        choice = allowed.argmax(axis=1)
        lookahead.choose(batch, choice)
        row = np.full(len(grades), end)
        row[alive] = choice
        sequences.append(row)
        going = np.flatnonzero(choice != end)
        if len(going) < 0.8 * len(alive):
            alive, logits = alive[going], logits[going]
            batch.keep(going)
            decoder.keep(going)
    return np.stack(sequences, axis=1)


def _pick(
    logits: np.ndarray, mask: Bools, temperature: float, top_p: float, rng: np.random.Generator, end: int
) -> Ints:
    """One token per row among those of the mask; `end` in a row that has none (it ended within this hold)."""
    scaled = np.where(mask, logits / temperature, -np.inf)
    share = np.exp(scaled - np.where(mask, scaled, -1e30).max(axis=1, keepdims=True))
    if top_p < 1:
        ranked = -np.sort(-share, axis=1)
        mass = ranked.cumsum(axis=1)
        nucleus = (mass - ranked < top_p * mass[:, -1:]).sum(axis=1)
        least = ranked[np.arange(len(ranked)), np.maximum(nucleus, 1) - 1]
        share = np.where(share >= least[:, None], share, 0)
    mass = share.cumsum(axis=1)
    ids = (mass <= rng.random((len(mass), 1)) * mass[:, -1:]).sum(axis=1)
    ids = np.minimum(ids, share.shape[1] - 1)
    return np.where(mask.any(axis=1), ids, end)
