"""The public Python interface: a generator that takes what a climber would type."""

import secrets
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from climbpath import board as boards
from climbpath.beta.solver import Climber, solve
from climbpath.drawing import problem as drawing
from climbpath.errors import ClimbpathError
from climbpath.generator.sample import DEFAULT_GUIDANCE, Accept, Sampling, generate, guidance_of, thin_evidence, vary
from climbpath.grader.grader import bundled_grader, expected, load_grader
from climbpath.grades import parse_grades, rank
from climbpath.model.checkpoint import Model, load_model
from climbpath.problem import DEFAULT_BOARD, Problem, Rules

__all__ = [
    "Climber",
    "Generator",
    "Problem",
    "Problems",
    "bundled_grader",
    "generate_path",
    "load",
    "load_grader",
    "solve",
]


class Problems(list[Problem]):
    """A list of problems that shows as a contact sheet in a notebook."""

    def _repr_png_(self) -> bytes | None:
        return drawing.sheet(self) if self else None


def parse_rules(
    board: str,
    *,
    pin: str | None = None,
    start: str | None = None,
    finish: str | None = None,
    ban: str | None = None,
    hold_sets: str | None = None,
    **limits: Any,
) -> Rules:
    """Rules as a user types them (see Generator.generate). Raises ClimbpathError for unknown holds or hold sets."""
    layout = boards.load(board)
    return Rules(
        hold_sets=layout.parse_hold_sets(hold_sets) if hold_sets else None,
        start=frozenset(layout.parse_holds(start)) if start else None,
        finish=frozenset(layout.parse_holds(finish)) if finish else None,
        pins=frozenset(layout.parse_holds(pin)) if pin else frozenset(),
        bans=frozenset(layout.parse_holds(ban)) if ban else frozenset(),
        **limits,
    )


CHECKED_GUIDANCE = 2.0
"""Default guidance where the grader checks: it agrees with more of what is drawn (docs/experiments.md)."""
NOTHING_FOUND = "the model found no new problem that keeps to these conditions: loosen one of them"
NEAR_GRADE = 0.5
"""How many steps of the ladder the grader's expected grade may lie from the grade asked for, to be checked as right."""


def acceptance(climber: Climber | None, check_grade: bool) -> Accept | None:
    """What problems must pass: that the climber reaches all of it, that the grader finds them as hard as asked.

    Raises ClimbpathError for a climber that nobody is like.
    """
    if climber:
        climber.check()
    if not climber and not check_grade:
        return None

    def accept(problems: Sequence[Problem]) -> Sequence[bool]:
        passed = np.ones(len(problems), bool)
        if climber and problems:
            passed &= [not found.too_far for found in solve(problems, climber)]
        if check_grade and problems:
            steps = expected(bundled_grader().probabilities(problems))
            passed &= np.abs(steps - [rank(problem.grade or "") for problem in problems]) <= NEAR_GRADE
        return passed.tolist()

    return accept


class Generator:
    """A model, and the way to ask it for problems."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def generate(
        self,
        grade: str,
        num_samples: int = 1,
        *,
        board: str = DEFAULT_BOARD,
        angle: int = 40,
        seed: int | None = None,
        temperature: float = 1.0,
        top_p: float = 1.0,
        guidance: float | None = None,
        pin: str | None = None,
        start: str | None = None,
        finish: str | None = None,
        ban: str | None = None,
        hold_sets: str | None = None,
        min_holds: int = 3,
        max_holds: int = 14,
        max_reach: float | None = None,
        climber: Climber | None = None,
        check_grade: bool = False,
    ) -> Problems:
        """New problems: valid, novel against the problems the model knows, distinct, easiest grade first.

        They are like those that ten or more climbers have repeated, where the model has learned such of the grade.

        Args:
            grade: '7A', 'V5', '6C..7B' or '6C,7A'; several grades share num_samples evenly.
            num_samples: how many problems.
            board: a board's name.
            angle: of the board, in degrees.
            seed: the same seed gives the same problems; None takes a random one.
            temperature: above 1 is more adventurous, below 1 more usual.
            top_p: nucleus sampling; 1 considers every hold.
            guidance: above 1 keeps closer to what is typical of the grade; None is the best known for the model.
            pin: holds that every problem uses, in any role, 'F5,E12'.
            start: exactly these start holds, 'F5' or 'F5,G6'.
            finish: exactly these finish holds.
            ban: holds that must not be used.
            hold_sets: only holds of these sets, 'A,Original'.
            min_holds: fewest holds.
            max_holds: most holds.
            max_reach: longest move in cm; None is the board's own reach.
            climber: who must be able to reach every hold of the beta.
            check_grade: whether only problems are kept whose grade the grader expects within half a step.

        Returns fewer than num_samples where the conditions leave no more. Raises ClimbpathError where they
        leave none, naming the condition, or where an argument is wrong.
        """
        if num_samples < 1:
            raise ClimbpathError(f"cannot generate {num_samples} problems: ask for at least 1")
        rules = parse_rules(
            board,
            pin=pin,
            start=start,
            finish=finish,
            ban=ban,
            hold_sets=hold_sets,
            min_holds=min_holds,
            max_holds=max_holds,
            max_reach=max_reach,
        )
        grades = parse_grades(grade)
        counts = {g: num_samples // len(grades) + (i < num_samples % len(grades)) for i, g in enumerate(grades)}
        sampling = Sampling(temperature, top_p, self.guidance(guidance, check_grade))
        seed = secrets.randbelow(2**32) if seed is None else seed
        accept = acceptance(climber, check_grade)
        found = Problems(generate(self.model, board, angle, counts, rules, sampling, seed=seed, accept=accept))
        if not found:
            raise ClimbpathError(NOTHING_FOUND)
        found.sort(key=lambda problem: grades.index(problem.grade or ""))
        return found

    def vary(
        self,
        problem: Problem,
        num_samples: int = 1,
        *,
        keep: float = 0.7,
        seed: int | None = None,
        ban: str | None = None,
    ) -> Problems:
        """Variations of a problem: each keeps a random share of its holds, and the rest is made anew.

        Args:
            problem: its board, angle and grade are kept, too.
            num_samples: how many.
            keep: share of the holds that each variation keeps, more than 0 and less than 1.
            seed: the same seed gives the same variations; None takes a random one.
            ban: holds that must not be used.

        Raises ClimbpathError where the model does not know the grade, or nothing keeps to the conditions.
        """
        layout = boards.load(problem.board)
        bans = frozenset(layout.parse_holds(ban)) if ban else frozenset()
        seed = secrets.randbelow(2**32) if seed is None else seed
        sampling = Sampling(guidance=self.guidance(None))
        return Problems(vary(self.model, problem, num_samples, keep, Rules(bans=bans), sampling, seed=seed))

    def guidance(self, asked: float | None, check_grade: bool = False) -> float:
        """The guidance asked for, or where none is, the default if the model can be guided."""
        wished = CHECKED_GUIDANCE if check_grade else DEFAULT_GUIDANCE
        return asked if asked is not None else guidance_of(self.model, wished)

    def thin_evidence(self, grade: str, board: str = DEFAULT_BOARD, angle: int = 40) -> dict[str, int]:
        """Grades among those asked for of which the model learned few examples, with their number."""
        counts = {g: thin_evidence(self.model, board, angle, g) for g in parse_grades(grade)}
        return {g: count for g, count in counts.items() if count is not None}


def load(path: str | Path | None = None) -> Generator:
    """A generator from a model or checkpoint file; the bundled model where no path is given."""
    return _bundled() if path is None else Generator(load_model(Path(path)))


@cache
def _bundled() -> Generator:
    return Generator(load_model())


def generate_path(grade: str, seed: int | None = None) -> Problem:
    """One new problem from the bundled model (the guide says path for problem)."""
    return load().generate(grade, seed=seed)[0]
