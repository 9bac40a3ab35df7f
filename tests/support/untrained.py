"""Models with random weights: they know nothing, so that only rules and arithmetic show."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import torch

from climbpath import board as boards
from climbpath.grades import on_ladder
from climbpath.model.checkpoint import Model, keys_to_tensor, model_of
from climbpath.model.model import Transformer
from climbpath.training.recipes import FAST, Recipe, config_of

SMALL = replace(FAST, d_model=16, num_layers=1, nhead=2, dim_feedforward=16)
"""The fast recipe in small: hold tokens, pins and grade dropout."""
COORDINATE = replace(
    SMALL,
    vocabulary="coordinate",
    boards=("moonboard-2016",),
    pinned=0.0,
    grade_dropout=0.0,
    future_holds=0.0,
    consensus=False,
)
WITHOUT_PINS = replace(SMALL, pinned=0.0)
GIVEN_GRADE = replace(SMALL, grade_dropout=0.0)


def network(recipe: Recipe) -> Transformer:
    """The recipe's network as training starts with it, out of training."""
    torch.manual_seed(0)
    config = config_of(recipe, recipe.boards or tuple(boards.names()))
    return Transformer(config).eval()


def shaken(recipe: Recipe) -> Transformer:
    """A network of which every part matters: training starts some so small that they hide behind rounding."""
    net = network(recipe)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return net


def learned_on(board: str) -> dict[str, int]:
    """How many problems of three grades the model has learned on a board."""
    ladder = boards.load(board).ladder
    return {on_ladder(grade, ladder)[0]: count for grade, count in {"6B": 4, "7A": 900, "7B": 300}.items()}


def checkpoint(recipe: Recipe = SMALL, known: Iterable[int] = (), net: Transformer | None = None) -> dict[str, Any]:
    """What a checkpoint of a network holds that a model is made of; the model has learned three grades."""
    net = net or network(recipe)
    keys = keys_to_tensor(set(known))
    return {
        "config": net.config.to_dict(),
        "model_state_dict": net.state_dict(),
        "evidence": {f"{name}@40": learned_on(name) for name in net.config.boards},
        "consensus": {},
        "known_keys": keys,
        "train_keys": keys,
        "recipe": recipe.to_dict(),
        "epoch": 0,
        "val_loss": 0.0,
        "nats_per_problem": 0.0,
    }


def model(recipe: Recipe = SMALL, known: Iterable[int] = (), net: Transformer | None = None) -> Model:
    """The model of a network, a new one if none is given, as its checkpoint gives it."""
    return model_of(checkpoint(recipe, known, net))
