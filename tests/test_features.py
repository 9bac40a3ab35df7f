"""Sets of holds as numbers, against what the definitions say."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from climbpath import board as boards
from climbpath.features import GEOMETRY, describe, geometry, nearest, presence, subset_of_any
from climbpath.problem import longest_reach, parse_notation
from support.making import random_problems

BOARD = boards.load("moonboard-2016")
FEW = BOARD.labels[::12]
"""Few holds, so that random sets share some."""

hold_sets = st.frozensets(st.sampled_from(FEW), min_size=1, max_size=8)
quick = settings(max_examples=50, deadline=None)


@quick
@given(st.lists(hold_sets, max_size=4))
def test_presence_marks_the_holds_of_each_set(sets: list[frozenset[str]]) -> None:
    table = presence(sets, BOARD)
    assert table.shape == (len(sets), len(BOARD.holds))
    assert [{BOARD.labels[i] for i in np.flatnonzero(row)} for row in table] == sets
    assert set(np.unique(table)) <= {0, 1}


@quick
@given(st.lists(hold_sets, max_size=6), st.lists(hold_sets, max_size=6))
def test_subsets_of_any_other(sets: list[frozenset[str]], others: list[frozenset[str]]) -> None:
    inside = subset_of_any(presence(sets, BOARD), presence(others, BOARD))
    assert inside.tolist() == [any(some <= other for other in others) for some in sets]


@quick
@given(st.lists(hold_sets, max_size=6), st.lists(hold_sets, min_size=1, max_size=6))
def test_the_nearest_has_the_largest_share_in_common(sets: list[frozenset[str]], others: list[frozenset[str]]) -> None:
    similarity, place = nearest(presence(sets, BOARD), presence(others, BOARD))
    for some, value, which in zip(sets, similarity, place, strict=True):
        jaccard = [len(some & other) / len(some | other) for other in others]
        assert value == pytest.approx(max(jaccard), abs=1e-6)
        assert jaccard[which] == pytest.approx(max(jaccard), abs=1e-6)


def test_more_sets_than_are_compared_at_once() -> None:
    table = presence([problem.holds for problem in random_problems(1100)], BOARD)
    similarity, place = nearest(table, table[600:])
    assert (similarity[600:] == 1).all()
    assert (table[600:][place[600:]] == table[600:]).all()
    assert similarity[:600].max() < 1
    assert subset_of_any(table, table[600:]).tolist() == [False] * 600 + [True] * 500


def test_geometry_of_a_problem_that_can_be_measured_by_hand() -> None:
    """Columns and rows are 20 cm apart."""
    problem = parse_notation("F5s G8 E11 E14 G18e")
    measured = dict(zip(GEOMETRY, geometry([problem.holds], BOARD)[0].tolist(), strict=True))
    assert measured == pytest.approx(
        {
            "least x": 80,
            "mean x": 100,
            "most x": 120,
            "spread of x": np.std([100, 120, 80, 80, 120]),
            "least y": 80,
            "mean y": (80 + 140 + 200 + 260 + 340) / 5,
            "most y": 340,
            "spread of y": np.std([80, 140, 200, 260, 340]),
            "holds": 5,
            "low holds": 1,
            "top holds": 1,
            "reach": np.hypot(40, 80),
            "length of the way": np.hypot(20, 60) + np.hypot(40, 60) + 60 + np.hypot(40, 80),
            "least step across": 0,
            "mean step across": (20 + 40 + 0 + 40) / 4,
            "most step across": 40,
            "least step up": 60,
            "mean step up": 65,
            "most step up": 80,
            "turns": 2,
            "mean distance to the nearest": (np.hypot(20, 60) * 2 + 60 * 2 + np.hypot(40, 80)) / 5,
            "mean distance to the second nearest": (
                np.hypot(20, 120) + np.hypot(40, 60) * 2 + np.hypot(40, 80) + np.hypot(40, 140)
            )
            / 5,
            "isolation": np.hypot(40, 80),
        },
        rel=1e-5,
    )


def test_geometry_knows_no_roles_and_no_order() -> None:
    problem = parse_notation("F5s G6s G8 E11 G18e")
    other_roles = replace(problem, start=("G6",), hands=("F5", "G8", "E11"))
    alike = geometry([problem.holds, other_roles.holds, problem.holds[::-1]], BOARD)
    assert (alike == alike[0]).all()


@pytest.mark.parametrize("name", ["kilter-original", "tension-1", "moonboard-mini-2025"])
def test_geometry_of_many_is_that_of_each(name: str) -> None:
    board = boards.load(name)
    sets = [problem.holds for problem in random_problems(40, name)]
    one_by_one = np.concatenate([geometry([holds], board) for holds in sets])
    assert np.array_equal(geometry(sets, board), one_by_one)


def test_reach_is_that_of_the_rules_where_the_start_is_one_hold() -> None:
    for problem in random_problems(60):
        if len(problem.start) == 1 and problem.hands and problem.hands[0] > problem.start[0]:
            order = [BOARD.index[label] for label in problem.sequence]
            if order == sorted(order):
                measured = dict(zip(GEOMETRY, geometry([problem.holds], BOARD)[0], strict=True))
                assert measured["reach"] == pytest.approx(longest_reach(problem))


def test_two_holds_are_enough_to_be_described() -> None:
    table = describe([("F5", "G18")], BOARD)
    assert table.shape == (1, len(BOARD.holds) + len(GEOMETRY))
    assert np.isfinite(table).all()
    assert geometry([], BOARD).shape == (0, len(GEOMETRY))
