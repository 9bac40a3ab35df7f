"""Problems with a consensus grade and others: a model learns both kinds, and is asked for either."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from climbpath.board import Setup
from climbpath.data.split import split
from climbpath.errors import ClimbpathError
from climbpath.evaluation import evaluate as evaluation
from climbpath.evaluation.baseline_grader import TREES
from climbpath.evaluation.evaluate import evaluate, held_out
from climbpath.evaluation.likelihood import nats_per_problem
from climbpath.generator.request import OWN, Sampling
from climbpath.generator.sample import generate
from climbpath.model.checkpoint import Model, load_checkpoint, load_model, model_of, save_model
from climbpath.model.tokens import CONSENSUS, vocabulary_of
from climbpath.problem import CONSENSUS_REPEATS, Problem, Rules
from climbpath.training.distillation import drawn_by
from climbpath.training.machine import Machine
from climbpath.training.recipes import FAST, GUIDE
from climbpath.training.selection import TrainingData
from climbpath.training.train import train
from support.making import ask, random_problems

SMALL = replace(FAST, d_model=32, num_layers=1, nhead=2, dim_feedforward=32, num_epochs=6, batch_size=32)
BOARD = "moonboard-2016"
SETUP = Setup(BOARD, 40)
WITH, WITHOUT = vocabulary_of("hold", (BOARD,), consensus=True), vocabulary_of("hold", (BOARD,))


def short_and_long() -> list[Problem]:
    """Short problems with a consensus grade and twice as many long ones without; of 7B none has one."""
    short = random_problems(600, seed=1, rules=Rules(max_reach=150, max_holds=5))
    long = random_problems(1200, seed=2, rules=Rules(max_reach=120, min_holds=7, max_holds=11))
    consensus = [replace(problem, repeats=25) for problem in short if problem.grade != "7B"]
    return [*consensus, *(replace(problem, repeats=3) for problem in long)]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkpoint of a small model that has learned both kinds."""
    folder = tmp_path_factory.mktemp("consensus")
    train(short_and_long(), SMALL, folder / "run", folder / "logs", Machine("cpu", threads=1))
    return folder / "run/latest.pt"


@pytest.fixture(scope="module")
def model(trained: Path) -> Model:
    return model_of(load_checkpoint(trained))


def drawn(model: Model, grade: str, sampling: Sampling) -> list[Problem]:
    return list(generate(model, ask(grade, 60, SETUP, sampling, seed=5)))


def mean_holds(problems: list[Problem]) -> float:
    return float(np.mean([len(problem.holds) for problem in problems]))


def test_users_get_problems_like_those_with_consensus(model: Model) -> None:
    assert mean_holds(drawn(model, "7A", OWN)) < 5.5
    assert mean_holds(drawn(model, "7A", OWN._replace(consensus=False))) > 7


def test_where_none_of_the_grade_has_consensus_the_others_are_asked_for(model: Model) -> None:
    assert "7B" in model.evidence[SETUP]
    assert "7B" not in model.consensus[SETUP]
    assert drawn(model, "7B", OWN) == drawn(model, "7B", OWN._replace(consensus=False))


def test_a_problem_is_likelier_as_what_it_is(model: Model) -> None:
    held = split(short_and_long())["test"]
    other = [replace(problem, repeats=None if problem.has_consensus else CONSENSUS_REPEATS) for problem in held]
    right, wrong = (nats_per_problem(model, problems, given_consensus=True) for problems in (held, other))
    assert right.mean() + 1 < wrong.mean()


def test_without_that_condition_a_problem_may_be_of_either_kind(model: Model) -> None:
    """What is scored token by token is, in sum, the mean of both kinds' whole probabilities."""
    held = split(short_and_long())["test"]
    as_consensus, as_other = (
        nats_per_problem(model, [replace(problem, repeats=repeats) for problem in held], given_consensus=True)
        for repeats in (CONSENSUS_REPEATS, None)
    )
    share = np.array(
        [model.consensus[SETUP].get(p.grade or "", 0) / model.evidence[SETUP][p.grade or ""] for p in held]
    )
    either = -np.log(share * np.exp(-as_consensus) + (1 - share) * np.exp(-as_other))
    np.testing.assert_allclose(nats_per_problem(model, held), either, rtol=1e-6)
    unlearned = replace(held[0], repeats=3, partial=True)
    np.testing.assert_allclose(
        nats_per_problem(model, [unlearned]), nats_per_problem(model, [unlearned], given_consensus=True)
    )


def test_a_model_that_learned_none_with_consensus_takes_them_as_any_other(model: Model) -> None:
    held = split(short_and_long())["test"]
    others = [replace(problem, repeats=None) for problem in held]
    learned_none = replace(model, consensus={})
    expected = nats_per_problem(model, others, given_consensus=True)
    for known in (False, True):
        np.testing.assert_allclose(nats_per_problem(learned_none, held, known), expected, rtol=1e-6)


def test_counts_of_consensus_stay_with_the_model(trained: Path, model: Model, tmp_path: Path) -> None:
    learned = TrainingData(short_and_long(), SMALL).parts["train"]
    assert model.consensus == {SETUP: dict(Counter(p.grade for p in learned if p.has_consensus))}
    save_model(tmp_path / "model.safetensors", model)
    for path in (trained, tmp_path / "model.safetensors"):
        again = load_model(path)
        assert again.consensus == model.consensus
        assert drawn(again, "7A", OWN) == drawn(model, "7A", OWN)


def test_what_is_drawn_as_learned_says_what_it_was_drawn_as(model: Model) -> None:
    found = list(drawn_by(model, 600, seed=1))
    consensus = [problem for problem in found if problem.has_consensus]
    share = sum(model.consensus[SETUP].values()) / sum(model.evidence[SETUP].values())
    assert len(consensus) / len(found) == pytest.approx(share, abs=0.02)
    assert mean_holds(consensus) + 1.5 < mean_holds([problem for problem in found if not problem.has_consensus])


def test_evaluation_draws_as_many_with_consensus_as_are_held_out(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TREES, "max_iter", 2)  # what they say is not looked at here
    monkeypatch.setattr(evaluation, "grader_of", lambda setup: None)
    held = held_out(model, short_and_long(), None)
    measured = evaluate({"mine": (model, held)}, samples=200, compare={}).setups[SETUP]
    real, generated = (np.mean(side["holds"]) for side in (measured.shapes.real, measured.shapes.generated))
    assert generated == pytest.approx(real, abs=0.5)
    assert measured.rows["generated, the model's own distribution"].problems == 200


def test_a_model_without_that_condition_makes_no_difference(tmp_path: Path) -> None:
    run = tmp_path / "run"
    recipe = replace(SMALL, consensus=False, num_epochs=1)
    train(short_and_long(), recipe, run, tmp_path / "logs", Machine("cpu", threads=1))
    checkpoint = load_checkpoint(run / "latest.pt")
    untold = model_of(checkpoint)
    assert untold.consensus == {}
    assert drawn(untold, "7A", OWN) == drawn(untold, "7A", OWN._replace(consensus=False))


@given(st.integers(0, 40), st.booleans())
def test_a_problem_is_spelled_by_its_kind(repeats: int, partial: bool) -> None:
    problem = replace(random_problems(1)[0], repeats=repeats, partial=partial)
    name = WITH.names[WITH.encode(problem)[0]]
    assert name.endswith(CONSENSUS) == (repeats >= CONSENSUS_REPEATS and not partial)
    back = WITH.decode(WITH.encode(problem), SETUP)
    assert WITH.encode(back) == WITH.encode(problem)
    assert (back.partial, back.has_consensus) == (partial, name.endswith(CONSENSUS))
    assert not WITHOUT.names[WITHOUT.encode(problem)[0]].endswith(CONSENSUS)


def test_coordinate_tokens_know_no_consensus() -> None:
    with pytest.raises(ClimbpathError, match=r"no hold tokens: .*consensus.* need them"):
        replace(GUIDE, consensus=True)
