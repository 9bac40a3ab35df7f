"""How training goes about it: optimizers, learning rate, share of pins, averaging."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

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


def begin_step(optimizers: Iterable[Any], recipe: Recipe, step: int, steps: int) -> float:
    """Give the optimizers that make_optimizers made their learning rates of a step, and clear the gradients.

    Returns AdamW's learning rate.
    """
    factor = learning_rate_factor(recipe, step, steps)
    rates = recipe.learning_rate, recipe.muon_learning_rate
    for optimizer, rate in zip(optimizers, rates, strict=False):
        optimizer.param_groups[0]["lr"] = (rate or 0.0) * factor
        optimizer.zero_grad()
    return recipe.learning_rate * factor


def side_tasks(step: int, steps: int) -> float:
    """How much pins and foresight count at a step of all steps, 0 to 1: nothing in the first quarter, in which the
    plain task is learned, and all from the middle on."""
    return min(1.0, max(0.0, 4 * step / steps - 1))


Tensors = tuple[Tensor, ...] | list[Tensor]


def moving_average(decay: float) -> Callable[[Tensors, Tensors, Tensor | int], None]:
    """For AveragedModel: an exponential moving average that starts as a plain one, so that early steps weigh little."""

    @torch.no_grad()
    def update(averaged: Tensors, current: Tensors, count: Tensor | int) -> None:
        rate = min(decay, (1 + int(count)) / (10 + int(count)))
        torch._foreach_lerp_(averaged, current, 1 - rate)

    return update
