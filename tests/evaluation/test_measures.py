"""What is measured of a list of problems, by its holds."""

import json
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from climbpath import board as boards
from climbpath.board import FINISH, START, Setup
from climbpath.evaluation.hold_lists import Holds
from climbpath.evaluation.measures import can_be_valid, compare_holds, mean_similarity, usage_divergence
from climbpath.evaluation.results import to_json
from climbpath.features import presence
from climbpath.problem import Problem, violations
from support.making import SETUP, random_problems

BOARD = boards.load("moonboard-2016")
MAY = BOARD.may(40)
OTHER = frozenset({"G6", "D9", "G13", "E18"})


def test_a_set_of_holds_is_valid_if_some_choice_of_start_makes_it_so() -> None:
    rng = np.random.default_rng(0)
    answers = set()
    for problem in random_problems(30):
        labels = {*problem.holds, *rng.choice(BOARD.labels, 2)} - set(rng.choice(problem.holds, 1))
        low = [label for label in labels if MAY[START, BOARD.index[label]]]
        top = tuple(label for label in labels if MAY[FINISH, BOARD.index[label]])
        starts = [*combinations(low, 1), *combinations(low, 2)] if top else []
        expected = any(
            not violations(Problem(start=start, hands=tuple(labels - {*start, *top}), finish=top)) for start in starts
        )
        assert can_be_valid(frozenset(labels), SETUP) == expected
        answers.add(expected)
    assert answers == {True, False}


@pytest.mark.parametrize(
    "setup",
    [SETUP, Setup("moonboard-2016", 25), Setup("moonboard-mini-2020", 40), Setup("moonboard-mini-2025", 40)],
    ids=str,
)
def test_the_holds_of_a_valid_problem_can_be_valid(setup: Setup) -> None:
    """Whatever their roles: on these boards the top row has holds for hands, too, and more rows may start at 25°."""
    for problem in random_problems(100, setup.board, angle=setup.angle):
        assert can_be_valid(frozenset(problem.holds), setup)


@pytest.mark.parametrize(
    ("holds", "setup", "wrong"),
    [
        ("E8 G11 G13 G18", Setup("moonboard-2016", 25), SETUP),  # a start in row 8
        ("F5 G8 F11 A12 C12 E12", Setup("moonboard-mini-2025", 40), None),  # three holds in the top row
    ],
)
def test_what_may_have_which_role_is_told_by_the_rows_of_the_setup(
    holds: str, setup: Setup, wrong: Setup | None
) -> None:
    assert can_be_valid(frozenset(holds.split()), setup)
    assert wrong is None or not can_be_valid(frozenset(holds.split()), wrong)


@pytest.mark.parametrize(
    "holds",
    ["F5 E8", "E8 G11 G18", "F5 E8 E13 A18 E18 G18", "F5 G18", "F5"],
    ids=["no finish", "no start", "three finishes", "out of reach", "one hold"],
)
def test_sets_that_no_start_makes_valid(holds: str) -> None:
    assert not can_be_valid(frozenset(holds.split()), SETUP)


def test_what_is_measured_of_a_list_that_is_half_known() -> None:
    real = [frozenset(problem.holds) for problem in random_problems(30)]
    nearly = frozenset({*sorted(real[0])[1:]})
    found = compare_holds([real[0], real[1], OTHER, OTHER, nearly, frozenset({"E8", "G11"})], real, BOARD)
    assert found.problems == 6
    assert found.distinct == 5 / 6
    assert found.novel == 4 / 6
    assert found.holds == pytest.approx((len(real[0]) + len(real[1]) + 4 + 4 + len(nearly) + 2) / 6)
    assert list(found.nearest) == ["50%", "90%", "99%"]
    assert found.nearest["99%"] == pytest.approx(1, abs=0.05)
    assert json.loads(json.dumps(to_json(found))) == to_json(found)


def test_a_list_against_itself_is_as_near_as_can_be() -> None:
    real = [frozenset(problem.holds) for problem in random_problems(30)]
    found = compare_holds(real, real, BOARD)
    assert found.novel == 0
    assert set(found.nearest.values()) == {1}
    assert found.usage == pytest.approx(0, abs=1e-6)


def test_random_samples_are_compared_with_others_alone() -> None:
    """Nine samples without a common hold are not alike at all, whatever the seed; one sample has no other."""
    apart, single = np.eye(9, dtype=np.float32), np.ones((1, 4), np.float32)
    assert {mean_similarity(apart, seed) for seed in range(20)} == {0.0}
    assert mean_similarity(single, 0) is None
    two = presence([{"F5", "G18"}, {"F5", "E8"}], BOARD)
    assert mean_similarity(two, 0) == pytest.approx(1 / 3)


tables = st.lists(st.frozensets(st.sampled_from(BOARD.labels[:40]), min_size=1), min_size=1, max_size=6)


@settings(max_examples=50, deadline=None)
@given(tables, tables)
def test_usage_divergence_is_symmetric_and_from_0_to_1(some: list[Holds], others: list[Holds]) -> None:
    a, b = presence(some, BOARD), presence(others, BOARD)
    value = usage_divergence(a, b)
    assert -1e-6 <= value <= 1 + 1e-6
    assert value == pytest.approx(usage_divergence(b, a), abs=1e-5)
    assert usage_divergence(a, a) == pytest.approx(0, abs=1e-6)
    assert usage_divergence(a, np.concatenate([a, a, a])) == pytest.approx(0, abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(tables)
def test_usage_divergence_of_lists_that_share_no_hold_is_1(some: list[Holds]) -> None:
    others = presence([frozenset(BOARD.labels[50:60])], BOARD)
    assert usage_divergence(presence(some, BOARD), others) == pytest.approx(1, abs=1e-5)


def test_usage_divergence_in_numbers() -> None:
    """All use of F5 against half of F5 and half of G18; in the middle is 3/4 and 1/4."""
    a, b = presence([{"F5"}], BOARD), presence([{"F5", "G18"}], BOARD)
    expected = (np.log2(1 / (3 / 4)) + (np.log2((1 / 2) / (3 / 4)) + np.log2((1 / 2) / (1 / 4))) / 2) / 2
    assert usage_divergence(a, b) == pytest.approx(expected, abs=1e-6)
