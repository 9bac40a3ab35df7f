"""Fitting the beta solver, and how well it agrees with sequences that others found."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from climbpath.beta import solver
from climbpath.beta.fit import (
    START,
    Hands,
    Known,
    fit_choice,
    fit_difficulty,
    poorness_of_use,
    to_ways,
    whole_sequences,
)
from climbpath.beta.solver import HANDS
from climbpath.errors import ClimbpathError
from climbpath.grades import LADDER
from climbpath.problem import Problem, parse_notation
from support.commands import ROOT
from support.making import random_problems, write_json

sys.path.insert(0, str(ROOT / "benchmarks"))
from beta import agreement, aligned, hands_of

SIX = parse_notation("F5s E8 G11 E13 H15 G18e", grade="6C")
TWO = parse_notation("E6s G6s D9 G18e H18e", grade="7A")
ITEMS = st.lists(st.sampled_from("abc"), max_size=6)


def hands(text: str) -> Hands:
    """'F5-LH F5-RH E8-LH' as a sequence."""
    return [(word[:-3], word[-2:]) for word in text.split()]


SIX_CLIMBED = hands("F5-LH F5-RH E8-LH G11-RH E13-LH H15-RH G18-LH")
TWO_CLIMBED = hands("E6-LH G6-RH D9-LH G18-LH H18-RH")


# Agreement


def test_moves_are_aligned_with_as_few_edits_as_it_takes() -> None:
    assert aligned("abcd", "abcd") == 4
    assert aligned("abcd", "abd") == 3
    assert aligned("abd", "abcd") == 3
    assert aligned("abcd", "axcd") == 3
    assert aligned("abcd", "dcba") == 1  # not 2 edits fewer for more letters the same
    assert aligned("abc", "xyz") == 0
    assert aligned("", "abc") == 0
    assert aligned("ab", "ba") == 1  # replacing both is as short as moving one, which keeps more


@settings(deadline=None)
@given(ITEMS, ITEMS)
def test_an_alignment_keeps_the_most_of_all_that_are_shortest(ours: list[str], others: list[str]) -> None:
    @cache
    def best(i: int, j: int) -> tuple[int, int]:
        """Edits of the first i and j items, and minus how many are the same."""
        if not i or not j:
            return i + j, 0
        options = [(best(i - 1, j)[0] + 1, best(i - 1, j)[1]), (best(i, j - 1)[0] + 1, best(i, j - 1)[1])]
        same = ours[i - 1] == others[j - 1]
        edits, kept = best(i - 1, j - 1)
        return min(*options, (edits + (not same), kept - same))

    assert aligned(ours, others) == -best(len(ours), len(others))[1]


def test_agreement_is_the_share_of_their_moves() -> None:
    assert agreement(SIX_CLIMBED, SIX_CLIMBED) == 1
    other_hand = hands("F5-LH F5-RH E8-LH G11-LH E13-LH H15-RH G18-LH")
    assert agreement(other_hand, SIX_CLIMBED) == 6 / 7
    without = hands("F5-LH F5-RH E8-LH G11-RH H15-RH G18-LH")
    assert agreement(without, SIX_CLIMBED) == 6 / 7
    assert agreement(SIX_CLIMBED, without) == 1


def test_the_two_hands_of_the_start_may_be_swapped() -> None:
    turned = [SIX_CLIMBED[1], SIX_CLIMBED[0], *SIX_CLIMBED[2:]]
    assert turned != SIX_CLIMBED
    assert agreement(turned, SIX_CLIMBED) == agreement(SIX_CLIMBED, turned) == 1
    crossed = hands("E6-RH G6-LH D9-LH G18-LH H18-RH")
    assert agreement(crossed, TWO_CLIMBED) == 3 / 5


def test_the_last_match_is_not_among_the_moves_that_are_compared() -> None:
    for found in solver.solve([SIX, TWO]):
        moves = [(move.hold, move.hand) for move in found.moves if not (move.is_match and move.hold == "G18")]
        assert hands_of(found) == [*zip(found.start, HANDS, strict=True), *moves]


# Sequences


def test_sequences_that_use_all_holds_of_their_problem_are_taken(tmp_path: Path) -> None:
    problems = [
        replace(SIX, ids=("site-scrape:12", "guide-csv:400")),
        replace(TWO, ids=("guide-csv:7",)),
        replace(parse_notation("F5s D9 G13 I16 G18e"), ids=("guide-csv:8",)),
        replace(parse_notation("F5s F9 G18e", "moonboard-masters-2017"), ids=("site-scrape:9",)),
        replace(parse_notation("F5s F9 G18e"), ids=("hand-sequence:10",), partial=True),
    ]
    climbed = {
        "400": SIX_CLIMBED,
        "7": TWO_CLIMBED,
        "8": hands("F5-LH F5-RH G13-RH I16-LH G18-RH"),  # without D9
        "9": hands("F5-LH F5-RH F9-LH G18-RH"),
        "10": hands("F5-LH F5-RH F9-LH G18-RH"),
        "11": SIX_CLIMBED,
    }
    records = {
        number: {"hands": [f"{label}-{hand}" for label, hand in moves], "v_grade": 5}
        for number, moves in climbed.items()
    }
    path = write_json(tmp_path / "sequences.json.gz", records, packed=True)
    assert whole_sequences(path, problems) == [Known(problems[0], SIX_CLIMBED), Known(problems[1], TWO_CLIMBED)]


def test_a_missing_file_of_sequences_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ClimbpathError, match="no such file"):
        whole_sequences(tmp_path / "nowhere.json.gz", [SIX])


def ways_of(problems: Sequence[Problem], weights: dict[str, float]) -> solver.Ways:
    """Of problems of one size."""
    ((_, ways),) = solver.solve_batches(problems, solver.DEFAULT_CLIMBER, weights)
    return ways


def test_sequences_become_ways() -> None:
    """The match on a single finish hold, which they lack, is added."""
    down = hands("F5-LH F5-RH G11-LH E8-LH E13-RH H15-RH G18-LH")
    one_hand = hands("F5-LH F5-LH E8-LH G11-RH E13-LH H15-RH G18-LH")
    known = [Known(SIX, SIX_CLIMBED), Known(SIX, down), Known(SIX, one_hand)]
    gold, possible = to_ways(known, ways_of([SIX] * 3, solver.load_weights()["choice"]))
    assert possible == [0]
    assert gold.start[0].tolist() == [0, 0]
    assert gold.moves[0] == 6
    assert gold.hand[0].tolist() == [0, 1, 0, 1, 0, 1]
    assert gold.origin[0].tolist() == [0, 0, 1, 2, 3, 4]
    assert gold.other[0].tolist() == [0, 1, 2, 3, 4, 5]
    assert gold.hold[0].tolist() == [1, 2, 3, 4, 5, 5]
    gold, possible = to_ways([Known(TWO, TWO_CLIMBED)], ways_of([TWO], solver.load_weights()["choice"]))
    assert possible == [0]
    assert gold.start.tolist() == [[0, 1]]
    assert gold.hold.tolist() == [[2, 3, 4]]


def climbed_with(problems: Sequence[Problem], weights: dict[str, float]) -> list[Known]:
    """Sequences by the solver itself, with other weights."""
    known: dict[int, Known] = {}
    for rows, ways in solver.solve_batches(problems, solver.DEFAULT_CLIMBER, weights):
        for row, i in enumerate(rows):
            labels = problems[i].holds
            moves = [
                (labels[hold], HANDS[hand], hold == other)
                for hold, hand, other in zip(ways.hold[row], ways.hand[row], ways.other[row], strict=True)
                if hand >= 0
            ]
            moves = moves[:-1] if moves[-1][2] else moves
            start = [(labels[place], hand) for place, hand in zip(ways.start[row], HANDS, strict=True)]
            known[i] = Known(problems[i], [*start, *((label, hand) for label, hand, _ in moves)])
    return [known[i] for i in range(len(problems))]


def disagreement(known: Sequence[Known], weights: dict[str, float]) -> float:
    ours = climbed_with([item.problem for item in known], weights)
    return float(np.mean([1 - agreement(mine.hands, item.hands) for mine, item in zip(ours, known, strict=True)]))


def test_weights_come_nearer_to_those_that_sequences_were_made_with() -> None:
    truth = dict.fromkeys(solver.CHOICE, 0.0) | {
        **{"span": 0.05, "inward": 0.4, "higher hand": 0.3, "poor hold": 1.0, "match": 0.2, "skipped": 0.05}
    }
    problems = random_problems(350, seed=2)
    known, unseen = climbed_with(problems[:200], truth), climbed_with(problems[200:], truth)
    assert disagreement(known, truth) == 0
    before = {name: START.get(name, 0.0) for name in solver.CHOICE}
    fitted = fit_choice(known)
    assert set(fitted) == set(solver.CHOICE)
    assert min(fitted.values()) >= 0
    for part in (known, unseen):
        assert disagreement(part, fitted) < disagreement(part, before) / 2


def norms(problems: Sequence[Problem], choice: dict[str, float], weights: dict[str, float]) -> np.ndarray:
    """The norm of each problem's moves."""
    found = np.zeros(len(problems))
    for rows, ways in solver.solve_batches(problems, solver.DEFAULT_CLIMBER, choice):
        hard = solver.difficulty_features(ways) @ np.array([weights[name] for name in solver.DIFFICULTY])
        found[rows] = (hard**solver.NORM).sum(axis=1) ** (1 / solver.NORM)
    return found


def test_weights_of_difficulty_explain_grades_that_others_made() -> None:
    """No worse than those that the grades were made with, from which they differ by rounding alone."""
    problems = random_problems(200, seed=4)
    choice, truth = (
        solver.load_weights()["choice"],
        dict.fromkeys(solver.DIFFICULTY, 0.5) | {"rise": 4.0, "travel": 2.0},
    )
    exact = norms(problems, choice, truth)
    steps = np.round(exact - exact.min()).astype(int)
    assert 3 < steps.max() < len(LADDER)
    graded = [replace(problem, grade=LADDER[step]) for problem, step in zip(problems, steps.tolist(), strict=True)]
    weights = fit_difficulty(graded, choice)
    assert set(weights) == set(solver.DIFFICULTY)
    assert min(weights.values()) >= 0
    assert np.std(steps - norms(graded, choice, weights)) < np.std(steps - exact) + 1e-3


def test_holds_of_hard_problems_are_poor() -> None:
    """On a board without facts; problems with F9 are harder, problems with F10 easier."""
    board = "moonboard-masters-2019"
    problems = random_problems(300, board, seed=1)
    graded = [
        replace(problem, grade="8A" if "F9" in problem.holds else "6A" if "F10" in problem.holds else "7A")
        for problem in problems
    ]
    poor = poorness_of_use(graded, board)
    assert set(poor) == {label for problem in problems for label in problem.holds}
    assert 0 <= min(poor.values()) <= max(poor.values()) <= 1
    assert poor["F9"] == max(poor.values())
    assert poor["F10"] == min(poor.values())
