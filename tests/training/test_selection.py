"""What a recipe takes from a set of problems, above all of partial ones."""

from dataclasses import replace

import numpy as np
import pytest

from climbpath.data.split import split
from climbpath.errors import ClimbpathError
from climbpath.model.tokens import ANY_GRADE, PARTIAL
from climbpath.problem import Problem
from climbpath.training.recipes import FAST, GUIDE
from climbpath.training.selection import TrainingData
from support.making import random_problems

WHOLE = [replace(problem, ids=(f"site-scrape:{i}",)) for i, problem in enumerate(random_problems(100))]
PARTS = split(WHOLE)
NEW = [
    replace(p, grade="7A", ids=(f"hand-sequence:{1000 + i}",), partial=True)
    for i, p in enumerate(random_problems(5, seed=9))
]


def some_of(problem: Problem, number: int) -> Problem:
    """A partial record with one hand less, under a number."""
    return replace(problem, hands=problem.hands[1:], ids=(f"hand-sequence:{number}",), partial=True)


def test_partial_problems_are_trained_on_under_their_own_condition() -> None:
    data = TrainingData([*WHOLE, *NEW], FAST)
    assert [problem for problem in data.parts["train"] if problem.partial] == NEW
    assert sum(data.tokens.names[place].endswith(PARTIAL) for place in data.train.prefixes[:, 0]) == len(NEW)
    assert data.left_out == {}


def test_partial_problems_are_no_evidence_of_a_grade() -> None:
    assert TrainingData([*WHOLE, *NEW], FAST).evidence == TrainingData(WHOLE, FAST).evidence


@pytest.mark.parametrize("part", ["train", "validation", "test"])
def test_partial_records_of_whole_problems_are_left_out(part: str) -> None:
    theirs = [some_of(problem, int(problem.ids[0].partition(":")[2])) for problem in PARTS[part]]
    data = TrainingData([*WHOLE, *theirs], FAST)
    seen = [len(theirs)] if part != "test" else []
    assert list(data.left_out.values()) == seen
    assert data.parts == {name: PARTS[name] for name in ("train", "validation")}


@pytest.mark.parametrize("part", ["validation", "test"])
def test_what_may_be_of_a_held_out_problem_is_not_trained_on(part: str) -> None:
    data = TrainingData([*WHOLE, *(some_of(problem, 5000) for problem in PARTS[part])], FAST)
    assert data.parts["train"] == PARTS["train"]
    assert data.parts["validation"] == PARTS["validation"]


def test_coordinate_tokens_cannot_express_partial_problems() -> None:
    data = TrainingData([*WHOLE, *NEW], GUIDE)
    assert data.parts["train"] == PARTS["train"]
    assert data.left_out == {"partial, which coordinate tokens cannot express": len(NEW)}


def test_partial_problems_alone_are_too_little() -> None:
    with pytest.raises(ClimbpathError, match="finds no validation problems among 5"):
        TrainingData(NEW, FAST)


def test_the_grade_is_left_open_in_training_alone() -> None:
    data = TrainingData(WHOLE, replace(FAST, grade_dropout=1.0))
    for encoded, is_open in ((data.train, True), (data.validation, False)):
        grades = encoded.batch(np.arange(len(encoded))).inputs[:, 1]
        assert (grades == data.tokens.ids[ANY_GRADE]).all() == is_open
