"""The lookahead never strands a problem: what it calls possible it brings to an end, within every rule."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from climbpath import board as boards
from climbpath.board import FINISH, START, Board
from climbpath.errors import ClimbpathError
from climbpath.generator.lookahead import Lookahead
from climbpath.model.order import problem_of
from climbpath.problem import Problem, Rules, violations
from support.making import random_problems, walk

BOARDS = tuple(boards.names())
WALKS = 12


def finished(lookahead: Lookahead, seed: int) -> list[Problem]:
    """Problems of random walks."""
    layout = lookahead.board
    return [problem_of(s, layout, 40, None) for s in walk(lookahead, WALKS, np.random.default_rng(seed))]


def low_and_top(layout: Board) -> tuple[list[str], list[str]]:
    """The holds that can be starts, and those that can be finishes."""
    pick = [np.flatnonzero(layout.may(40)[role]) for role in (START, FINISH)]
    return [layout.labels[i] for i in pick[0]], [layout.labels[i] for i in pick[1]]


@st.composite
def demands(pick: st.DrawFn, name: str) -> Rules:
    """Any rules on a board that do not contradict each other at first sight."""
    layout = boards.load(name)
    low, top = low_and_top(layout)
    pins, hand_pins = (pick(st.frozensets(st.sampled_from(layout.labels), max_size=most)) for most in (4, 2))
    start_pins = pick(st.frozensets(st.sampled_from(low), max_size=2)) - hand_pins
    finish_pins = pick(st.frozensets(st.sampled_from(top), max_size=1)) - hand_pins - start_pins
    feet = st.frozensets(st.sampled_from(layout.labels), max_size=2) if layout.has_feet else st.just(frozenset())
    foot_pins = pick(feet) - hand_pins - start_pins - finish_pins
    pinned = pins | hand_pins | start_pins | foot_pins | finish_pins
    least = pick(st.integers(2, 9))
    sets = st.sampled_from(layout.hold_sets)
    some = lambda pool: st.none() | st.frozensets(st.sampled_from(pool), min_size=1, max_size=2)  # noqa: E731
    return Rules(
        min_holds=least,
        max_holds=pick(st.integers(max(least, len(pinned) + 1), 14)),
        max_reach=pick(st.none() | st.floats(60, 200)),
        max_feet=pick(st.none() | st.integers(0, 4)),
        size=pick(st.none() | st.sampled_from(list(layout.sizes))),
        hold_sets=pick(st.none() | st.frozensets(sets, min_size=1)),
        start=pick(some(low)),
        finish=pick(some(top)),
        pins=pins,
        start_pins=start_pins,
        hand_pins=hand_pins,
        foot_pins=foot_pins,
        finish_pins=finish_pins,
        bans=pick(st.frozensets(st.sampled_from(layout.labels), max_size=40)) - pinned,
    )


@pytest.mark.parametrize("name", BOARDS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data(), seed=st.integers(0, 1000))
def test_what_is_possible_ends_within_all_rules_whatever_is_chosen(name: str, data: st.DataObject, seed: int) -> None:
    rules = data.draw(demands(name))
    lookahead = Lookahead(boards.load(name), 40, rules)
    if lookahead.possible():
        lookahead.check()
        for problem in finished(lookahead, seed):
            assert violations(problem, rules) == []
    else:
        with pytest.raises(ClimbpathError):
            lookahead.check()


@pytest.mark.parametrize("name", BOARDS)
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000), data=st.data())
def test_any_holds_of_a_problem_can_be_pinned(name: str, seed: int, data: st.DataObject) -> None:
    """In any role or in their own, with room for a few holds more; its start and its finish may be given besides."""
    (problem,) = random_problems(1, name, seed)
    free = Rules(max_holds=14, max_reach=120)
    layout = boards.load(name)
    _, top = low_and_top(layout)
    # without a role, a pin is a finish where place tells so, else a start or hand
    other = frozenset(problem.finish if not layout.has_grid else set(problem.hands).intersection(top))
    pins = data.draw(st.frozensets(st.sampled_from(problem.holds), min_size=1))
    feet, odd = pins.intersection(problem.feet), pins & other
    rules = replace(
        free,
        pins=pins - feet - odd,
        foot_pins=feet,
        finish_pins=odd.intersection(problem.finish),
        start_pins=data.draw(st.sampled_from([frozenset(), pins.intersection(problem.start)])),
        hand_pins=odd.intersection(problem.hands)
        | data.draw(st.sampled_from([frozenset(), pins.intersection(problem.hands)])),
        start=data.draw(st.sampled_from([None, frozenset(problem.start)])),
        finish=data.draw(st.sampled_from([None, frozenset(problem.finish)])),
        bans=frozenset(data.draw(st.sets(st.sampled_from(boards.load(name).labels), max_size=20))) - set(problem.holds),
    )
    lookahead = Lookahead(boards.load(name), 40, rules)
    assert lookahead.possible()
    found = finished(lookahead, seed)
    assert all(pins <= set(other.holds) and violations(other, rules) == [] for other in found)


def test_a_problem_pinned_whole_with_no_room_for_more_has_these_holds_alone() -> None:
    for problem in random_problems(15, seed=5):
        rules = Rules(pins=frozenset(problem.holds), max_holds=len(problem.holds), max_reach=120)
        lookahead = Lookahead(boards.load(problem.board), 40, rules)
        assert lookahead.possible()
        assert {other.key for other in finished(lookahead, 0)} == {problem.key}


def test_no_pin_that_fits_no_problem_is_called_possible() -> None:
    """On few holds, where all problems can be tried."""
    layout = boards.load("moonboard-2016")
    low, top = low_and_top(layout)
    rng = np.random.default_rng(4)
    met = Counter[tuple[bool, bool]]()
    for _ in range(60):
        labels = sorted({*rng.choice(layout.labels, 5, replace=False), *rng.choice(low, 2), *rng.choice(top, 2)})
        starts = [label for label in labels if label in low]
        rules = Rules(
            min_holds=int(rng.integers(2, 5)),
            max_holds=int(rng.integers(5, 8)),
            max_reach=float(rng.integers(80, 200)),
            pins=frozenset(rng.choice(labels, int(rng.integers(1, 3)), replace=False).tolist()),
            start_pins=frozenset(rng.choice(starts, int(rng.integers(0, 2))).tolist()),
            hand_pins=frozenset(rng.choice(labels, int(rng.integers(0, 2))).tolist()),
            bans=frozenset(layout.labels).difference(labels),
        )
        lookahead = Lookahead(layout, 40, rules)
        possible = bool(lookahead.possible())
        exists = any(not violations(problem, rules) for problem in all_problems(layout, labels, lookahead.most))
        assert exists or not possible, (labels, rules)
        if possible:
            assert all(not violations(problem, rules) for problem in finished(lookahead, 0))
        met[exists, possible] += 1
    assert min(met[True, True], met[False, False]) > 10
    assert met[True, False] <= met[True, True] / 10  # it may be too careful, but seldom


def all_problems(layout: Board, labels: list[str], most: int) -> Iterator[Problem]:
    """Every problem on these holds."""
    low, top = low_and_top(layout)
    starts, ends = [label for label in labels if label in low], [label for label in labels if label in top]
    for start in [*combinations(starts, 1), *combinations(starts, 2)]:
        others = [label for label in labels if label not in (*start, *ends)]
        for finish in [*combinations(ends, 1), *combinations(ends, 2)]:
            for n in range(most - len(start) - len(finish) + 1):
                for hands in combinations(others, n):
                    yield Problem(board=layout.name, start=start, hands=hands, finish=finish)


def test_a_pin_in_the_start_rows_may_be_start_or_hand() -> None:
    problems = finished(Lookahead(boards.load("moonboard-2016"), 40, Rules(pins=frozenset({"F5"}))), 1)
    roles = {"start" if "F5" in problem.start else "hand" for problem in problems}
    assert roles == {"start", "hand"}
    given_start = Rules(pins=frozenset({"F5"}), start=frozenset({"G6"}))
    lookahead = Lookahead(boards.load("moonboard-2016"), 40, given_start)
    assert all("F5" in problem.hands for problem in finished(lookahead, 1))


@pytest.mark.parametrize("name", BOARDS)
def test_a_pin_in_a_role_has_that_role_in_every_problem(name: str) -> None:
    layout = boards.load(name)
    for one in random_problems(6, name, seed=3):
        start_pins, hand_pins = frozenset(one.start[:1]), frozenset(one.hands[-2:])
        rules = Rules(start_pins=start_pins, hand_pins=hand_pins, max_reach=120)
        for problem in finished(Lookahead(layout, 40, rules), 1):
            assert start_pins <= set(problem.start)
            assert hand_pins <= set(problem.hands)
            assert violations(problem, rules) == []


def test_one_pinned_start_leaves_room_for_another_and_two_do_not() -> None:
    layout = boards.load("moonboard-2016")
    f5, g6 = layout.index["F5"], layout.index["G6"]
    one = np.argwhere(Lookahead(layout, 40, Rules(start_pins=frozenset({"F5"}))).pairs).tolist()
    assert [f5, f5] in one
    assert [f5, g6] in one
    assert all(f5 in pair for pair in one)
    two = Lookahead(layout, 40, Rules(start_pins=frozenset({"F5", "G6"})))
    assert np.argwhere(two.pairs).tolist() == [[f5, g6]]


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (Rules(start_pins=frozenset({"D9"})), "D9 cannot be a start hold: on MoonBoard 2016 starts are in rows 2 to 6"),
        (Rules(start_pins=frozenset({"F5", "G6", "C5"})), "a problem has one or two start holds, not 3"),
        (Rules(hand_pins=frozenset({"G18"})), "G18 cannot be a hand hold: on MoonBoard 2016 hand holds are in rows 2"),
        (Rules(start_pins=frozenset({"F5"}), hand_pins=frozenset({"F5"})), "F5 is pinned both as a start hold and as"),
        (Rules(start=frozenset({"F5"}), hand_pins=frozenset({"F5"})), "F5 is pinned both as a start hold and as"),
        (Rules(start=frozenset({"F5"}), start_pins=frozenset({"G6"})), "G6 pinned as start contradicts the start F5"),
        (Rules(start_pins=frozenset({"F5"}), bans=frozenset({"F5"})), "F5 is both pinned and banned"),
    ],
)
def test_roles_that_contradict_each_other_are_refused_in_words(rules: Rules, message: str) -> None:
    with pytest.raises(ClimbpathError, match=message):
        Lookahead(boards.load("moonboard-2016"), 40, rules).check()


def test_one_pin_in_the_top_row_leaves_room_for_another_finish_and_two_do_not() -> None:
    layout = boards.load("moonboard-2016")
    one = [one for seed in range(5) for one in finished(Lookahead(layout, 40, Rules(pins=frozenset({"G18"}))), seed)]
    assert {len(problem.finish) for problem in one} == {1, 2}
    assert all("G18" in problem.finish for problem in one)
    two = finished(Lookahead(layout, 40, Rules(pins=frozenset({"A18", "G18"}))), 2)
    assert {problem.finish for problem in two} == {("A18", "G18")}


def test_rows_of_a_batch_go_on_alike_when_others_are_dropped() -> None:
    lookahead = Lookahead(boards.load("moonboard-2016"), 40, Rules(pins=frozenset({"E8", "D12"})))
    whole, part = lookahead.initial_state(6), lookahead.initial_state(6)
    kept = np.array([1, 4])
    rng = np.random.default_rng(0)
    for step in range(5):
        allowed = lookahead.allowed(whole)
        choice = np.where(allowed, rng.random(allowed.shape), -1).argmax(axis=1)
        if step == 2:
            part.keep(kept)
        rows = slice(None) if step < 2 else kept
        assert (lookahead.allowed(part) == allowed[rows]).all()
        lookahead.choose(whole, choice)
        lookahead.choose(part, choice[rows])
