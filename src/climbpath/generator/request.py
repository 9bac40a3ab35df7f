"""A request to a generator. The command line, Python, the web app and workouts all build one."""

import re
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

import numpy as np

from climbpath import board as boards
from climbpath.beta.body import Climber
from climbpath.board import FINISH, METHODS, Board, Setup, words_of
from climbpath.errors import ClimbpathError
from climbpath.model.checkpoint import Model
from climbpath.problem import DEFAULT_METHOD, LABEL, Rules

DEFAULT_GUIDANCE = 1.25
"""The least at which a grader agrees with generated problems as often as with real ones: docs/dev/experiments.md,
"Guidance"."""
NO_RULES = Rules()
"""The defaults: the board's own rules and the usual length."""

_PIN = re.compile(rf"({LABEL})([sehfSEHF]?)")
Typed = str | Iterable[str] | None
"""Holds or hold sets as a user types them: 'F5,G6', a list of them, or None."""


class Sampling(NamedTuple):
    """How tokens are drawn."""

    temperature: float = 1.0
    """Divides the logits: above 1 is more adventurous, below 1 more conventional."""
    top_p: float = 1.0
    """Nucleus sampling (Holtzman et al. 2020): keeps the likeliest tokens that together have this probability."""
    guidance: float | None = None
    """Classifier-free guidance (Ho & Salimans 2022): the factor g of what the grade adds to the logits,
    free + g (graded - free); 1 is the model's own distribution, None the default of the request."""
    consensus: bool = True
    """Asks for problems like those with a consensus grade, if the model has learned any at that grade."""


DEFAULT_SAMPLING = Sampling()
OWN = Sampling(guidance=1.0)
"""The model's own distribution."""


def can_be_guided(model: Model) -> bool:
    """Whether a model was trained with some of the grades dropped, which guidance compares with."""
    return bool(model.about["recipe"]["grade_dropout"])


def default_guidance(model: Model, any_grade: bool = False) -> float:
    """The guidance of requests that name none: 1, the model's own, where the grader chooses, or where the model has not
    learned to be guided."""
    return DEFAULT_GUIDANCE if any_grade and can_be_guided(model) else 1.0


def seed_or_random(seed: int | None = None) -> int:
    """The seed, or a random one for a request that names none."""
    return secrets.randbelow(2**32) if seed is None else seed


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is asked of a generator.

    Raises ClimbpathError for a number below 1, an unknown grade, an angle that the board lacks, an impossible climber,
    or mirror images on a board without mirror partners.
    """

    setup: Setup
    """Board and angle."""
    grades: tuple[str, ...]
    """Distinct grades of the board, which share `number` evenly."""
    number: int = 1
    """How many problems."""
    rules: Rules = NO_RULES
    """What every problem keeps to."""
    sampling: Sampling = DEFAULT_SAMPLING
    """How tokens are drawn."""
    method: str = DEFAULT_METHOD
    """The foot rule."""
    climber: Climber | None = None
    """Who must be able to reach every hold of the beta."""
    any_grade: bool = False
    """Whether problems are kept, too, to which the grader gives another grade than was asked for."""
    mirror: bool = False
    """Whether every problem is the mirror image of one that the model draws, and keeps to the rules as such."""
    seed: int = field(default_factory=seed_or_random)
    """The same seed, version and machine give the same problems."""

    def __post_init__(self) -> None:
        if self.number < 1:
            raise ClimbpathError(f"cannot generate {self.number} problems: ask for at least 1")
        layout = boards.load(self.setup.board)
        layout.check_angle(self.setup.angle)
        if self.mirror:
            layout.check_mirror()
        for grade in self.grades:
            if grade not in layout.ladder:
                raise ClimbpathError(f"a request is for grades of {layout.title}, not {grade!r}")
        if self.climber:
            self.climber.check()

    def counts(self) -> dict[str, int]:
        """Grade -> number of problems, as even as can be; which grades get one more is drawn by the seed."""
        each, more = divmod(self.number, len(self.grades))
        lucky = set(np.random.default_rng(self.seed).permutation(len(self.grades))[:more].tolist())
        return {grade: each + (i in lucky) for i, grade in enumerate(self.grades)}

    @property
    def batch_key(self) -> tuple[object, ...]:
        """All but grades, number and seed: requests of one condition can be sampled in one batch."""
        return self.setup, self.rules, self.sampling, self.method, self.climber, self.any_grade, self.mirror

    def sampling_for(self, model: Model) -> Sampling:
        """The sampling with its guidance filled in: the one asked for, else the default."""
        if self.sampling.guidance is not None:
            return self.sampling
        return self.sampling._replace(guidance=default_guidance(model, self.any_grade))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        rules = {k: sorted(v) if isinstance(v, frozenset) else v for k, v in asdict(self.rules).items()}
        climber = self.climber and self.climber._asdict()
        return {
            "setup": str(self.setup),
            "grades": list(self.grades),
            "number": self.number,
            "rules": rules,
            "sampling": self.sampling._asdict(),
            "method": self.method,
            "climber": climber,
            "any_grade": self.any_grade,
            "mirror": self.mirror,
            "seed": self.seed,
        }


def parse_rules(
    board: str,
    *,
    pin: Typed = None,
    start: Typed = None,
    finish: Typed = None,
    ban: Typed = None,
    size: str | None = None,
    hold_sets: Typed = None,
    min_holds: int | None = None,
    max_holds: int | None = None,
    max_feet: int | None = None,
    max_reach: float | None = None,
) -> Rules:
    """Rules as a user types them (see api.Generator.generate).

    Raises ClimbpathError for unknown holds or hold sets, and for a reach or a number of feet that cannot be.
    """
    layout = boards.load(board)
    if max_reach is not None and not 0 < max_reach < float("inf"):
        raise ClimbpathError(f"the longest move is a length in cm above 0, not {max_reach}")
    if max_feet is not None and max_feet < 0:
        raise ClimbpathError(f"there cannot be at most {max_feet} foot holds: 0 is none")
    pins = parse_pins(_given(pin), layout)
    marked = {mark: frozenset(label for label, given in pins.items() if given == mark) for mark in ("", *PIN_MARKS)}
    return Rules(
        min_holds=min_holds,
        max_holds=max_holds,
        max_feet=max_feet,
        max_reach=max_reach,
        size=layout.size(size).name if size else None,
        hold_sets=layout.parse_hold_sets(_given(hold_sets)) or None,
        start=_parse_ends(start, layout, "s"),
        finish=_parse_ends(finish, layout, "e"),
        pins=marked[""],
        start_pins=marked["s"],
        hand_pins=marked["h"],
        foot_pins=marked["f"],
        finish_pins=marked["e"],
        bans=frozenset(layout.parse_holds(_given(ban))),
    )


def _parse_ends(typed: Typed, layout: Board, mark: str) -> frozenset[str] | None:
    """Start or finish holds as a user types them, with or without the mark of their role; None where there are none."""
    ends = parse_pins(_given(typed), layout)
    if other := next((label + given for label, given in ends.items() if given not in ("", mark)), None):
        raise ClimbpathError(f"{other} is marked as another role: write it without a mark, or with {mark}")
    return frozenset(ends) or None


def parse_method(text: str) -> str:
    """A foot rule as a user types it, in any case; one that no MoonBoard has stays as it is."""
    return next((method for method in METHODS if method.casefold() == text.strip().casefold()), text)


PIN_MARKS = "shfe"
"""Behind a pin, its role: start, hand, foot, end."""


def _given(typed: Typed) -> str | Iterable[str]:
    """What a user typed, nothing where that is None."""
    return () if typed is None else typed


def parse_pins(typed: str | Iterable[str], layout: Board) -> dict[str, str]:
    """Pins as a user types them, 'F5s, D9h E12', or a list of them: label -> mark, "" where any role will do.

    Marks are those of the notation and `h`: `s` start, `h` hand, `f` foot, `e` finish. Raises ClimbpathError for
    unknown holds and marks.
    """
    words = words_of(typed)
    pins: dict[str, str] = {}
    for word in words:
        match = _PIN.fullmatch(word)
        if not match:
            raise ClimbpathError(
                f"cannot read {word!r}: write holds as {layout.labels[0]}, with s, h, f or e behind for start, "
                "hand, foot, end"
            )
        label, mark = layout.hold(match[1].upper()).label, match[2].lower()
        if mark == "e" and not layout.may_ever[FINISH, layout.index[label]]:
            raise ClimbpathError(
                f"{label} cannot be a finish hold: on {layout.title} finishes are "
                f"{layout.where('finish', layout.angles[-1])}"
            )
        if pins.get(label, mark) != mark:
            raise ClimbpathError(f"{label} is pinned in two roles")
        pins[label] = mark
    return pins
