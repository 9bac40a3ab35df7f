from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from climbpath import board as boards
from climbpath.board import Board, Setup
from climbpath.errors import ClimbpathError
from climbpath.features import GEOMETRY, Floats, geometry
from climbpath.grader.grader import Grader, checked_grader_of, load_grader, save_grader
from climbpath.grader.kernel import FEATURES, FEET, NEAR, SHAPE, WIDTHS, random_features
from climbpath.grader.line import Line, input_count, inputs
from climbpath.training.lines import fit_kernel, fit_line
from support.making import EVERY_BOARD, random_problems

LEARNED = {"moonboard-2016": Setup("moonboard-2016", 40), "tension-1": Setup("tension-1", None)}


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


@pytest.mark.parametrize("name", EVERY_BOARD)
def test_random_features_are_of_length_1_and_alike_for_problems_that_are(name: str) -> None:
    """Their inner product is a kernel: 1 of a problem with itself, and less with any other."""
    board = boards.load(name)
    table = inputs(random_problems(30, name), board)
    features = random_features(table, board, moments_of(table, board))
    assert features.shape == (30, FEATURES)
    assert features.dtype == np.float32
    alike = features @ features.T
    assert np.diag(alike) == pytest.approx(1, abs=1e-4)
    assert (alike - 2 * np.eye(30) < 0.999).all()


def test_random_features_come_near_the_kernel() -> None:
    """The mean of normal kernels over which holds are near and how they lie."""
    board = boards.load("tension-1")
    table, holds = inputs(random_problems(40, "tension-1"), board), len(board.holds)
    moments = moments_of(table, board)
    alike = np.exp(-(board.distance**2) / (2 * NEAR**2))
    near = np.concatenate([table[:, :holds] @ alike, FEET**0.5 * table[:, holds : 2 * holds] @ alike], axis=1)
    near /= np.linalg.norm(near, axis=1, keepdims=True)
    lie = SHAPE * (table[:, 2 * holds :] - moments[0]) / moments[1] / moments.shape[1] ** 0.5
    points = np.concatenate([near, lie], axis=1)
    apart = ((points[:, None] - points[None]) ** 2).sum(axis=2)
    kernel = np.mean([np.exp(-apart / (2 * width**2)) for width in WIDTHS], axis=0)
    features = random_features(table, board, moments)
    assert np.abs(features @ features.T - kernel).max() < 0.1


def test_random_features_stay_as_they_are() -> None:
    """Weights in files are of these: with other ones, grades would be wrong, and nobody would see it."""
    board = boards.load("tension-1")
    table = np.zeros((1, input_count(board)), np.float32)
    table[0, [0, 50, 100]] = 1
    (found,) = random_features(table, board, np.ones((2, 54), np.float32))
    assert found[[0, 749, 750, 1499, 1500, 2999]] == pytest.approx(
        [-0.00738, 0.01005, 0.0198, 0.02579, 0.02474, 0.00124], abs=1e-5
    )


def moments_of(table: Floats, board: Board) -> Floats:
    counts = table[:, 2 * len(board.holds) :]
    return np.stack([counts.mean(axis=0), counts.std(axis=0) + np.float32(1e-6)])


def test_random_features_find_what_no_sum_tells() -> None:
    """Wide problems are hard high up, narrow ones low down."""
    board, some = boards.load("tension-1"), random_problems(1500, "tension-1")
    lies = geometry([problem.holds for problem in some], board)
    high, wide = (
        lies[:, column] > np.median(lies[:, column]) for column in map(GEOMETRY.index, ("mean y", "spread of x"))
    )
    steps = np.where(high == wide, 8, 2)
    graded = [replace(one, grade=board.ladder[step]) for one, step in zip(some, steps.tolist(), strict=True)]
    train, held_out = graded[:1200], graded[1200:]
    line, kernel = fit_line(train, held_out, board.ladder), fit_kernel(train, board.ladder)
    found = [np.corrcoef(one.steps(held_out, board), steps[1200:])[0, 1] for one in (line, kernel)]
    assert found[0] < 0.25 < 0.4 < found[1], found


def with_line(name: str = "moonboard-2016") -> tuple[Grader, Setup]:
    """A bundled grader with a line of small random weights; with random features on the Tension Board."""
    setup, board = LEARNED[name], boards.load(name)
    count = input_count(board)
    moments = np.ones((2, count - 2 * len(board.holds)), np.float32) if name == "tension-1" else None
    size = count if moments is None else count + FEATURES
    weights = np.random.default_rng(1).normal(0, 0.1, size).astype(np.float32)
    return replace(checked_grader_of(setup), lines={setup: Line(weights, 7.5, 0.7, 2.5, moments)}), setup


@pytest.mark.parametrize("name", LEARNED)
def test_a_line_is_in_the_file(tmp_path: Path, name: str) -> None:
    grader, setup = with_line(name)
    save_grader(tmp_path / "g.safetensors", grader)
    again = load_grader(tmp_path / "g.safetensors")
    assert again.lines[setup][1:4] == grader.lines[setup][1:4]
    assert np.array_equal(again.lines[setup].moments, grader.lines[setup].moments)  # type: ignore[arg-type]
    problems = random_problems(5, setup.board)
    assert np.array_equal(again.probabilities(problems), grader.probabilities(problems))


@pytest.mark.parametrize("name", LEARNED)
@pytest.mark.parametrize(
    "wrong",
    [
        {"weights": np.zeros(3, np.float32)},
        {"width": -1.0},
        {"moments": np.ones((2, 3), np.float32)},
        {"moments": np.zeros((2, 54), np.float32)},
    ],
)
def test_a_line_that_does_not_fit_is_refused(tmp_path: Path, name: str, wrong: dict[str, Any]) -> None:
    grader, setup = with_line(name)
    line = grader.lines[setup]._replace(**wrong)
    save_grader(tmp_path / "g.safetensors", replace(grader, lines={setup: line}))
    with pytest.raises(ClimbpathError, match="is not a climbpath grader"):
        load_grader(tmp_path / "g.safetensors")
