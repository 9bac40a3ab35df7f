"""Making a problem harder or easier with as few hold changes as possible: the model proposes, the grader selects."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from climbpath.errors import ClimbpathError
from climbpath.generator.request import Request, Sampling, can_be_guided
from climbpath.generator.sample import generate
from climbpath.grader.grader import Grader, expected, nearest_grade, predictions
from climbpath.grades import LADDER, rank
from climbpath.model.checkpoint import Model
from climbpath.naming import named
from climbpath.problem import Problem, Rules

SUBSETS, COMPLETIONS = 24, 24
"""How many ways to remove holds are tried for each number of changes, and how many proposals are drawn for each."""
MOST_CHANGES = 8
NEAR = 0.5
"""How many steps the change in the expected grade may be off."""
PROPOSING = 1.5
"""Guidance that proposals are drawn with, where the model supports it."""


class Change(NamedTuple):
    """A version of a problem."""

    problem: Problem
    """The version, with its new grade."""
    changes: int
    """How many holds were changed."""
    steps: float
    """By how many steps of the ladder the grader's expected grade changed."""


def adjust(
    model: Model,
    grader: Grader,
    problem: Problem,
    steps: int,
    number: int = 1,
    seed: int = 0,
    progress: Callable[[str], None] = lambda stage: None,
) -> list[Change]:
    """Versions of a problem that are `steps` grades harder (easier where negative), with the fewest changes.

    Holds are removed, and the model adds others at the new grade, but never one that was removed. A version counts if
    the grader's expected grade changes by `steps`, give or take half a step. A change is a hold removed, a hold added,
    or one replaced by another.

    Args:
        model: a trained generator.
        grader: selects among what the model proposes.
        problem: the original; where it has no grade, the grader's is used.
        steps: of the ladder.
        number: the most versions to return, the one nearest to `steps` first.
        seed: the same seed gives the same versions.
        progress: called with a line of text for each number of changes tried, from the second on.

    Raises ClimbpathError if the model has not learned the new grade, or no version is found.
    """
    problem = replace(problem, repeats=None)  # as of the proposals, so that both are graded alike
    probabilities = grader.probabilities([problem])
    before = float(expected(probabilities)[0])
    step = rank(problem.grade or predictions(probabilities)[0].grade) + steps
    way, known = "harder" if steps > 0 else "easier", model.evidence.get(problem.setup, {})
    if not (0 <= step < len(LADDER) and known.get(LADDER[step])):
        raise ClimbpathError(f"the model has learned no problems a grade {way} than this")
    guided = Sampling(guidance=PROPOSING if can_be_guided(model) else 1.0)
    rng = np.random.default_rng(seed)
    most = min(len(problem.holds) - 1, MOST_CHANGES)
    for changes in range(1, most + 1):
        if changes > 1:
            progress(f"versions with {changes} hold changes")
        proposals = list(_proposals(model, replace(problem, grade=LADDER[step]), changes, guided, rng))
        if not proposals:
            continue
        gained = expected(grader.probabilities(proposals)) - before
        order = np.argsort(np.abs(gained - steps))
        right = [i for i in order.tolist() if abs(gained[i] - steps) <= NEAR]
        if right:
            return [Change(proposals[i], changes, float(gained[i])) for i in right[:number]]
    raise ClimbpathError(
        f"no version {way} by {abs(steps)} was found, up to {most} hold changes: the "
        f"grader expects {nearest_grade(before)} of this one"
    )


def _proposals(
    model: Model, problem: Problem, changes: int, sampling: Sampling, rng: np.random.Generator
) -> Iterator[Problem]:
    """Distinct versions of a problem at its new grade with so many changes."""
    holds, seen = [label for label in problem.holds if label not in problem.feet], {problem.key}
    draws = [frozenset(rng.choice(holds, changes, replace=False).tolist()) for _ in range(4 * SUBSETS)]
    for taken in [frozenset[str](), *list(dict.fromkeys(draws))[:SUBSETS]]:
        kept = frozenset(holds) - taken
        bans = taken.union(problem.feet)
        rules = Rules(pins=kept, bans=bans, min_holds=max(2, len(kept)), max_holds=len(kept) + changes)
        request = Request(
            setup=problem.setup,
            grades=(problem.grade or "",),
            number=COMPLETIONS,
            rules=rules,
            sampling=sampling,
            seed=int(rng.integers(2**32)),
        )
        try:
            for proposal in generate(model, request):
                new = set(proposal.holds) - kept
                if (
                    proposal.key not in seen
                    and max(len(taken), len(new)) == changes
                    and _keeps_roles(problem, proposal)
                ):
                    seen.add(proposal.key)
                    yield named(replace(proposal, feet=problem.feet))
        except ClimbpathError:
            continue  # no problem is valid without these holds


def _keeps_roles(before: Problem, after: Problem) -> bool:
    """Whether every hold that stays keeps its role."""
    roles = ((before.start, after.start), (before.hands, after.hands), (before.finish, after.finish))
    return all(set(old).intersection(after.holds) <= set(new) for old, new in roles)
