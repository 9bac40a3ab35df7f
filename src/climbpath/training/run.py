"""A training run: its parts, its progress, and what goes into a checkpoint."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric

from climbpath.board import evidence_to_json
from climbpath.drawing.charts import BANDS
from climbpath.errors import ClimbpathError
from climbpath.model.checkpoint import save_checkpoint
from climbpath.model.config import ModelConfig
from climbpath.model.model import Transformer
from climbpath.problem import CONSENSUS_REPEATS
from climbpath.training.distillation import Teacher
from climbpath.training.optimizers import Stepper
from climbpath.training.recipes import Recipe
from climbpath.training.selection import TrainingData
from climbpath.training.streaming import StreamedData


@dataclass
class Progress:
    """How far a run has come."""

    epoch: int = 0
    """Epochs that are done."""
    step: int = 0
    """Steps that are done, in all epochs."""
    step_in_epoch: int = 0
    """Steps that are done of the epoch under way."""
    train_nats: float = 0.0
    """Loss of the epoch under way, summed over its tokens."""
    train_tokens: int = 0
    """Tokens of the epoch under way."""
    best: float = math.inf
    """Fewest nats per validation problem."""
    bad_epochs: int = 0
    """Epochs since then."""
    seconds: float = 0.0
    """Time spent training."""
    history: list[dict[str, float]] = field(default_factory=list)
    """What was measured after each epoch."""


@dataclass
class Run:
    """The parts of a run, and what goes into a checkpoint."""

    fabric: Fabric
    """Devices and processes."""
    recipe: Recipe
    """The settings."""
    config: ModelConfig
    """The shape of the network."""
    data: TrainingData | StreamedData
    """What is learned from."""
    net: Transformer
    """The network that is trained."""
    stepper: Stepper
    """Its optimizers and the moving average of its weights."""
    checkpoint_dir: Path
    """Where checkpoints go."""
    source: str
    """Where the problems came from, '' for the bundled ones."""
    teachers: list[Teacher]
    """Models to learn from, too."""
    progress: Progress = field(default_factory=Progress)
    """How far it has come."""

    @cached_property
    def epoch_steps(self) -> int:
        """Steps of an epoch: a window has batches of each of its boards, the last of which may be smaller."""
        counts = (np.bincount(self.data.boards_in(window)) for window in range(self.data.windows))
        return sum(int((-(-problems // self.recipe.batch_size)).sum()) for problems in counts)

    def about(self) -> dict[str, Any]:
        """Settings, sizes and data of the run, in plain JSON types."""
        return {
            "config": self.config.to_dict(),
            "recipe": self.recipe.to_dict(),
            "evidence": evidence_to_json(self.data.evidence),
            "consensus": evidence_to_json(self.data.consensus),
            "methods": self.data.methods,
            "parameters": self.net.count_parameters(),
            "train_problems": self.data.train_problems,
            "validation_problems": len(self.data.validation),
        }

    def state(self, val_loss: float, nats_per_problem: float) -> dict[str, Any]:
        """The checkpoint of this moment."""
        state = {
            **self.about(),
            "epoch": self.progress.epoch,
            "val_loss": val_loss,
            "nats_per_problem": nats_per_problem,
            "model_state_dict": self.stepper.kept.state_dict(),
            **{f"{name}_state_dict": optimizer.state_dict() for name, optimizer in self.stepper.optimizers.items()},
            "progress": self.progress.__dict__,
            "source": self.source,
            "train_keys": self.data.train_keys,
            "known_keys": self.data.known_keys,
        }
        if averaged := self.stepper.averaged:
            state["training_state_dict"] = self.net.state_dict()
            state["averaged_steps"] = int(averaged.n_averaged)
        return state

    def save(self, name: str, val_loss: float, nats_per_problem: float, folder: Path | None = None) -> None:
        """Write a checkpoint into the run's folder, or another one, from the first process alone."""
        if self.fabric.is_global_zero:
            save_checkpoint((folder or self.checkpoint_dir) / name, self.state(val_loss, nats_per_problem))

    def save_latest(self) -> None:
        """Write latest.pt, with the losses of the last epoch that is done."""
        last = (
            self.progress.history[-1] if self.progress.history else {"val_loss": math.inf, "nats_per_problem": math.inf}
        )
        self.save("latest.pt", last["val_loss"], last["nats_per_problem"])

    def restore(self, checkpoint: Mapping[str, Any]) -> None:
        """Resume from a checkpoint. Raises ClimbpathError if it was trained on other data."""
        if not torch.equal(checkpoint["train_keys"], self.data.train_keys):
            raise ClimbpathError(
                f"{self.checkpoint_dir / 'latest.pt'} was trained on other problems than these: name the same --data, "
                "or leave out --resume to start over"
            )
        averaged = self.stepper.averaged
        self.net.load_state_dict(checkpoint["training_state_dict" if averaged else "model_state_dict"])
        if averaged:
            averaged.module.load_state_dict(checkpoint["model_state_dict"])
            averaged.n_averaged.fill_(checkpoint["averaged_steps"])
        for name, optimizer in self.stepper.optimizers.items():
            optimizer.load_state_dict(checkpoint[f"{name}_state_dict"])
        self.progress = Progress(**checkpoint["progress"])

    @property
    def is_over(self) -> bool:
        """Whether all epochs are done, or as many in a row as its patience brought nothing better."""
        return self.progress.epoch >= self.recipe.num_epochs or self.progress.bad_epochs >= self.recipe.patience

    def announce(self) -> None:
        """Print what will be trained, on which data and device."""
        if not self.fabric.is_global_zero:
            return
        data, recipe = self.data, self.recipe
        sizes = f"d_model {recipe.d_model}, {recipe.num_layers} layers, {recipe.nhead} heads, {recipe.dim_feedforward}"
        print(f"Recipe {recipe.name}: {sizes} feed-forward, {recipe.vocabulary} tokens ({len(data.tokens.names)})")
        print(f"Model: {self.net.count_parameters():,} parameters")
        print(f"Data: {data.train_problems:,} train and {len(data.validation):,} validation problems")
        print(f"  validation is given {recipe.given(bool(data.methods))}")
        if consensus := sum(sum(counts.values()) for counts in data.consensus.values()):
            print(f"  {consensus:,} of the train problems have a consensus grade: {CONSENSUS_REPEATS} or more repeats")
        if isinstance(data, StreamedData):
            print(f"  streamed from the files in {data.windows} windows")
        elif drawn := len(data.train) - data.train_problems:
            print(f"  and {drawn:,} synthetic problems of {len(self.teachers)} teachers")
        for reason, count in data.left_out.items():
            print(f"  left out: {count:,} {reason}")
        where = f"{self.fabric.device.type}, {self.fabric.world_size} process(es), {torch.get_num_threads()} threads"
        print(f"Device: {where}", flush=True)
        if self.is_over:
            print(f"Nothing is left to train: the run ended after epoch {self.progress.epoch}", flush=True)
        elif self.progress.step:
            print(f"Resuming in epoch {self.progress.epoch + 1} after step {self.progress.step}", flush=True)


def summary(run: Run) -> str:
    """The finished run in a few lines, with what the guide calls such a loss if the vocabulary is the guide's."""
    best = min(run.progress.history, key=lambda record: record["nats_per_problem"])
    given = run.recipe.given(bool(run.data.methods))
    reading = ""
    if run.recipe.vocabulary == "coordinate":
        reached = [name for name, loss in BANDS if best["val_loss"] < loss]
        reading = f"  {reached[-1] if reached else 'not yet good'} (good < 2.0, great < 1.7, excellent < 1.5)"
    rows = {
        "recipe": run.recipe.name,
        "parameters": f"{run.net.count_parameters():,}",
        "train problems": f"{run.data.train_problems:,}",
        "epochs": f"{run.progress.epoch} (best: {best['epoch']:.0f})",
        "training time": f"{run.progress.seconds:.1f} s",
        "best val loss per token": f"{best['val_loss']:.4f}{reading}",
        "best nats per problem": f"{best['nats_per_problem']:.3f}  of validation, given {given}",
    }
    width = max(map(len, rows))
    return "\n".join(["", *(f"  {name:<{width}}  {value}" for name, value in rows.items()), ""])
