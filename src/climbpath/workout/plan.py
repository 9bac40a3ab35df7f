"""An evening on the board: warm-up, pyramid and projects, as problems that differ in holds, place and style."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, islice
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from climbpath import api
from climbpath import board as boards
from climbpath.api import Generator
from climbpath.beta import solver
from climbpath.beta.solver import DEFAULT_CLIMBER, Beta, Climber
from climbpath.board import Setup
from climbpath.errors import ClimbpathError
from climbpath.features import presence, similarity
from climbpath.generator.request import Request, Sampling, default_guidance, parse_rules
from climbpath.generator.sample import THIN_EVIDENCE
from climbpath.grader.grader import GradePrediction, expected, predictions
from climbpath.grades import LADDER, parse_grades, rank, show, v_grade
from climbpath.problem import DEFAULT_BOARD, Problem

Floats = NDArray[np.float64]

SHORTEST, LONGEST = 10, 300
"""Minutes that an evening may have."""


class Pace(NamedTuple):
    """How the problems of a section are climbed: tries for each, and the minutes that these take with their rests."""

    name: str
    tries: int
    minutes: int
    advice: str


# A problem of a board is climbed or lost within half a minute. After an easy one two minutes of rest or a little more
# leave no fatigue behind; tries at the limit want three, which is what short-lived power takes to return.
WARM_UP = Pace("Warm-up", 1, 3, "One try each, a new problem every three minutes. Easy and smooth.")
PYRAMID = Pace("Pyramid", 2, 5, "Up to two tries each, two minutes of rest after every try.")
PROJECTS = Pace("Projects", 3, 10, "Up to three tries each, three minutes of rest after every try.")
WARM_UP_SHARE, PROJECTS_SHARE = 0.25, 0.3
"""Shares of the minutes; the pyramid has the rest."""
LONGEST_WARM_UP = 30
"""Minutes after which a warm-up warms no further."""
WARM_UP_STEPS = 6
"""Steps of the ladder below the range that a warm-up may begin."""
EASY = 1 / 3
"""Share of the problems of a grade from which a warm-up is taken: the easiest of those that are not long."""

POOL, POOL_PER_SLOT = 48, 5
"""Problems of each grade to choose from: so many, or so many for each that is needed if that is more."""
DRAWN = 4
"""How many times as many are drawn, of which the grader takes those nearest to the grade."""
BLUR_CM = 60.0
"""How far around a hold it counts as the same part of the board."""

TRAITS = ("long moves", "many moves", "sideways", "crossing", "poor holds", "hard crux")
"""What a problem's style is told by; see `traits`."""
TELLING = 0.75
"""A problem has a trait if it has more of it than this share of the problems drawn at its grade."""
MOST_WORDS = 2
NO_STYLE = "all-round"


class Slot(NamedTuple):
    """A problem of a workout, with its number, what the grader says, and its style in a word or two.

    `verdict` is None on a board that the grader has not learned.
    """

    number: int
    problem: Problem
    beta: Beta
    prediction: GradePrediction | None
    style: tuple[str, ...]


class Section(NamedTuple):
    """A part of a workout. `advice` says how to climb it."""

    pace: Pace
    advice: str
    slots: tuple[Slot, ...]

    @property
    def minutes(self) -> int:
        """Minutes of all its problems."""
        return self.pace.minutes * len(self.slots)


class Workout(NamedTuple):
    """An evening: `grades` is the range asked for, `minutes` the time asked for."""

    grades: tuple[str, ...]
    minutes: int
    climber: Climber
    seed: int
    sections: tuple[Section, ...]

    @property
    def title(self) -> str:
        """The grades, the minutes and the climber in one line."""
        span = " to ".join(dict.fromkeys((self.grades[0], self.grades[-1])))
        ape = f", ape {self.climber.ape:+g}" if self.climber.ape else ""
        return f"{span} · {self.minutes} min · {self.climber.height:g} cm{ape}"

    @property
    def setting(self) -> str:
        """The board with its angle, and the seed."""
        return f"{self.sections[0].slots[0].problem.setup.title} · seed {self.seed}"


class _Part(NamedTuple):
    """A section before its problems are chosen."""

    pace: Pace
    advice: str
    grades: list[str]


class _Pool(NamedTuple):
    """N problems to choose from: their betas, verdicts and styles, places by grade, and how alike any two are [N, N].

    `easy` are the places of those that a warm-up is taken from, by grade.
    """

    betas: list[Beta]
    predictions: list[GradePrediction | None]
    styles: list[tuple[str, ...]]
    places: dict[str, list[int]]
    easy: dict[str, list[int]]
    alike: Floats


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
    """An evening on the board: problems that the climber reaches and that are as unlike one another as can be had.

    The warm-up is below the range where the model knows such grades, else at its bottom. The pyramid goes up the range
    and down again; its top grade is kept for the projects if there are three grades or more. The last of several
    projects is a step above the range where the model knows that grade. The sections' minutes add up to what is asked
    for within one problem.

    Args:
        generator: draws the problems.
        grade: a range '6C..7A+', or one grade.
        minutes: 10 to 300.
        climber: who must reach every hold of the beta.
        board: a board's name.
        angle: of the board, in degrees.
        hold_sets: only holds of these sets, 'A,Original'.
        ban: holds that must not be used, 'G2,H10'.
        seed: the same seed gives the same workout.

    Raises ClimbpathError where an argument is wrong, the model has not learned a grade, or too few problems keep to
    the conditions.
    """
    if not SHORTEST <= minutes <= LONGEST:
        raise ClimbpathError(f"a workout takes {SHORTEST} to {LONGEST} minutes, not {minutes}: choose other --minutes")
    asked = parse_grades(grade)
    setup = Setup(board, angle)
    generator.thin_evidence(setup, tuple(asked))  # raises for grades that are not learned
    parts = _parts(asked, minutes, generator.model.evidence[setup])
    need = Counter(one for part in parts for one in part.grades)
    size = max(POOL, POOL_PER_SLOT * max(need.values()))
    drawn = generator.run(
        Request(
            setup=setup,
            grades=tuple(sorted(need, key=rank)),
            number=DRAWN * size * len(need),
            rules=parse_rules(board, hold_sets=hold_sets, ban=ban),
            sampling=Sampling(guidance=default_guidance(generator.model, check_grade=True)),
            climber=climber,
            seed=seed,
        )
    )
    found = Counter(problem.grade for problem in drawn)
    for one, number in need.items():
        if found[one] < number:
            raise ClimbpathError(
                f"the plan needs {number} problems of {one}, and only {found[one]} new ones keep to these conditions: "
                "loosen one of them, or choose fewer --minutes"
            )
    pool = _pool(drawn, size, climber)
    places = _chosen(pool, [(one, part.pace is WARM_UP) for part in parts for one in part.grades])
    slots = (
        Slot(number, pool.betas[i].problem, pool.betas[i], pool.predictions[i], pool.styles[i])
        for number, i in enumerate(places, 1)
    )
    sections = [Section(part.pace, part.advice, tuple(islice(slots, len(part.grades)))) for part in parts]
    return Workout(tuple(asked), minutes, climber, seed, tuple(sections))


# How many problems of which grades


def _parts(asked: Sequence[str], minutes: int, evidence: Mapping[str, int]) -> list[_Part]:
    """The sections and their grades; `evidence` counts the problems that the model learned each grade from."""
    warming = min(WARM_UP_SHARE * minutes, LONGEST_WARM_UP)
    warm_ups = max(1, round(warming / WARM_UP.minutes))
    projects = round(PROJECTS_SHARE * minutes / PROJECTS.minutes)
    taken = warm_ups * WARM_UP.minutes + projects * PROJECTS.minutes
    middle = max(1, round((minutes - taken) / PYRAMID.minutes))

    bottom, top = rank(asked[0]), rank(asked[-1])
    easier = [one for one in LADDER[max(0, bottom - WARM_UP_STEPS) : bottom] if evidence.get(one, 0) >= THIN_EVIDENCE]
    advice = WARM_UP.advice
    if not easier:
        advice += " No easier grade is known here: warm up elsewhere first."
    levels = easier or [asked[0]]
    parts = [_Part(WARM_UP, advice, [levels[i * len(levels) // warm_ups] for i in range(warm_ups)])]

    climbed = asked[:-1] if projects and len(asked) > 2 else asked
    parts.append(_Part(PYRAMID, PYRAMID.advice, _pyramid(climbed, middle)))

    hardest = [asked[-1]] * projects
    if projects > 1 and top + 1 < len(LADDER) and evidence.get(LADDER[top + 1]):
        hardest[-1] = LADDER[top + 1]
    if projects:
        parts.append(_Part(PROJECTS, PROJECTS.advice, hardest))
    return parts


def _pyramid(climbed: Sequence[str], number: int) -> list[str]:
    """Grades of a pyramid of `number` problems, up and down again: the higher the fewer.

    Where there are too few problems to pass each grade on the way up and down, some grades between are left out.
    """
    height = min(len(climbed), (number + 1) // 2)
    levels = [climbed[i] for i in np.linspace(0, len(climbed) - 1, height).round().astype(int)]
    counts = [1] * height
    for _ in range(number - height):  # in proportion height : … : 2 : 1, by the method of Sainte-Laguë
        i = max(range(height), key=lambda i: (height - i) / (2 * counts[i] + 1))
        counts[i] += 1
    down = [*(count // 2 for count in counts[:-1]), 0]
    up = [count - later for count, later in zip(counts, down, strict=True)]
    rising = [level for level, count in zip(levels, up, strict=True) for _ in range(count)]
    falling = [level for level, count in zip(levels, down, strict=True) for _ in range(count)]
    return rising + falling[::-1]


# Which problems


def _pool(drawn: Sequence[Problem], size: int, climber: Climber) -> _Pool:
    """What there is to choose from: of the problems drawn at each grade `size`, the nearest to it for the grader.

    The nearest, and not those within half a step: of the hardest grades the grader finds next to nothing as hard.
    """
    grader = api.bundled_grader()
    said: list[GradePrediction | None] = [None] * len(drawn)
    off = np.zeros(len(drawn))
    if drawn[0].setup in grader.evidence:
        probabilities = grader.probabilities(drawn)
        said = [*predictions(probabilities)]
        off = np.abs(expected(probabilities) - [rank(problem.grade or "") for problem in drawn])
    by_grade: defaultdict[str, list[int]] = defaultdict(list)
    for i in off.argsort(kind="stable").tolist():
        by_grade[drawn[i].grade or ""].append(i)
    kept = [i for rows in by_grade.values() for i in rows[:size]]
    problems = [drawn[i] for i in kept]
    places = {one: [j for j, problem in enumerate(problems) if problem.grade == one] for one in by_grade}

    betas = solver.solve(problems, climber)
    measured = np.array([traits(one) for one in betas])
    shares = np.zeros_like(measured)
    easy = {}
    for grade, rows in places.items():
        shares[rows] = _below(measured[rows])
        middling = np.median([len(betas[j].moves) for j in rows])
        short = [j for j in rows if len(betas[j].moves) <= middling]
        easy[grade] = sorted(short, key=lambda j: betas[j].difficulty)[: math.ceil(EASY * len(rows))]
    styles = [_words(row) for row in shares]
    return _Pool(betas, [said[i] for i in kept], styles, places, easy, _alike(problems, shares))


def traits(climbed: Beta) -> Floats:
    """How much a problem has of each of TRAITS, float64 [TRAITS]; moves that only match hands do not count.

    In their order: the mean way in cm of a hand in a move, how many moves there are, the share of the way that goes
    sideways, how far in cm hands cross, how poor the holds are that hands go to, and the difficulty of the hardest
    move over the mean of all.
    """
    layout = boards.load(climbed.problem.board)
    poor = solver.poorness(layout.name)
    ways, aside, crossed, poorness, hard = [], [], [], [], []
    for move in climbed.moves:
        if move.is_match:
            continue
        origin, other, hold = (layout.hold(label) for label in (move.origin, move.other, move.hold))
        outward = 1 if move.hand == "RH" else -1
        ways.append(math.hypot(hold.x - origin.x, hold.y - origin.y))
        aside.append(abs(hold.x - origin.x))
        crossed.append(max(0, outward * (other.x - hold.x)))
        poorness.append(poor[solver.HANDS.index(move.hand), layout.index[hold.label]])
        hard.append(move.difficulty)
    sideways = sum(aside) / sum(ways)
    return np.array([np.mean(ways), len(ways), sideways, sum(crossed), np.mean(poorness), max(hard) / np.mean(hard)])


def _below(values: Floats) -> Floats:
    """For every value the share of its column that is below it, [N, columns] -> [N, columns]."""
    return np.asarray((values[None] < values[:, None]).mean(axis=1))


def _words(shares: Floats) -> tuple[str, ...]:
    """The style of a problem that has more of each trait than these shares of the others at its grade."""
    telling = [i for i in (-shares).argsort(kind="stable")[:MOST_WORDS] if shares[i] >= TELLING]
    return tuple(TRAITS[i] for i in telling) or (NO_STYLE,)


def _alike(problems: Sequence[Problem], shares: Floats) -> Floats:
    """How alike any two problems are in holds, part of the board and style, in standard deviations of each, added up.

    Float64 [N, N].
    """
    layout = boards.load(problems[0].board)
    holds = presence([problem.holds for problem in problems], layout)
    around = holds @ np.exp(-((layout.distance / BLUR_CM) ** 2) / 2)
    around /= np.linalg.norm(around, axis=1, keepdims=True)
    style = -np.abs(shares[:, None] - shares[None]).mean(axis=2)
    total = np.zeros_like(style)
    for part in (similarity(holds, holds), around @ around.T, style):
        apart = part[~np.eye(len(part), dtype=bool)]
        total += (part - apart.mean()) / (apart.std() or 1.0)
    return total


def _chosen(pool: _Pool, wanted: Sequence[tuple[str, bool]]) -> Iterator[int]:
    """The place of a problem for each grade wanted, an easy one if so wanted: the least like those before."""
    chosen: list[int] = []
    for grade, is_warm_up in wanted:
        left = [i for i in pool.places[grade] if i not in chosen]
        if is_warm_up:
            left = [i for i in pool.easy[grade] if i not in chosen] or left
        like = pool.alike[np.ix_(left, chosen)] if chosen else np.zeros((len(left), 1))
        chosen.append(left[int((like.mean(axis=1) + like.max(axis=1)).argmin())])
        yield chosen[-1]


# In words


def words(slot: Slot) -> str:
    """How a problem is climbed in one line: '7 moves, crux 5. RH to H10'."""
    crux = slot.beta.moves[slot.beta.crux]
    number = len(slot.beta.moves)
    return f"{number} move{'s' * (number > 1)}, crux {slot.beta.crux + 1}. {crux.hand} to {crux.hold}"


def opinion(slot: Slot) -> str:
    """The grade that the grader expects, 'grader: 7A'; '' where it was not asked."""
    return f"grader: {LADDER[round(slot.prediction.expected)]}" if slot.prediction else ""


def clock(minutes: int) -> str:
    """Minutes since the start as hours and minutes: 75 -> '1:15'."""
    return f"{minutes // 60}:{minutes % 60:02}"


def starts(workout: Workout) -> list[int]:
    """The minute at which each section starts."""
    return [0, *accumulate(section.minutes for section in workout.sections)][:-1]


def text(workout: Workout) -> str:
    """The plan for a terminal, with the time at which each problem starts. The last line has no newline."""
    told = [workout.title, workout.setting]
    for start, section in zip(starts(workout), workout.sections, strict=True):
        told += ["", f"{clock(start):>5}  {section.pace.name}, {section.minutes} min. {section.advice}"]
        for i, slot in enumerate(section.slots):
            at = clock(start + i * section.pace.minutes)
            style = ", ".join(slot.style)
            parts = [show(slot.problem.grade or ""), slot.problem.notation, opinion(slot), style, words(slot)]
            told.append(f"{at:>5} {slot.number:>3}. " + "  ".join(filter(None, parts)))
    told += ["", f"{clock(sum(section.minutes for section in workout.sections)):>5}  Done"]
    return "\n".join(told)


def to_dict(workout: Workout) -> dict[str, Any]:
    """Plain JSON types: everything of a workout, `problem` as Problem.from_dict reads it."""
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
    said = slot.prediction and {
        "grade": slot.prediction.grade,
        "expected": round(slot.prediction.expected, 3),
        "probabilities": {grade: round(value, 4) for grade, value in slot.prediction.probabilities.items()},
    }
    told = slot.beta.to_dict()
    climbed = {name: told[name] for name in ("start", "moves", "crux", "difficulty", "no_hand")}
    return {
        "number": slot.number,
        "problem": slot.problem.to_dict(),
        "v_grade": v_grade(slot.problem.grade or ""),
        "style": list(slot.style),
        "grader": said,
        "beta": climbed,
    }
