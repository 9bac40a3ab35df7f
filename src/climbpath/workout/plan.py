"""An evening on the board: warm-up, pyramid and projects, with problems that differ in holds, position and style."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, islice
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from climbpath import board as boards
from climbpath.api import Generator
from climbpath.beta import solver
from climbpath.beta.solver import DEFAULT_CLIMBER, Beta, Climber
from climbpath.board import Setup
from climbpath.errors import ClimbpathError
from climbpath.features import presence, similarity
from climbpath.generator.request import Request, parse_rules
from climbpath.grader.grader import GradePrediction, grader_of
from climbpath.grader.scale import LEAST_EVIDENCE
from climbpath.grades import LADDER, parse_grades, rank, show, v_grade
from climbpath.problem import DEFAULT_BOARD, Problem

Floats = NDArray[np.float64]

SHORTEST, LONGEST = 10, 300
"""Fewest and most minutes of an evening."""


class Pace(NamedTuple):
    """How the problems of a section are climbed."""

    name: str
    """The section's name."""
    tries: int
    """Most tries for each problem."""
    minutes: int
    """Minutes for each problem, rests included."""
    advice: str
    """How to climb the section, for the climber."""


# A try at a board problem lasts half a minute at most. After an easy one, two minutes of rest or a little more leave no
# fatigue; tries at the limit need three, the time that explosive power takes to recover.
WARM_UP = Pace("Warm-up", 1, 3, "One try each, a new problem every three minutes. Easy and smooth.")
PYRAMID = Pace("Pyramid", 2, 5, "Up to two tries each, two minutes of rest after every try.")
PROJECTS = Pace("Projects", 3, 10, "Up to three tries each, three minutes of rest after every try.")
WARM_UP_SHARE, PROJECTS_SHARE = 0.25, 0.3
"""Fractions of the minutes; the pyramid has the rest."""
LONGEST_WARM_UP = 30
"""Minutes; a longer warm-up has no further effect."""
WARM_UP_STEPS = 6
"""How many steps of the ladder below the range a warm-up may begin."""
EASY = 1 / 3
"""Fraction of a grade's problems that warm-ups are chosen from: the easiest of those that are not long."""

POOL, POOL_PER_SLOT = 48, 5
"""Problems of each grade to choose from: POOL, or POOL_PER_SLOT for each one needed if that is more."""
BLUR_CM = 60.0
"""Scale of the distance within which holds count as the same part of the board."""

TRAITS = ("long moves", "many moves", "sideways", "crossing", "poor holds", "hard crux")
"""What `traits` measures; a problem's style is the traits that stand out."""
STRIKING = 0.75
"""A trait stands out if the problem has more of it than this fraction of the problems of its grade in the pool."""
MOST_WORDS = 2
"""Most traits that a style names."""
NO_STYLE = "all-round"
"""The style of a problem without a trait that stands out."""


class Slot(NamedTuple):
    """A problem of a workout."""

    number: int
    """From 1 through the whole workout."""
    problem: Problem
    """What is climbed."""
    beta: Beta
    """How the workout's climber climbs it."""
    prediction: GradePrediction | None
    """The grader's; None on a setup that the grader has not learned."""
    style: tuple[str, ...]
    """One or two of TRAITS, or NO_STYLE."""


class Section(NamedTuple):
    """A part of a workout."""

    pace: Pace
    """How its problems are climbed."""
    advice: str
    """That of the pace, and what else the climber should know."""
    slots: tuple[Slot, ...]
    """Its problems in order."""

    @property
    def minutes(self) -> int:
        """The minutes of all its problems."""
        return self.pace.minutes * len(self.slots)


class Workout(NamedTuple):
    """An evening on the board."""

    grades: tuple[str, ...]
    """The range asked for, easiest first."""
    minutes: int
    """The time asked for."""
    climber: Climber
    """Who can reach every move."""
    seed: int
    """The random seed of the problems."""
    sections: tuple[Section, ...]
    """In order."""

    @property
    def title(self) -> str:
        """Grades, minutes and climber in one line."""
        span = " to ".join(dict.fromkeys((self.grades[0], self.grades[-1])))
        ape = f", ape {self.climber.ape:+g}" if self.climber.ape else ""
        return f"{span} · {self.minutes} min · {self.climber.height:g} cm{ape}"

    @property
    def setting(self) -> str:
        """Board, angle and seed in one line."""
        return f"{self.sections[0].slots[0].problem.setup.title} · seed {self.seed}"


class _Part(NamedTuple):
    """A section before its problems are chosen."""

    pace: Pace
    advice: str
    grades: list[str]
    """Of its problems in order."""


class _Pool(NamedTuple):
    """N problems to choose from."""

    betas: list[Beta]
    predictions: list[GradePrediction | None]
    styles: list[tuple[str, ...]]
    by_grade: dict[str, list[int]]
    """Indices of the problems of each grade."""
    easy: dict[str, list[int]]
    """Indices of those that suit a warm-up, by grade."""
    alike: Floats
    """How alike any two are, [N, N]."""


def plan(
    generator: Generator,
    grade: str,
    minutes: int,
    climber: Climber = DEFAULT_CLIMBER,
    *,
    board: str = DEFAULT_BOARD,
    angle: int = 40,
    hold_sets: str | None = None,
    ban: str | None = None,
    seed: int = 0,
) -> Workout:
    """An evening on the board, of problems within the climber's reach that are as different as possible.

    The warm-up is below the range where the model knows such grades, else at its bottom. The pyramid goes up the range
    and down again, without the top grade if there are projects and three grades or more. The last of several projects
    is a step above the range where the model knows that grade. The sections add up to the minutes asked for, give or
    take one problem.

    Args:
        generator: draws the problems.
        grade: a range '6C..7A+', or one grade.
        minutes: 10 to 300.
        climber: who must be able to reach every move of the betas.
        board: a board's name.
        angle: of the board, in degrees.
        hold_sets: use only holds of these sets, 'A,Original'.
        ban: holds that must not be used, 'G2,H10'.
        seed: the same seed gives the same workout.

    Raises ClimbpathError where an argument is wrong, the model has not learned a grade, or too few problems meet the
    conditions.
    """
    if not SHORTEST <= minutes <= LONGEST:
        raise ClimbpathError(f"a workout takes {SHORTEST} to {LONGEST} minutes, not {minutes}: choose other --minutes")
    asked = parse_grades(grade)
    setup = Setup(board, angle)
    generator.thin_evidence(setup, tuple(asked))  # raises for grades that are not learned

    # How many problems of each grade the sections need, and several times as many to choose from.
    parts = _parts(asked, minutes, generator.model.evidence[setup])
    need = Counter(one for part in parts for one in part.grades)
    size = max(POOL, POOL_PER_SLOT * max(need.values()))
    drawn = generator.run(
        Request(
            setup=setup,
            grades=tuple(sorted(need, key=rank)),
            number=size * len(need),
            rules=parse_rules(board, hold_sets=hold_sets, ban=ban),
            climber=climber,
            seed=seed,
        )
    )
    counts = Counter(problem.grade for problem in drawn)
    for one, number in need.items():
        if counts[one] < number:
            raise ClimbpathError(
                f"the plan needs {number} problems of {one}, and only {counts[one]} new ones meet these conditions: "
                "loosen one of them, or choose fewer --minutes"
            )

    # The problems in the order in which they are climbed, numbered through all sections.
    pool = _pool(drawn, size, climber)
    chosen = _chosen(pool, [(one, part.pace is WARM_UP) for part in parts for one in part.grades])
    slots = (
        Slot(number, pool.betas[i].problem, pool.betas[i], pool.predictions[i], pool.styles[i])
        for number, i in enumerate(chosen, 1)
    )
    sections = [Section(part.pace, part.advice, tuple(islice(slots, len(part.grades)))) for part in parts]
    return Workout(tuple(asked), minutes, climber, seed, tuple(sections))


# How many problems of which grades


def _parts(asked: Sequence[str], minutes: int, evidence: Mapping[str, int]) -> list[_Part]:
    """The sections and their grades; `evidence` is how many problems the model learned each grade from."""
    # How many problems each section has time for.
    warming = min(WARM_UP_SHARE * minutes, LONGEST_WARM_UP)
    warm_ups = max(1, round(warming / WARM_UP.minutes))
    projects = round(PROJECTS_SHARE * minutes / PROJECTS.minutes)
    taken = warm_ups * WARM_UP.minutes + projects * PROJECTS.minutes
    middle = max(1, round((minutes - taken) / PYRAMID.minutes))

    # The warm-up rises through well-known grades below the range.
    bottom, top = rank(asked[0]), rank(asked[-1])
    easier = [one for one in LADDER[max(0, bottom - WARM_UP_STEPS) : bottom] if evidence.get(one, 0) >= LEAST_EVIDENCE]
    advice = WARM_UP.advice
    if not easier:
        advice += " The model knows no easier grade here: warm up elsewhere first."
    levels = easier or [asked[0]]
    parts = [_Part(WARM_UP, advice, [levels[i * len(levels) // warm_ups] for i in range(warm_ups)])]

    climbed = asked[:-1] if projects and len(asked) > 2 else asked
    parts.append(_Part(PYRAMID, PYRAMID.advice, _pyramid(climbed, middle)))

    # Projects at the top, the last of several a step above it.
    hardest = [asked[-1]] * projects
    if projects > 1 and top + 1 < len(LADDER) and evidence.get(LADDER[top + 1]):
        hardest[-1] = LADDER[top + 1]
    if projects:
        parts.append(_Part(PROJECTS, PROJECTS.advice, hardest))
    return parts


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


# Which problems


def _pool(drawn: Sequence[Problem], size: int, climber: Climber) -> _Pool:
    """The first `size` problems of each grade."""
    first: defaultdict[str, list[Problem]] = defaultdict(list)
    for problem in drawn:
        if len(first[problem.grade or ""]) < size:
            first[problem.grade or ""].append(problem)
    problems = [problem for same in first.values() for problem in same]
    by_grade = {one: [j for j, problem in enumerate(problems) if problem.grade == one] for one in first}
    grader = grader_of(drawn[0].setup)
    predicted: list[GradePrediction | None] = [*grader.predict(problems)] if grader else [None] * len(problems)

    # Traits as percentiles within the grade, [N, TRAITS]; short problems of low difficulty suit a warm-up.
    betas = solver.solve(problems, climber)
    measured = np.array([traits(one) for one in betas])
    percentiles = np.zeros_like(measured)
    easy = {}
    for grade, rows in by_grade.items():
        percentiles[rows] = _below(measured[rows])
        median = np.median([len(betas[j].moves) for j in rows])
        short = [j for j in rows if len(betas[j].moves) <= median]
        easy[grade] = sorted(short, key=lambda j: betas[j].difficulty)[: math.ceil(EASY * len(rows))]
    styles = [_style(row) for row in percentiles]
    return _Pool(betas, predicted, styles, by_grade, easy, _alike(problems, percentiles))


def traits(climbed: Beta) -> Floats:
    """How much a problem has of each of TRAITS, float64 [TRAITS]; moves that only match hands do not count.

    In order: the mean length of a move in cm, how many moves there are, the fraction of their length that goes
    sideways, by how many cm hands cross in all, how poor the holds are that hands go to, and the difficulty of the
    hardest move relative to the mean.
    """
    layout = boards.load(climbed.problem.board)
    poor = solver.poorness(layout.name)
    lengths, aside, crossed, poorness, hard = [], [], [], [], []
    for move in climbed.moves:
        if move.is_match:
            continue
        origin, other, hold = (layout.hold(label) for label in (move.origin, move.other, move.hold))
        outward = 1 if move.hand == "RH" else -1
        lengths.append(math.hypot(hold.x - origin.x, hold.y - origin.y))
        aside.append(abs(hold.x - origin.x))
        crossed.append(max(0, outward * (other.x - hold.x)))
        poorness.append(poor[solver.HANDS.index(move.hand), layout.index[hold.label]])
        hard.append(move.difficulty)
    sideways = sum(aside) / sum(lengths)
    return np.array(
        [np.mean(lengths), len(lengths), sideways, sum(crossed), np.mean(poorness), max(hard) / np.mean(hard)]
    )


def _below(values: Floats) -> Floats:
    """For every value the fraction of its column that is below it, [N, columns] -> [N, columns]."""
    return np.asarray((values[None] < values[:, None]).mean(axis=1))


def _style(percentiles: Floats) -> tuple[str, ...]:
    """The style of a problem by the percentiles of its traits, [TRAITS]."""
    striking = [i for i in (-percentiles).argsort(kind="stable")[:MOST_WORDS] if percentiles[i] >= STRIKING]
    return tuple(TRAITS[i] for i in striking) or (NO_STYLE,)


def _alike(problems: Sequence[Problem], percentiles: Floats) -> Floats:
    """How alike any two problems are in holds, part of the board and style, float64 [N, N].

    The sum of the three, each in its standard deviations.
    """
    # The holds themselves, blurred to the part of the board around them as unit vectors, [N, holds].
    layout = boards.load(problems[0].board)
    holds = presence([problem.holds for problem in problems], layout)
    around = holds @ np.exp(-((layout.distance / BLUR_CM) ** 2) / 2)
    around /= np.linalg.norm(around, axis=1, keepdims=True)
    style = -np.abs(percentiles[:, None] - percentiles[None]).mean(axis=2)

    # Jaccard, cosine and distance in style, each over pairs of different problems scaled to mean 0 and deviation 1.
    total = np.zeros_like(style)
    for part in (similarity(holds, holds), around @ around.T, style):
        apart = part[~np.eye(len(part), dtype=bool)]
        total += (part - apart.mean()) / (apart.std() or 1.0)
    return total


def _chosen(pool: _Pool, wanted: Sequence[tuple[str, bool]]) -> Iterator[int]:
    """The index of a problem for each (grade, whether it is a warm-up), each the least like those before it."""
    chosen: list[int] = []
    for grade, is_warm_up in wanted:
        left = [i for i in pool.by_grade[grade] if i not in chosen]
        if is_warm_up:
            left = [i for i in pool.easy[grade] if i not in chosen] or left
        # By its mean and its greatest similarity to any chosen before; the first one of the grade where there is none.
        alike = pool.alike[np.ix_(left, chosen)] if chosen else np.zeros((len(left), 1))
        chosen.append(left[int((alike.mean(axis=1) + alike.max(axis=1)).argmin())])
        yield chosen[-1]


# As text


def climbing(slot: Slot) -> str:
    """How a problem is climbed in one line: '7 moves, crux 5. RH to H10'."""
    crux = slot.beta.moves[slot.beta.crux]
    number = len(slot.beta.moves)
    return f"{number} move{'s' * (number > 1)}, crux {slot.beta.crux + 1}. {crux.hand} to {crux.hold}"


def prediction(slot: Slot) -> str:
    """The grade with its range, '7A, perhaps 6C+'; '' on a setup that the grader has not learned."""
    return slot.prediction.words if slot.prediction else ""


def clock(minutes: int) -> str:
    """Minutes since the start as hours and minutes: 75 -> '1:15'."""
    return f"{minutes // 60}:{minutes % 60:02}"


def starts(workout: Workout) -> list[int]:
    """The minute at which each section starts."""
    return [0, *accumulate(section.minutes for section in workout.sections)][:-1]


def text(workout: Workout) -> str:
    """The plan for a terminal, with the time at which each problem starts. The last line has no newline."""
    lines = [workout.title, workout.setting]
    for start, section in zip(starts(workout), workout.sections, strict=True):
        lines += ["", f"{clock(start):>5}  {section.pace.name}, {section.minutes} min. {section.advice}"]
        for i, slot in enumerate(section.slots):
            at = clock(start + i * section.pace.minutes)
            style = ", ".join(slot.style)
            parts = [show(slot.problem.grade or ""), slot.problem.notation, prediction(slot), style, climbing(slot)]
            lines.append(f"{at:>5} {slot.number:>3}. " + "  ".join(filter(None, parts)))
    lines += ["", f"{clock(sum(section.minutes for section in workout.sections)):>5}  Done"]
    return "\n".join(lines)


def to_dict(workout: Workout) -> dict[str, Any]:
    """All of a workout in plain JSON types; Problem.from_dict reads each `problem`."""
    return {
        "grades": list(workout.grades),
        "minutes": workout.minutes,
        "planned_minutes": sum(section.minutes for section in workout.sections),
        "climber": workout.climber._asdict(),
        "seed": workout.seed,
        "sections": [
            {
                "name": section.pace.name,
                "start_minute": start,
                "minutes": section.minutes,
                "minutes_per_problem": section.pace.minutes,
                "tries": section.pace.tries,
                "advice": section.advice,
                "problems": [_slot_dict(slot) for slot in section.slots],
            }
            for start, section in zip(starts(workout), workout.sections, strict=True)
        ],
    }


def _slot_dict(slot: Slot) -> dict[str, Any]:
    beta = slot.beta.to_dict()
    fields = ("start", "moves", "crux", "difficulty", "no_hand")  # the others are the workout's or the problem's
    return {
        "number": slot.number,
        "problem": slot.problem.to_dict(),
        "v_grade": v_grade(slot.problem.grade or ""),
        "style": list(slot.style),
        "grader": slot.prediction and slot.prediction.to_dict(),
        "beta": {name: beta[name] for name in fields},
    }
