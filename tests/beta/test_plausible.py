"""The measures of plausible betas, and that the solver's betas meet them."""

import pytest

from climbpath.beta import plausible
from climbpath.beta.moves import Beta
from climbpath.beta.plausible import measure
from climbpath.beta.solver import solve
from climbpath.problem import Problem, parse_notation
from support.making import random_problems


def test_the_solver_s_betas_are_plausible() -> None:
    measures = measure(random_problems(600, seed=8))
    assert measures.betas == 600
    assert measures.crossed_starts <= 0.02
    assert measures.down <= 0.01
    assert measures.down_for_nothing == 0
    assert 0.05 < measures.matching < 0.5
    assert 0 < measures.crossed_moves < 0.1
    assert measures.crossing_shorter > 0.4
    assert measures.crux["any"] > 0.8
    assert measures.crux["any"] > measures.chance + 0.2


@pytest.fixture
def turned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Betas with left and right exchanged at the start, whose first hand goes down to G2."""

    def nonsense(problems: list[Problem], *_: object) -> list[Beta]:
        found = []
        for beta in solve(problems):
            first = beta.moves[0]._replace(hold="G2")
            found.append(beta._replace(start=beta.start[::-1], moves=(first, *beta.moves[1:])))
        return found

    monkeypatch.setattr(plausible, "solve", nonsense)


@pytest.mark.usefixtures("turned")
def test_nonsense_is_measured_as_such() -> None:
    measures = measure([parse_notation("F5s H5s G2 E8 G10 E13 G15 E18e")] * 2)
    assert measures.crossed_starts == 1
    assert measures.down == 1


def test_matches_and_crosses_are_counted() -> None:
    """D5 C6: RH to H11, LH to F16, then both hands on F16 before the finish."""
    measures = measure([parse_notation("D5s C6s G2 H11 F16 B18e"), parse_notation("E6s G6s E8 G10 E13 G15 E18e G18e")])
    assert measures.matching == 0.5
    assert measures.crossing == 0
    assert measures.crossing_shorter == 1


def test_a_hand_that_goes_down_to_the_finish_leaves_nothing_to_the_feet() -> None:
    """From 110, 305 cm up, the right hand goes down to the finish at 284 cm."""
    measures = measure([parse_notation("73s 46 166 39 110 70e", "tension-1")])
    assert (measures.down, measures.down_for_nothing) == (0, 0)
