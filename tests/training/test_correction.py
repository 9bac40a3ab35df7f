"""Correction: what tells real problems from drawn ones, and a model that learns it from its own."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from climbpath import board as boards
from climbpath.data import parquet
from climbpath.evaluation.density_ratio import fit_density_ratio
from climbpath.evaluation.likelihood import nats_per_problem
from climbpath.model.checkpoint import load_checkpoint, model_of
from climbpath.problem import Problem
from climbpath.training.correction import correct
from climbpath.training.distillation import drawn_by
from climbpath.training.machine import Machine
from climbpath.training.recipes import FAST
from climbpath.training.train import train

SMALL = replace(FAST, d_model=16, num_layers=1, nhead=2, dim_feedforward=16, num_epochs=3, batch_size=64)


@pytest.fixture(scope="module")
def checkpoint(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("corrected")
    train(parquet.load(tiny), SMALL, folder / "run", folder / "logs", Machine("cpu", threads=1))
    return load_checkpoint(folder / "run/latest.pt")


@pytest.fixture(scope="module")
def drawn(checkpoint: dict[str, Any]) -> list[Problem]:
    return list(drawn_by(model_of(checkpoint), 12_000, seed=3))


def share_with(label: str, problems: list[Problem]) -> float:
    return float(np.mean([label in problem.holds for problem in problems]))


def test_where_all_is_alike_nothing_is_corrected(checkpoint: dict[str, Any], drawn: list[Problem]) -> None:
    same = correct(checkpoint, 1.0, drawn[:4000], np.full(4000, 7.0))
    before, after = (nats_per_problem(model_of(one), drawn[-500:]) for one in (checkpoint, same))
    np.testing.assert_allclose(after, before, atol=0.1)


def test_what_is_more_like_real_problems_is_drawn_more_often(checkpoint: dict[str, Any], drawn: list[Problem]) -> None:
    label = max(boards.load("moonboard-2016").index, key=lambda one: share_with(one, drawn))
    likely = np.where([label in problem.holds for problem in drawn], 4.0, 1.0)
    corrected = correct(checkpoint, 1.0, drawn, likely)
    before = share_with(label, drawn)
    after = share_with(label, list(drawn_by(model_of(corrected), 3000, seed=4)))
    wanted = 4 * before / (4 * before + 1 - before)
    assert before + 0.1 * (wanted - before) < after < wanted
    assert corrected["evidence"] == checkpoint["evidence"]


def test_the_density_ratio_tells_what_real_problems_have_more_of(drawn: list[Problem]) -> None:
    board = boards.load("moonboard-2016")
    some, others, rest = drawn[::4], drawn[1::4], [*drawn[2::4], *drawn[3::4]]
    ratios = fit_density_ratio(some, others, board)(rest)
    assert abs(np.log(ratios)).mean() < 0.2
    wide = [problem for problem in some if np.ptp([board.holds[board.index[label]].x for label in problem.holds]) > 120]
    likely = fit_density_ratio(wide, others, board)(rest)
    is_wide = np.array([np.ptp([board.holds[board.index[label]].x for label in p.holds]) > 120 for p in rest])
    assert likely[is_wide].mean() > 2 * likely[~is_wide].mean()
