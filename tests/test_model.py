"""The transformer: causal, of the stated size, and the same in NumPy."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from climbpath import board as boards
from climbpath.batches import Encoded
from climbpath.config import ModelConfig
from climbpath.errors import ClimbpathError
from climbpath.inference import Decoder, fold
from climbpath.model import Transformer
from climbpath.muon import orthogonalise
from climbpath.optimizers import learning_rate_factor
from climbpath.recipes import FAST, GUIDE, RECIPES, Recipe
from climbpath.train import MODEL_SETTINGS, nats
from conftest import random_problems


def model_of(recipe: Recipe) -> Transformer:
    torch.manual_seed(0)
    config = ModelConfig(
        vocabulary=recipe.vocabulary,
        boards=recipe.boards or tuple(boards.names()),
        **{name: getattr(recipe, name) for name in MODEL_SETTINGS},
    )
    return Transformer(config).eval()


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=list(RECIPES))
def test_no_position_sees_a_later_token(recipe: Recipe) -> None:
    model = model_of(recipe)
    ids = torch.randint(0, len(model.config.tokens.names), (4, 12))
    before = model(ids)
    for t in range(1, 12):
        changed = ids.clone()
        changed[:, t:] = torch.randint(0, len(model.config.tokens.names), (4, 12 - t))
        after = model(changed)
        assert torch.equal(after[:, :t], before[:, :t]), f"position {t - 1} sees position {t} or later"
        assert not torch.equal(after[:, t:], before[:, t:])


@pytest.mark.parametrize(("name", "millions"), [("guide", 4.8), ("guide-small", 0.8)])
def test_the_guides_settings_have_the_stated_sizes(name: str, millions: float) -> None:
    assert round(model_of(RECIPES[name]).count_parameters() / 1e6, 1) == millions


@pytest.mark.parametrize("recipe", [FAST, replace(GUIDE, num_layers=2)], ids=["hold", "coordinate"])
def test_numpy_agrees_with_torch(recipe: Recipe) -> None:
    model = model_of(recipe)
    state = {name: value.detach().numpy() for name, value in model.state_dict().items()}
    weights = fold(state, model.config.tokens.features()[1])
    ids = torch.randint(0, len(model.config.tokens.names), (5, 14))
    expected = model(ids).detach().numpy()
    decoder = Decoder(weights, recipe.nhead, batch=5, length=14)
    for t in range(14):
        if t == 9:  # three sequences have ended
            ids, expected = ids[[1, 4]], expected[[1, 4]]
            decoder.keep(np.array([1, 4]))
        assert np.abs(decoder.next_logits(ids[:, t].numpy()) - expected[:, t]).max() < 1e-4


def test_excluding_the_impossible_leaves_a_distribution_over_the_possible() -> None:
    model = model_of(FAST)
    problems = random_problems(6)
    masked = Encoded(problems, model.config.tokens, exclude_impossible=True).batch(np.arange(6))
    plain = Encoded(problems, model.config.tokens, exclude_impossible=False).batch(np.arange(6))
    logits = model(masked.inputs, masked.real)
    assert 0 < nats(logits, masked).item() < nats(logits, plain).item()


def test_the_nats_of_a_batch_are_the_sum_of_its_problems() -> None:
    model = model_of(FAST)
    encoded = Encoded(random_problems(6), model.config.tokens, exclude_impossible=True)
    together = encoded.batch(np.arange(6))
    alone = [encoded.batch(np.array([i])) for i in range(6)]
    total = sum(nats(model(batch.inputs, batch.real), batch).item() for batch in alone)
    assert nats(model(together.inputs, together.real), together).item() == pytest.approx(total, rel=1e-4)


def test_probabilities_of_all_problems_sum_to_one() -> None:
    """On a board cut down to few holds, summed over every problem that the order admits."""
    from itertools import combinations

    from climbpath.problem import Problem

    # All problems that use only these holds carry the whole probability once the rest is masked out.
    names = {"F5", "G6", "D9", "E18", "G18"}
    model = model_of(FAST)
    tokens = model.config.tokens
    usable = torch.tensor(
        [n.split(":")[1] in names if n.startswith("moonboard-2016:") else n == "<end>" for n in tokens.names]
    )
    total = 0.0
    for start in [("F5",), ("G6",), ("F5", "G6")]:
        others = [hold for hold in ("F5", "G6", "D9") if hold not in start]
        for count in range(len(others) + 1):
            for hands in combinations(others, count):
                for finish in [("E18",), ("G18",), ("E18", "G18")]:
                    problem = Problem(grade="7A", start=start, hands=hands, finish=finish)
                    batch = Encoded([problem], tokens, exclude_impossible=True).batch(np.array([0]))
                    assert batch.possible is not None
                    batch = batch._replace(possible=batch.possible & usable)
                    total += (-nats(model(batch.inputs, batch.real), batch)).exp().item()
    assert total == pytest.approx(1, abs=1e-4)


def test_orthogonalised_matrices_have_singular_values_near_one() -> None:
    torch.manual_seed(0)
    for shape in [(2, 16, 48), (3, 48, 16), (1, 16, 16)]:
        values = torch.linalg.svdvals(orthogonalise(torch.randn(shape)))
        assert values.min() > 0.3
        assert values.max() < 1.4


def test_the_learning_rate_warms_up_and_decays_to_zero() -> None:
    factors = [learning_rate_factor(FAST, step, 1000) for step in range(1000)]
    assert factors[0] == pytest.approx(1 / FAST.warmup_steps, rel=0.01)
    assert factors.index(max(factors)) == FAST.warmup_steps - 1
    assert 0 < factors[-1] < 0.002
    assert learning_rate_factor(GUIDE, 100_000, 1) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"nhead": 5}, "d_model 96 cannot be shared by nhead 5"),
        ({"dropout": 1.0}, "dropout"),
        ({"num_layers": 0}, "num_layers must be at least 1"),
    ],
)
def test_contradicting_sizes_are_explained(change: dict[str, float], message: str) -> None:
    with pytest.raises(ClimbpathError, match=message):
        model_of(replace(FAST, **change))
