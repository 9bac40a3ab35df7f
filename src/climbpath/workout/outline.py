"""The outline of an evening on the board: its sections, how many problems of which grades, every try and every rest."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import numpy as np

from climbpath.api import Generator
from climbpath.beta.body import DEFAULT_CLIMBER, Climber
from climbpath.board import LEAST_EVIDENCE, Setup, drawn_as, evidence_for
from climbpath.errors import ClimbpathError
from climbpath.generator.request import NO_RULES, Request
from climbpath.grades import ALL_GRADES, rank
from climbpath.problem import DEFAULT_METHOD, Problem, Rules

SHORTEST, LONGEST = 10, 300
"""Fewest and most minutes of an evening."""
TRY_S = 60
"""Seconds for a try: half a minute on the board at most, the rest for chalk and a look at the holds."""
REST_STEP_S = 5
"""Rests are multiples of this many seconds."""


class Pace(NamedTuple):
    """How the problems of a section are climbed."""

    name: str
    """The section's name."""
    tries: float
    """Usual tries for each problem; where there are not as many for each, the harder ones have more."""
    rest: int
    """Usual seconds of rest after a try; the minutes asked for make it a little shorter or longer."""
    advice: str
    """How to climb the section, for the climber."""


# After an easy try, two minutes of rest leave no fatigue; tries at the limit need three, the time that explosive power
# takes to recover.
WARM_UP = Pace("Warm-up", 1, 120, "One try each. Easy and smooth: nothing here has a hard crux.")
PYRAMID = Pace("Pyramid", 1.6, 120, "Up the grades and down again.")
PROJECTS = Pace("Projects", 3, 180, "At your limit: rest in full, and look at the crux before you pull on.")
LISTED = Pace("List", 2, 180, "Your list, the easiest first. Rest in full between tries.")
WARM_UP_SHARE, PROJECTS_SHARE = 0.25, 0.3
"""Fractions of the minutes; the pyramid has the rest."""
FEWEST_WARM_UPS = 2
LONGEST_WARM_UP = 30
"""Minutes; a longer warm-up has no further effect."""
WARM_UP_STEPS = 6
"""How many steps of the ladder below the range a warm-up may begin."""

POOL, POOL_PER_SLOT = 64, 6
"""Problems of each grade to choose from: POOL, or POOL_PER_SLOT for each one needed if that is more."""


@dataclass(frozen=True, kw_only=True)
class Evening:
    """What is asked of a workout. Raises ClimbpathError for minutes out of range, and for a list of several setups."""

    setup: Setup
    """Board and angle."""
    grades: tuple[str, ...] = ()
    """Grades of the board, easiest first; with a list, its own."""
    minutes: int = 60
    """How long it takes, from SHORTEST to LONGEST."""
    climber: Climber = DEFAULT_CLIMBER
    """Who must be able to reach every move of the new problems."""
    rules: Rules = NO_RULES
    """What the new problems keep to."""
    method: str = DEFAULT_METHOD
    """Their foot rule."""
    seed: int = 0
    """The same seed gives the same workout."""
    name: str | None = None
    """Of the list."""
    listed: tuple[Problem, ...] = ()
    """Problems to climb after a warm-up on new ones, instead of a pyramid and projects."""

    def __post_init__(self) -> None:
        if not SHORTEST <= self.minutes <= LONGEST:
            raise ClimbpathError(
                f"a workout takes {SHORTEST} to {LONGEST} minutes, not {self.minutes}: choose another number"
            )
        if other := next((problem for problem in self.listed if problem.setup != self.setup), None):
            raise ClimbpathError(f"a workout is on one board: leave out the problem on {other.setup.title}")

    @property
    def conditions(self) -> str:
        """What the new problems keep to, in words."""
        rules = self.rules
        said = [f"the reach of {self.climber.words}"]
        said += [f"the size {rules.size}"] if rules.size else []
        said += [f"the hold sets {', '.join(sorted(rules.hold_sets))}"] if rules.hold_sets else []
        said += [f"holds not to use: {', '.join(sorted(rules.bans))}"] if rules.bans else []
        said += [f"the foot rule {self.method}"] if self.method != DEFAULT_METHOD else []
        return ", ".join(said)


class Part(NamedTuple):
    """A section before its problems are chosen."""

    name: str
    advice: str
    grades: list[str]
    """Of its new problems in order."""
    rests: list[tuple[int, ...]]
    """Of each problem, after each of its tries."""
    tries: list[int]
    """Of each problem."""
    is_easy: bool = False
    """Whether it is a warm-up."""
    listed: tuple[Problem, ...] = ()
    """Its problems in order where they are not new."""


class Outline(NamedTuple):
    """The sections of a workout with their times, and the new problems that they need."""

    evening: Evening
    parts: list[Part]
    requests: tuple[Request, ...]
    """For problems to choose from, several times as many of each grade as are needed: one for each setup that they are
    drawn as."""


def outline(generator: Generator, evening: Evening) -> Outline:
    """The sections of a workout, and the requests for the problems to choose from.

    Raises ClimbpathError where the model has not learned a grade, or knows none here and there is no list.
    """
    evidence = evidence_for(evening.setup, generator.evidence)
    if not evening.listed:
        generator.thin_evidence(evening.setup, evening.grades)  # raises for grades that are not learned
    parts = _listed_parts(evening, evidence) if evening.listed else _parts(evening.grades, evening.minutes, evidence)
    need = Counter(one for part in parts for one in part.grades)
    # a warm-up may be of grades that are known at an unknown angle only
    grades: defaultdict[int | None, list[str]] = defaultdict(list)
    for one in sorted(need, key=rank):
        grades[drawn_as(evening.setup, generator.evidence, [one]).angle].append(one)
    size = max(POOL, POOL_PER_SLOT * max(need.values(), default=0))
    requests = (
        Request(
            setup=evening.setup._replace(angle=angle),
            grades=tuple(some),
            number=size * len(some),
            rules=evening.rules,
            method=evening.method,
            climber=evening.climber,
            seed=evening.seed,
        )
        for angle, some in grades.items()
    )
    return Outline(evening, parts, tuple(requests))


# How many problems of which grades, and when


def _parts(asked: Sequence[str], minutes: int, evidence: Mapping[str, int]) -> list[Part]:
    """The sections and their grades; `evidence` is how many problems the model learned each grade from."""
    warm_up = _warm_up(asked[0], minutes, evidence)
    left = minutes - _minutes(warm_up)
    # Projects at the top, the last of several a step above it. Their last try needs no rest.
    projects = round(PROJECTS_SHARE * minutes * 60 / _seconds(PROJECTS))
    hardest = [asked[-1]] * projects
    known = sorted(evidence, key=rank)
    above = [grade for grade in known if rank(grade) > rank(asked[-1])][:1]
    if projects > 1 and above and evidence.get(above[0], 0) >= LEAST_EVIDENCE:
        hardest[-1] = above[0]
    at_limit = (projects * _seconds(PROJECTS) - PROJECTS.rest) // 60 if projects else 0

    climbed = asked[:-1] if projects and len(asked) > 2 else asked
    tries = _tries(PYRAMID, left - at_limit, is_last=not projects)
    grades = _pyramid(climbed, max(1, round(tries / PYRAMID.tries)))
    parts = [warm_up, _timed(PYRAMID, grades, tries, left - at_limit, is_last=not projects)]
    if projects:
        parts.append(_timed(PROJECTS, hardest, round(PROJECTS.tries * projects), at_limit, is_last=True))
    return parts


def _listed_parts(evening: Evening, evidence: Mapping[str, int]) -> list[Part]:
    """A warm-up on new problems, where the model knows a grade well, and as many of the list as there is time for."""
    grades = sorted((problem.grade for problem in evening.listed if problem.grade), key=rank)
    parts = []
    known = [grade for grade in sorted(evidence, key=rank) if evidence[grade] >= LEAST_EVIDENCE]
    if known and grades:
        easiest = min(known, key=lambda grade: (abs(rank(grade) - rank(grades[0])), rank(grade)))
        parts.append(_warm_up(easiest, evening.minutes, evidence))
    left = evening.minutes - sum(_minutes(part) for part in parts)
    tries = _tries(LISTED, left, is_last=True)
    some = evening.listed[: max(1, round(tries / LISTED.tries))]
    climbed = sorted(some, key=lambda problem: _hardness(problem.grade))
    listed = _timed(LISTED, [problem.grade or "" for problem in climbed], tries, left, is_last=True)
    advice = LISTED.advice if parts else f"{LISTED.advice} No model knows this board: warm up elsewhere first."
    return [*parts, listed._replace(name=evening.name or LISTED.name, advice=advice, grades=[], listed=tuple(climbed))]


def _warm_up(bottom: str, minutes: int, evidence: Mapping[str, int]) -> Part:
    """A warm-up that rises through well-known grades below `bottom`, or at it where there are none."""
    taken = min(WARM_UP_SHARE * minutes, LONGEST_WARM_UP)
    number = max(FEWEST_WARM_UPS, round(taken * 60 / _seconds(WARM_UP)))
    below = [one for one in sorted(evidence, key=rank) if 0 < rank(bottom) - rank(one) <= WARM_UP_STEPS]
    levels = [one for one in below if evidence[one] >= LEAST_EVIDENCE] or [bottom]
    grades = [levels[i * len(levels) // number] for i in range(number)]
    part = _timed(WARM_UP, grades, number, number * _seconds(WARM_UP) // 60, is_last=False)._replace(is_easy=True)
    if levels != [bottom]:
        return part
    return part._replace(
        advice=f"{WARM_UP.advice} Nothing easier is known here: climb a few easy ones elsewhere first."
    )


def _hardness(grade: str | None) -> int:
    """What problems are sorted by: their grade, those without one last."""
    return rank(grade) if grade else len(ALL_GRADES)


def _seconds(pace: Pace) -> int:
    """Usual seconds for a problem of a pace."""
    return round(pace.tries * (TRY_S + pace.rest))


def _minutes(part: Part) -> int:
    return (sum(part.tries) * TRY_S + sum(sum(rests) for rests in part.rests)) // 60


def _tries(pace: Pace, minutes: int, is_last: bool) -> int:
    """How many tries leave rests closest to the usual ones; after the workout's last try there is none."""
    return max(1, round((60 * minutes + is_last * pace.rest) / (TRY_S + pace.rest)))


def _timed(pace: Pace, grades: list[str], tries: int, minutes: int, is_last: bool) -> Part:
    """A section with its tries and rests, which take exactly these minutes; harder problems have more tries.

    Rests differ by REST_STEP_S at most, and the later ones are the longer ones.
    """
    each, more = divmod(tries, len(grades))
    hardest_first = sorted(range(len(grades)), key=lambda i: (-_hardness(grades[i]), -i))
    numbers = [each + (hardest_first.index(i) < more) for i in range(len(grades))]
    rests = tries - is_last
    steps, longer = divmod((60 * minutes - TRY_S * tries) // REST_STEP_S, max(1, rests))
    seconds = iter([REST_STEP_S * (steps + (i >= rests - longer)) for i in range(rests)])
    return Part(pace.name, pace.advice, grades, [tuple(islice(seconds, number)) for number in numbers], numbers)


def _pyramid(climbed: Sequence[str], number: int) -> list[str]:
    """Grades of a pyramid of `number` problems, up and down again, with fewer problems the higher the grade.

    Where there are too few problems for every grade, some in the middle are left out.
    """
    # The grades from bottom to top, as many as leave room for a way down.
    height = min(len(climbed), (number + 1) // 2)
    levels = [climbed[i] for i in np.linspace(0, len(climbed) - 1, height).round().astype(int)]
    # Problems of each, in proportion height : … : 2 : 1 by the method of Sainte-Laguë.
    counts = [1] * height
    for _ in range(number - height):
        i = max(range(height), key=lambda i: (height - i) / (2 * counts[i] + 1))
        counts[i] += 1
    # Half of each grade on the way down, the rest on the way up; the top once.
    down = [*(count // 2 for count in counts[:-1]), 0]
    up = [count - later for count, later in zip(counts, down, strict=True)]
    rising = [level for level, count in zip(levels, up, strict=True) for _ in range(count)]
    falling = [level for level, count in zip(levels, down, strict=True) for _ in range(count)]
    return rising + falling[::-1]
