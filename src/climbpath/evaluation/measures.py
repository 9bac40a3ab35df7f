"""Measures of a list of problems, alone or against real ones.

The first half goes by holds alone, so that lists without roles or grades can be measured too.
"""

from collections.abc import Collection, Sequence
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

from climbpath import board as boards
from climbpath.beta.moves import crossed_by
from climbpath.beta.solver import solve
from climbpath.board import FINISH, START, Board, Setup
from climbpath.evaluation.hold_lists import Holds
from climbpath.evaluation.results import BetaRow, ListRow
from climbpath.features import Floats, nearest, presence
from climbpath.problem import Problem, key_of, longest_reach, violations


def can_be_valid(holds: Holds, setup: Setup) -> bool:
    """Whether some choice of one or two start holds and one or two finish holds, the others for hands, makes a valid
    problem of a set of holds; of a board whose rows tell the roles of holds."""
    board = boards.load(setup.board)
    may = board.may(setup.angle)
    starts, finishes = (
        [label for label in board.labels if label in holds and may[role, board.index[label]]]
        for role in (START, FINISH)
    )
    choices = product(*([*combinations(some, 1), *combinations(some, 2)] for some in (starts, finishes)))
    return any(
        not violations(
            Problem(
                board=setup.board,
                angle=setup.angle,
                start=start,
                hands=tuple(holds.difference(start, finish)),
                finish=finish,
            )
        )
        for start, finish in choices
        if set(start).isdisjoint(finish)
    )


def compare_holds(problems: Sequence[Holds], real: Sequence[Collection[str]], board: Board) -> ListRow:
    """Novelty, similarity and use of holds of problems, by their holds alone.

    Args:
        problems: what is measured.
        real: the known real problems that they are compared with.
        board: of both.

    Returns:
        a row without what else may be measured of a list.
    """
    known = {key_of(board.name, labels) for labels in real}
    keys = [key_of(board.name, labels) for labels in problems]
    some, others = presence(problems, board), presence(real, board)
    similarity = nearest(some, others)[0]
    return ListRow(
        problems=len(problems),
        distinct=len(set(keys)) / len(keys),
        novel=float(np.mean([key not in known for key in keys])),
        nearest={f"{q}%": float(np.percentile(similarity, q)) for q in (50, 90, 99)},
        usage=usage_divergence(some, others),
        holds=float(some.sum(axis=1).mean()),
    )


def usage_divergence(some: Floats, others: Floats) -> float:
    """Jensen-Shannon divergence in bits (Lin 1991) of how often each hold is used; presence [sets, holds] of both.

    0 is the same, 1 no hold in common.
    """
    p, q = (table.sum(axis=0) / table.sum() for table in (some, others))
    middle = (p + q) / 2
    return float(sum(_kullback_leibler(part, middle) for part in (p, q)) / 2)


def _kullback_leibler(p: Floats, q: Floats) -> float:
    used = p > 0
    return float(np.sum(p[used] * np.log2(p[used] / q[used])))


def mean_similarity(holds: Floats, seed: int) -> float | None:
    """Mean Jaccard similarity of random pairs of two rows of presence, each row in two of them: the lower, the more
    diverse; None where there are no two."""
    if len(holds) < 2:
        return None
    holds = np.random.default_rng(seed).permutation(holds)
    other = np.roll(holds, 1, axis=0)
    shared = (holds * other).sum(axis=1)
    return float((shared / (holds.sum(axis=1) + other.sum(axis=1) - shared)).mean())


def holds_in_use(holds: Floats) -> float:
    """Effective number of holds that rows of presence use: the exponential of the entropy of how often each is used."""
    frequency = holds.sum(axis=0) / holds.sum()
    frequency = frequency[frequency > 0]
    return float(np.exp(-(frequency * np.log(frequency)).sum()))


# With roles


def shapes(problems: Sequence[Problem]) -> dict[str, list[float]]:
    """Number of holds, longest reach and width of each problem, for charts."""
    x = [np.array([boards.load(p.board).hold(label).x for label in p.holds]) for p in problems]
    return {
        "holds": [len(p.holds) for p in problems],
        "longest reach, cm": [round(longest_reach(p), 1) for p in problems],
        "width, cm": [float(np.ptp(values)) for values in x],
    }


def usage(problems: Sequence[Problem], board: Board) -> list[float]:
    """Fraction of problems that use each hold, in board order."""
    frequency: NDArray[np.float32] = presence([p.holds for p in problems], board).mean(axis=0)
    return [round(float(value), 5) for value in frequency]


def betas(problems: Sequence[Problem], board: Board) -> BetaRow:
    """How problems of one board are climbed, on average."""
    solved = solve(problems)
    moves = [move for beta in solved for move in beta.moves if not move.is_match]
    return BetaRow(
        moves=len(moves) / len(solved),
        hardest=float(np.mean([beta.moves[beta.crux].difficulty for beta in solved])),
        difficulty=float(np.mean([beta.difficulty for beta in solved])),
        crossed=float(np.mean([crossed_by(move, board.name) > 0 for move in moves])),
        no_hand=sum(len(beta.no_hand) for beta in solved) / sum(len(problem.holds) for problem in problems),
        reached=float(np.mean([not beta.too_far for beta in solved])),
    )
