"""The reference that every ratio rests on."""

import json
import sys
from pathlib import Path

import pytest
import torch

from support.commands import ROOT, run
from support.making import random_problems

sys.path.insert(0, str(ROOT / "benchmarks"))
import reference


def test_cutting_padded_columns_changes_nothing_but_time() -> None:
    torch.manual_seed(0)
    start = reference.Reference().eval()  # without dropout, whose noise depends on the shape
    trained = []
    for cut in (False, True):
        model = reference.Reference().eval()
        model.load_state_dict(start.state_dict())
        for step in reference.steps(model, random_problems(64), cut=cut):
            if step == 4:
                break
        trained.append(torch.cat([parameter.detach().flatten() for parameter in model.parameters()]))
    assert torch.allclose(trained[0], trained[1], atol=1e-6)
    assert not torch.allclose(trained[0], torch.cat([p.detach().flatten() for p in start.parameters()]), atol=1e-6)


def test_the_kept_curve_is_of_the_guides_configuration() -> None:
    kept = json.loads(reference.CURVE.read_text(encoding="utf-8"))
    assert kept["parameters"] == sum(parameter.numel() for parameter in reference.Reference().parameters())
    steps = [record["step"] for record in kept["curve"]]
    assert len(steps) == reference.EPOCHS
    assert steps[0] == -(-kept["train_problems"] // reference.BATCH)
    values = [record["nats_per_problem"] for record in kept["curve"]]
    assert min(values) < values[0]


def test_baselines_run(tiny: Path, tmp_path: Path) -> None:
    done = run(sys.executable, ROOT / "benchmarks/baselines.py", "--data", tiny, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "order:" in done.stdout


@pytest.mark.parametrize(
    ("script", "arguments"),
    [("baselines", ("--data", "none.parquet")), ("few_climbers", ("none.sqlite3", "none.parquet"))],
)
def test_a_file_that_is_not_there_is_named(script: str, arguments: tuple[str, ...], tmp_path: Path) -> None:
    done = run(sys.executable, ROOT / f"benchmarks/{script}.py", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert "none." in done.stderr
    assert "there is no such file" in done.stderr
    assert "Traceback" not in done.stderr
