"""Making a problem harder or easier with as few hold changes as possible: the model proposes, the grader selects."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from climbpath import board as boards
from climbpath.board import evidence_for
from climbpath.errors import ClimbpathError
from climbpath.generator.request import NO_RULES, Request, Sampling, can_be_guided
from climbpath.generator.sample import generate
from climbpath.grader.grader import Grader
from climbpath.model.checkpoint import Model
from climbpath.naming import named
from climbpath.problem import Problem, Rules, longest_reach

SUBSETS, COMPLETIONS = 24, 24
"""How many ways to remove holds are tried for each number of changes, and how many proposals are drawn for each."""
MOST_CHANGES = 8
NEAR = 0.75
"""How many steps the change in the expected grade may be off, so that a version differs clearly."""
PROPOSING = 1.5
"""Guidance that proposals are drawn with, where the model supports it."""
LONG_MOVE = 140.0
"""Longest move in cm that a version may have, if the original has no longer one and another change does it."""


class Change(NamedTuple):
    """A version of a problem."""

    problem: Problem
    """The version, with the grader's grade."""
    changes: int
    """How many holds were changed."""
    before: str
    """The grader's grade of the original."""


def adjust(
    model: Model,
    grader: Grader,
    problem: Problem,
    steps: int,
    number: int = 1,
    seed: int = 0,
    rules: Rules = NO_RULES,
    progress: Callable[[str], None] = lambda stage: None,
) -> list[Change]:
    """Versions of a problem that are `steps` grades harder (easier where negative), with the fewest changes.

    Holds are removed, and the model adds others at the new grade, but never one that was removed. Foot holds stay where
    the rules allow them. A version is none of the problems that the model knows, and counts if
    the grader's grade moves by `steps`, and its expected grade about as much. A change is a hold removed, a hold added,
    or one replaced by another. Versions with a further start or finish hold, or with a long move that was not there,
    are only taken where there are no others. Where too few problems of the new grade were learned at its angle, the
    original and its versions are those of an unknown angle.

    Args:
        model: a trained generator.
        grader: grades the original and what the model proposes.
        problem: the original; its own grade, which others gave it, does not matter.
        steps: of the ladder.
        number: the most versions to return, the one nearest to `steps` first.
        seed: the same seed gives the same versions.
        rules: what every version keeps to, too: size, hold sets, bans.
        progress: called with a line of text for each number of changes tried.

    Raises ClimbpathError if the model has not learned the new grade, or no version is found.
    """
    problem = replace(problem, repeats=None)  # as of the proposals, so that both are graded alike
    before = grader.graded([problem])[0].grade or ""
    ladder = grader.ladder
    step = ladder.index(before) + steps
    way, known = "harder" if steps > 0 else "easier", evidence_for(problem.setup, model.evidence)
    if not (0 <= step < len(ladder) and known.get(ladder[step])):
        raise ClimbpathError(
            f"the grader finds this {before}, and the model has learned no problems a grade {way} than that"
        )
    if ladder[step] in grader.lacking(problem.setup):
        return adjust(model, grader, replace(problem, angle=None), steps, number, seed, rules, progress)
    guided = Sampling(guidance=PROPOSING if can_be_guided(model) else 1.0)
    rng = np.random.default_rng(seed)
    most = min(len(problem.holds) - len(problem.feet) - 1, MOST_CHANGES)
    for gentle in (True, False):
        for changes in range(1, most + 1):
            also = "" if gentle else ", with long moves or another start or finish"
            progress(f"versions with {changes} hold change{'s' * (changes > 1)}{also}")
            asked = replace(problem, grade=ladder[step])
            drawn = _proposals(model, asked, changes, rules, guided, rng, gentle)
            proposals = [proposal for proposal in drawn if grader.reads(proposal)]
            if not proposals:
                continue
            start, *changed = grader.expected_alike(problem, proposals)
            off = np.abs(np.array(changed) - start - steps)
            near = [proposals[i] for i in np.argsort(off).tolist() if off[i] <= NEAR]
            right = [version for version in grader.graded(near) if version.grade == ladder[step]]
            if right:
                return [Change(version, changes, before) for version in right[:number]]
    raise ClimbpathError(f"no version {way} than {before} was found, up to {most} hold changes")


def _proposals(
    model: Model,
    problem: Problem,
    changes: int,
    rules: Rules,
    sampling: Sampling,
    rng: np.random.Generator,
    gentle: bool,
) -> Iterator[Problem]:
    """Distinct versions of a problem at its new grade with so many changes.

    Gentle ones have no more start or finish holds than it has, and no long move that it has not.
    """
    holds, seen = [label for label in problem.holds if label not in problem.feet], {problem.key}
    usable = rules.usable(boards.load(problem.board))
    feet = tuple(label for label in problem.feet if label in usable)
    draws = [frozenset(rng.choice(holds, changes, replace=False).tolist()) for _ in range(4 * SUBSETS)]
    reach = min(max(LONG_MOVE, longest_reach(problem)), boards.load(problem.board).reach_cm) if gentle else None
    for taken in [frozenset[str](), *list(dict.fromkeys(draws))[:SUBSETS]]:
        kept = frozenset(holds) - taken
        near = replace(
            rules,
            start_pins=kept.intersection(problem.start),
            hand_pins=kept.intersection(problem.hands),
            finish_pins=kept.intersection(problem.finish),
            max_feet=0,
            bans=rules.bans | taken.union(problem.feet),
            min_holds=max(2, len(kept)),
            max_holds=len(kept) + changes,
            max_reach=reach,
            start=frozenset(problem.start) if gentle and taken.isdisjoint(problem.start) else None,
            finish=frozenset(problem.finish) if gentle and taken.isdisjoint(problem.finish) else None,
        )
        request = Request(
            setup=problem.setup,
            grades=(problem.grade or "",),
            number=COMPLETIONS,
            rules=near,
            sampling=sampling,
            seed=int(rng.integers(2**32)),
        )
        try:
            for proposal in generate(model, request):
                new = set(proposal.holds) - kept
                version = replace(proposal, angle=problem.angle, feet=feet, asked_grade=None)
                if (
                    version.key not in seen
                    and version.key not in model.known
                    and max(len(taken), len(new)) == changes
                    and _keeps_roles(problem, proposal)
                    and not (gentle and _adds_ends(problem, proposal))
                ):
                    seen.add(version.key)
                    yield named(version)
        except ClimbpathError:
            continue  # no problem is valid without these holds


def _adds_ends(before: Problem, after: Problem) -> bool:
    """Whether there are more start or finish holds than before."""
    return len(after.start) > len(before.start) or len(after.finish) > len(before.finish)


def _keeps_roles(before: Problem, after: Problem) -> bool:
    """Whether every hold that stays keeps its role."""
    roles = ((before.start, after.start), (before.hands, after.hands), (before.finish, after.finish))
    return all(set(old).intersection(after.holds) <= set(new) for old, new in roles)
