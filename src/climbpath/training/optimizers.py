"""Optimizers and schedules: learning rates, when the side tasks count, the moving average of the weights."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from climbpath.training.muon import Muon
from climbpath.training.recipes import Recipe


def make_optimizers(net: nn.Module, recipe: Recipe) -> dict[str, torch.optim.Optimizer]:
    """AdamW as 'optimizer' and, where the recipe says so, Muon for the blocks' matrices as 'muon'."""
    adamw = partial(torch.optim.AdamW, lr=recipe.learning_rate, weight_decay=recipe.weight_decay, fused=True)
    if recipe.muon_learning_rate is None:
        return {"optimizer": adamw(net.parameters())}
    matrices = [p for name, p in net.named_parameters() if "blocks." in name and p.ndim == 2]
    chosen = {id(p) for p in matrices}
    rest = [p for p in net.parameters() if id(p) not in chosen]
    return {
        "optimizer": adamw(rest, betas=(0.9, 0.95)),
        "muon": Muon(matrices, lr=recipe.muon_learning_rate, weight_decay=recipe.weight_decay),
    }


def learning_rate_factor(recipe: Recipe, step: int, steps: int) -> float:
    """What the recipe's learning rates are multiplied by at a step (from 0) of all steps."""
    warm = min(1.0, (step + 1) / max(1, recipe.warmup_steps))
    return warm * (1 - step / steps) if recipe.lr_decay else warm


def side_task_weight(step: int, steps: int) -> float:
    """Weight of pins and the future-holds task at a step of all steps: 0 in the first quarter, in which the plain task
    is learned, then rising to 1 at the midpoint."""
    return min(1.0, max(0.0, 4 * step / steps - 1))


class Stepper:
    """The optimizers of a network and the moving average of its weights: what every training loop steps."""

    def __init__(self, net: nn.Module, recipe: Recipe) -> None:
        self.net, self.recipe = net, recipe
        self.optimizers = make_optimizers(net, recipe)
        self.stepping: list[Any] = list(self.optimizers.values())
        self.averaged = self._start_average()

    def wrap(self, fabric: Any) -> Any:
        """Hand network and optimizers to Fabric, which moves them to its device; returns the network to call."""
        model, *self.stepping = fabric.setup(self.net, *self.optimizers.values())
        self.averaged = self._start_average()  # a copy of the weights on their device
        return model

    def _start_average(self) -> AveragedModel | None:
        decay = self.recipe.ema_decay
        return AveragedModel(self.net, multi_avg_fn=moving_average(decay)) if decay else None

    @property
    def kept(self) -> nn.Module:
        """The weights that are validated and kept: the averaged ones where the recipe averages."""
        return self.averaged.module if self.averaged else self.net

    def begin(self, step: int, steps: int) -> float:
        """Set the learning rates of a step (from 0) of all steps and clear the gradients; returns AdamW's rate."""
        factor = learning_rate_factor(self.recipe, step, steps)
        rates = self.recipe.learning_rate, self.recipe.muon_learning_rate
        for optimizer, rate in zip(self.stepping, rates, strict=False):
            optimizer.param_groups[0]["lr"] = (rate or 0.0) * factor
            optimizer.zero_grad()
        return self.recipe.learning_rate * factor

    def finish(self) -> None:
        """Take the step of the gradients, and the new weights into the average."""
        for optimizer in self.stepping:
            optimizer.step()
        if self.averaged:
            self.averaged.update_parameters(self.net)


Tensors = tuple[Tensor, ...] | list[Tensor]


def moving_average(decay: float) -> Callable[[Tensors, Tensors, Tensor | int], None]:
    """For AveragedModel: an exponential moving average that starts as a plain one, so that early steps weigh little."""

    @torch.no_grad()
    def update(averaged: Tensors, current: Tensors, count: Tensor | int) -> None:
        rate = min(decay, (1 + int(count)) / (10 + int(count)))
        torch._foreach_lerp_(averaged, current, 1 - rate)

    return update
