"""A problem in a request, and in an answer."""

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, Field, create_model

from climbpath.grades import v_grade
from climbpath.naming import suggested_name
from climbpath.problem import FIELDS, LABELS, Problem
from climbpath.web.logbook.records import identity_of
from climbpath.web.schemas.base import Model
from climbpath.web.schemas.fields import INTEGER, Angle, BoardName, Grade, Holds, Label, Name

LIMITS: dict[str, Any] = {
    "board": BoardName,
    "angle": Angle | None,
    "grade": Grade | None,
    "asked_grade": Grade | None,
    "start": Annotated[list[Label], Field(min_length=1, max_length=2)],
    "hands": Holds,
    "feet": Holds,
    "finish": Annotated[list[Label], Field(min_length=1, max_length=2)],
    "name": Name | None,
    "ids": Annotated[list[Name], Field(max_length=20)],
    "repeats": Annotated[int, Field(ge=0, lt=2**31), INTEGER] | None,
    "method": Name,
    "user_grade": Grade | None,
}
"""The types of Problem's fields in a request body, which limit their size; booleans need no limit."""


class ProblemBase(Model):
    """A problem: holds with roles on a board, and what is known about it."""

    def problem(self) -> Problem:
        """The problem that the body describes. Raises ClimbpathError if the board has no such problem."""
        return Problem.from_dict(self.model_dump())


def _body_fields() -> dict[str, Any]:
    """Name -> (type, default) of every field of Problem, in a request body."""
    fields = {}
    for field in dataclasses.fields(Problem):
        default = ... if field.default is dataclasses.MISSING else field.default
        bounded = LIMITS[field.name] if field.name in LIMITS else FIELDS[field.name]
        if field.name not in LIMITS and bounded is not bool:
            raise TypeError(f"a body's field {field.name} needs a limit")
        fields[field.name] = bounded, list(default) if isinstance(default, tuple) else default
    return fields


class ProblemOutBase(BaseModel):
    """A problem with its notation, its V grade, its identity in the logbook, and a suggested name."""

    notation: str
    v_grade: str | None
    identity: str
    suggested_name: str


if TYPE_CHECKING:
    ProblemBody = ProblemBase
    ProblemOut = ProblemOutBase
else:
    ProblemBody = create_model("ProblemBody", __base__=ProblemBase, **_body_fields())
    _out_fields = {name: (list[str] if hint == LABELS else hint, ...) for name, hint in FIELDS.items()}
    ProblemOut = create_model("ProblemOut", __base__=ProblemOutBase, **_out_fields)


def problem_out(problem: Problem) -> ProblemOut:
    """A problem as the API returns it."""
    derived: dict[str, Any] = {
        "notation": problem.notation,
        "v_grade": v_grade(problem.grade) if problem.grade else None,
        "identity": identity_of(problem),
        "suggested_name": suggested_name(problem),
    }
    return ProblemOut(**problem.to_dict(), **derived)
