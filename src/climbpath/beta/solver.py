"""Beta: the sequence of hand moves that climbs a problem, found by exact dynamic programming.

A state is the hold of the left hand and the hold of the right hand. A move takes one hand to a hold later in the
canonical order than its own; its cost is a weighted sum of a few features. The beta is the cheapest way from the start
to both hands on the finish. Two sets of weights are in assets/beta.json (fit.py fits them): `choice` decides which way
a climber takes, `difficulty` how hard each of its moves is.
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
"""Lowest and highest height and ape index of a climber, in cm."""
REACH = 175.0
"""Reach in cm of the climber that the weights are fitted for; for others, distances are scaled by REACH / reach."""
OUT_OF_REACH = 1000.0
"""Cost of a move that is too far, and of each metre too far: such a move is made only where there is no other."""
CHOICE = ("span", "inward", "higher hand", "poor hold", "match", "skipped", "crossed start")
"""Features that decide which way is taken: the squared distance between the hands' holds in m²; how far in m the new
hold lies on the other hand's side, negative on its own side; whether the higher hand moves; how poor the new hold is;
whether the hands match; how many holds are skipped (a move along the hand's own row counts as one, since the hand could
go back to what it skipped); and how far in m the hands are crossed at the start."""
DIFFICULTY = ("crossed", "wide", "rise", "travel", "swing", "higher hand", "poor hold", "poor other hold")
"""Features that make a move hard: how far in m the new hold lies on the wrong side of the other hand's hold, on the
right side of it, and above it; how far the hand travels, and how far of that sideways; whether the higher hand moves;
how poor the new hold is, and the one that the other hand hangs on."""
NORM = 4
"""A problem's difficulty is this norm of its moves' difficulties, in which the hardest count most."""
BATCH = 1_000_000
"""Elements of the largest array of a batch."""


class Climber(NamedTuple):
    """Who climbs."""

    height: float = REACH
    """In cm."""
    ape: float = 0.0
    """Ape index: arm span minus height, in cm."""

    @property
    def reach(self) -> float:
        """How far apart in cm the two hands can be: the arm span."""
        return self.height + self.ape

    def check(self) -> "Climber":
        """The climber. Raises ClimbpathError for measurements that nobody has."""
        for what, value, (low, high) in (("height", self.height, STATURES), ("ape index", self.ape, APES)):
            if not low <= value <= high:
                raise ClimbpathError(f"a climber's {what} is {low:.0f} to {high:.0f} cm, not {value:g}")
        return self


DEFAULT_CLIMBER = Climber()


class Move(NamedTuple):
    """One hand goes from one hold to another while the other hand hangs on."""

    hand: str
    """The hand that moves, one of HANDS."""
    origin: str
    """Label of the hold that it leaves."""
    hold: str
    """Label of the hold that it takes."""
    other: str
    """Label of the hold that the other hand is on."""
    difficulty: float
    """In steps of the grade ladder; only differences are meaningful."""
    too_far: float
    """By how many cm the hands' holds are further apart than the climber's reach; 0 where they are not."""

    @property
    def is_match(self) -> bool:
        """Whether both hands are on the same hold after it."""
        return self.hold == self.other


class Beta(NamedTuple):
    """How a problem is climbed."""

    problem: Problem
    """What is climbed."""
    climber: Climber
    """Who climbs it."""
    start: tuple[str, str]
    """Labels of the start holds of the left and the right hand."""
    moves: tuple[Move, ...]
    """From the start to both hands on the finish."""
    difficulty: float
    """Of all moves together."""
    crux: int
    """Index of the hardest move."""
    no_hand: tuple[str, ...]
    """Labels of holds that no hand needs; they serve as feet or intermediates."""
    start_too_far: float
    """By how many cm the start holds are too far apart; 0 where they are not."""

    @property
    def too_far(self) -> float:
        """By how many cm the longest move, or the start, is out of reach; 0 where everything is within reach."""
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
    """The direction of a move: 'up-right'; '' for none. A slope of less than one in four counts as straight."""
    across, up = to.x - origin.x, to.y - origin.y
    words = []
    if abs(up) > abs(across) / 4:
        words.append("up" if up > 0 else "down")
    if abs(across) > abs(up) / 4:
        words.append("right" if across > 0 else "left")
    return "-".join(words)


def describe(beta: Beta) -> list[str]:
    """The beta as text, a line for the start and one for each move: '3. RH → H10  1.1 m up-right  crux'."""
    layout = boards.load(beta.problem.board)
    left, right = beta.start
    start = f"both hands on {left}" if left == right else f"LH on {left}, RH on {right}"
    lines = [f"start  {start}{_too_far(beta.start_too_far)}"]
    for i, move in enumerate(beta.moves):
        origin, to = layout.hold(move.origin), layout.hold(move.hold)
        distance = f"{np.hypot(to.x - origin.x, to.y - origin.y) / 100:.1f} m {direction(origin, to)}".rstrip()
        notes = ["match"] * move.is_match + ["crux"] * (i == beta.crux)
        lines.append("  ".join([f"{i + 1}. {move.hand} → {move.hold}", distance, *notes]) + _too_far(move.too_far))
    return lines


def _too_far(cm: float) -> str:
    return f"  out of reach by {max(1, round(cm))} cm" if cm else ""


def solve(problems: Sequence[Problem], climber: Climber = DEFAULT_CLIMBER) -> list[Beta]:
    """The beta of each problem, in the order of the problems.

    Raises ClimbpathError for a climber of impossible measurements and for a problem that is not sound.
    """
    climber.check()
    for problem in problems:
        check_sound(problem)
    betas: dict[int, Beta] = {}
    for rows, ways in solve_batches(problems, climber, load_weights()["choice"]):
        betas |= zip(rows, to_betas([problems[i] for i in rows], climber, ways), strict=True)
    return [betas[i] for i in range(len(problems))]


class Ways(NamedTuple):
    """How B problems of n holds without feet are climbed, in at most M moves.

    Holds are given as their index among the problem's start, hand and finish holds.
    """

    start: Ints
    """Holds of the left and the right hand at the start, [B, 2]."""
    hand: Ints
    """The hand of each move, LEFT or RIGHT, [B, M]; -1 after the last move, as in the next three."""
    origin: Ints
    """The hold that it leaves, [B, M]."""
    other: Ints
    """The hold of the other hand, [B, M]."""
    hold: Ints
    """The hold that it takes, [B, M]."""
    moves: Ints
    """How many moves each problem has, [B]."""
    x: Floats
    """Position of the holds across the board in m, scaled to a climber of REACH, [B, n]."""
    y: Floats
    """The same up the board, [B, n]."""
    poor: Floats
    """How poor the holds are for each hand, 0 to 1, [2, B, n]."""


def solve_batches(
    problems: Sequence[Problem], climber: Climber, weights: dict[str, float]
) -> Iterator[tuple[list[int], Ways]]:
    """The cheapest ways by weights of CHOICE, with the indices of their problems.

    A batch has problems of one board and one number of holds, in which moves from hold to hold make n³ costs each.
    """
    groups: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    for i, problem in enumerate(problems):
        groups[problem.board, len(problem.holds) - len(problem.feet)].append(i)
    for (board, n), members in groups.items():
        size = max(1, BATCH // n**3)
        for first in range(0, len(members), size):
            rows = members[first : first + size]
            yield rows, _ways([problems[i] for i in rows], boards.load(board), climber, weights)


def _ways(problems: Sequence[Problem], layout: Board, climber: Climber, weights: dict[str, float]) -> Ways:
    """The cheapest ways of B problems of n holds each on one board."""
    # The holds as indices of the board [B, n], and their positions as long as they are to this climber.
    holds = np.array([[layout.index[label] for label in p.start + p.hands + p.finish] for p in problems])
    starts = np.array([len(p.start) for p in problems])
    finishes = np.array([len(p.finish) for p in problems])
    xy = np.array([(hold.x, hold.y) for hold in layout.holds]) / 100 * (REACH / climber.reach)
    x, y = xy[holds].transpose(2, 0, 1)
    poor = poorness(layout.name)[:, holds]
    costs = _costs(x, y, poor, weights)
    b, n = holds.shape
    rows = np.arange(b)

    # The cheapest way to every state [left, right, B], and the last move of it: hand * n + the hold that it left.
    cost = np.full((n, n, b), np.inf)
    last_move = np.full((n, n, b), -1)
    # Either hand may have either start hold.
    for first, second in ((np.zeros(b, int), starts - 1), (starts - 1, np.zeros(b, int))):
        apart = np.hypot(x[rows, first] - x[rows, second], y[rows, first] - y[rows, second])
        crossed = np.maximum(0, x[rows, first] - x[rows, second])
        here = weights["crossed start"] * crossed + _beyond(apart)
        cost[first, second, rows] = np.minimum(cost[first, second, rows], here)
    # Every move raises the sum of the two holds' indices: in the order of that sum, a state is final when reached.
    for total in range(2 * n - 1):
        for left in range(max(0, total - n + 1), min(n, total + 1)):
            right = total - left
            for hand, origin, other in ((LEFT, left, right), (RIGHT, right, left)):
                # To all later holds at once, [later holds, B].
                here = cost[left, right] + costs[hand, origin, other, origin + 1 :]
                to = (slice(origin + 1, None), right) if hand == LEFT else (left, slice(origin + 1, None))
                better = here < cost[to]
                cost[to] = np.where(better, here, cost[to])
                last_move[to] = np.where(better, hand * n + origin, last_move[to])

    # The hands end on the last hold, or on the last two where there are two finish holds, whichever way is cheaper.
    last = np.full(b, n - 1)
    before = np.where(finishes == 2, n - 2, last)
    is_turned = cost[last, before, rows] < cost[before, last, rows]
    at = np.where(is_turned, np.stack([last, before]), np.stack([before, last]))

    # Back from the end along the last moves, in all problems at once; -1 where a problem is back at its start already.
    steps = []  # each [4, B]: hand, origin, other, hold
    while (into := last_move[at[LEFT], at[RIGHT], rows]).max(initial=-1) >= 0:
        going = into >= 0
        by, origins = np.maximum(into // n, 0), into % n
        steps.append(np.where(going, np.stack([by, origins, at[1 - by, rows], at[by, rows]]), -1))
        at[by[going], rows[going]] = origins[going]

    # Turned round, so that each problem's moves start in column 0 and the blanks come after them: [4, B, M].
    moves = np.array([(step[0] >= 0) for step in steps]).reshape(len(steps), b).sum(axis=0)
    packed = np.full((4, b, len(steps)), -1)
    for i, step in enumerate(steps):
        going = np.flatnonzero(step[0] >= 0)
        packed[:, going, moves[going] - 1 - i] = step[:, going]
    by, origins, others, taken = packed
    return Ways(at.T.copy(), by, origins, others, taken, moves, x, y, poor)


def _beyond(span: Floats) -> Floats:
    """What distances between the hands, in m scaled to the climber, cost for being out of reach."""
    too_far = span - REACH / 100
    return np.where(too_far > 1e-6, OUT_OF_REACH * (1 + too_far), 0)


def _costs(x: Floats, y: Floats, poor: Floats, weights: dict[str, float]) -> Floats:
    """Cost of every move, [hand, origin, other, hold, B]."""
    b, n = x.shape
    x, y, poor = x.T, y.T, poor.transpose(0, 2, 1)  # the problems last: [n, B], [n, B], [2, n, B]

    # Features of the pair of holds after a move, [other, hold, B].
    across = x[None] - x[:, None]
    span = np.hypot(across, y[None] - y[:, None])
    pair_cost = weights["span"] * span**2 + _beyond(span)
    index = np.arange(n)
    pair_cost[index, index] += weights["match"]

    # Holds skipped by a move, [origin, other, hold, B]: those between the higher of the two hands and the new hold.
    is_higher = index[:, None] > index[None]
    same_row = np.abs(y[None] - y[:, None]) < 1e-6
    top = np.maximum(index[:, None], index[None])
    passed = np.maximum(0, index - top[..., None] - 1)[..., None]
    # Of two holds in one row either may come first: taking the second first and then the first skips none.
    top_y = np.where(is_higher[..., None], y[:, None], y[None])
    is_back = (np.abs(y - top_y[:, :, None]) < 1e-6) & (index < top[..., None])[..., None]
    is_along = same_row[:, None] & (index > index[:, None, None])[..., None]
    skipped = passed + (is_along.astype(int) - is_back) * (index[:, None] != index)[None, ..., None]

    # What does not depend on the hand, then what does: its own side of the other hand, and how it holds the new hold.
    shared = weights["skipped"] * skipped + weights["higher hand"] * is_higher[:, :, None, None]
    costs = np.empty((2, n, n, n, b))
    for hand, outward in ((LEFT, -1), (RIGHT, 1)):
        pair = pair_cost - weights["inward"] * outward * across + weights["poor hold"] * poor[hand][None]
        costs[hand] = shared + pair[None]
    return costs


def choice_features(ways: Ways) -> Floats:
    """The features of CHOICE, summed over each problem's moves, [B, CHOICE]: what the weights are fitted on."""
    rows = np.arange(len(ways.x))
    sums = np.empty((len(rows), len(CHOICE)))
    # With a weight of 1 for one feature and 0 for the others, a move's cost is that feature, unless it is out of reach.
    for i, name in enumerate(CHOICE):
        one = dict.fromkeys(CHOICE, 0.0) | {name: 1.0}
        costs = _costs(ways.x, ways.y, ways.poor, one)
        picked = costs[ways.hand, ways.origin, ways.other, ways.hold, rows[:, None]]
        reachable = np.where(picked >= OUT_OF_REACH, 0, picked)
        sums[:, i] = np.where(ways.hand >= 0, reachable, 0).sum(axis=1)
    left, right = ways.start.T
    # The one feature of the start, which no move has.
    sums[:, CHOICE.index("crossed start")] = np.maximum(0, ways.x[rows, left] - ways.x[rows, right])
    return sums


def difficulty_features(ways: Ways) -> Floats:
    """The features of DIFFICULTY of every move, [B, M, DIFFICULTY]; 0 where there is no move, or only a match."""
    rows = np.arange(len(ways.x))[:, None]
    x, y = ways.x, ways.y
    # From the other hand to the new hold, positive on the moving hand's own side; then the way of the hand. All [B, M].
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
    # Blanks after the last move index the last hold; they count nothing, as matches do.
    return features * ((ways.hand >= 0) & (ways.hold != ways.other))[..., None]


def to_betas(problems: Sequence[Problem], climber: Climber, ways: Ways) -> Iterator[Beta]:
    """The betas of ways: their moves, how hard each is, and what is out of the climber's reach."""
    # Difficulty of every move [B, M], of the problem [B], and the index of the hardest move [B].
    weights = load_weights()["difficulty"]
    hard = difficulty_features(ways) @ np.array([weights[name] for name in DIFFICULTY])
    total = (hard**NORM).sum(axis=1) ** (1 / NORM)
    crux = hard.argmax(axis=1)

    # Distances back in cm of the real board, where the climber's own reach counts.
    scale = climber.reach / REACH * 100
    rows = np.arange(len(problems))[:, None]

    def too_far(some: Ints, others: Ints) -> Floats:
        apart = np.hypot(ways.x[rows, some] - ways.x[rows, others], ways.y[rows, some] - ways.y[rows, others])
        return np.where(apart > REACH / 100 + 1e-6, apart * scale - climber.reach, 0)

    beyond = too_far(ways.hold, ways.other).tolist()
    start_beyond = too_far(ways.start[:, :1], ways.start[:, 1:])[:, 0].tolist()

    # Indices become labels, one problem at a time.
    columns = [part.tolist() for part in (ways.hand, ways.origin, ways.hold, ways.other, hard)]
    for i, problem in enumerate(problems):
        labels = problem.start + problem.hands + problem.finish
        hand, origin, hold, other, difficulty = (column[i][: ways.moves[i]] for column in columns)
        moves = tuple(
            Move(HANDS[by], labels[old], labels[new], labels[held], steps, far)
            for by, old, new, held, steps, far in zip(hand, origin, hold, other, difficulty, beyond[i], strict=False)
        )
        left, right = ways.start[i]
        used = {left, right, *hold}
        no_hand = tuple(label for j, label in enumerate(labels) if j not in used) + problem.feet
        start = labels[left], labels[right]
        yield Beta(problem, climber, start, moves, float(total[i]), int(crux[i]), no_hand, start_beyond[i])


@cache
def load_weights() -> dict[str, Any]:
    """What fit.py fitted: weights `choice` and `difficulty`, and the `poorness` of holds as learned from grades."""
    content: dict[str, Any] = json.loads((resources.files("climbpath") / "assets" / "beta.json").read_text("utf-8"))
    return content


@cache
def poorness(board: str) -> Floats:
    """How poor each hold of a board is for the left and the right hand, 0 (a jug) to 1, float64 [2, holds].

    From the estimates of the board's file; where it has none, learned from the grades of problems that use the hold. A
    hold that has neither counts as the mean of the board, or of MoonBoard 2016 where no hold of the board is known.
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
