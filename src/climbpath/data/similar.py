"""The known problems that are most similar to a problem."""

from collections.abc import Sequence

from climbpath import board as boards
from climbpath.features import presence, similarity
from climbpath.problem import Problem


def most_similar(problem: Problem, known: Sequence[Problem], count: int) -> list[tuple[Problem, float]]:
    """The known problems of the same board that share most of their holds with a problem, most similar first, of
    equals the first; each with its Jaccard similarity (shared holds / holds of both).
    """
    layout = boards.load(problem.board)
    known = [other for other in known if other.board == problem.board]
    holds, others = (presence([p.holds for p in some], layout) for some in ([problem], known))
    similarities = similarity(holds, others)[0]
    order = (-similarities).argsort(kind="stable")[:count].tolist()
    return [(known[i], float(similarities[i])) for i in order]
