"""The comparison of a problem with known ones, for the page."""

from collections.abc import Sequence
from typing import NamedTuple

from climbpath.data.similar import most_similar
from climbpath.problem import Problem

MOST_SIMILAR = 6


class Comparison(NamedTuple):
    """Whether a known problem has the same holds, how many problems were compared, and the most similar ones."""

    is_known: bool
    known: int
    similar: list[tuple[Problem, float]]


def compare(problem: Problem, known: Sequence[Problem], is_known: bool) -> Comparison:
    """Compare a problem with the known problems on its board; each is counted once, and the problem itself is left out.

    `is_known` says whether a model knows it. Similar problems come with their Jaccard similarity, above 0.
    """
    others = [other for other in known if other.board == problem.board and other.identity != problem.identity]
    candidates = list({other.identity: other for other in reversed(others)}.values())  # the first of each identity
    is_known = is_known or any(other.key == problem.key for other in candidates)
    best = most_similar(problem, candidates, MOST_SIMILAR)
    return Comparison(is_known, len(candidates), [(other, similarity) for other, similarity in best if similarity > 0])
