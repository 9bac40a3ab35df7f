"""Distillation: a student learns from larger teachers how they continue real problems and synthetic ones.

A model that is fast enough to sample from is small; several larger ones together know more. Their mean probability
is the target (Hinton et al. 2015), and synthetic problems, which they draw, make up for the real ones being few.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from climbpath.errors import ClimbpathError, loading
from climbpath.generator.request import OWN, Request, can_be_guided
from climbpath.generator.sample import generate
from climbpath.model.checkpoint import Model, checked, load_checkpoint, model_of
from climbpath.model.config import ModelConfig
from climbpath.model.model import Transformer
from climbpath.problem import CONSENSUS_REPEATS, Problem
from climbpath.training.batches import Batch
from climbpath.training.losses import mask_logits

SYNTHETIC_RATIO = 3
"""Synthetic problems for every real one."""
DISTILL_WEIGHT = 0.9
"""Weight of the teachers' probabilities relative to the token that actually follows."""


class Teacher(NamedTuple):
    """A trained model: the network that predicts, and the model that draws."""

    net: Transformer
    model: Model

    @property
    def knows_pins(self) -> bool:
        """Whether it has learned problems with pins."""
        return self.model.config.takes_pins

    @property
    def knows_any_grade(self) -> bool:
        """Whether it has learned problems without their grade."""
        return can_be_guided(self.model)


def load_teachers(paths: Sequence[str], config: ModelConfig) -> list[Teacher]:
    """The teachers of a model. Raises ClimbpathError for one that was trained on other boards or other tokens."""
    teachers = []
    for path in paths:
        checkpoint = load_checkpoint(Path(path))
        with loading(Path(path), "cannot teach"):
            model = checked(model_of(checkpoint))
        theirs = model.config
        if theirs.tokens != config.tokens:
            raise ClimbpathError(f"{path} cannot teach: it was trained on other boards or with other tokens")
        net = Transformer(theirs)
        with loading(Path(path), "cannot teach"):
            net.load_state_dict(checkpoint["model_state_dict"])
        teachers.append(Teacher(net.eval().requires_grad_(False), model))
    return teachers


def check_teachers(teachers: Sequence[Teacher], held_out: Collection[int]) -> None:
    """Raises ClimbpathError where a teacher was trained on keys that its student is measured on."""
    for number, teacher in enumerate(teachers, 1):
        leaked = len(set(teacher.model.train_keys.tolist()).intersection(held_out))
        if leaked:
            raise ClimbpathError(
                f"teacher {number} was trained on {leaked:,} of the problems held out here: teach with models of the "
                "same data"
            )


def start_from(net: Transformer, teachers: Sequence[Teacher]) -> None:
    """Give a network the weights of its first teacher, where names and shapes match."""
    shapes = {name: value.shape for name, value in net.state_dict().items()}
    for teacher in teachers[:1]:
        given = {name: value for name, value in teacher.net.state_dict().items() if shapes.get(name) == value.shape}
        net.load_state_dict(given, strict=False)


def synthetic_problems(teachers: Sequence[Teacher], train_problems: int, seed: int) -> Iterator[Problem]:
    """Problems that the teachers draw, novel to them, in the mix of setup and grade that they learned."""
    each = SYNTHETIC_RATIO * train_problems / max(1, len(teachers))
    for number, (_, model) in enumerate(teachers):
        yield from drawn_by(model, each, seed + number)


def drawn_by(model: Model, number: float, seed: int) -> Iterator[Problem]:
    """Some `number` problems that a model draws, novel to it, in the mix of setup and grade that it learned.

    As many as it learned are drawn with a consensus grade, and have the fewest repeats of such.
    """
    for request, wanted in mixes(model, number, seed):
        repeats = CONSENSUS_REPEATS if request.sampling.consensus else None
        for problem in generate(model, request, wanted):
            yield replace(problem, repeats=repeats)


def mixes(model: Model, number: float, seed: int) -> Iterator[tuple[Request, Counter[str]]]:
    """Requests for some `number` problems in the mix that a model learned, with how many of each grade: for every setup
    one for problems with a consensus grade and one for others."""
    learned = sum(sum(counts.values()) for counts in model.evidence.values())
    for setup, counts in model.evidence.items():
        consensus = Counter(model.consensus.get(setup, {}))
        for is_consensus, kind in ((True, consensus), (False, Counter(counts) - consensus)):
            wanted = Counter({grade: round(number * count / learned) for grade, count in kind.items()})
            sampling = OWN._replace(consensus=is_consensus)
            yield Request(setup=setup, grades=tuple(counts), sampling=sampling, seed=seed), +wanted


@torch.no_grad()
def teacher_probabilities(teachers: Sequence[Teacher], batch: Batch, any_grade: int) -> Tensor:
    """Mean probabilities of the next token, [N, V], under those teachers that have learned problems of its kind.

    Where none has, the token that really follows has all the probability.
    """
    # which tokens stand in problems with pins, or without their grade: not every teacher knows such
    predicted = batch.targets >= 0
    pinned = torch.zeros_like(predicted) if batch.pins is None else batch.pins.any(dim=1)
    is_open = (batch.inputs[:, 1] == any_grade)[batch.token_places // batch.inputs.shape[1]]
    # sum of probabilities [N, V], and of how many teachers [N]
    total = torch.zeros(len(predicted), len(batch.columns), device=predicted.device)
    able = torch.zeros_like(batch.targets)
    for teacher in teachers:
        can = predicted & (~pinned | teacher.knows_pins) & (~is_open | teacher.knows_any_grade)
        logits = teacher.net(batch.inputs, batch.token_places, batch.columns, batch.pins).logits
        total = total + mask_logits(logits, batch).softmax(dim=1) * can[:, None]
        able = able + can
    truth = F.one_hot(batch.targets.clamp_min(0), total.shape[1])
    return torch.where((able > 0)[:, None], total / able.clamp_min(1)[:, None], truth)
