"""Batched constrained sampling: every problem that comes out is valid, novel and distinct."""

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import compress

import numpy as np

from climbpath import board as boards
from climbpath.beta.solver import solve
from climbpath.board import LEAST_EVIDENCE, Setup, as_learned, drawn_as, evidence_for
from climbpath.errors import ClimbpathError
from climbpath.generator.lookahead import Lookahead
from climbpath.generator.outcome import Outcome
from climbpath.generator.request import Request, Sampling, can_be_guided
from climbpath.grader.grader import Grader
from climbpath.grades import rank
from climbpath.model.checkpoint import Model
from climbpath.model.inference import Decoder
from climbpath.model.order import Bools, Ints, problem_of
from climbpath.model.tokens import ANY_GRADE, CONSENSUS, PREFIX, REST, STARTS, Condition
from climbpath.problem import DEFAULT_METHOD, Problem, violations
from climbpath.threads import on_threads

BATCH, ROUND = 1024, 8
"""Problems drawn in lock-step, and how many such batches at most before the first problem is yielded."""
SPARE = 16
"""For every 16 problems one more is drawn, to make up for known ones and repetitions."""
KEPT = 0.8
"""Sequences that have ended are dropped from a batch when fewer than this fraction go on."""
LOWEST = -1e30
PATIENCE, PATIENCE_ROUNDS = 4096, 20
"""A request counts as exhausted after so many draws in a row without a problem that passes; where there is nothing to
pass but being new, after so many times what it asks for."""
MOST_GUIDANCE = 10
SCARCE = 1024
"""After so many draws in a row without a problem of the grades left, another grade of the request takes their place."""
LIKELY = 0.3
"""The fraction of drawn problems that is expected to have a grade that is wanted, before any is drawn."""
RAREST = 0.02
"""The least fraction of drawn problems that is expected to be kept, when deciding how many to draw."""


def as_drawn(model: Model, request: Request) -> Request:
    """A request at the angle that its problems are drawn at: an unknown one where its own was not learned, or not with
    all of its grades."""
    angle = drawn_as(request.setup, model.evidence, request.grades).angle
    return replace(request, setup=request.setup._replace(angle=angle))


def check(model: Model, request: Request, grades: Iterable[str] | None = None) -> Lookahead:
    """The lookahead of a request that can be met, by default for the request's own grades.

    Raises ClimbpathError where a setting is out of range, the model has not learned the setup, a grade, or to be
    guided, or no problem can keep to the rules.
    """
    temperature, top_p, guidance, _ = request.sampling_for(model)
    if not 0 < temperature < float("inf"):
        raise ClimbpathError(f"temperature must be above 0, not {temperature}: 1 is the model's own")
    if not 0 < top_p <= 1:
        raise ClimbpathError(f"top-p must be above 0 and at most 1, not {top_p}")
    if guidance is None or not 0 <= guidance <= MOST_GUIDANCE:
        raise ClimbpathError(f"guidance must be from 0 to {MOST_GUIDANCE}, not {guidance}: 1 is the model's own")
    if guidance != 1 and not can_be_guided(model):
        raise ClimbpathError("this model has only learned problems of a given grade: it cannot be guided; use 1")
    request = as_drawn(model, request)
    for grade in request.grades if grades is None else grades:
        thin_evidence(model, request.setup, grade)
    if request.method not in model.methods(request.setup):
        known_rules = ", ".join(model.methods(request.setup))
        raise ClimbpathError(f"this model has not learned the foot rule {request.method!r}: it knows {known_rules}")
    layout = boards.load(request.setup.board)
    lookahead = Lookahead(layout, request.setup.angle, request.rules)
    lookahead.check()
    if request.mirror:  # what is drawn keeps to the mirrored rules; the faults above speak of those that were typed
        lookahead = Lookahead(layout, request.setup.angle, request.rules.mirrored(layout))
    return lookahead


def thin_evidence(model: Model, setup: Setup, grade: str) -> int | None:
    """How many problems the model learned this grade from, if they are few; else None.

    Raises ClimbpathError, naming what the model knows, if it has learned none.
    """
    learned_as = drawn_as(setup, model.evidence)
    if learned_as not in model.evidence or setup.board not in model.config.boards:
        known = ", ".join(map(str, model.evidence))
        raise ClimbpathError(f"this model has not learned {setup.words}: it knows {known}")
    learned = {name: count for name, count in evidence_for(setup, model.evidence).items() if count}
    if grade not in learned:
        known = ", ".join(sorted(learned, key=rank))
        raise ClimbpathError(f"this model has not learned grade {grade} on {setup.words}: it knows {known}")
    return learned[grade] if learned[grade] < LEAST_EVIDENCE else None


def generate(
    model: Model,
    request: Request,
    counts: Mapping[str, int] | None = None,
    *,
    grader: Grader | None = None,
    known: Container[int] = (),
    is_over: Callable[[], bool] = lambda: False,
    give_up: Callable[[str], None] = lambda reason: None,
) -> Iterator[Problem]:
    """Valid problems that are novel (their key is not among the model's known keys) and distinct by key.

    Args:
        model: a trained model.
        request: what is asked for; at an angle that the model has not learned, or not with all grades asked for, it is
            drawn at an unknown one, and on a board of which it has learned nothing as on the board whose holes that
            shares.
        counts: grade -> number of problems, in place of the request's own.
        grader: gives the problems their grades. Unless the request allows any grade, only those that get a grade that
            is still wanted are kept, whichever they were drawn for. Without a grader a problem has the grade that it
            was drawn for.
        known: further keys that are not novel.
        is_over: asked before every batch; nothing more is drawn once it says so.
        give_up: called with the condition that is in the way, where fewer problems than asked for are found.

    Raises ClimbpathError, when first iterated, where the model has not learned the setup or a grade, no new problem can
    have a grade that is asked for, or no problem can keep to the rules.
    """
    missing = Counter(request.counts() if counts is None else counts)
    request = as_drawn(model, request)
    lookahead = check(model, request, missing)
    check_offered(grader, request, missing)
    matches = bool(grader) and not request.any_grade
    seen: set[int] = set()
    outcome = Outcome()
    scarce: set[str] = set()
    kept, fruitless, batches = 0, 0, 0
    patience = PATIENCE if matches or request.climber else PATIENCE_ROUNDS * missing.total()
    while (left := missing.total()) and fruitless < patience and not is_over():
        # draw as many as are likely to leave what is missing, in the same proportions of grades; twice as many as
        # before where nothing has passed yet
        passing = kept / outcome.drawn if kept else LIKELY if matches and not outcome.drawn else 1.0
        size = int((left + left // SPARE) / max(RAREST, passing)) + 4
        size = min(ROUND * BATCH, size if kept else min(max(size, outcome.drawn), patience - fruitless))
        asked = list(missing.elements())
        grades = [asked[i] for i in np.linspace(0, left - 1, size).round().astype(int)]
        for drawn in draw_batches(model, lookahead, request, grades, batches):
            problems = [problem.mirrored for problem in drawn] if request.mirror else drawn
            batches += 1
            fruitless += len(problems)
            outcome.drawn += len(problems)
            for problem in _passing(model, request, grader, matches, problems, missing, known, seen, outcome):
                wanted = problem.asked_grade or ""
                if missing[wanted]:
                    seen.add(problem.key)
                    missing[wanted] -= 1
                    kept += 1
                    fruitless = 0
                    yield problem
            if is_over():
                break
        if matches and fruitless >= SCARCE:
            # under these conditions the grades left hardly occur: another that was asked for takes their place
            scarce |= set(+missing)
            others = {grade: outcome.grades[grade] for grade in request.grades if grade not in scarce}
            if other := max(others, key=others.__getitem__, default=None):
                missing, fruitless = Counter({other: missing.total()}), 0
    if left:
        give_up(outcome.reason(request))


def check_offered(grader: Grader | None, request: Request, grades: Iterable[str]) -> None:
    """Raises ClimbpathError where the grader gives no new problem a grade that is asked for, and no other will do."""
    if not grader or request.any_grade:
        return
    offered = grader.scale_of(request.setup).grades
    for grade in grades:
        if grade not in offered:
            known = grader.evidence[as_learned(request.setup, grader.evidence)].get(grade, 0)
            raise ClimbpathError(
                f"{grade} on {request.setup.words} rests on {known} real "
                f"problems, too few to tell it from its neighbours: ask for {offered[0]} to {offered[-1]}, or allow "
                "any grade"
            )


def _passing(
    model: Model,
    request: Request,
    grader: Grader | None,
    matches: bool,
    drawn: Sequence[Problem],
    missing: Counter[str],
    known: Container[int],
    seen: set[int],
    outcome: Outcome,
) -> list[Problem]:
    """Those of the drawn problems that are novel, distinct, valid, of a grade that is missing, and within the
    climber's reach; with their grades, and the one that each was asked for."""
    # novel, distinct and valid
    keyed = ((p.key, p) for p in drawn)
    fresh = {key: p for key, p in keyed if key not in model.known and key not in known and key not in seen}
    new = [p for p in fresh.values() if not violations(p, request.rules)]
    outcome.new += len(new)
    # graded: what was drawn for one grade and gets another is as good as any, if that is wanted
    graded = grader.graded(new) if grader else new
    outcome.grades.update(problem.grade or "" for problem in graded)
    asked = [p.grade for p in (graded if matches else new)]
    right = [replace(p, asked_grade=g) for p, g in zip(graded, asked, strict=True) if missing[g or ""]]
    outcome.right += len(right)
    # within reach
    if request.climber and right:
        right = list(compress(right, [not beta.too_far for beta in solve(right, request.climber)]))
    outcome.reached += len(right)
    return right


def plain_samples(model: Model, request: Request, counts: Mapping[str, int]) -> Iterator[Problem]:
    """Plain samples, `counts` of each grade: known problems and repetitions are not left out.

    Raises ClimbpathError as `draw` does.
    """
    lookahead = Lookahead(boards.load(request.setup.board), request.setup.angle, request.rules)
    for batch in draw_batches(model, lookahead, request, list(Counter(counts).elements())):
        yield from batch


def draw_batches(
    model: Model,
    lookahead: Lookahead,
    request: Request,
    grades: Sequence[str],
    first: int = 0,
) -> Iterable[list[Problem]]:
    """Plain samples, one of each grade given, in batches; each is a function of the seed and its number from `first`.

    Several are drawn on as many threads as BLAS has, each with one of BLAS's; on one, each when it is asked for.
    """
    sampling = request.sampling_for(model)
    parts = [grades[start : start + BATCH] for start in range(0, len(grades), BATCH)]

    def draw_part(number: int) -> list[Problem]:
        rng = np.random.default_rng([request.seed, first + number])
        condition = Condition(drawn_as(request.setup, model.evidence), method=request.method)
        sequences = draw(model, lookahead, condition, parts[number], sampling, rng)
        rows = zip(sequences, parts[number], strict=True)
        drawn = [problem_of(row, lookahead.board, request.setup.angle, grade) for row, grade in rows]
        if request.method == DEFAULT_METHOD:
            return drawn
        return [replace(problem, method=request.method) for problem in drawn]

    return on_threads(draw_part, range(len(parts)))


def draw(
    model: Model,
    lookahead: Lookahead,
    condition: Condition,
    grades: Sequence[str],
    sampling: Sampling,
    rng: np.random.Generator,
) -> Ints:
    """One sequence of choices per grade, [B, N] padded with "end", every one within the lookahead's rules.

    Neither novel nor distinct: these are plain samples of the model. Raises ClimbpathError where a problem
    grows longer than the model can count.
    """
    guidance = sampling.guidance
    assert guidance is not None, "the request fills in its default"
    layout = lookahead.board
    tokens = model.config.tokens
    table = tokens.spelling(layout.name)
    state = lookahead.initial_state(len(grades))
    most = lookahead.most + lookahead.most_feet + 2
    length = min(len(model.weights["position"]), PREFIX + tokens.width * most)
    # 1. The conditions, one for each grade: setup with kind of problem, and grade. `row_of` [B] is the row of each
    # problem's condition.
    asked, row_of = np.unique(np.array(grades), return_inverse=True)
    consensus = model.consensus.get(condition.setup, {}) if sampling.consensus else {}
    told = [condition._replace(kind=CONSENSUS if consensus.get(grade) else "") for grade in asked.tolist()]
    prefixes = np.array([tokens.prefix(*pair) for pair in zip(told, asked.tolist(), strict=True)])
    if guided := guidance != 1:
        # a guided problem is two rows, with its grade and with any: first all with, then all without
        free = prefixes.copy()
        free[:, 1] = tokens.ids[ANY_GRADE]
        prefixes = np.concatenate([prefixes, free])
        row_of = np.concatenate([row_of, row_of + len(asked)])
    # 2. Read the conditions once for each, then go on with a row for every problem. All pins are still to be placed.
    decoder = Decoder(model.weights, model.config.nhead, len(prefixes), length)
    pins = pin_vectors(model, lookahead)
    for column in prefixes.T:
        open_pins = None if pins is None else np.tile(lookahead.pins @ pins, (len(prefixes), 1))
        hidden = decoder.next(column, open_pins)
    hidden = hidden[row_of]  # [B, D], or [2 B, D] where guided
    decoder.keep(row_of)
    # 3. Choose a hold, or the end, for every problem until all have ended.
    end = len(layout.choice_roles)
    alive = np.arange(len(grades))
    sequences: list[Ints] = []
    while len(alive):
        if decoder.length + tokens.width > length:
            raise ClimbpathError(f"this model ends after {decoder.length} tokens: ask for fewer holds with --max-holds")
        stage = STARTS if state.step < 2 else REST
        columns = tokens.columns(layout.name, stage)
        allowed = lookahead.allowed(state)[:, columns]  # [B, columns of the stage]: never a dead end
        for slot in range(tokens.width):
            # logits of the tokens that this slot can have, guided towards the grade
            written = tokens.written(layout.name, stage, slot)
            logits = hidden @ model.output(condition.setup, written).T
            if guided:
                graded, free_logits = np.split(logits, 2)
                logits = free_logits + guidance * (graded - free_logits)
            # a token that spells an allowed choice, and the choices that agree with it
            picked = _pick(logits, tokens.may_be_written(layout.name, stage, slot, allowed), sampling, rng)
            ids = np.where(picked < 0, tokens.end, written[picked])
            spelled = table[columns, slot]
            allowed &= (spelled == ids[:, None]) | (spelled < 0)
            if slot == tokens.width - 1:
                choice = columns.start + allowed.argmax(axis=1)
                lookahead.choose(state, choice)
            # the token is read, with the pins that are still to be placed after it
            open_pins = None if pins is None else np.tile(state.open_pins @ pins, (1 + guided, 1))
            hidden = decoder.next(np.tile(ids, 1 + guided), open_pins)
        row = np.full(len(grades), end)
        row[alive] = choice
        sequences.append(row)
        # 4. Sequences that have ended are dropped once they are a fifth of the batch.
        going = np.flatnonzero(choice != end)
        if len(going) < KEPT * len(alive):
            rows = np.concatenate([going, going + len(alive)]) if guided else going
            alive, hidden = alive[going], hidden[rows]
            state.keep(going)
            decoder.keep(rows)
    return np.stack(sequences, axis=1)


def pin_vectors(model: Model, lookahead: Lookahead) -> np.ndarray | None:
    """What each choice of the board adds to the model's input while it is a pin still to be placed, [C, D].

    None where there are no pins, or the model has not learned them and only the lookahead keeps them.
    """
    if "pin" not in model.weights or not lookahead.pins.any():
        return None
    return np.asarray(model.weights["pin"][model.config.tokens.spelling(lookahead.board.name)[:-1, 0]])


def _pick(logits: np.ndarray, mask: Bools, sampling: Sampling, rng: np.random.Generator) -> Ints:
    """The column of one token per row among those of the mask; -1 in a row that has none (it ended in this hold)."""
    # softmax over the tokens of the mask, not yet divided by its sum
    scaled = np.where(mask, logits if sampling.temperature == 1 else logits / sampling.temperature, -np.inf)
    weights = np.exp(scaled - np.maximum(scaled.max(axis=1, keepdims=True), LOWEST))
    if sampling.top_p < 1:
        # the nucleus: the likeliest tokens until their mass reaches top_p, at least one
        ranked = -np.sort(-weights, axis=1)
        mass = ranked.cumsum(axis=1)
        nucleus = (mass - ranked < sampling.top_p * mass[:, -1:]).sum(axis=1)
        least = ranked[np.arange(len(ranked)), np.maximum(nucleus, 1) - 1]
        weights = np.where(weights >= least[:, None], weights, 0)
    # inverse of the cumulative distribution at a random number
    mass = weights.cumsum(axis=1)
    picked = (mass <= rng.random((len(mass), 1), np.float32) * mass[:, -1:]).sum(axis=1)
    return np.where(mass[:, -1] > 0, np.minimum(picked, weights.shape[1] - 1), -1)
