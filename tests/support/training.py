"""Runs of climbpath train, and what they leave."""

import os
import subprocess
import sys
from pathlib import Path

import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from climbpath.model.checkpoint import load_checkpoint

SMALL = ("--d-model", 32, "--num-layers", 2, "--nhead", 2, "--dim-feedforward", 64, "--batch-size", 16)
TRAIN = (sys.executable, "-m", "climbpath", "train")


def start(*arguments: object, cwd: Path, command: tuple[str, ...] = TRAIN, **env: str) -> subprocess.Popen[str]:
    """Start a run in a process of its own, or of torchrun's."""
    return subprocess.Popen(
        [*command, *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "OMP_NUM_THREADS": "1", **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def wait_for(words: str, process: subprocess.Popen[str]) -> None:
    """Wait until a run has printed a line with these words, or has ended."""
    assert process.stdout is not None
    while words not in (line := process.stdout.readline()) and line:
        pass


def weights(path: Path) -> dict[str, torch.Tensor]:
    """The weights of a checkpoint."""
    return dict(load_checkpoint(path)["model_state_dict"])


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    """Whether weights are equal to the last bit."""
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def curve(log_dir: Path) -> list[float]:
    """The training loss of every step, as TensorBoard has it."""
    events = EventAccumulator(str(log_dir), size_guidance={"scalars": 0})
    events.Reload()
    return [event.value for event in events.Scalars("train/loss")]
