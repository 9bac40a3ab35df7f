"""Problems as arrays, as they are to one climber: where feet stand, what is within reach, what makes moves hard."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from climbpath import board as boards
from climbpath.beta import body
from climbpath.beta.body import Climber, FootRule
from climbpath.beta.moves import LEFT, RIGHT
from climbpath.beta.weights import poorness
from climbpath.problem import Problem

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PAIR = ("crossed", "match", "rise", "stretch", "balance", "poor hold", "poor other hold")
"""Features of a move that the other hand and the new hold decide: how far in m the new hold lies on the wrong side of
the other hand; whether the hands match on it; how far in m it is above the other hand; how much of the overhead reach
it takes from the foot, beyond a half; how far in m the foot is to the side of the other hand, so that the body swings;
how poor the new hold is, and the one that the other hand hangs on."""
TRAVEL = ("travel", "swing")
"""Features of a move that its own way decides: how far in m the hand goes, and how far of that sideways."""
FEATURES = (*PAIR, *TRAVEL, "higher hand")
"""All features of a move; the last one is whether it is the higher hand that moves, so that the lower arm must hold the
body up."""


class Scene(NamedTuple):
    """B problems of n start, hand and finish holds each, on one board; the problems come last in every array.

    Lengths are in m, as long as they are to the climber: scaled by the usual arm span over theirs.
    """

    x: Floats
    """Position of the holds across the board, [n, B]."""
    y: Floats
    """The same up the board, [n, B]."""
    poor: Floats
    """How poor the holds are for each hand, 0 to 1 at 40°, times how hard hands pull, [2, n, B]."""
    down: NDArray[np.bool_]
    """Whether a hold is lower than another, [another, hold, B]."""
    needed: NDArray[np.bool_]
    """Which holds are for hands to take: those above the start, [n, B]."""
    starts: Ints
    """How many start holds there are, [B]."""
    finishes: Ints
    """How many finish holds there are, [B]."""
    stretch: Floats
    """How much of the overhead reach it takes to hold two holds from the best foothold, beyond a half, [n, n, B]."""
    foot: Floats
    """Where across the board that foothold is, [n, n, B]; below the first of the two where the feet hang free."""
    beyond: Floats
    """By how many cm of the board the hands cannot hold two holds at a time, 0 where they can, [n, n, B]."""


def scene_of(problems: Sequence[Problem], climber: Climber) -> Scene:
    """Problems of one board and one number of holds as they are to a climber."""
    layout = boards.load(problems[0].board)
    holds = np.array([[layout.index[label] for label in p.start + p.hands + p.finish] for p in problems]).T
    xy = np.array([(hold.x, hold.y) for hold in layout.holds])
    x, y = xy[holds].transpose(2, 0, 1)
    starts = np.array([len(p.start) for p in problems])
    apart = np.hypot(x - x[:, None], y - y[:, None])
    stretch, foot = _standing(problems, x, y)

    # Where feet do not reach, even with a jump, hands hold alone: the body is stretched out, and hangs straight.
    too_stretched = stretch - climber.overhead - body.LEAP * climber.height
    hangs = too_stretched > 0
    beyond = np.maximum(apart - climber.span, np.minimum(too_stretched, apart - body.CAMPUS * climber.span))
    scale = body.USUAL / climber.span / 100
    return Scene(
        x=x * scale,
        y=y * scale,
        poor=poorness(layout.name)[:, holds] * np.array([body.pull(problem.angle) for problem in problems]),
        down=y < y[:, None],
        needed=y > y[starts - 1, np.arange(len(problems))],
        starts=starts,
        finishes=np.array([len(p.finish) for p in problems]),
        stretch=np.maximum(0, np.where(hangs, 1 + body.LEAP, stretch / climber.overhead) - 0.5),
        foot=np.where(hangs, x[:, None], foot) * scale,
        beyond=np.where(beyond > 1e-3, beyond, 0),
    )


def _standing(problems: Sequence[Problem], x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """How far it is in cm from the best foothold to the further of two holds, and that foothold's x, [n, n, B] each.

    The best is the one for which the further hold is nearest; the distance is infinite where there is none. The holds
    are at x and y, [n, B].
    """
    rules = [FootRule.of(problem) for problem in problems]
    lower, upper = np.minimum(y, y[:, None]), np.maximum(y, y[:, None])

    # On the kickboard, the foot is below the upper of the two holds.
    far = np.maximum(upper + body.KICKBOARD, np.hypot(x - x[:, None], lower + body.KICKBOARD))
    far[..., [not rule.kickboard for rule in rules]] = np.inf
    foot = np.where(y > y[:, None], x, x[:, None])

    # On the problem's holds that are a step below both hands, and on those marked for feet that are below them at all,
    # or a step where they count like any other; at inf if not allowed.
    layout = boards.load(problems[0].board)
    most = max(len(problem.feet) for problem in problems)
    footholds = np.full((2, len(x) + most, len(problems)), np.inf)
    footholds[:, : len(x)] = x, y
    for i, problem in enumerate(problems):
        for j, label in enumerate(problem.feet, len(x)):
            footholds[:, j, i] = layout.hold(label).x, layout.hold(label).y
    footholds[1, :, [not rule.holds for rule in rules]] = np.inf
    steps = np.full(footholds.shape[1:], body.STEP)
    steps[len(x) :, [rule.marked for rule in rules]] = 0
    for at, height, step in zip(*footholds, steps, strict=True):
        away = np.hypot(at - x, height - y)
        further = np.maximum(away, away[:, None])
        better = (height <= lower - step) & (further < far)
        far, foot = np.where(better, further, far), np.where(better, at, foot)

    # On screw-ons, just below the hand that hangs on.
    anywhere = np.array([rule.anywhere for rule in rules])
    return np.where(anywhere, 0, far), np.where(anywhere, x[:, None], foot)


def pair_features(scene: Scene, hand: int) -> dict[str, Floats]:
    """The PAIR features of a hand's moves, [other, hold, B] each or broadcast to it."""
    x, y = scene.x, scene.y
    outward = x - x[:, None] if hand == RIGHT else x[:, None] - x
    return {
        "crossed": np.maximum(0, -outward) ** 2,
        "match": np.broadcast_to(np.eye(len(x))[..., None], outward.shape),
        "rise": np.maximum(0, y - y[:, None]),
        "stretch": scene.stretch,
        "balance": np.abs(scene.foot - x[:, None]),
        "poor hold": np.broadcast_to(scene.poor[hand], outward.shape),
        "poor other hold": np.broadcast_to(scene.poor[LEFT + RIGHT - hand][:, None], outward.shape),
    }


def travel_features(scene: Scene) -> dict[str, Floats]:
    """The TRAVEL features of moves, [origin, hold, B] each."""
    x, y = scene.x, scene.y
    return {"travel": np.hypot(x - x[:, None], y - y[:, None]), "swing": np.abs(x - x[:, None])}
