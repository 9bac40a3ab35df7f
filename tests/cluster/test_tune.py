"""A search for settings: what is tried, and that it goes on after kill -9 and ends in a recipe that train reads."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from PIL import Image

pytest.importorskip("ray")
pytest.importorskip("optuna")

from climbpath.cluster.tune import space
from climbpath.drawing.charts import trials_chart
from climbpath.training.recipes import FAST, RECIPES, Recipe, find_recipe
from support.commands import climbpath_here, needs_posix

WAIT = 600


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=lambda recipe: recipe.name)
def test_what_is_tried_surrounds_the_recipe(recipe: Recipe) -> None:
    tried = space(recipe)
    assert ("muon_learning_rate" in tried) == (recipe.muon_learning_rate is not None)
    for name, domain in tried.items():
        assert domain.is_valid(getattr(recipe, name)), name
    for _ in range(100):
        replace(recipe, **{name: domain.sample() for name, domain in tried.items()})  # refuses what is out of range


def test_trials_are_drawn(tmp_path: Path) -> None:
    settings = {name: float(getattr(FAST, name)) for name in space(FAST)}
    trials_chart([(settings, [(1, 22.0), (2, 21.0)]), (settings, [(1, 23.0)]), (settings, [])], tmp_path / "trials.png")
    with Image.open(tmp_path / "trials.png") as picture:
        assert picture.width > picture.height > 500


def test_what_cannot_be_trained_on_is_told_before_anything_starts(tmp_path: Path) -> None:
    for wrong, said in (
        (("--data", tmp_path / "none.parquet"), "there is no such file"),
        (("--recipe", "slow"), "there is no recipe 'slow'"),
        ((tmp_path / "more.parquet",), "name files of problems behind --data"),
        (("--trials", "0"), "0 is not in the range"),
    ):
        done = climbpath_here("tune", *wrong, "--out", tmp_path / "tuned", cwd=tmp_path)
        assert done.returncode == 2
        assert said in done.stderr
        assert not (tmp_path / "tuned").exists()


@needs_posix
@pytest.mark.slow
def test_killed_it_goes_on_and_ends_in_a_recipe(tiny: Path, tmp_path: Path) -> None:
    command = ["tune", "--cluster", "local", "--trials", "3", "--num-epochs", "40", "--data", str(tiny)]
    command += ["--out", "tuned"]
    env = {**os.environ, "OMP_NUM_THREADS": "1", "RAY_worker_niceness": "0"}
    whole = [sys.executable, "-m", "climbpath", *command]
    first = subprocess.Popen(whole, cwd=tmp_path, env=env, stderr=subprocess.DEVNULL)
    while first.poll() is None and not list(tmp_path.glob("tuned/trials/*/checkpoints/best.pt")):
        time.sleep(0.1)
    assert first.poll() is None
    cluster = psutil.Process(first.pid).children(recursive=True)
    first.kill()
    first.wait()
    _, alive = psutil.wait_procs(cluster, timeout=WAIT)
    assert not alive
    done = subprocess.run(whole, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=WAIT, check=False)
    assert done.returncode == 0, done.stderr
    assert "trial 3 of 3" in done.stderr
    rows = done.stdout.split("\n\n")[0].splitlines()
    assert rows[0].split()[:2] == ["nats", "epochs"]
    assert len(rows) == 4
    best = find_recipe(str(tmp_path / "tuned" / "best.toml"))
    assert best == replace(FAST, name="tuned", num_epochs=40, **{name: getattr(best, name) for name in space(FAST)})
    assert (tmp_path / "tuned" / "trials.png").stat().st_size > 10_000
    other = climbpath_here(*command, "--trials", "4", cwd=tmp_path)
    assert other.returncode == 2
    assert "another request" in other.stderr
