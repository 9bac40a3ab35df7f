"""The transformer: causal, of the stated size, and the same in NumPy."""

import json
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from climbpath import board as boards
from climbpath.board import FINISH, HAND
from climbpath.errors import ClimbpathError
from climbpath.generator.lookahead import Lookahead
from climbpath.generator.sample import pin_vectors
from climbpath.model.config import ModelConfig
from climbpath.model.inference import Decoder
from climbpath.model.model import Output, Transformer
from climbpath.model.order import choices, used_before_each
from climbpath.model.tokens import PREFIX
from climbpath.problem import Problem, Rules
from climbpath.training.batches import Batch, Encoded
from climbpath.training.losses import future_holds_nats, nats
from climbpath.training.muon import orthogonalise
from climbpath.training.optimizers import learning_rate_factor, side_task_weight
from climbpath.training.recipes import FAST, GUIDE, RECIPES, Recipe
from support.making import random_problems
from support.untrained import model, network, shaken


def leak(net: Transformer, pins: bool) -> str | None:
    """Where a position sees what comes behind it, or None: later tokens and later pins are changed, place by place."""
    b, t, tokens = 2, 8, len(net.config.tokens.names)
    ids = torch.randint(0, tokens, (b, t))
    given = (torch.rand(b, t, tokens) < 0.02).float() if pins else None

    def logits(ids: Tensor, given: Tensor | None) -> Tensor:
        return net(ids, pins=None if given is None else given.flatten(0, 1)).logits

    before = logits(ids, given)
    for place in range(1, t):
        other_ids = ids.clone()
        other_ids[:, place:] += torch.randint(1, tokens, (b, t - place))
        other_ids %= tokens
        changes = {"token": logits(other_ids, given)}
        if given is not None:
            other_pins = given.clone()
            other_pins[:, place:] = 1 - other_pins[:, place:]
            changes["pins"] = logits(ids, other_pins)
        for what, after in changes.items():
            if not torch.equal(after[:, :place], before[:, :place]):
                return f"position {place - 1} or one before sees the {what} of position {place} or later"
            assert not torch.equal(after[:, place], before[:, place]), f"position {place} does not see its own {what}"
    return None


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=list(RECIPES))
def test_no_position_sees_later_tokens_or_pins(recipe: Recipe) -> None:
    assert leak(shaken(recipe), pins=recipe.pinned > 0) is None


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=list(RECIPES))
def test_attention_without_its_mask_would_be_caught(recipe: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    attend = F.scaled_dot_product_attention
    monkeypatch.setattr(F, "scaled_dot_product_attention", lambda q, k, v, is_causal: attend(q, k, v, is_causal=False))
    assert leak(shaken(recipe), pins=False) == "position 0 or one before sees the token of position 1 or later"


def test_pins_shown_too_early_would_be_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which pins the next token uses up tells that token."""
    net, forward = shaken(FAST), Transformer.forward

    def early(
        net: Transformer,
        ids: Tensor,
        token_places: Tensor | None = None,
        columns: Tensor | None = None,
        pins: Tensor | None = None,
    ) -> Output:
        assert pins is not None
        next_pins = pins.view(*ids.shape, -1).roll(-1, dims=1).flatten(0, 1)
        return forward(net, ids, token_places, columns, next_pins)

    monkeypatch.setattr(Transformer, "forward", early)
    assert leak(net, pins=True) == "position 0 or one before sees the pins of position 1 or later"


def test_in_a_packed_batch_a_last_token_changes_its_own_place_alone() -> None:
    """Problems of several lengths, of which only the tokens that there are go through the layers."""
    net = shaken(FAST)
    batch = Encoded(random_problems(6), net.config.tokens, True).batch(np.arange(6), pinned=0.5)
    assert batch.pins is not None
    rows = batch.token_places // batch.inputs.shape[1]
    last = torch.cat([rows[1:] != rows[:-1], torch.tensor([True])])
    ids, pins = batch.inputs.clone(), batch.pins.clone()
    ids.view(-1)[batch.token_places[last]] = 7
    pins[last] = 1 - pins[last]
    packed = batch.token_places, batch.columns
    before, after = net(batch.inputs, *packed, batch.pins).logits, net(ids, *packed, pins).logits
    assert len(set(torch.bincount(rows).tolist())) > 1
    assert torch.equal(before[~last], after[~last])
    assert (before[last] != after[last]).any(dim=1).all()


@pytest.mark.parametrize(("name", "millions"), [("guide", 4.8), ("guide-small", 0.8)])
def test_the_guides_settings_have_the_stated_sizes(name: str, millions: float) -> None:
    assert round(network(RECIPES[name]).count_parameters() / 1e6, 1) == millions


@pytest.mark.parametrize(
    "recipe",
    [FAST, replace(FAST, pinned=0.0, tied=False), replace(GUIDE, num_layers=2)],
    ids=["hold", "hold-without-pins", "coordinate"],
)
def test_numpy_agrees_with_torch(recipe: Recipe) -> None:
    net = shaken(recipe)
    weights = model(recipe, net=net).weights
    ids = torch.randint(0, len(net.config.tokens.names), (5, 14))
    pins = (torch.rand(*ids.shape, len(net.config.tokens.names)) < 0.02).float() if recipe.pinned else None
    expected = net(ids, pins=None if pins is None else pins.flatten(0, 1)).logits.detach().numpy()
    if pins is not None:
        assert np.abs(net(ids).logits.detach().numpy() - expected).max() > 1
    decoder = Decoder(weights, recipe.nhead, batch=5, length=14)
    rows = np.arange(5)
    for t in range(14):
        if t == 9:  # three sequences have ended
            rows = np.array([1, 4])
            decoder.keep(rows)
        given = None if pins is None else pins[rows, t].numpy() @ weights["pin"]
        logits = decoder.next(ids[rows, t].numpy(), given) @ weights["output"].T
        assert np.abs(logits - expected[rows, t]).max() < 1e-4


def test_sampling_tells_of_pins_what_training_told() -> None:
    """Step by step along real sequences: the lookahead's pins still to come, and the same logits."""
    net = shaken(FAST)
    fast, tokens = model(FAST, net=net), net.config.tokens
    for i, problem in enumerate(random_problems(3)):
        layout = boards.load(problem.board)
        batch = Encoded([problem], tokens, True).batch(np.array([0]), pinned=1.0, seed=i)
        assert batch.pins is not None
        pinned = {tokens.names[batch.columns[column]].split(":")[1] for column in batch.pins[0].nonzero().flatten()}
        assert pinned
        assert pinned <= set(problem.holds)
        lookahead = Lookahead(layout, 40, Rules(pins=frozenset(pinned), max_reach=120))
        vectors = pin_vectors(fast, lookahead)
        assert vectors is not None
        expected = net(batch.inputs, batch.token_places, batch.columns, batch.pins).logits.detach().numpy()
        decoder, state = Decoder(fast.weights, FAST.nhead, 1, 64), lookahead.initial_state(1)
        for place, token in enumerate(batch.inputs[0].numpy()):
            if place >= PREFIX:
                lookahead.choose(state, np.array([choices(problem, layout)[place - PREFIX]]))
            hidden = decoder.next(token[None], state.open_pins @ vectors)
            logits = hidden @ fast.weights["output"][batch.columns].T
            assert np.abs(logits - expected[place]).max() < 1e-4


def test_excluding_the_impossible_leaves_a_distribution_over_the_possible() -> None:
    net = network(FAST)
    problems = random_problems(6)
    masked = Encoded(problems, net.config.tokens, mask_invalid=True).batch(np.arange(6))
    plain = Encoded(problems, net.config.tokens, mask_invalid=False).batch(np.arange(6))
    logits = net(masked.inputs, masked.token_places, masked.columns).logits
    assert 0 < nats(logits, masked).item() < nats(logits, plain).item()


@pytest.mark.parametrize("pinned", [0.0, 0.5])
def test_the_nats_of_a_batch_are_the_sum_of_its_problems(pinned: float) -> None:
    net = shaken(FAST)
    together = Encoded(random_problems(6), net.config.tokens, True).batch(np.arange(6), pinned)
    expected = 0.0
    for row in range(6):
        mine = together.token_places // together.inputs.shape[1] == row
        alone = Batch(
            inputs=together.inputs[[row], : mine.sum()],
            token_places=torch.arange(int(mine.sum())),
            columns=together.columns,
            targets=together.targets[mine],
            possible=None if together.possible is None else together.possible[mine],
            pins=None if together.pins is None else together.pins[mine],
        )
        expected += nats(net(alone.inputs, alone.token_places, alone.columns, alone.pins).logits, alone).item()
    total = nats(net(together.inputs, together.token_places, together.columns, together.pins).logits, together).item()
    assert total == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("pinned", [(), ("D9",), ("F5", "G18")], ids=["no pins", "a hand", "a start and a finish"])
def test_probabilities_of_all_problems_sum_to_one(pinned: tuple[str, ...]) -> None:
    """On a board cut down to few holds, summed over every problem that the order and the pins admit."""
    names = {"F5", "G6", "D9", "E18", "G18"}
    net, layout = shaken(FAST), boards.load("moonboard-2016")
    tokens = net.config.tokens
    usable = torch.tensor(
        [
            tokens.names[i].split(":")[-2:-1] in [[n] for n in names] or i == tokens.end
            for i in tokens.tokens_of(layout.name)
        ]
    )
    by_hold = layout.may(40)[FINISH, [layout.index[label] for label in pinned]]
    roles = np.where(by_hold, FINISH, HAND)
    pinned_choices = [layout.choice_of[role, layout.index[one]] for role, one in zip(roles, pinned, strict=True)]
    total = 0.0
    for start in [("F5",), ("G6",), ("F5", "G6")]:
        others = [hold for hold in ("F5", "G6", "D9") if hold not in start]
        for count in range(len(others) + 1):
            for hands in combinations(others, count):
                for finish in [("E18",), ("G18",), ("E18", "G18")]:
                    problem = Problem(grade="7A", start=start, hands=hands, finish=finish)
                    if not set(pinned) <= set(problem.holds):
                        continue
                    sequence = np.array([choices(problem, layout)])
                    open_pins = np.isin(np.arange(len(layout.choice_roles)), pinned_choices)
                    left = open_pins & ~used_before_each(layout, sequence)
                    batch = Encoded([problem], tokens, True).batch(np.array([0]))
                    possible = torch.ones(len(batch.token_places), len(batch.columns), dtype=torch.bool)
                    possible[PREFIX - 1 :] = torch.from_numpy(tokens.mask_targets(problem.setup, sequence, left)[0])
                    pins = torch.zeros(len(batch.token_places), len(batch.columns))
                    pins[:, :-1] = torch.from_numpy(np.insert(left[0], 0, left[0, 0], axis=0)).float()
                    batch = batch._replace(possible=possible & usable)
                    total += (
                        (-nats(net(batch.inputs, batch.token_places, batch.columns, pins).logits, batch)).exp().item()
                    )
    assert total == pytest.approx(1, abs=1e-4)


def test_future_holds_is_counted_over_the_tokens_still_to_occur_later() -> None:
    net = shaken(FAST).train()
    batch = Encoded(random_problems(4), net.config.tokens, True).batch(np.arange(4))
    future_logits = net(batch.inputs, batch.token_places, batch.columns, predict_future=True).future_logits
    assert future_logits is not None
    rows = batch.token_places // batch.inputs.shape[1]
    expected = 0.0
    for i, row in enumerate(rows):
        if batch.targets[i] >= 0:
            follows = torch.zeros(future_logits.shape[1])
            follows[batch.targets[i:][rows[i:] == row]] = 1
            expected += F.binary_cross_entropy_with_logits(future_logits[i], follows, reduction="sum").item()
    assert future_holds_nats(future_logits, batch).item() == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("recipe", [FAST, GUIDE], ids=["fast", "guide"])
def test_future_holds_is_told_where_it_is_asked_and_learned(recipe: Recipe) -> None:
    net = network(recipe)
    ids = torch.zeros(1, 3, dtype=torch.int64)
    assert net(ids).future_logits is None
    assert (net(ids, predict_future=True).future_logits is not None) == (recipe.future_holds > 0)


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


def test_pins_and_future_holds_come_in_over_the_second_quarter_of_training() -> None:
    assert [side_task_weight(step, 80) for step in (0, 20, 25, 30, 40, 79)] == [0, 0, 0.25, 0.5, 1, 1]


@pytest.mark.parametrize("field", ["pinned", "grade_dropout"])
@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_shares_of_a_recipe_are_from_0_to_1(field: str, share: float) -> None:
    with pytest.raises(ClimbpathError, match=f"{field} is a fraction from 0 to 1, not {share}"):
        Recipe.from_dict(FAST.to_dict() | {field: share})


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=list(RECIPES))
def test_recipes_and_model_settings_are_read_back(recipe: Recipe) -> None:
    config = network(recipe).config
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe
    assert ModelConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"nhead": 5}, "d_model 96 cannot be shared by nhead 5"),
        ({"dropout": 1.0}, "dropout must be from 0 to 0.99, not 1.0"),
        ({"embedding_dropout": -0.1}, "embedding_dropout must be from 0 to 0.99, not -0.1"),
        ({"vocabulary": "coordinate", "grade_dropout": 0.0}, "no hold tokens: pinned, .* need them"),
        ({"vocabulary": "coordinate", "pinned": 0.0}, "no hold tokens: .*grade_dropout.* need them"),
        ({"num_layers": 0}, "num_layers must be from 1 to 256"),
    ],
)
def test_contradicting_sizes_are_explained(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ClimbpathError, match=message):
        network(replace(FAST, **change))


def test_gradients_are_the_same_every_time_on_two_threads() -> None:
    """Gradients that threads add up in any order would make two runs of one seed differ."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        net = Transformer(replace(network(FAST).config, dropout=0.0, embedding_dropout=0.0)).train()
        batch = Encoded(random_problems(128), net.config.tokens, True).batch(np.arange(128))
        found = []
        for _ in range(6):
            net.zero_grad()
            nats(net(batch.inputs, batch.token_places, batch.columns).logits, batch).backward()
            found.append({name: p.grad.clone() for name, p in net.named_parameters() if p.grad is not None})
    finally:
        torch.set_num_threads(before)
    for again in found[1:]:
        assert [name for name, gradient in again.items() if not torch.equal(gradient, found[0][name])] == []
