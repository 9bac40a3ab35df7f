"""Batched constrained sampling: every problem that comes out is valid, novel and distinct."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import compress
from typing import NamedTuple

import numpy as np

from climbpath import board as boards
from climbpath.errors import ClimbpathError
from climbpath.generator.lookahead import Lookahead
from climbpath.model.checkpoint import Model
from climbpath.model.inference import Decoder
from climbpath.model.order import Bools, Ints, problem_of
from climbpath.model.tokens import ANY_GRADE, BODY, PREFIX, SETTLED, START
from climbpath.problem import Problem, Rules, violations
from climbpath.threads import on_threads

BATCH, ROUND = 1024, 8
"""Problems drawn in lock-step, and how many such batches at most before the first problem comes out."""
SPARE = 16
"""For so many problems one more is drawn, to make up for those that are known or drawn before."""
KEPT = 0.8
"""Sequences that have ended are dropped from a batch when fewer than this share go on."""
LOWEST = -1e30
PATIENCE = 20
"""Batches in a row without one new problem after which a request counts as exhausted."""
DEFAULT_GUIDANCE = 1.25
"""The least at which a grader agrees with generated problems as often as with real ones (docs/experiments.md)."""
MOST_GUIDANCE = 10
THIN_EVIDENCE = 30
"""Training problems of a grade below which a user is told that little is known of it."""


RAREST = 0.02
"""Share of drawn problems that is expected to be kept at least, when deciding how many to draw."""
Accept = Callable[[Sequence[Problem]], Sequence[bool]]
"""Which of some problems are wanted."""


class Sampling(NamedTuple):
    """How tokens are drawn.

    `temperature` divides the logits; above 1 is more adventurous. `top_p` keeps the likeliest tokens that together
    have this probability (nucleus sampling, Holtzman et al. 2020). `guidance` g scales what the grade adds to the
    logits, free + g (graded - free) (classifier-free guidance, Ho & Salimans 2022); 1 is the model's own. `settled`
    asks for problems like those that repeats have settled, where the model has learned such of the grade.
    """

    temperature: float = 1.0
    top_p: float = 1.0
    guidance: float = 1.0
    settled: bool = True


OWN = Sampling()
"""The model's own distribution."""


def guidance_of(model: Model, wished: float) -> float:
    """The guidance wished for, or 1, the model's own, where it has not learned to be guided."""
    return wished if model.about["recipe"]["open_grade"] else 1.0


def check(model: Model, board: str, angle: int, grades: Iterable[str], rules: Rules, sampling: Sampling) -> Lookahead:
    """The lookahead of a request that can be met.

    Raises ClimbpathError where a setting is out of range, the model has not learned a board, angle or grade, or to
    be guided, or no problem can keep to the rules.
    """
    temperature, top_p, guidance, _ = sampling
    if not 0 < temperature < float("inf"):
        raise ClimbpathError(f"temperature must be above 0, not {temperature}: 1 is the model's own")
    if not 0 < top_p <= 1:
        raise ClimbpathError(f"top-p must be above 0 and at most 1, not {top_p}")
    if not 0 <= guidance <= MOST_GUIDANCE:
        raise ClimbpathError(f"guidance must be from 0 to {MOST_GUIDANCE}, not {guidance}: 1 is the model's own")
    if guidance != 1 and not model.about["recipe"]["open_grade"]:
        raise ClimbpathError("this model has only learned problems of a given grade: it cannot be guided; use 1")
    for grade in grades:
        thin_evidence(model, board, angle, grade)
    lookahead = Lookahead(boards.load(board), rules)
    lookahead.check()
    return lookahead


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
    sampling: Sampling = OWN,
    *,
    seed: int = 0,
    known: Collection[int] = (),
    accept: Accept | None = None,
) -> Iterator[Problem]:
    """Valid problems that are novel (their key is not among the model's known keys) and distinct by key.

    Args:
        model: a trained model.
        board: a board's name.
        angle: in degrees.
        wanted: grade -> number of problems.
        rules: what every problem keeps to.
        sampling: how tokens are drawn.
        seed: the same seed, version and machine give the same problems.
        known: further keys that are not novel.
        accept: what else a problem must pass, told for many at once.

    Yields fewer than wanted where the request has no more to give: nothing new in 20 batches.

    Raises ClimbpathError, when first iterated, where the model has not learned a board, angle or grade, or no
    problem can keep to the rules.
    """
    rules = rules or Rules()
    lookahead = check(model, board, angle, wanted, rules, sampling)
    missing = Counter(wanted)
    seen = set(known)
    batches, fruitless, drawn, kept = 0, 0, 0, 0
    while (left := missing.total()) and fruitless < PATIENCE:
        asked = list(missing.elements())
        share = max(RAREST, kept / drawn) if accept and drawn else 1.0
        size = min(ROUND * BATCH, int((left + left // SPARE) / share) + 4)
        grades = [asked[i] for i in np.linspace(0, left - 1, size).round().astype(int)]
        for problems in draw_batches(model, lookahead, angle, grades, sampling, seed, batches):
            batches += 1
            fruitless += 1
            asked_for = [p for p in problems if missing[p.grade or ""]]
            new = [p for p in asked_for if p.key not in model.known and p.key not in seen and not violations(p, rules)]
            wanted_ones = list(compress(new, accept(new))) if accept else new
            drawn, kept = drawn + len(problems), kept + len(wanted_ones)
            for problem in wanted_ones:
                grade, key = problem.grade or "", problem.key
                if missing[grade] and key not in seen:
                    seen.add(key)
                    missing[grade] -= 1
                    fruitless = 0
                    yield problem


def draw_batches(
    model: Model,
    lookahead: Lookahead,
    angle: int,
    grades: Sequence[str],
    sampling: Sampling,
    seed: int,
    first: int = 0,
) -> list[list[Problem]]:
    """Plain samples, one of each grade given, in batches; each is a function of the seed and its number from `first`.

    Several are drawn on as many threads as BLAS has, each with one of BLAS's.
    """
    parts = [grades[start : start + BATCH] for start in range(0, len(grades), BATCH)]

    def draw_part(number: int) -> list[Problem]:
        rng = np.random.default_rng([seed, first + number])
        sequences = draw(model, lookahead, angle, parts[number], sampling, rng)
        rows = zip(sequences, parts[number], strict=True)
        return [problem_of(row, lookahead.board, angle, grade) for row, grade in rows]

    return on_threads(draw_part, range(len(parts)))


def vary(
    model: Model,
    problem: Problem,
    number: int,
    keep: float,
    rules: Rules,
    sampling: Sampling = OWN,
    *,
    seed: int = 0,
) -> Iterator[Problem]:
    """Variations of a problem, each with a random share `keep` of its holds; valid, novel and distinct.

    Yields fewer than `number` where there are no more. Raises ClimbpathError for a share out of range, and as
    `generate` does.
    """
    if number < 1:
        raise ClimbpathError(f"cannot make {number} variations: ask for at least 1")
    if not 0 < keep < 1:
        raise ClimbpathError(f"keep must be a share of the holds between 0 and 1, not {keep}")
    if problem.grade is None:
        raise ClimbpathError("the problem has no grade: name one, so that the variations are of that grade")
    holds = [label for label in problem.holds if label not in rules.bans]
    kept = min(max(1, round(keep * len(problem.holds))), len(holds))
    rng = np.random.default_rng(seed)
    known = {problem.key}
    fruitless = 0
    while number and fruitless < PATIENCE:
        pins = frozenset(rng.choice(holds, kept, replace=False).tolist())
        one = {problem.grade: 1}
        at_random = int(rng.integers(2**32))
        fruitless += 1
        pinned = replace(rules, pins=pins, max_holds=max(rules.max_holds, len(problem.holds)))
        for variation in generate(
            model, problem.board, problem.angle, one, pinned, sampling, seed=at_random, known=known
        ):
            known.add(variation.key)
            number -= 1
            fruitless = 0
            yield variation


def draw(
    model: Model,
    lookahead: Lookahead,
    angle: int,
    grades: Sequence[str],
    sampling: Sampling,
    rng: np.random.Generator,
) -> Ints:
    """One sequence of choices per grade, [B, N] padded with "end", every one within the lookahead's rules.

    Neither novel nor distinct: these are plain samples of the model. Raises ClimbpathError where a problem
    grows longer than the model can count.
    """
    layout = lookahead.board
    tokens = model.config.tokens
    table = tokens.spelling(layout.name)
    batch = lookahead.batch(len(grades))
    length = min(len(model.weights["position"]), PREFIX + tokens.width * (lookahead.rules.max_holds + 2))
    asked, which = np.unique(np.array(grades), return_inverse=True)
    settled = model.settled.get(f"{layout.name}@{angle}", {}) if sampling.settled else {}
    kinds = [SETTLED if settled.get(grade) else "" for grade in asked.tolist()]
    graded = np.array([tokens.prefix(layout.name, angle, *pair) for pair in zip(asked.tolist(), kinds, strict=True)])
    prefixes = graded
    if guided := sampling.guidance != 1:
        free = graded.copy()
        free[:, 1] = tokens.ids[ANY_GRADE]
        prefixes = np.concatenate([graded, free])
        which = np.concatenate([which, which + len(asked)])
    # A guided problem is two rows of one batch, with the grade and without it: first all with, then all without.
    decoder = Decoder(model.weights, model.config.nhead, len(prefixes), length)
    pins = pin_vectors(model, lookahead)
    for place in range(PREFIX):
        given = None if pins is None else np.tile(lookahead.pins @ pins, (len(prefixes), 1))
        hidden = decoder.next(prefixes[:, place], given)
    hidden = hidden[which]
    decoder.keep(which)
    end = len(layout.holds)
    alive = np.arange(len(grades))
    sequences: list[Ints] = []
    while len(alive):
        if decoder.length + tokens.width > length:
            raise ClimbpathError(f"this model ends after {decoder.length} tokens: ask for fewer holds with --max-holds")
        stage = START if batch.step < 2 else BODY
        allowed = lookahead.allowed(batch)
        for place in range(tokens.width):
            written = tokens.written(layout.name, stage, place)
            logits = hidden @ model.weights["output"][written].T
            if guided:
                with_grade, without = np.split(logits, 2)
                logits = without + sampling.guidance * (with_grade - without)
            picked = _pick(logits, tokens.may_be_written(layout.name, stage, place, allowed), sampling, rng)
            ids = np.where(picked < 0, tokens.end, written[picked])
            spelled = table[stage, :, place]
            allowed &= (spelled == ids[:, None]) | (spelled < 0)
            if place == tokens.width - 1:
                choice = allowed.argmax(axis=1)
                lookahead.choose(batch, choice)
            given = None if pins is None else np.tile(batch.left @ pins, (1 + guided, 1))
            hidden = decoder.next(np.tile(ids, 1 + guided), given)
        row = np.full(len(grades), end)
        row[alive] = choice
        sequences.append(row)
        going = np.flatnonzero(choice != end)
        if len(going) < KEPT * len(alive):
            rows = np.concatenate([going, going + len(alive)]) if guided else going
            alive, hidden = alive[going], hidden[rows]
            batch.keep(going)
            decoder.keep(rows)
    return np.stack(sequences, axis=1)


def pin_vectors(model: Model, lookahead: Lookahead) -> np.ndarray | None:
    """What each hold of the board adds to the model's input while it is a pin still to come, [H, D].

    None where there are no pins, or the model has not learned them and only the lookahead keeps them.
    """
    if "pin" not in model.weights or not lookahead.pins.any():
        return None
    return np.asarray(model.weights["pin"][model.config.tokens.spelling(lookahead.board.name)[BODY, :-1, 0]])


def _pick(logits: np.ndarray, mask: Bools, sampling: Sampling, rng: np.random.Generator) -> Ints:
    """The place of one token per row among those of the mask; -1 in a row that has none (it ended in this hold)."""
    scaled = np.where(mask, logits if sampling.temperature == 1 else logits / sampling.temperature, -np.inf)
    share = np.exp(scaled - np.maximum(scaled.max(axis=1, keepdims=True), LOWEST))
    if sampling.top_p < 1:
        ranked = -np.sort(-share, axis=1)
        mass = ranked.cumsum(axis=1)
        nucleus = (mass - ranked < sampling.top_p * mass[:, -1:]).sum(axis=1)
        least = ranked[np.arange(len(ranked)), np.maximum(nucleus, 1) - 1]
        share = np.where(share >= least[:, None], share, 0)
    mass = share.cumsum(axis=1)
    picked = (mass <= rng.random((len(mass), 1), np.float32) * mass[:, -1:]).sum(axis=1)
    return np.where(mass[:, -1] > 0, np.minimum(picked, share.shape[1] - 1), -1)
