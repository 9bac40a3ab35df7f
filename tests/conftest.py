"""A small set of problems made at random within the rules, so that no real problem is needed."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from climbpath import board as boards
from climbpath import dataset
from climbpath.lookahead import Lookahead
from climbpath.order import Ints, problem_of
from climbpath.problem import Problem, Rules

ROOT = Path(__file__).parents[1]
GRADES = ["6B", "6B+", "6C", "7A", "7B"]


def walk(lookahead: Lookahead, count: int, rng: np.random.Generator) -> Ints:
    """Sequences [count, N] with every allowed choice equally likely; asserts that there is one at every step."""
    end = len(lookahead.board.holds)
    batch, steps = lookahead.batch(count), []
    while not steps or (steps[-1] < end).any():
        allowed = lookahead.allowed(batch)
        assert allowed.any(axis=1).all(), f"nothing is allowed at step {batch.step} under {lookahead.rules}"
        lookahead.choose(batch, np.where(allowed, rng.random(allowed.shape), -1).argmax(axis=1))
        steps.append(batch.last)
    return np.stack(steps, axis=1)


def random_problems(
    count: int, board: str = "moonboard-2016", seed: int = 0, rules: Rules | None = None
) -> list[Problem]:
    """Valid problems with every allowed choice equally likely."""
    layout = boards.load(board)
    rng = np.random.default_rng(seed)
    sequences = walk(Lookahead(layout, rules or Rules(max_reach=120, max_holds=10)), count, rng)
    grades = rng.choice(GRADES, count)
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
