"""The known problems most similar to a given one."""

from pydantic import BaseModel

from climbpath.web.schemas.problem import ProblemOut


class SimilarProblem(BaseModel):
    """A known problem, and the share of holds that it has in common with the given one (Jaccard similarity)."""

    problem: ProblemOut
    similarity: float


class SimilarProblems(BaseModel):
    """The most similar of `known` problems; `is_known` if one has exactly the same holds."""

    is_known: bool
    known: int
    problems: list[SimilarProblem]
