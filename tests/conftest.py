"""A small set of problems made at random within the rules, so that no real problem is needed."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from climbpath import board as boards
from climbpath import dataset
from climbpath.lookahead import Batch, Lookahead
from climbpath.order import problem_of
from climbpath.problem import Problem, Rules

ROOT = Path(__file__).parents[1]
GRADES = ["6B", "6B+", "6C", "7A", "7B"]


def random_problems(
    count: int, board: str = "moonboard-2016", seed: int = 0, rules: Rules | None = None
) -> list[Problem]:
    """Valid problems with every allowed choice equally likely."""
    layout = boards.load(board)
    lookahead = Lookahead(layout, rules or Rules(max_reach=120, max_holds=10))
    rng = np.random.default_rng(seed)
    batch, rows = Batch(layout, count), []
    while not rows or (rows[-1] < len(layout.holds)).any():
        allowed = lookahead.allowed(batch)
        chance = np.where(allowed, rng.random(allowed.shape), -1)
        lookahead.choose(batch, chance.argmax(axis=1))
        rows.append(batch.last)
    grades = rng.choice(GRADES, count)
    sequences = np.stack(rows, axis=1)
    return [problem_of(s, layout, 40, str(g)) for s, g in zip(sequences, grades, strict=True)]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Parquet file of 300 random problems on MoonBoard 2016."""
    path = tmp_path_factory.mktemp("data") / "tiny.parquet"
    dataset.write(path, random_problems(300))
    return path


def run(*arguments: object, cwd: Path, timeout: float = 300, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the project as a user would, in `cwd`."""
    return subprocess.run(
        [str(argument) for argument in arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1", **env},
    )


def climbpath(*arguments: object, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    return run(sys.executable, "-m", "climbpath", *arguments, cwd=cwd, **env)
