"""Nats per problem: the same numbers in NumPy as training has in torch, for every vocabulary."""

from dataclasses import replace

import numpy as np
import pytest

from climbpath.errors import ClimbpathError
from climbpath.evaluation.likelihood import nats_per_problem, score
from climbpath.problem import Problem
from climbpath.training.batches import Encoded
from climbpath.training.losses import nats
from climbpath.training.recipes import FAST, GUIDE, Recipe
from support.making import random_problems
from support.untrained import model, shaken

ONE_BOARD = random_problems(8)
BOARDS = [*random_problems(4), *random_problems(3, "moonboard-mini-2020", 1), *random_problems(2, seed=2)]
HOLD = FAST
UNMASKED = replace(FAST, mask_invalid=False, tied=False)
COORDINATE = replace(GUIDE, d_model=64, num_layers=2)


@pytest.mark.parametrize(
    ("recipe", "problems"),
    [(HOLD, BOARDS), (UNMASKED, BOARDS), (COORDINATE, ONE_BOARD)],
    ids=["hold", "hold-unmasked", "coordinate"],
)
def test_nats_are_those_of_training(recipe: Recipe, problems: list[Problem]) -> None:
    net = shaken(recipe)
    encoded = Encoded(problems, net.config.tokens, recipe.mask_invalid)
    batches = [encoded.batch(np.array([row])) for row in range(len(problems))]
    expected = [nats(net(batch.inputs, batch.token_places, batch.columns).logits, batch).item() for batch in batches]
    assert np.abs(nats_per_problem(model(recipe, net=net), problems) - expected).max() < 1e-3
    assert np.std(expected) > 0.1


@pytest.mark.parametrize("recipe", [HOLD, COORDINATE], ids=["hold", "coordinate"])
def test_the_score_of_a_problem_depends_on_no_other(recipe: Recipe) -> None:
    mine = model(recipe, net=shaken(recipe))
    together = nats_per_problem(mine, ONE_BOARD)
    alone = [nats_per_problem(mine, [problem])[0] for problem in ONE_BOARD]
    assert together == pytest.approx(alone, abs=1e-4)


@pytest.mark.parametrize(("recipe", "width"), [(HOLD, 1), (COORDINATE, 2)], ids=["hold", "coordinate"])
def test_tokens_are_counted_up_to_the_end(recipe: Recipe, width: int) -> None:
    scored = score(model(recipe, net=shaken(recipe)), ONE_BOARD)
    assert scored.is_token.sum(axis=1).tolist() == [width * len(problem.sequence) + 1 for problem in ONE_BOARD]
    assert (scored.end.sum(axis=1) == 1).all()
    assert not (scored.end & ~scored.is_token).any()
    assert not scored.nats[~scored.is_token].any()
    assert not scored.hit[~scored.is_token].any()
    hit, missed = scored.is_token & scored.hit, scored.is_token & ~scored.hit
    assert np.allclose(scored.nats[hit], -np.log(scored.confidence[hit]))
    assert (scored.nats[missed] >= -np.log(scored.confidence[missed])).all()


def test_a_partial_problem_is_scored_under_its_own_condition() -> None:
    net = shaken(HOLD)
    partial = replace(ONE_BOARD[0], partial=True)
    batch = Encoded([partial], net.config.tokens, True).batch(np.array([0]))
    expected = nats(net(batch.inputs, batch.token_places, batch.columns).logits, batch).item()
    mine = model(HOLD, net=net)
    assert nats_per_problem(mine, [partial])[0] == pytest.approx(expected, abs=1e-3)
    assert nats_per_problem(mine, ONE_BOARD[:1])[0] != pytest.approx(expected, abs=1e-3)


def test_a_setup_may_have_a_temperature_of_its_own() -> None:
    plain = model(HOLD, net=shaken(HOLD))
    mini = BOARDS[4].setup
    warmer = replace(plain, about={**plain.about, "temperatures": {str(mini): 1.25}})
    divided = replace(plain, weights={**plain.weights, "output": plain.weights["output"] / np.float32(1.25)})
    expected = [nats_per_problem(divided if problem.setup == mini else plain, [problem])[0] for problem in BOARDS]
    assert nats_per_problem(warmer, BOARDS) == pytest.approx(expected, abs=1e-4)


def test_no_problems_have_no_nats() -> None:
    assert nats_per_problem(model(HOLD), []).tolist() == []


def test_what_the_vocabulary_lacks_is_named() -> None:
    with pytest.raises(ClimbpathError, match="no grade None"):
        nats_per_problem(model(HOLD), [replace(ONE_BOARD[0], grade=None)])
    with pytest.raises(ClimbpathError, match="does not know moonboard-mini-2020"):
        nats_per_problem(model(COORDINATE), BOARDS)
