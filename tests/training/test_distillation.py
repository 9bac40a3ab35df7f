"""Distillation: what teachers answer, what they draw, and a student that learns from them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from climbpath.data import parquet
from climbpath.data.split import split
from climbpath.errors import ClimbpathError
from climbpath.model.checkpoint import load_checkpoint
from climbpath.model.config import ModelConfig
from climbpath.model.tokens import ANY_GRADE
from climbpath.training.batches import Batch, Encoded
from climbpath.training.distillation import SYNTHETIC_RATIO, load_teachers, synthetic_problems, teacher_probabilities
from climbpath.training.losses import distillation_nats, nats
from climbpath.training.machine import Machine
from climbpath.training.recipes import FAST, GUIDE_SMALL
from climbpath.training.train import train

SMALL = replace(FAST, d_model=16, num_layers=1, nhead=2, dim_feedforward=16, num_epochs=2, batch_size=64)


@pytest.fixture(scope="module")
def teachers(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Checkpoints of a model that knows pins and open grades, and of one that knows neither."""
    folder = tmp_path_factory.mktemp("teachers")
    paths = []
    for number, recipe in enumerate([SMALL, replace(SMALL, pinned=0.0, grade_dropout=0.0, seed=1)]):
        run = folder / str(number)
        train(parquet.load(tiny), recipe, run, folder / f"logs{number}", Machine("cpu", threads=1))
        paths.append(str(run / "best.pt"))
    return paths


def test_each_teacher_answers_only_what_it_has_learned(teachers: list[str], tiny: Path) -> None:
    config = ModelConfig.from_dict(load_checkpoint(Path(teachers[0]))["config"])
    both = load_teachers(teachers, config)
    assert [(t.knows_pins, t.knows_any_grade) for t in both] == [(True, True), (False, False)]
    encoded = Encoded(parquet.load(tiny)[:40], config.tokens, True, grade_dropout=0.5)
    batch = encoded.batch(np.arange(40), pinned=0.5, seed=4)
    any_grade = config.tokens.ids[ANY_GRADE]
    targets = teacher_probabilities(both, batch, any_grade)
    alone = [teacher_probabilities([teacher], batch, any_grade) for teacher in both]
    counted = batch.targets >= 0
    assert batch.pins is not None
    special = batch.pins.any(dim=1) | (batch.inputs[:, 1] == any_grade)[batch.token_places // batch.inputs.shape[1]]
    plain = counted & ~special
    assert plain.any()
    assert (counted & special).any()
    torch.testing.assert_close(targets[plain], (alone[0] + alone[1])[plain] / 2)
    torch.testing.assert_close(targets[counted & special], alone[0][counted & special])
    truth = alone[1][counted & special]
    assert (truth.argmax(dim=1) == batch.targets[counted & special]).all(), "who cannot answer leaves it to the truth"
    torch.testing.assert_close(targets[counted].sum(dim=1), torch.ones(int(counted.sum())))


def test_distilled_the_truth_is_nats_and_the_best_answer_is_the_teachers() -> None:
    config_tokens = 7
    logits = torch.randn(5, config_tokens)
    targets = torch.tensor([0, 3, 6, 2, -100])
    ids = torch.zeros(1, 5, dtype=torch.int64)
    batch = Batch(ids, torch.arange(5), torch.arange(config_tokens), targets, None, None)
    truth = torch.nn.functional.one_hot(targets.clamp_min(0), config_tokens).float()
    torch.testing.assert_close(distillation_nats(logits, batch, truth), nats(logits, batch))
    targets = torch.randn(5, config_tokens).softmax(dim=1)
    assert distillation_nats(targets.log(), batch, targets) < distillation_nats(logits, batch, targets)


def test_lessons_are_new_and_in_the_mix_that_was_learned(teachers: list[str], tiny: Path) -> None:
    known = {p.key for p in parquet.load(tiny)}
    config = ModelConfig.from_dict(load_checkpoint(Path(teachers[0]))["config"])
    drawn = list(synthetic_problems(load_teachers(teachers, config), 200, seed=0))
    assert abs(len(drawn) - 200 * SYNTHETIC_RATIO) <= 10 * SYNTHETIC_RATIO
    assert not known & {p.key for p in drawn}
    assert {p.grade for p in drawn} == {p.grade for p in parquet.load(tiny)}


def test_a_student_learns_from_teachers_and_resumes_with_them(teachers: list[str], tiny: Path, tmp_path: Path) -> None:
    recipe = replace(SMALL, teachers=tuple(teachers), seed=7)
    progress = train(parquet.load(tiny), recipe, tmp_path / "run", tmp_path / "logs", Machine("cpu", threads=1))
    alone = load_checkpoint(Path(teachers[0]))["progress"]["history"]
    assert progress.history[0]["nats_per_problem"] < alone[0]["nats_per_problem"], "it starts from its first teacher"
    kept = load_checkpoint(tmp_path / "run/best.pt")
    assert kept["recipe"]["teachers"] == teachers
    assert kept["train_problems"] == len(split(parquet.load(tiny))["train"])
    assert set(kept["train_keys"].numpy().view(np.uint64).tolist()) <= {p.key for p in parquet.load(tiny)}


def test_a_teacher_of_other_tokens_is_refused(teachers: list[str]) -> None:
    config = ModelConfig.from_dict(load_checkpoint(Path(teachers[0]))["config"])
    with pytest.raises(ClimbpathError, match="cannot teach"):
        load_teachers(teachers, replace(config, vocabulary="coordinate", takes_pins=False))
    with pytest.raises(ClimbpathError, match="there is no checkpoint"):
        load_teachers(["nowhere.pt"], config)
    assert GUIDE_SMALL.teachers == ()
