"""The public Python interface: a generator that takes what a climber would type."""

import secrets
from functools import cache
from pathlib import Path

from climbpath import board as boards
from climbpath import draw
from climbpath.checkpoint import Model, load_model
from climbpath.errors import ClimbpathError
from climbpath.grades import parse_grades
from climbpath.problem import DEFAULT_BOARD, Problem, Rules
from climbpath.sample import generate, thin_evidence


class Problems(list[Problem]):
    """A list of problems that shows as a contact sheet in a notebook."""

    def _repr_png_(self) -> bytes | None:
        return draw.sheet(self) if self else None


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
        start: str | None = None,
        finish: str | None = None,
        ban: str | None = None,
        hold_sets: str | None = None,
        min_holds: int = 3,
        max_holds: int = 14,
        max_reach: float | None = None,
    ) -> Problems:
        """New problems: valid, novel against the problems the model knows, distinct, easiest grade first.

        Args:
            grade: '7A', 'V5', '6C..7B' or '6C,7A'; several grades share num_samples evenly.
            num_samples: how many problems.
            board: a board's name.
            angle: of the board, in degrees.
            seed: the same seed gives the same problems; None takes a random one.
            temperature: above 1 is more adventurous, below 1 more usual.
            top_p: nucleus sampling; 1 considers every hold.
            start: exactly these start holds, 'F5' or 'F5,G6'.
            finish: exactly these finish holds.
            ban: holds that must not be used.
            hold_sets: only holds of these sets, 'A,Original'.
            min_holds: fewest holds.
            max_holds: most holds.
            max_reach: longest move in cm; None is the board's own reach.

        Returns fewer than num_samples where the conditions leave no more. Raises ClimbpathError where they
        leave none, naming the condition, or where an argument is wrong.
        """
        if num_samples < 1:
            raise ClimbpathError(f"cannot generate {num_samples} problems: ask for at least 1")
        layout = boards.load(board)
        rules = Rules(
            min_holds=min_holds,
            max_holds=max_holds,
            max_reach=max_reach,
            hold_sets=layout.parse_hold_sets(hold_sets) if hold_sets else None,
            start=frozenset(layout.parse_holds(start)) if start else None,
            finish=frozenset(layout.parse_holds(finish)) if finish else None,
            bans=frozenset(layout.parse_holds(ban)) if ban else frozenset(),
        )
        grades = parse_grades(grade)
        counts = {g: num_samples // len(grades) + (i < num_samples % len(grades)) for i, g in enumerate(grades)}
        settings = {"temperature": temperature, "top_p": top_p}
        seed = secrets.randbelow(2**32) if seed is None else seed
        found = Problems(generate(self.model, board, angle, counts, rules, seed=seed, **settings))
        if not found:
            raise ClimbpathError("the model found no new problem that keeps to these conditions: loosen one of them")
        found.sort(key=lambda problem: grades.index(problem.grade or ""))
        return found

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
