"""Beta: the sequence of hand moves that climbs a problem, found by exact dynamic programming.

A state is the hold of the left and the hold of the right hand. A move takes one hand to a hold that comes later in
the canonical order than its own, and costs by a few weighted features; of all ways from the start to both hands on
the finish the cheapest is taken. Two sets of weights are in assets/beta.json (fit.py fits them): `choice`
says which way a climber takes, `difficulty` how hard each move of it is.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from climbpath import board as boards
from climbpath.board import Board, Hold
from climbpath.errors import ClimbpathError
from climbpath.problem import Problem, check_sound

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEFT, RIGHT = 0, 1
HANDS = ("LH", "RH")
STATURES, APES = (100.0, 230.0), (-40.0, 40.0)
"""Heights and ape indices in cm that a climber may have."""
REACH = 175.0
"""Reach of the climber, in cm, for whom weights are fitted; to one of less reach every distance is so much longer."""
OUT_OF_REACH = 1000.0
"""Cost of a move that is too far, and of each metre too far: it is only made where there is no other."""
CHOICE = ("span", "inward", "higher hand", "poor hold", "match", "skipped", "crossed start")
"""What decides which way is taken: the squared distance between the hands' holds in m²; how far in m the new hold lies
to the other hand's side, negative to the own side; whether the higher hand moves; how poor its new hold is; matching
hands; holds passed by (a hand that goes along its own row counts as one, since it could take back what it passed); and
how far in m the hands are crossed at the start."""
DIFFICULTY = ("crossed", "wide", "rise", "travel", "swing", "higher hand", "poor hold", "poor other hold")
"""What makes a move hard: how far in m the new hold lies to the wrong side of the other hand's, to the right side, and
above it; how far the hand travels, and how far of that sideways; whether the higher hand moves; how poor its new hold
is, and the one that the other hand hangs on."""
NORM = 4
"""Moves add up to a problem's difficulty by this norm, in which the hardest count most."""
BATCH = 1_000_000
"""Numbers in the largest array of a batch."""


class Climber(NamedTuple):
    """Who climbs: height and ape index (arm span minus height), in cm."""

    height: float = REACH
    ape: float = 0.0

    @property
    def reach(self) -> float:
        """How far apart in cm the two hands can be: the arm span."""
        return self.height + self.ape

    def check(self) -> "Climber":
        """The climber. Raises ClimbpathError for a body that nobody has."""
        for what, value, (low, high) in (("height", self.height, STATURES), ("ape index", self.ape, APES)):
            if not low <= value <= high:
                raise ClimbpathError(f"a climber's {what} is {low:.0f} to {high:.0f} cm, not {value:g}")
        return self


DEFAULT_CLIMBER = Climber()


class Move(NamedTuple):
    """One hand goes from the hold `origin` to `hold`, while the other hand hangs on `other`.

    `difficulty` is in steps of the grade ladder, of which only differences mean something; `too_far` is by how many cm
    the holds of the two hands are further apart than the climber reaches, 0 where they are not.
    """

    hand: str
    origin: str
    hold: str
    other: str
    difficulty: float
    too_far: float

    @property
    def is_match(self) -> bool:
        """Whether both hands are on one hold after it."""
        return self.hold == self.other


class Beta(NamedTuple):
    """How a problem is climbed.

    `start` are the holds of the left and the right hand; `moves` lead to both hands on the finish; `difficulty` is that
    of all moves together; `crux` is the place of the hardest move; `no_hand` are the holds that no hand needs, which
    serve as feet or intermediates; `start_too_far` is by how many cm the start holds are too far apart.
    """

    problem: Problem
    climber: Climber
    start: tuple[str, str]
    moves: tuple[Move, ...]
    difficulty: float
    crux: int
    no_hand: tuple[str, ...]
    start_too_far: float

    @property
    def too_far(self) -> float:
        """By how many cm the furthest move, or the start, is out of reach; 0 where the climber can climb it all."""
        return max(self.start_too_far, *(move.too_far for move in self.moves))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        moves = [{"number": i, **move._asdict()} for i, move in enumerate(self.moves, 1)]
        for move in moves:
            move |= {name: round(move[name], 3) for name in ("difficulty", "too_far")}
        return {
            "problem": self.problem.to_dict(),
            "climber": self.climber._asdict(),
            "start": dict(zip(HANDS, self.start, strict=True)),
            "moves": moves,
            "crux": self.crux + 1,
            "difficulty": round(self.difficulty, 3),
            "no_hand": list(self.no_hand),
            "climbable": not self.too_far,
            "too_far_cm": round(self.too_far, 1),
            "start_too_far_cm": round(self.start_too_far, 1),
        }


def is_crossed(move: Move, layout: Board) -> bool:
    """Whether the move ends with the left hand to the right of the right one."""
    gap = layout.hold(move.hold).x - layout.hold(move.other).x
    return gap < 0 if move.hand == HANDS[RIGHT] else gap > 0


def direction(origin: Hold, to: Hold) -> str:
    """Which way a move goes, in words: 'up-right'; '' where it stays. A slope under one in four counts as straight."""
    across, up = to.x - origin.x, to.y - origin.y
    words = []
    if abs(up) > abs(across) / 4:
        words.append("up" if up > 0 else "down")
    if abs(across) > abs(up) / 4:
        words.append("right" if across > 0 else "left")
    return "-".join(words)


def lines(beta: Beta) -> list[str]:
    """The beta in words, a line for the start and one for each move: '3. RH → H10  1.1 m up-right  crux'."""
    layout = boards.load(beta.problem.board)
    left, right = beta.start
    start = f"both hands on {left}" if left == right else f"LH on {left}, RH on {right}"
    words = [f"start  {start}{_too_far(beta.start_too_far)}"]
    for i, move in enumerate(beta.moves):
        origin, to = layout.hold(move.origin), layout.hold(move.hold)
        way = f"{np.hypot(to.x - origin.x, to.y - origin.y) / 100:.1f} m {direction(origin, to)}".rstrip()
        notes = ["match"] * move.is_match + ["crux"] * (i == beta.crux)
        words.append("  ".join([f"{i + 1}. {move.hand} → {move.hold}", way, *notes]) + _too_far(move.too_far))
    return words


def _too_far(cm: float) -> str:
    return f"  out of reach by {max(1, round(cm))} cm" if cm else ""


def solve(problems: Sequence[Problem], climber: Climber = DEFAULT_CLIMBER) -> list[Beta]:
    """The beta of each problem, in their order.

    Raises ClimbpathError for a climber that nobody is like and for a problem that is not sound.
    """
    climber.check()
    for problem in problems:
        check_sound(problem)
    found: dict[int, Beta] = {}
    for rows, ways in solve_batches(problems, climber, load_weights()["choice"]):
        for i, beta in zip(rows, to_betas([problems[i] for i in rows], climber, ways), strict=True):
            found[i] = beta
    return [found[i] for i in range(len(problems))]


class Ways(NamedTuple):
    """How B problems of n holds are climbed, in at most M moves; holds are places in Problem.holds, without feet.

    `start` [B, 2] are the holds of left and right hand; `hand`, `origin`, `other`, `hold` [B, M] are the moves and
    `moves` [B] says how many; `x`, `y` [B, n] are where holds lie in m, as long as they are to the climber, and
    `poor` [2, B, n] how poor they are for either hand, 0 to 1.
    """

    start: Ints
    hand: Ints
    origin: Ints
    other: Ints
    hold: Ints
    moves: Ints
    x: Floats
    y: Floats
    poor: Floats


def solve_batches(
    problems: Sequence[Problem], climber: Climber, weights: dict[str, float]
) -> Iterator[tuple[list[int], Ways]]:
    """The cheapest ways by weights of CHOICE, with the places of their problems: one board and size at a time."""
    groups: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    for i, problem in enumerate(problems):
        groups[problem.board, len(problem.holds) - len(problem.feet)].append(i)
    for (board, n), places in groups.items():
        size = max(1, BATCH // n**3)
        for first in range(0, len(places), size):
            rows = places[first : first + size]
            yield rows, _ways([problems[i] for i in rows], boards.load(board), climber, weights)


def _ways(problems: Sequence[Problem], layout: Board, climber: Climber, weights: dict[str, float]) -> Ways:
    holds = np.array([[layout.index[label] for label in p.start + p.hands + p.finish] for p in problems])
    starts = np.array([len(p.start) for p in problems])
    finishes = np.array([len(p.finish) for p in problems])
    xy = np.array([(hold.x, hold.y) for hold in layout.holds]) / 100 * (REACH / climber.reach)
    x, y = xy[holds].transpose(2, 0, 1)
    poor = poorness(layout.name)[:, holds]
    costs = _costs(x, y, poor, weights)
    b, n = holds.shape
    rows = np.arange(b)
    cost = np.full((n, n, b), np.inf)  # of every state [left, right]
    came = np.full((n, n, b), -1)  # the move into it: hand * n + where the hand was before
    for first, second in ((np.zeros(b, int), starts - 1), (starts - 1, np.zeros(b, int))):
        apart = np.hypot(x[rows, first] - x[rows, second], y[rows, first] - y[rows, second])
        crossed = np.maximum(0, x[rows, first] - x[rows, second])
        here = weights["crossed start"] * crossed + _beyond(apart)
        cost[first, second, rows] = np.minimum(cost[first, second, rows], here)
    for place in range(2 * n - 1):  # every move raises the sum of the two holds' places
        for left in range(max(0, place - n + 1), min(n, place + 1)):
            right = place - left
            for hand, origin, other in ((LEFT, left, right), (RIGHT, right, left)):
                here = cost[left, right] + costs[hand, origin, other, origin + 1 :]
                to = (slice(origin + 1, None), right) if hand == LEFT else (left, slice(origin + 1, None))
                better = here < cost[to]
                cost[to] = np.where(better, here, cost[to])
                came[to] = np.where(better, hand * n + origin, came[to])
    last = np.full(b, n - 1)
    before = np.where(finishes == 2, n - 2, last)
    is_turned = cost[last, before, rows] < cost[before, last, rows]
    at = np.where(is_turned, np.stack([last, before]), np.stack([before, last]))
    steps = []
    while (into := came[at[LEFT], at[RIGHT], rows]).max(initial=-1) >= 0:
        going = into >= 0
        by, origins = np.maximum(into // n, 0), into % n
        steps.append(np.where(going, np.stack([by, origins, at[1 - by, rows], at[by, rows]]), -1))
        at[by[going], rows[going]] = origins[going]
    # Read backwards each problem's moves come first, behind as many blanks as it has fewer than the longest.
    moves = np.array([(step[0] >= 0) for step in steps]).reshape(len(steps), b).sum(axis=0)
    packed = np.full((4, b, len(steps)), -1)
    for i, step in enumerate(steps):
        going = np.flatnonzero(step[0] >= 0)
        packed[:, going, moves[going] - 1 - i] = step[:, going]
    by, origins, others, taken = packed
    return Ways(at.T.copy(), by, origins, others, taken, moves, x, y, poor)


def _beyond(span: Floats) -> Floats:
    """What a distance between the hands, scaled to the climber, costs for being out of reach."""
    too_far = span - REACH / 100
    return np.where(too_far > 1e-6, OUT_OF_REACH * (1 + too_far), 0)


def _costs(x: Floats, y: Floats, poor: Floats, weights: dict[str, float]) -> Floats:
    """Cost of every move, [hand, origin, other, hold, B]."""
    b, n = x.shape
    x, y, poor = x.T, y.T, poor.transpose(0, 2, 1)
    across = x[None] - x[:, None]  # [from, to, B]
    span = np.hypot(across, y[None] - y[:, None])
    place = np.arange(n)
    is_higher = place[:, None] > place[None]
    same_row = np.abs(y[None] - y[:, None]) < 1e-6
    beyond = weights["span"] * span**2 + _beyond(span)
    beyond[place, place] += weights["match"]
    passed = np.maximum(0, place - np.maximum(place[:, None], place[None])[..., None] - 1)[..., None]
    # Of two holds in one row either may come first: who takes the second first and then the first passes none by.
    top_y = np.where(is_higher[..., None], y[:, None], y[None])
    top = np.maximum(place[:, None], place[None])
    is_back = (np.abs(y - top_y[:, :, None]) < 1e-6) & (place < top[..., None])[..., None]
    is_along = same_row[:, None] & (place > place[:, None, None])[..., None]
    skipped = passed + (is_along.astype(int) - is_back) * (place[:, None] != place)[None, ..., None]
    shared = weights["skipped"] * skipped + weights["higher hand"] * is_higher[:, :, None, None]
    costs = np.empty((2, n, n, n, b))
    for hand, outward in ((LEFT, -1), (RIGHT, 1)):
        pair = beyond - weights["inward"] * outward * across + weights["poor hold"] * poor[hand][None]
        costs[hand] = shared + pair[None]
    return costs


def choice_features(ways: Ways) -> Floats:
    """The features of CHOICE, summed over each problem's moves, [B, CHOICE]: what the weights are fitted on."""
    rows = np.arange(len(ways.x))
    sums = np.empty((len(rows), len(CHOICE)))
    for i, name in enumerate(CHOICE):
        one = dict.fromkeys(CHOICE, 0.0) | {name: 1.0}
        costs = _costs(ways.x, ways.y, ways.poor, one)
        picked = costs[ways.hand, ways.origin, ways.other, ways.hold, rows[:, None]]
        reachable = np.where(picked >= OUT_OF_REACH, 0, picked)
        sums[:, i] = np.where(ways.hand >= 0, reachable, 0).sum(axis=1)
    left, right = ways.start.T
    sums[:, CHOICE.index("crossed start")] = np.maximum(0, ways.x[rows, left] - ways.x[rows, right])
    return sums


def difficulty_features(ways: Ways) -> Floats:
    """The features of DIFFICULTY of every move, [B, M, DIFFICULTY]; 0 where there is no move, or only a match."""
    rows = np.arange(len(ways.x))[:, None]
    x, y = ways.x, ways.y
    outward = np.where(ways.hand == RIGHT, 1, -1)
    across = outward * (x[rows, ways.hold] - x[rows, ways.other])
    sideways, up = x[rows, ways.hold] - x[rows, ways.origin], y[rows, ways.hold] - y[rows, ways.origin]
    features = np.stack(
        [
            np.maximum(0, -across),
            np.maximum(0, across),
            np.maximum(0, y[rows, ways.hold] - y[rows, ways.other]),
            np.hypot(sideways, up),
            np.abs(sideways),
            ways.origin > ways.other,
            ways.poor[ways.hand, rows, ways.hold],
            ways.poor[(ways.hand == LEFT).astype(int), rows, ways.other],
        ],
        axis=-1,
    )
    return features * ((ways.hand >= 0) & (ways.hold != ways.other))[..., None]


def to_betas(problems: Sequence[Problem], climber: Climber, ways: Ways) -> Iterator[Beta]:
    """The betas of ways: their moves, how hard each is, and what is out of the climber's reach."""
    weights = load_weights()["difficulty"]
    hard = difficulty_features(ways) @ np.array([weights[name] for name in DIFFICULTY])
    total = (hard**NORM).sum(axis=1) ** (1 / NORM)
    crux = hard.argmax(axis=1)
    scale = climber.reach / REACH * 100
    rows = np.arange(len(problems))[:, None]

    def too_far(some: Ints, others: Ints) -> Floats:
        apart = np.hypot(ways.x[rows, some] - ways.x[rows, others], ways.y[rows, some] - ways.y[rows, others])
        return np.where(apart > REACH / 100 + 1e-6, apart * scale - climber.reach, 0)

    beyond = too_far(ways.hold, ways.other).tolist()
    start_beyond = too_far(ways.start[:, :1], ways.start[:, 1:])[:, 0].tolist()
    columns = [part.tolist() for part in (ways.hand, ways.origin, ways.hold, ways.other, hard)]
    for i, problem in enumerate(problems):
        labels = problem.start + problem.hands + problem.finish
        hand, origin, hold, other, difficulty = (column[i][: ways.moves[i]] for column in columns)
        moves = tuple(
            Move(HANDS[h], labels[a], labels[k], labels[o], d, far)
            for h, a, k, o, d, far in zip(hand, origin, hold, other, difficulty, beyond[i], strict=False)
        )
        left, right = ways.start[i]
        used = {left, right, *hold}
        no_hand = tuple(label for place, label in enumerate(labels) if place not in used) + problem.feet
        start = labels[left], labels[right]
        yield Beta(problem, climber, start, moves, float(total[i]), int(crux[i]), no_hand, start_beyond[i])


@cache
def load_weights() -> dict[str, Any]:
    """What fit.py fitted: weights `choice` and `difficulty`, and `poorness` of holds that use tells."""
    content: dict[str, Any] = json.loads((resources.files("climbpath") / "assets" / "beta.json").read_text("utf-8"))
    return content


@cache
def poorness(board: str) -> Floats:
    """How poor each hold of a board is for the left and the right hand, 0 (a jug) to 1, float64 [2, holds].

    From the board's facts; where it has none, learned from the grades of the problems that use the hold; a hold that
    neither tells of is like the mean of the board, or of MoonBoard 2016.
    """
    layout = boards.load(board)
    learned: dict[str, float] = load_weights()["poorness"].get(board, {})
    table = np.array(
        [
            [1 - quality / 10 for quality in hold.quality] if hold.quality else [learned.get(hold.label, np.nan)] * 2
            for hold in layout.holds
        ]
    ).T
    if np.isnan(table).all():
        return np.full_like(table, poorness("moonboard-2016").mean())
    return np.where(np.isnan(table), np.nanmean(table), table)
