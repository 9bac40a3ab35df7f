"""An evening on the board: warm-up, pyramid and projects, with problems that differ in holds, position and style."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, count, islice
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from climbpath import board as boards
from climbpath.api import Generator
from climbpath.beta import weights
from climbpath.beta.body import DEFAULT_CLIMBER, Climber
from climbpath.beta.moves import HANDS, Beta, crossed_by
from climbpath.beta.solver import solve
from climbpath.board import Setup
from climbpath.errors import ClimbpathError
from climbpath.features import presence, similarity
from climbpath.generator.request import Typed, parse_method, parse_rules
from climbpath.grader.grader import GradePrediction, grader_of, predict
from climbpath.grades import rank, show, v_grade
from climbpath.naming import title
from climbpath.problem import DEFAULT_BOARD, DEFAULT_METHOD, Problem
from climbpath.workout.outline import TRY_S, Evening, Outline, Part, outline

Floats = NDArray[np.float64]

GENTLE = 1 / 3
"""Fraction of a grade's problems whose crux is gentle enough for a warm-up."""
EASY = 1 / 6
"""Fraction of a grade's problems that warm-ups are chosen from: those that have the least of all of STRENUOUS, of
difficulty, and of difficulty of the crux."""
BLUR_CM = 60.0
"""Scale of the distance within which holds count as the same part of the board."""

TRAITS = ("long moves", "many moves", "sideways", "crossing", "poor holds", "hard crux")
"""What `traits` measures; a problem's style is the traits that stand out."""
STRENUOUS = [TRAITS.index(trait) for trait in ("long moves", "many moves", "poor holds", "hard crux")]
"""The traits that a warm-up has little of."""
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
    """The grader's; None on a setup that it has not learned."""
    style: tuple[str, ...]
    """One or two of TRAITS, or NO_STYLE; () for a problem of a list."""
    rests: tuple[int, ...]
    """Seconds of rest after each try; the last one of the workout has none."""
    tries: int
    """How many tries there is time for."""

    @property
    def seconds(self) -> int:
        """Tries and rests together."""
        return TRY_S * self.tries + sum(self.rests)


class Section(NamedTuple):
    """A part of a workout."""

    name: str
    """That of its pace, or of the list."""
    advice: str
    """That of the pace, and what else the climber should know."""
    slots: tuple[Slot, ...]
    """Its problems in order."""

    @property
    def minutes(self) -> int:
        """The minutes of all its tries and rests."""
        return sum(slot.seconds for slot in self.slots) // 60

    @property
    def rest(self) -> int:
        """Seconds of rest after a try, which may be REST_STEP_S more later on; 0 where there is one try and no rest."""
        return next((rest for slot in self.slots for rest in slot.rests), 0)


class Workout(NamedTuple):
    """An evening on the board. Its sections add up to the minutes asked for."""

    name: str | None
    """Of the list that it was made of, None where all its problems are new."""
    setup: Setup
    """Board and angle that were asked for."""
    grades: tuple[str, ...]
    """The range asked for, or the grades of the list, easiest first."""
    minutes: int
    """The time asked for."""
    climber: Climber
    """Who climbs; the new problems are within their reach."""
    seed: int
    """The random seed of the problems."""
    sections: tuple[Section, ...]
    """In order."""

    @property
    def title(self) -> str:
        """Grades or list, minutes and climber in one line."""
        span = self.name or " to ".join(dict.fromkeys((self.grades[0], self.grades[-1])))
        ape = f", ape {self.climber.ape:+g}" if self.climber.ape else ""
        return f"{span} · {self.minutes} min · {self.climber.height:g} cm{ape}"

    @property
    def setting(self) -> str:
        """Board, angle and seed in one line."""
        return f"{self.setup.title} · seed {self.seed}"


class _Pool(NamedTuple):
    """N problems to choose from."""

    betas: list[Beta]
    predictions: list[GradePrediction | None]
    styles: list[tuple[str, ...]]
    by_grade: dict[str, list[int]]
    """Indices of the problems of each grade."""
    easy: dict[str, list[int]]
    """Indices of those that suit a warm-up, by grade."""
    ease: Floats
    """How hard each is among those of its grade where it is hardest, [N]: 0 is easy in every way."""
    alike: Floats
    """How alike any two are, [N, N]."""

    def problem(self, i: int) -> Problem:
        """One of the problems."""
        return self.betas[i].problem


def plan(
    generator: Generator,
    grade: str,
    minutes: int,
    climber: Climber = DEFAULT_CLIMBER,
    *,
    board: str = DEFAULT_BOARD,
    angle: int | None = 40,
    size: str | None = None,
    hold_sets: Typed = None,
    ban: Typed = None,
    method: str = DEFAULT_METHOD,
    seed: int = 0,
    shown: bool = False,
) -> Workout:
    """An evening on the board, of problems within the climber's reach that are as different as possible.

    The warm-up is below the range where the model knows such grades, else at its bottom, and rises. The pyramid goes up
    the range and down again, without the top grade if there are projects and three grades or more. The last of several
    projects is a step above the range where the model knows that grade. Tries and rests add up to the minutes.

    Args:
        generator: draws the problems.
        grade: a range '6C..7A+', or one grade.
        minutes: 10 to 300.
        climber: who must be able to reach every move of the betas.
        board: a board's name.
        angle: of the board, in degrees; None for one that is not known.
        size: use only holds of this size of the board, '12 x 14'.
        hold_sets: use only holds of these sets, 'A,Original'.
        ban: holds that must not be used, 'G2,H10'.
        method: the foot rule, on MoonBoards: 'No kickboard'.
        seed: the same seed gives the same workout.
        shown: show a progress bar if it takes long.

    Raises ClimbpathError where an argument is wrong, the model has not learned a grade, or too few problems meet the
    conditions.
    """
    evening = Evening(
        setup=Setup(board, angle),
        grades=generator.grades_of(grade, Setup(board, angle)),
        minutes=minutes,
        climber=climber,
        rules=parse_rules(board, size=size, hold_sets=hold_sets, ban=ban),
        method=parse_method(method),
        seed=seed,
    )
    outlined = outline(generator, evening)
    found = [generator.run(request, shown) for request in outlined.requests]
    reason = next((some.reason for some in found if some.reason), None)
    return filled(outlined, [problem for some in found for problem in some], reason)


def filled(outlined: Outline, drawn: Sequence[Problem], reason: str | None = None) -> Workout:
    """The workout of an outline, with the least similar of the problems drawn for its requests.

    Raises ClimbpathError where there are too few of a grade, with the reason for which there are no more, if one is
    known.
    """
    evening, parts, requests = outlined
    counts = Counter(problem.grade or "" for problem in drawn)
    parts = [_with_easy_enough(part, parts, counts) if part.is_easy else part for part in parts]
    need = Counter(one for part in parts for one in part.grades)
    for one, number in need.items():
        if counts[one] < number:
            problems = "problem" if number == 1 else "problems"
            raise ClimbpathError(
                f"the plan needs {number} new {problems} of {one}, and there are {counts[one]}: "
                f"{reason or f'loosen one of its conditions ({evening.conditions})'}, or choose fewer minutes"
            )

    # The problems in the order in which they are climbed, numbered through all sections.
    size = max((request.number // len(request.grades) for request in requests), default=0)
    pool = _pool(drawn, size, evening.climber) if requests else None
    chosen = _chosen(pool, [(one, part.is_easy) for part in parts for one in part.grades]) if pool else iter(())
    numbers = count(1)
    sections = []
    for part in parts:
        climbs: list[tuple[Beta, GradePrediction | None, tuple[str, ...]]]
        if part.listed:
            betas = solve(part.listed, evening.climber)
            climbs = [(beta, guess, ()) for beta, guess in zip(betas, _predicted(part.listed), strict=True)]
        else:
            assert pool
            mine = list(islice(chosen, len(part.grades)))
            if part.is_easy:
                mine.sort(key=lambda i: (rank(pool.problem(i).grade or ""), pool.ease[i]))
            climbs = [(pool.betas[i], pool.predictions[i], pool.styles[i]) for i in mine]
        slots = (
            Slot(next(numbers), beta.problem, beta, guess, style, rests, tries)
            for (beta, guess, style), rests, tries in zip(climbs, part.rests, part.tries, strict=True)
        )
        sections.append(Section(part.name, part.advice, tuple(slots)))
    grades = evening.grades
    if evening.listed:
        grades = tuple(sorted({problem.grade for problem in evening.listed if problem.grade}, key=rank))
    return Workout(evening.name, evening.setup, grades, evening.minutes, evening.climber, evening.seed, tuple(sections))


def _with_easy_enough(warm_up: Part, parts: Sequence[Part], counts: Mapping[str, int]) -> Part:
    """A warm-up with harder problems in place of those of which there are too few, as far as others leave some."""
    left = Counter(counts)
    left.subtract(one for part in parts if not part.is_easy for one in part.grades)
    grades = []
    for one in warm_up.grades:
        there = [grade for grade in sorted(+left, key=rank) if rank(grade) >= rank(one)]
        grades.append(there[0] if there else one)
        left[grades[-1]] -= 1
    return warm_up._replace(grades=grades)


# Which problems


def _pool(drawn: Sequence[Problem], size: int, climber: Climber) -> _Pool:
    """The first `size` problems of each grade."""
    first: defaultdict[str, list[Problem]] = defaultdict(list)
    for problem in drawn:
        if len(first[problem.grade or ""]) < size:
            first[problem.grade or ""].append(problem)
    problems = [problem for same in first.values() for problem in same]
    by_grade = {one: [j for j, problem in enumerate(problems) if problem.grade == one] for one in first}

    # Traits as percentiles within the grade, [N, TRAITS], and what suits a warm-up.
    betas = solve(problems, climber)
    measured = np.array([traits(one) for one in betas])
    percentiles = np.zeros_like(measured)
    hardest = np.array([[one.difficulty, one.moves[one.crux].difficulty] for one in betas])
    ease = np.zeros(len(problems))
    easy = {}
    for grade, rows in by_grade.items():
        percentiles[rows] = _below(measured[rows])
        ease[rows] = np.concatenate([_below(hardest[rows]), percentiles[rows][:, STRENUOUS]], axis=1).max(axis=1)
        gentle = sorted(rows, key=lambda j: hardest[j, 1])[: math.ceil(GENTLE * len(rows))]
        easy[grade] = sorted(gentle, key=lambda j: ease[j])[: math.ceil(EASY * len(rows))]
    styles = [_style(row) for row in percentiles]
    return _Pool(betas, _predicted(problems), styles, by_grade, easy, ease, _alike(problems, percentiles))


def _predicted(problems: Sequence[Problem]) -> list[GradePrediction | None]:
    """The predictions of each problem's grader; None on a setup that none has learned."""
    graders = {setup: grader for setup in {one.setup for one in problems} if (grader := grader_of(setup))}
    graded = [problem for problem in problems if problem.setup in graders]
    found = iter(predict(graded, graders))
    return [next(found) if problem.setup in graders else None for problem in problems]


def traits(climbed: Beta) -> Floats:
    """How much a problem has of each of TRAITS, float64 [TRAITS]; moves that only match hands do not count.

    In order: the mean length of a move in cm, how many moves there are, the fraction of their length that goes
    sideways, by how many cm hands cross in all, how poor the holds are that hands go to, and the difficulty of the
    hardest move relative to the mean.
    """
    layout = boards.load(climbed.problem.board)
    poor = weights.poorness(layout.name)
    lengths, aside, crossed, poorness, hard = [], [], [], [], []
    for move in climbed.moves:
        if move.is_match:
            continue
        origin, hold = layout.hold(move.origin), layout.hold(move.hold)
        lengths.append(math.hypot(hold.x - origin.x, hold.y - origin.y))
        aside.append(abs(hold.x - origin.x))
        crossed.append(crossed_by(move, layout.name))
        poorness.append(poor[HANDS.index(move.hand), layout.index[hold.label]])
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
    """How a problem is climbed in one line: '7 moves. Crux: move 5, right hand to H10'."""
    crux = slot.beta.moves[slot.beta.crux]
    number = len(slot.beta.moves)
    hand = {"LH": "left", "RH": "right"}[crux.hand]
    return f"{number} move{'s' * (number > 1)}. Crux: move {slot.beta.crux + 1}, {hand} hand to {crux.hold}"


def opinion(slot: Slot) -> str:
    """What the grader says beside the grade that is shown: 'perhaps 6C+', 'grader: 7A' where that is another, or ''."""
    guess = slot.prediction
    if not guess:
        return ""
    if guess.grade != slot.problem.grade:
        return f"grader: {guess.words}"
    return f"perhaps {guess.perhaps}" if guess.perhaps else ""


def clock(minutes: int) -> str:
    """Minutes since the start as hours and minutes: 75 -> '1:15'."""
    return f"{minutes // 60}:{minutes % 60:02}"


def duration(seconds: int) -> str:
    """Minutes and seconds: 125 -> '2:05'."""
    return f"{seconds // 60}:{seconds % 60:02}"


def starts(workout: Workout) -> list[int]:
    """The minute at which each section starts."""
    return [0, *accumulate(section.minutes for section in workout.sections)][:-1]


def text(workout: Workout) -> str:
    """The plan for a terminal, with the time at which each problem starts. The last line has no newline."""
    lines = [workout.title, workout.setting]
    for start, section in zip(starts(workout), workout.sections, strict=True):
        rest = f" Rest {duration(section.rest)} after every try." if section.rest else ""
        lines += ["", f"{clock(start):>5}  {section.name}, {section.minutes} min. {section.advice}{rest}"]
        ends = accumulate((slot.seconds for slot in section.slots), initial=60 * start)
        for slot, second in zip(section.slots, ends, strict=False):
            tries = f"{slot.tries} {'try' if slot.tries == 1 else 'tries'}"
            style = ", ".join(slot.style)
            grade = show(slot.problem.grade) if slot.problem.grade else ""
            parts = [grade, title(slot.problem), slot.problem.notation, tries, opinion(slot), style, climbing(slot)]
            lines.append(f"{clock(round(second / 60)):>5} {slot.number:>3}. " + "  ".join(filter(None, parts)))
    lines += ["", f"{clock(workout.minutes):>5}  Done"]
    return "\n".join(lines)


def to_dict(workout: Workout) -> dict[str, Any]:
    """All of a workout in plain JSON types; Problem.from_dict reads each `problem`."""
    return {
        "name": workout.name,
        "grades": list(workout.grades),
        "minutes": workout.minutes,
        "climber": workout.climber._asdict(),
        "seed": workout.seed,
        "sections": [
            {
                "name": section.name,
                "start_minute": start,
                "minutes": section.minutes,
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
        "v_grade": v_grade(slot.problem.grade) if slot.problem.grade else None,
        "tries": slot.tries,
        "rest_seconds": list(slot.rests),
        "style": list(slot.style),
        "grader": slot.prediction and slot.prediction.to_dict(),
        "beta": {name: beta[name] for name in fields},
    }
