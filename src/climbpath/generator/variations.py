"""Variations of a problem: some of its holds stay, the model fills in the rest."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from climbpath import board as boards
from climbpath.board import START
from climbpath.errors import ClimbpathError
from climbpath.generator.request import Request
from climbpath.generator.sample import generate
from climbpath.grader.grader import Grader
from climbpath.model.checkpoint import Model
from climbpath.problem import Problem, Rules

TRIES = 20
"""Choices of holds to keep in a row without a variation after which there are no more."""
MOST_LONGER = 1
"""How many holds a variation may have more, or fewer, than the original."""


def vary(
    model: Model, problem: Problem, request: Request, keep: float, grader: Grader | None = None
) -> Iterator[Problem]:
    """Variations of a problem, each with a random fraction `keep` of its holds; valid, novel and distinct.

    Each starts as the problem does, on all its start holds that may be used, and is at most a hold longer or
    shorter. Footholds stay as they are. The request says how many, and what they keep to; its setup and grades are the
    problem's. The variations are at the angle that it is drawn at, and the grader, if there is one, says which grade
    each has. Yields fewer than asked for if there are no more. Raises ClimbpathError for a fraction out of range, and
    as `generate` does.
    """
    if not 0 < keep < 1:
        raise ClimbpathError(f"keep must be a fraction of the holds between 0 and 1, not {keep}")
    rules = request.rules
    layout = boards.load(problem.board)
    may_start = layout.may(problem.angle)[START]
    can_start = len(problem.start) <= 2 and all(may_start[layout.index[label]] for label in problem.start)
    usable = rules.usable(layout)
    starts = usable.intersection(problem.start) if can_start else frozenset()
    feet = tuple(label for label in problem.feet if label in usable)
    others = [label for label in problem.holds if label in usable and label not in starts.union(problem.feet)]
    length = len(problem.holds) - len(problem.feet)
    kept = min(max(1, round(keep * length)) - len(starts), len(others))
    near = replace(
        rules,
        start=starts if starts == set(problem.start) else None,
        start_pins=starts,
        bans=rules.bans | set(feet),
        max_feet=0,
        min_holds=max(2, length - MOST_LONGER),
        max_holds=length + MOST_LONGER,
    )
    rng = np.random.default_rng(request.seed)
    known = {problem.key}
    left, fruitless = request.number, 0
    while left and fruitless < TRIES:
        fruitless += 1
        pins = frozenset(rng.choice(others, max(0, kept), replace=False).tolist())
        one = replace(
            request,
            number=1,
            rules=_pinned(near, problem, pins),
            any_grade=True,
            seed=int(rng.integers(2**32)),
        )
        for drawn in generate(model, one, known=known):
            variation = replace(drawn, feet=feet)
            if variation.key in known or variation.key in model.known:
                continue
            known |= {drawn.key, variation.key}
            left -= 1
            fruitless = 0
            yield grader.graded([variation])[0] if grader else variation


def _pinned(rules: Rules, problem: Problem, holds: frozenset[str]) -> Rules:
    """The rules with holds of a problem as pins, hands and finish in the role that they have."""
    hands, finish = holds.intersection(problem.hands), holds.intersection(problem.finish)
    return replace(rules, hand_pins=hands, finish_pins=finish, pins=holds - hands - finish)
