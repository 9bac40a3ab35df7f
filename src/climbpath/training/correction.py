"""Correction: a trained model learns which of the problems that it draws are unlike real ones.

A classifier that tells its problems from real ones gives a ratio of densities (evaluation/density_ratio.py), and the
model's distribution times that ratio comes nearer to the real one: a residual energy-based model (Deng et al. 2020).
Sampling from it directly would discard most samples. Instead the model is trained towards it on its own weighted
samples (Khalifa et al. 2021, distributional policy gradients). The steps are in docs/architecture.md, "How the released
models are corrected". tools/asset_stages.py uses it; no command does.
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from lightning_fabric.utilities.apply_func import move_data_to_device
from numpy.typing import NDArray

from climbpath.model.config import ModelConfig
from climbpath.model.model import Transformer
from climbpath.problem import Problem
from climbpath.progress import progress_bar
from climbpath.training.batches import Encoded, epoch_batches
from climbpath.training.losses import distillation_nats, mask_logits
from climbpath.training.machine import resolve_device
from climbpath.training.optimizers import Stepper
from climbpath.training.recipes import Recipe

BATCH_SIZE = 256
LEARNING_RATE, MUON_LEARNING_RATE = 4e-4, 1.3e-3
MOST_WEIGHT = float(np.exp(1.5))
"""The largest weight of a problem: beyond, a few odd problems would outweigh all others."""


def correct(
    checkpoint: Mapping[str, Any],
    temperature: float,
    drawn: Sequence[Problem],
    ratios: NDArray[np.float64],
    seed: int = 0,
) -> dict[str, Any]:
    """A checkpoint whose model draws problems as its own, weighted by their density ratio to real ones.

    The loss of each token is the cross-entropy against the old model's probabilities, which alone would change
    nothing, and (weight - 1) times that of the token that was drawn: together, on average over all that is drawn, the
    cross-entropy against the weighted distribution. It runs on a GPU where there is one.

    Args:
        checkpoint: of the model.
        temperature: that its logits are divided by where it is sampled from.
        drawn: problems that it drew at that temperature.
        ratios: how many times likelier each is among real ones, [drawn]; scaled here so that the mean is 1.
        seed: the same seed and machine give the same weights.
    """
    config = ModelConfig.from_dict(checkpoint["config"])
    recipe = Recipe.from_dict(checkpoint["recipe"])
    recipe = replace(recipe, lr_decay=True, learning_rate=LEARNING_RATE, muon_learning_rate=MUON_LEARNING_RATE)
    device = resolve_device("auto")
    net = Transformer(config)
    net.load_state_dict(checkpoint["model_state_dict"])
    net.to(device).eval()  # dropout would make the new model differ from the old one where there is nothing to learn
    old = copy.deepcopy(net).requires_grad_(False)
    data = Encoded(drawn, config.tokens, recipe.mask_invalid, recipe.grade_dropout)
    # what each problem weighs more or less than 1, [drawn]
    capped = np.minimum(ratios / ratios.mean(), MOST_WEIGHT)
    excess = torch.from_numpy(capped / capped.mean() - 1).float().to(device)
    stepper = Stepper(net, recipe)
    order = epoch_batches(data.board_of, BATCH_SIZE, seed, 0)
    bar = progress_bar(None, "Correction", len(order))
    for step, rows in enumerate(order):
        stepper.begin(step, len(order))
        batch = move_data_to_device(data.batch(rows, recipe.pinned, seed + step), device)
        inputs = batch.inputs, batch.token_places, batch.columns, batch.pins
        predicted = batch.targets >= 0
        # the old model's probabilities [N, V], and on top of them the excess of the token that was drawn
        with torch.no_grad():
            probabilities = (mask_logits(old(*inputs).logits, batch) / temperature).softmax(dim=1)
        of_token = excess[torch.from_numpy(rows).to(device)[batch.token_places // batch.inputs.shape[1]]]
        probabilities[predicted] = probabilities[predicted].scatter_add(
            1, batch.targets[predicted][:, None], of_token[predicted][:, None]
        )
        logits = net(*inputs).logits / temperature
        (distillation_nats(logits, batch, probabilities) / predicted.sum()).backward()
        stepper.finish()
        bar.update(1)
    bar.close()
    return {**checkpoint, "model_state_dict": stepper.kept.cpu().state_dict()}
