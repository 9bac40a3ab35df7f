"""Finds the beta of a problem: of all ways to climb it, the one whose moves are easiest, by dynamic programming.

A state is the hold of the left hand and the hold of the right hand. A move takes one hand to a hold later in the
canonical order than its own; to match is such a move, too. The difficulty of a move, in steps of the ladder of grades,
is a weighted sum of its features (scene.py), and the cost of a way is the sum of the squares of its moves'
difficulties, plus what a crossed start and holds that are left out cost. What the body cannot reach (body.py) is done
only where there is no other way. Holds below the start are for the feet: a hand goes down to one only where every other
way is out of reach.

The weights are in assets/beta.json; fit.py fits them to grades.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from climbpath.beta.body import DEFAULT_CLIMBER, Climber
from climbpath.beta.moves import HANDS, LEFT, RIGHT, Beta, Move
from climbpath.beta.scene import FEATURES, PAIR, TRAVEL, Floats, Ints, Scene, pair_features, scene_of, travel_features
from climbpath.beta.weights import move_weights
from climbpath.problem import Problem, check_sound

SKIPPED = 10.0
"""What leaving out a hold costs, as the difficulty of a move: setters mean every hold to be used."""
CROSSED_START = 8.0
"""What a start with crossed hands costs, likewise."""
UNCROSSED = 0.1
"""How far to the right of the right hand's start hold that of the left hand may be, in m, without being crossed."""
DOWN, OUT_OF_REACH = 1e5, 1e6
"""What a move down costs, and one that is too far, to which come the squares of every 10 cm: more than all else."""
NORM = 4
"""A problem's difficulty is this norm of its moves' difficulties, in which the hardest count most."""
BATCH = 30_000
"""Elements of the arrays of a batch, so that they fit the processor's cache."""


def solve(problems: Sequence[Problem], climber: Climber = DEFAULT_CLIMBER) -> list[Beta]:
    """The beta of each problem, in the order of the problems.

    Raises ClimbpathError for a climber of impossible measurements and for a problem that is not sound.
    """
    climber.check()
    for problem in problems:
        check_sound(problem)
    betas: dict[int, Beta] = {}
    for rows, ways in solve_batches(problems, climber, move_weights):
        betas |= zip(rows, _to_betas([problems[i] for i in rows], climber, ways), strict=True)
    return [betas[i] for i in range(len(problems))]


class Ways(NamedTuple):
    """How B problems of n start, hand and finish holds are climbed, in at most M moves; holds are indices among these.

    After a problem's last move its hand is -1, and so are origin, other and hold.
    """

    start: Ints
    """Holds of the left and the right hand at the start, [B, 2]."""
    hand: Ints
    """The hand of each move, LEFT or RIGHT, [B, M]."""
    origin: Ints
    """The hold that it leaves, [B, M]."""
    other: Ints
    """The hold of the other hand, [B, M]."""
    hold: Ints
    """The hold that it takes, [B, M]."""
    features: Floats
    """The FEATURES of each move, [B, M, FEATURES]; 0 where there is no move, and for the match that ends a problem."""
    too_far: Floats
    """By how many cm each move is out of reach, [B, M]."""
    start_too_far: Floats
    """By how many cm the start is out of reach, [B]."""


def solve_batches(
    problems: Sequence[Problem], climber: Climber, weights_of: Callable[[str], dict[str, float]]
) -> Iterator[tuple[list[int], Ways]]:
    """The cheapest ways by the weights of FEATURES on a board, with the indices of their problems.

    A batch has problems of one board and one number of holds.
    """
    groups: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    for i, problem in enumerate(problems):
        groups[problem.board, len(problem.holds) - len(problem.feet)].append(i)
    for (board, n), members in groups.items():
        size = max(1, BATCH // n**2)
        for first in range(0, len(members), size):
            rows = members[first : first + size]
            yield rows, _ways(scene_of([problems[i] for i in rows], climber), weights_of(board))


def _ways(scene: Scene, weights: dict[str, float]) -> Ways:
    """The cheapest ways of B problems of n holds each."""
    n, b = scene.x.shape
    rows = np.arange(b)
    # How hard moves are by their pair of holds [hand][other, hold, B] and by their way [origin, hold, B].
    pairs = [pair_features(scene, hand) for hand in (LEFT, RIGHT)]
    travels = travel_features(scene)
    by_pair = [sum((weights[name] * pair[name] for name in PAIR), start=np.zeros((n, n, b))) for pair in pairs]
    by_travel = sum((weights[name] * travels[name] for name in TRAVEL), start=np.zeros((n, n, b)))
    higher_hand = weights["higher hand"] * scene.down
    # What it costs beside that to be out of reach, by the pair of holds; and to leave out holds, and go down.
    beyond = np.where(scene.beyond > 0, OUT_OF_REACH * (1 + (scene.beyond / 10) ** 2), 0)
    skipped, along = _skipped(scene)
    # The finish may be lower than other holds, and is where the hands go all the same.
    is_finish = np.arange(n)[:, None] >= n - scene.finishes
    along_or_down = along + DOWN * (scene.down & ~is_finish)

    # The cheapest way to every state [left, right, B], and the last move of it: hand * n + the hold that it left.
    cost = np.full((n, n, b), np.inf)
    last_move = np.full((n, n, b), -1)
    # Either hand may have either start hold.
    none, second = np.zeros(b, int), scene.starts - 1
    for left_hold, right_hold in ((none, second), (second, none)):
        is_crossed = scene.x[left_hold, rows] - scene.x[right_hold, rows] >= UNCROSSED
        here = CROSSED_START**2 * is_crossed + beyond[left_hold, right_hold, rows]
        cost[left_hold, right_hold, rows] = np.minimum(cost[left_hold, right_hold, rows], here)
    # Every move raises the sum of the two holds' indices: in the order of that sum, a state is final when reached.
    for total in range(2 * n - 1):
        for left in range(max(0, total - n + 1), min(n, total + 1)):
            right = total - left
            for hand, origin, other in ((LEFT, left, right), (RIGHT, right, left)):
                # To all later holds at once, [later holds, B].
                later = slice(origin + 1, None)
                hard = by_pair[hand][other, later] + by_travel[origin, later] + higher_hand[origin, other]
                here = hard * hard + beyond[other, later] + along_or_down[origin, later]
                here += cost[left, right] + skipped[max(left, right), later]
                if other > origin:  # a match along a row leaves out nothing
                    here[other - origin - 1] -= along[origin, other]
                to = (later, right) if hand == LEFT else (left, later)
                better = here < cost[to]
                cost[to] = np.where(better, here, cost[to])
                last_move[to] = np.where(better, hand * n + origin, last_move[to])

    # The hands end on the last hold, or on the last two where there are two finish holds, whichever way is cheaper.
    last = np.full(b, n - 1)
    before = np.where(scene.finishes == 2, n - 2, last)
    is_turned = cost[last, before, rows] < cost[before, last, rows]
    at = np.where(is_turned, np.stack([last, before]), np.stack([before, last]))

    start, (by, origins, others, taken) = _retraced(last_move, at)

    # The features of those moves; to match on the finish is no move that anything depends on.
    counts = (by >= 0) & ~((taken == n - 1) & (others == n - 1))
    features = [np.stack([pair[name] for pair in pairs])[by, others, taken, rows[:, None]] for name in PAIR]
    features += [travels[name][origins, taken, rows[:, None]] for name in TRAVEL]
    features.append(scene.down[origins, others, rows[:, None]])
    return Ways(
        start=start.T,
        hand=by,
        origin=origins,
        other=others,
        hold=taken,
        features=np.where(counts[..., None], np.stack(features, axis=-1), 0),
        too_far=np.where(by >= 0, scene.beyond[others, taken, rows[:, None]], 0),
        start_too_far=scene.beyond[start[LEFT], start[RIGHT], rows],
    )


def _retraced(last_move: Ints, end: Ints) -> tuple[Ints, Ints]:
    """The start holds [2, B] from which the last moves into every state lead to the end holds [2, B], and the moves on
    the way, from column 0 on: hand, origin, other and hold, [4, B, M]; -1 after a problem's last move.

    A state is [left, right, B]; its last move is hand * n + the hold that it left, -1 at the start.
    """
    n, _, b = last_move.shape
    at, rows = end.copy(), np.arange(b)
    # back from the end in all problems at once; -1 where a problem is back at its start already
    steps = []  # each [4, B]
    while (into := last_move[at[LEFT], at[RIGHT], rows]).max(initial=-1) >= 0:
        going = into >= 0
        by, origins = np.maximum(into // n, 0), into % n
        steps.append(np.where(going, np.stack([by, origins, at[1 - by, rows], at[by, rows]]), -1))
        at[by[going], rows[going]] = origins[going]

    # turned round, so that each problem's moves start in column 0 and the blanks come after them
    moves = np.array([(step[0] >= 0) for step in steps]).reshape(len(steps), b).sum(axis=0)
    packed = np.full((4, b, len(steps)), -1)
    for i, step in enumerate(steps):
        going = np.flatnonzero(step[0] >= 0)
        packed[:, going, moves[going] - 1 - i] = step[:, going]
    return at, packed


def _skipped(scene: Scene) -> tuple[Floats, Floats]:
    """What holds that moves leave out cost, in two parts to add up: [higher of the hands, hold, B], [origin, hold, B].

    Left out are the holds between the higher of the two hands and the new hold, unless hands need not take them. Of two
    holds in one row either may come first: who takes the second, and then the first, has left none out. So what passing
    the first cost is given back then, and a hand that goes along its row, and cannot come back, pays for it.
    """
    index = np.arange(len(scene.x))
    count = np.cumsum(scene.needed, axis=0)  # how many holds up to this one, [n, B]
    between = np.maximum(0, count - scene.needed - count[:, None])
    same_row = (np.abs(scene.y - scene.y[:, None]) < 1e-6) & scene.needed
    is_back = same_row & (index < index[:, None])[..., None]
    is_along = same_row & (index > index[:, None])[..., None]
    return SKIPPED**2 * (between - is_back).astype(float), SKIPPED**2 * is_along.astype(float)


def _to_betas(problems: Sequence[Problem], climber: Climber, ways: Ways) -> Iterator[Beta]:
    """The betas of ways on one board: their moves, how hard each is, and what is out of the climber's reach."""
    weights = move_weights(problems[0].board)
    # Difficulty of every move [B, M], of the problem [B], and the index of the hardest move [B].
    hard = ways.features @ np.array([weights[name] for name in FEATURES])
    total = (hard**NORM).sum(axis=1) ** (1 / NORM)
    crux = hard.argmax(axis=1).tolist()
    moves = (ways.hand >= 0).sum(axis=1).tolist()
    totals, start_too_far, starts = total.tolist(), ways.start_too_far.tolist(), ways.start.tolist()

    # Indices become labels, one problem at a time.
    columns = [part.tolist() for part in (ways.hand, ways.origin, ways.hold, ways.other, hard, ways.too_far)]
    for i, problem in enumerate(problems):
        labels = problem.start + problem.hands + problem.finish
        steps = zip(*(column[i][: moves[i]] for column in columns), strict=True)
        made = tuple(
            Move(HANDS[by], labels[old], labels[new], labels[held], difficulty, far)
            for by, old, new, held, difficulty, far in steps
        )
        left, right = starts[i]
        used = {labels[left], labels[right], *(move.hold for move in made)}
        no_hand = tuple(label for label in labels if label not in used) + problem.feet
        yield Beta(problem, climber, (labels[left], labels[right]), made, totals[i], crux[i], no_hand, start_too_far[i])
