"""Every command of the guide, as it is written there, on a small file."""

import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from support.commands import ROOT, needs_posix, run, script_here

TRAIN, GENERATE = "backend/training/train_autoregressive.py", "backend/training/generate_paths.py"
TINY_MODEL = ("--d_model", "32", "--num_layers", "2", "--nhead", "2", "--dim_feedforward", "64")


@pytest.fixture(scope="module")
def trained(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with a run of the guide's training command in it."""
    folder = tmp_path_factory.mktemp("guide")
    shutil.copytree(ROOT / "backend", folder / "backend")
    command = (TRAIN, "--device", "cpu", "--batch_size", 16, "--num_workers", 0, "--num_epochs", 10)
    done = run(sys.executable, *command, *TINY_MODEL, "--data", tiny, cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_training(trained: Path) -> None:
    names = {path.name for path in (trained / "checkpoints/climb_path_cpu").iterdir()}
    assert {"best.pt", "latest.pt", "epoch_10.pt", "config.json"} <= names
    assert list((trained / "runs/climb_path_cpu").iterdir())


def test_generation(trained: Path) -> None:
    arguments = (
        "--checkpoint",
        "checkpoints/climb_path_cpu/best.pt",
        "--grade",
        "7A",
        "--num_samples",
        10,
        "--visualize",
    )
    done = run(sys.executable, GENERATE, *arguments, cwd=trained)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("7A (V6)") == 10
    pictures = sorted(path.name for path in (trained / "out/7A").iterdir())
    assert [re.sub(r"-[a-z]+-[a-z]+\.", ".", name) for name in pictures] == [
        *(f"{i:02}-7A.png" for i in range(1, 11)),
        "sheet.png",
    ]


def test_the_guides_resume_snippet(trained: Path) -> None:
    import torch

    from climbpath.model.checkpoint import load_checkpoint
    from climbpath.model.config import ModelConfig
    from climbpath.model.model import Transformer

    path = trained / "checkpoints/climb_path_cpu/latest.pt"
    checkpoint = torch.load(path)
    config = load_checkpoint(path)["config"]
    model = Transformer(ModelConfig.from_dict(config))
    optimizer = torch.optim.AdamW(model.parameters())
    model.load_state_dict(checkpoint["model_state_dict"])
    optimizer.load_state_dict(checkpoint["optimizer_state_dict"])
    assert checkpoint["epoch"] + 1 == 11


@pytest.mark.parametrize(
    "flags",
    [
        ("--device", "cpu", "--batch_size", 16, "--num_epochs", 1),
        ("--batch_size", 8, "--max_seq_len", 48, "--warmup_steps", 1000, "--learning_rate", "5e-5", "--num_epochs", 1),
    ],
)
def test_the_guides_other_flags(flags: tuple[object, ...], tiny: Path, tmp_path: Path) -> None:
    done = script_here(ROOT / TRAIN, *flags, *TINY_MODEL, "--data", tiny, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Recipe guide" in done.stdout


def test_tensorboard_shows_the_run(trained: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", "runs/climb_path_cpu", "--port", str(port)]
    server = subprocess.Popen(command, cwd=trained, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}/data/plugin/scalars/tags"
    try:
        answer = ""
        for _ in range(120):
            try:
                answer = urllib.request.urlopen(url, timeout=5).read().decode()
            except OSError:
                answer = ""
            if "nats_per_problem" in answer:
                break
            time.sleep(0.5)
        assert "val/nats_per_problem" in answer
    finally:
        server.terminate()
        server.wait(timeout=20)


@needs_posix
def test_train_cpu_sh_passes_its_flags_on(tiny: Path, tmp_path: Path) -> None:
    """The one-line start in a copy of the project whose environment is this one."""
    for name in ("backend", "tools"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("train_cpu.sh", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / ".venv").mkdir()
    pinned = ("requirements.lock", "tools/torch.txt")
    (tmp_path / ".venv/.installed").write_bytes(b"".join((ROOT / name).read_bytes() for name in pinned))
    shutil.copy(Path(sys.prefix) / "pyvenv.cfg", tmp_path / ".venv")
    for name in ("bin", "lib"):
        (tmp_path / ".venv" / name).symlink_to(Path(sys.prefix) / name)
    done = run("bash", "train_cpu.sh", *TINY_MODEL, "--data", tiny, "--num_epochs", 1, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "checkpoints/climb_path_cpu/best.pt").exists()


@needs_posix
def test_a_log_file_gets_plain_lines(tiny: Path, tmp_path: Path) -> None:
    """nohup python … > training.log 2>&1, then tail -f training.log."""
    command = (
        f"nohup {sys.executable} {ROOT / TRAIN} --num_epochs 1 {' '.join(TINY_MODEL)} --data {tiny} > training.log 2>&1"
    )
    assert run("bash", "-c", command, cwd=tmp_path).returncode == 0
    log = (tmp_path / "training.log").read_text()
    assert "\r" not in log
    assert "\x1b" not in log
    lines = log.splitlines()
    assert any(line.startswith("Epoch 1/1 [Train]: 100%|") for line in lines)
    assert [line.split(":")[0] for line in lines if line.startswith(("Train Loss", "Val Loss"))] == [
        "Train Loss",
        "Val Loss",
    ]
