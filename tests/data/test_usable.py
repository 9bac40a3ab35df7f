"""Which problems can be used, and why the others cannot."""

from dataclasses import replace

import pytest

from climbpath.data.usable import whole_numbers, why_unusable
from climbpath.problem import Problem, parse_notation

WHOLE = replace(parse_notation("F5s E8 G11 E13 H15 G18e", grade="6C"), ids=("site-scrape:7",))
PARTIAL = replace(WHOLE, partial=True, ids=("hand-sequence:8",))
OF_WHOLE = replace(PARTIAL, ids=("hand-sequence:7",))
FOOTLESS = replace(WHOLE, method="Footless")
UNGRADED = replace(WHOLE, grade=None)
OTHER_FEET = "with other foot rules than feet follow hands"


@pytest.mark.parametrize(
    ("problem", "part", "reason"),
    [
        (WHOLE, None, None),
        (WHOLE, "test", None),
        (UNGRADED, None, None),
        (FOOTLESS, None, OTHER_FEET),
        (FOOTLESS, "train", OTHER_FEET),
        (PARTIAL, None, "partial"),
        (PARTIAL, "train", None),
        (PARTIAL, "validation", "partial, perhaps of held-out problems"),
        (OF_WHOLE, "train", "partial, of problems that are here whole"),
        (replace(OF_WHOLE, board="moonboard-masters-2017", start=("F5",), hands=(), finish=("G18",)), "train", None),
    ],
)
def test_why_a_problem_cannot_be_used(problem: Problem, part: str | None, reason: str | None) -> None:
    assert why_unusable(problem, part, whole_numbers([WHOLE, PARTIAL])) == reason


def test_problems_without_a_grade_are_of_no_use_where_grades_are_learned() -> None:
    assert why_unusable(UNGRADED, "train", needs_grade=True) == "ungraded"
    assert why_unusable(WHOLE, "train", needs_grade=True) is None
