"""Correction: a trained model learns which of the problems that it draws are unlike real ones.

What tells its problems from real ones (`density_ratio.likeness`) is a ratio of densities, and the model's distribution
times that ratio comes nearer to the real one: a residual energy-based model (Deng et al. 2020). Drawn from directly, it
would throw most problems away; instead the model itself is brought to it, by its own weighted samples (Khalifa et al.
2021, distributional policy gradients).
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.optim.swa_utils import AveragedModel

from climbpath.model.config import ModelConfig
from climbpath.model.model import Transformer
from climbpath.problem import Problem
from climbpath.progress import progress_bar
from climbpath.training.batches import Encoded, epoch_batches
from climbpath.training.losses import distillation_nats, masked
from climbpath.training.optimizers import begin_step, make_optimizers, moving_average
from climbpath.training.recipes import Recipe

BATCH_SIZE = 256
LEARNING_RATE, MUON_LEARNING_RATE = 4e-4, 1.3e-3
MOST_LIKELY = float(np.exp(1.5))
"""What a likeness counts at most: beyond, a few odd problems would outweigh all others."""


def correct(
    checkpoint: Mapping[str, Any],
    temperature: float,
    drawn: Sequence[Problem],
    density_ratio: NDArray[np.float64],
    seed: int = 0,
) -> dict[str, Any]:
    """A checkpoint whose model draws problems as its own, weighted by their likeness to real ones.

    The loss of each token is the cross-entropy against the old model's probabilities, which alone would change
    nothing, and (likeness - 1) times that of the token that was drawn: together, on average over all that is drawn,
    the cross-entropy against the weighted distribution.

    Args:
        checkpoint: of the model.
        temperature: that its logits are divided by where it is sampled from.
        drawn: problems that it drew at that temperature.
        likeness: how many times likelier each is among real ones, [drawn]; scaled here so that the mean is 1.
        seed: the same seed and machine give the same weights.
    """
    config = ModelConfig.from_dict(checkpoint["config"])
    recipe = Recipe.from_dict(checkpoint["recipe"])
    recipe = replace(recipe, lr_decay=True, learning_rate=LEARNING_RATE, muon_learning_rate=MUON_LEARNING_RATE)
    net = Transformer(config)
    net.load_state_dict(checkpoint["model_state_dict"])
    net.eval()  # dropout would make the new model differ from the old one where there is nothing to learn
    old = copy.deepcopy(net).requires_grad_(False)
    data = Encoded(drawn, config.tokens, recipe.mask_invalid, recipe.grade_dropout)
    capped = np.minimum(density_ratio / density_ratio.mean(), MOST_LIKELY)
    more = torch.from_numpy(capped / capped.mean() - 1).float()
    optimizers = make_optimizers(net, recipe)
    averaged = AveragedModel(net, multi_avg_fn=moving_average(recipe.ema_decay))
    order = epoch_batches(len(data), BATCH_SIZE, seed, 0)
    bar = progress_bar(None, "Correction", len(order))
    for step, rows in enumerate(order):
        begin_step(optimizers.values(), recipe, step, len(order))
        batch = data.batch(rows, recipe.pinned, seed + step)
        counted = batch.targets >= 0
        with torch.no_grad():
            taught = (masked(old(batch.inputs, batch.token_places, batch.pins).logits, batch) / temperature).softmax(
                dim=1
            )
        of_row = more[torch.from_numpy(rows)[batch.token_places // batch.inputs.shape[1]]]
        taught[counted] = taught[counted].scatter_add(1, batch.targets[counted][:, None], of_row[counted][:, None])
        logits = net(batch.inputs, batch.token_places, batch.pins).logits / temperature
        (distillation_nats(logits, batch, taught) / counted.sum()).backward()
        for optimizer in optimizers.values():
            optimizer.step()
        averaged.update_parameters(net)
        bar.update(1)
    bar.close()
    return {**checkpoint, "model_state_dict": averaged.module.state_dict()}
