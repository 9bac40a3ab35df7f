"""The known problems that are most similar to a given one."""

from collections.abc import Sequence, Set
from typing import NamedTuple

from climbpath import board as boards
from climbpath.features import presence, similarity
from climbpath.problem import Problem

MOST_SIMILAR = 6


class Comparison(NamedTuple):
    """How a problem compares with known ones: whether one has the same holds, how many there are, the most similar."""

    is_known: bool
    known: int
    similar: list[tuple[Problem, float]]


def compare(problem: Problem, known: Sequence[Problem], known_keys: Set[int]) -> Comparison:
    """Compare a problem with the known problems on its board.

    `known_keys` are the keys of further known problems. Similar problems come with their Jaccard similarity, above 0.
    """
    # each identity once, the first with it; without the problem itself
    others = [other for other in known if other.board == problem.board and other.identity != problem.identity]
    candidates = list({other.identity: other for other in reversed(others)}.values())
    is_known = problem.key in known_keys or any(other.key == problem.key for other in candidates)
    if not candidates:
        return Comparison(is_known, 0, [])

    # similarity to every candidate [candidates], and the largest of them
    board = boards.load(problem.board)
    holds = presence([other.holds for other in candidates], board)
    similarities = similarity(presence([problem.holds], board), holds)[0]
    best = (-similarities).argsort(kind="stable")[:MOST_SIMILAR].tolist()
    similar = [(candidates[i], float(similarities[i])) for i in best if similarities[i] > 0]
    return Comparison(is_known, len(candidates), similar)
