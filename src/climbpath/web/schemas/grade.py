"""How hard a problem is."""

from pydantic import BaseModel

from climbpath.grader.grader import GradePrediction
from climbpath.grades import v_grade


class GradeOut(BaseModel):
    """How hard a problem is.

    `grade` is the grader's, `perhaps` another that is at least half as likely, `words` both as a text,
    `probabilities` has every grade, and `influence` says for each hold how many grades harder or easier the problem
    would be without it.
    """

    grade: str
    v_grade: str
    perhaps: str | None
    words: str
    probabilities: dict[str, float]
    influence: dict[str, float]


def grade_out(prediction: GradePrediction, influence: dict[str, float]) -> GradeOut:
    """A prediction as the API returns it, with the change in grade steps that removing each hold would make."""
    return GradeOut(
        **prediction.to_dict(),
        v_grade=v_grade(prediction.grade),
        words=prediction.words,
        influence={label: round(steps, 3) for label, steps in influence.items()},
    )
