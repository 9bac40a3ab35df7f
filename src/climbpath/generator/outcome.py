"""What became of the problems that were drawn for a request, and which condition is in the way where none is left."""

from collections import Counter
from dataclasses import dataclass, field

from climbpath.generator.request import Request
from climbpath.grades import rank

LEAST_NAMED = 0.15
"""The least part of the problems that a grade has to be named, unless it is the most frequent one."""


@dataclass
class Outcome:
    """How many problems were drawn, and how many of those passed each condition, one after the other."""

    drawn: int = 0
    new: int = 0
    """Neither known nor drawn before."""
    grades: Counter[str] = field(default_factory=Counter)
    """Of those, how many have each grade."""
    right: int = 0
    """Of those, how many have a grade that is still wanted."""
    reached: int = 0
    """Of those, how many the climber reaches."""

    def reason(self, request: Request) -> str:
        """Which condition lets the fewest problems pass, with the way out."""
        grades = " or ".join(request.grades)
        if self.right and self.reached < self.right and request.climber:
            return (
                f"{request.climber.words} reaches every hold of {_number(self.reached)} of the {self.right:,} new "
                f"{grades} problems that were drawn: ask for an easier grade, or leave out the climber"
            )
        if self.new and self.right < self.new:
            share = {grade: self.grades[grade] / self.new for grade in sorted(+self.grades, key=rank) if grade}
            least = min(LEAST_NAMED, max(share.values()))
            named = ", ".join(f"{grade} {part:.0%}" for grade, part in share.items() if part >= least)
            return (
                f"the grader calls {_number(self.right)} of the {self.new:,} new problems that were drawn {grades} "
                f"({named}): ask for another grade, or allow any grade"
            )
        return (
            f"{_number(self.new)} of the {self.drawn:,} problems that were drawn are new: allow more holds, or pin and "
            "ban fewer"
        )


def _number(count: int) -> str:
    return f"{count:,}" if count else "none"
