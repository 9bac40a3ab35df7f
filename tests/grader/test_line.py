from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from climbpath import board as boards
from climbpath.board import Setup
from climbpath.errors import ClimbpathError
from climbpath.grader.grader import Grader, bundled_grader, load_grader, save_grader
from climbpath.grader.line import Line, input_count, inputs
from climbpath.training.grader import fit_line
from support.making import EVERY_BOARD, random_problems


@pytest.mark.parametrize("name", EVERY_BOARD)
def test_inputs_count_holds_and_feet_apart(name: str) -> None:
    board = boards.load(name)
    problems = random_problems(8, name)
    table = inputs(problems, board)
    assert table.shape == (8, input_count(board))
    assert np.isfinite(table).all()
    for row, problem in zip(table, problems, strict=True):
        assert {board.labels[i] for i in np.flatnonzero(row[: len(board.holds)])} == set(problem.holds) - set(
            problem.feet
        )
        assert row[len(board.holds) : 2 * len(board.holds)].sum() == len(problem.feet)


@given(st.lists(st.floats(0.001, 1), min_size=5, max_size=5), st.floats(0, 4), st.floats(0.1, 1), st.floats(0.5, 20))
def test_both_opinions_make_a_distribution(parts: list[float], step: float, trust: float, width: float) -> None:
    given_ = np.array([parts], np.float32)
    given_ /= given_.sum()
    line = Line(np.zeros(0, np.float32), 0.0, trust, width)
    (joined,) = line.joined(given_, np.array([step], np.float32))
    assert joined.sum() == pytest.approx(1, abs=1e-5)
    assert (joined >= 0).all()


def test_a_line_that_is_sure_of_nothing_changes_nothing() -> None:
    networks = np.array([[0.1, 0.6, 0.3, 0]], np.float32)
    joined = Line(np.zeros(0, np.float32), 0.0, 1.0, 1e6).joined(networks, np.array([3.0], np.float32))
    assert joined == pytest.approx(networks, abs=1e-5)


def test_a_line_moves_the_grade_its_way_and_gives_no_grade_of_another_ladder() -> None:
    networks = np.array([[0.3, 0.4, 0.3, 0]], np.float32)
    joined = Line(np.zeros(0, np.float32), 0.0, 1.0, 1.0).joined(networks, np.array([3.0], np.float32))
    assert joined.argmax() == 2
    assert joined[0, 3] == 0


def test_a_fitted_line_finds_what_holds_add() -> None:
    board = boards.load("moonboard-2016")
    rng = np.random.default_rng(0)
    adds = rng.uniform(0, 3, len(board.holds))
    problems = [
        replace(one, grade=board.ladder[min(len(board.ladder) - 1, int(sum(adds[board.index[h]] for h in one.holds)))])
        for one in random_problems(900, "moonboard-2016")
    ]
    line = fit_line(problems[:700], problems[700:], board.ladder)
    true = [board.ladder.index(one.grade or "") for one in problems[700:]]
    assert np.corrcoef(line.steps(problems[700:], board), true)[0, 1] > 0.8


def with_line() -> tuple[Grader, Setup]:
    grader, setup = bundled_grader(), Setup("moonboard-2016", 40)
    weights = np.random.default_rng(1).normal(0, 0.1, input_count(boards.load(setup.board))).astype(np.float32)
    return replace(grader, lines={setup: Line(weights, 7.5, 0.7, 2.5)}), setup


def test_a_line_is_in_the_file(tmp_path: Path) -> None:
    grader, setup = with_line()
    save_grader(tmp_path / "g.safetensors", grader)
    again = load_grader(tmp_path / "g.safetensors")
    assert again.lines[setup][1:] == grader.lines[setup][1:]
    problems = random_problems(5, setup.board)
    assert np.array_equal(again.probabilities(problems), grader.probabilities(problems))


@pytest.mark.parametrize("wrong", [Line(np.zeros(3, np.float32), 0, 1, 1), None])
def test_a_line_that_does_not_fit_is_refused(tmp_path: Path, wrong: Line | None) -> None:
    grader, setup = with_line()
    line = wrong or grader.lines[setup]._replace(width=-1.0)
    save_grader(tmp_path / "g.safetensors", replace(grader, lines={setup: line}))
    with pytest.raises(ClimbpathError, match="is not a climbpath grader"):
        load_grader(tmp_path / "g.safetensors")
