"""The known problems that are most similar to a problem."""

from dataclasses import replace

import pytest

from climbpath.data.similar import most_similar
from climbpath.problem import parse_notation
from support.making import random_problems

SIX = parse_notation("F5s E8 G11 E13 H15 G18e")


def test_most_similar_problems_come_first_and_of_equals_the_first() -> None:
    known = random_problems(20)
    twin, shorter = replace(SIX, name="twin"), replace(SIX, hands=SIX.hands[1:])
    found = most_similar(SIX, [shorter, *known, twin, SIX], 23)
    assert [problem for problem, _ in found[:3]] == [twin, SIX, shorter]
    similarities = [similarity for _, similarity in found]
    assert similarities == sorted(similarities, reverse=True)
    for problem, similarity in found:
        both, either = set(problem.holds) & set(SIX.holds), set(problem.holds) | set(SIX.holds)
        assert similarity == pytest.approx(len(both) / len(either), abs=1e-6)
    assert most_similar(SIX, [shorter, *known, twin], 1) == [(twin, 1.0)]


def test_problems_of_other_boards_are_not_compared() -> None:
    elsewhere = replace(SIX, board="moonboard-masters-2017")
    assert most_similar(SIX, [elsewhere], 3) == []
    assert most_similar(SIX, [], 3) == []
