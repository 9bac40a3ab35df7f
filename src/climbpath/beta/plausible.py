"""What a plausible beta is, as measures of the solver on problems that nobody has labelled.

Hands start uncrossed. No hand goes down, to a hold below the start, unless every other way is out of reach: such holds
are for the feet. To match, or to swap hands on a hold, is a move like any other. Hands cross where that is shorter than
going round it. And the crux is a move that a climber would name: the longest, the one to or from the worst hold, or the
one most off balance.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from climbpath import board as boards
from climbpath.beta.body import DEFAULT_CLIMBER, Climber
from climbpath.beta.moves import Beta, crossed_by
from climbpath.beta.scene import FEATURES
from climbpath.beta.solver import solve, solve_batches
from climbpath.beta.weights import move_weights
from climbpath.problem import Problem

APART = 10.0
"""How far apart sideways holds must be, in cm, for hands on them to be crossed or not."""
NAMES = {
    "longest": ("travel", "rise", "stretch"),
    "worst hold": ("poor hold", "poor other hold"),
    "most off balance": ("balance", "swing", "crossed"),
}
"""What a climber names a crux for, and the features that together add most to its difficulty then, of all the moves."""
UNCROSSABLE = 1e3
"""A weight of crossing for which the solver crosses only where it must."""


class Measures(NamedTuple):
    """How plausible betas are; shares of the betas, if not said otherwise."""

    betas: int
    """How many were measured."""
    crossed_starts: float
    """Crossed starts, as a share of those with two holds APART sideways."""
    down: float
    """With a hand that goes down to a hold before the finish."""
    down_for_nothing: float
    """With one, although there is a way within reach that leaves the hold to the feet."""
    matching: float
    """With a match or a swap of hands before the finish."""
    crossing: float
    """With a move that ends crossed, by APART or more."""
    crossing_shorter: float
    """Those of these that are shorter than the best way without crossing, or have no such way within reach: with fewer
    moves, or as many in which the hands travel less. The others cross to spare themselves a harder move."""
    crossed_moves: float
    """Moves that end crossed, as a share of all moves but matches."""
    crux: dict[str, float]
    """Betas whose crux is the move to name, for each of NAMES; and 'any', for at least one of them."""
    chance: float
    """The same as 'any' if any other of the moves that are no match were the crux."""


def measure(problems: Sequence[Problem], climber: Climber = DEFAULT_CLIMBER) -> Measures:
    """The measures of the betas of problems. Raises ClimbpathError where `solve` does."""
    betas = solve(problems, climber)
    starts = [_to_the_right(beta) for beta in betas if abs(_to_the_right(beta)) >= APART]
    down = [beta for beta in betas if _taken_from_above(beta)]
    as_feet = solve([_left_to_feet(beta.problem, _taken_from_above(beta)) for beta in down], climber)
    crosses = [[crossed_by(move, beta.problem.board) >= APART for move in beta.moves] for beta in betas]
    crossing = [beta for beta, crossed in zip(betas, crosses, strict=True) if any(crossed)]
    crux, chance = _crux_named(problems, climber)
    return Measures(
        betas=len(betas),
        crossed_starts=float(np.mean([right > 0 for right in starts])) if starts else 0.0,
        down=len(down) / len(betas),
        down_for_nothing=sum(not other.too_far for other in as_feet) / len(betas),
        matching=float(np.mean([any(move.is_match for move in beta.moves[:-1]) for beta in betas])),
        crossing=len(crossing) / len(betas),
        crossing_shorter=float(np.mean(_shorter(crossing, climber))) if crossing else 1.0,
        crossed_moves=sum(map(sum, crosses)) / sum(not move.is_match for beta in betas for move in beta.moves),
        crux=crux,
        chance=chance,
    )


def _to_the_right(beta: Beta) -> float:
    """How far in cm the left hand's start hold is to the right of the right hand's."""
    left, right = (boards.load(beta.problem.board).hold(label) for label in beta.start)
    return left.x - right.x


def _taken_from_above(beta: Beta) -> set[str]:
    """The holds that a hand goes down to, but for the finish, which hands go to wherever it is."""
    layout = boards.load(beta.problem.board)
    down = {move.hold for move in beta.moves if layout.hold(move.hold).y < layout.hold(move.origin).y}
    return down.difference(beta.problem.finish)


def _left_to_feet(problem: Problem, labels: set[str]) -> Problem:
    """A problem with some of its hand holds for feet alone."""
    hands = tuple(label for label in problem.hands if label not in labels)
    return replace(problem, hands=hands, feet=problem.feet + tuple(labels))


def _shorter(crossing: Sequence[Beta], climber: Climber) -> list[bool]:
    """For betas that cross, whether they are shorter than the best way without crossing."""
    problems = [beta.problem for beta in crossing]
    ours, others = (_lengths(problems, climber, crosses) for crosses in (True, False))
    return [mine < other for mine, other in zip(ours, others, strict=True)]


def _lengths(problems: Sequence[Problem], climber: Climber, may_cross: bool) -> list[tuple[float, float]]:
    """How many moves a beta has, and how far in m its hands travel; inf where a move is out of reach, or crosses
    although it must not."""

    def weights_of(board: str) -> dict[str, float]:
        return move_weights(board) | ({} if may_cross else {"crossed": UNCROSSABLE})

    found: dict[int, tuple[float, float]] = {}
    for rows, ways in solve_batches(problems, climber, weights_of):
        features = dict(zip(FEATURES, np.moveaxis(ways.features, -1, 0), strict=True))
        impossible = (ways.too_far > 0) | ((features["crossed"] > 0) & (not may_cross))
        moves = np.where(impossible.any(axis=1), np.inf, (ways.hand >= 0).sum(axis=1))
        found |= zip(rows, zip(moves.tolist(), features["travel"].sum(axis=1).tolist(), strict=True), strict=True)
    return [found[i] for i in range(len(problems))]


def _crux_named(problems: Sequence[Problem], climber: Climber) -> tuple[dict[str, float], float]:
    """How many of the betas have a crux to name, and how many would by chance, as shares."""
    counts, chance = dict.fromkeys([*NAMES, "any"], 0), 0.0
    for members, ways in solve_batches(problems, climber, move_weights):
        weights, rows = move_weights(problems[members[0]].board), np.arange(len(ways.hand))
        crux = (ways.features @ np.array([weights[name] for name in FEATURES])).argmax(axis=1)
        named = {}
        for why, names in NAMES.items():
            adds = np.sum([weights[name] * ways.features[..., FEATURES.index(name)] for name in names], axis=0)
            named[why] = adds >= adds.max(axis=1, keepdims=True) - 1e-9
        named["any"] = np.any(list(named.values()), axis=0)
        for why, is_named in named.items():
            counts[why] += int(is_named[rows, crux].sum())
        could = ways.features.any(axis=2) & (ways.hold != ways.other)
        could[rows, crux] = False
        chance += float(((named["any"] & could).sum(axis=1) / np.maximum(1, could.sum(axis=1))).sum())
    return {why: count / len(problems) for why, count in counts.items()}, chance / len(problems)
