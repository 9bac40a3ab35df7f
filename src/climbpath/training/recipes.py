"""Recipes: named, complete sets of training settings."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from climbpath.errors import ClimbpathError
from climbpath.model.config import ModelConfig


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that decides how a model is trained, but not on what and where.

    `tied` uses one token table for input and output. `boards` None takes the boards that the data has.
    `exclude_impossible` takes choices that cannot follow out of the softmax. `muon_learning_rate` trains the
    blocks' matrices with Muon and the rest with AdamW at `learning_rate`; None trains all with AdamW. `decay` lets
    the learning rates fall linearly to zero after the warm-up. `average` is the decay per step of the weights'
    moving average, which is then what is validated and kept; 0 keeps the weights themselves. `patience` is epochs
    without improvement before training stops. `pinned` is the share of problems of which some holds are given
    ahead, and `open_grade` the share whose grade is left open; both need hold tokens. `foresight` weighs a second
    task: to tell at every step which holds are still to come. Pins and foresight begin after the first quarter of
    training, so that the plain task is learned first. `teachers` are checkpoints of trained models that teach this
    one. `settled` tells problems that repeats have settled from others, which needs hold tokens.
    """

    name: str
    vocabulary: str
    boards: tuple[str, ...] | None
    mask_invalid: bool
    d_model: int
    num_layers: int
    nhead: int
    dim_feedforward: int
    dropout: float
    embedding_dropout: float
    max_seq_len: int
    tied: bool
    batch_size: int
    num_epochs: int
    learning_rate: float
    muon_learning_rate: float | None
    warmup_steps: int
    lr_decay: bool
    weight_decay: float
    ema_decay: float
    patience: int
    pinned: float
    grade_dropout: float
    future_holds: float
    teachers: tuple[str, ...] = ()
    consensus: bool = False
    seed: int

    def __post_init__(self) -> None:
        for field in ("batch_size", "num_epochs", "patience"):
            if getattr(self, field) < 1:
                raise ClimbpathError(f"{field} must be at least 1, not {getattr(self, field)}")
        for field in ("warmup_steps", "weight_decay"):
            if getattr(self, field) < 0:
                raise ClimbpathError(f"{field} cannot be negative: {getattr(self, field)}")
        for field in ("pinned", "open_grade"):
            if not 0 <= getattr(self, field) <= 1:
                raise ClimbpathError(f"{field} is a share from 0 to 1, not {getattr(self, field)}")
        if self.vocabulary != "hold" and (self.pinned or self.grade_dropout or self.teachers or self.consensus):
            raise ClimbpathError(
                f"the recipe {self.name} has no hold tokens: pins, settled problems, open grades and teachers need them"
            )
        if not self.learning_rate > 0:
            raise ClimbpathError(f"learning_rate must be above 0, not {self.learning_rate}")
        if self.seed < 0:
            raise ClimbpathError(f"seed cannot be negative: {self.seed}")

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types; from_dict reads it back."""
        boards = list(self.boards) if self.boards else None
        return {**asdict(self), "boards": boards, "teachers": list(self.teachers)}

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "Recipe":
        """The recipe that to_dict wrote."""
        boards = tuple(fields["boards"]) if fields["boards"] else None
        return cls(**{**fields, "boards": boards, "teachers": tuple(fields["teachers"])})


SIZES = ("d_model", "num_layers", "nhead", "dim_feedforward", "dropout", "embedding_dropout", "max_seq_len", "tied")


def config_of(recipe: Recipe, boards: tuple[str, ...]) -> ModelConfig:
    """The shape of the model that a recipe trains. Raises ClimbpathError where sizes contradict each other."""
    return ModelConfig(
        vocabulary=recipe.vocabulary,
        boards=boards,
        takes_pins=recipe.pinned > 0,
        predicts_future=recipe.future_holds > 0,
        consensus=recipe.consensus,
        **{name: getattr(recipe, name) for name in SIZES},
    )


GUIDE = Recipe(
    name="guide",
    vocabulary="coordinate",
    boards=("moonboard-2016",),
    mask_invalid=False,
    d_model=256,
    num_layers=6,
    nhead=8,
    dim_feedforward=1024,
    dropout=0.1,
    embedding_dropout=0.0,
    max_seq_len=64,
    tied=False,
    batch_size=16,
    num_epochs=50,
    learning_rate=1e-4,
    muon_learning_rate=None,
    warmup_steps=500,
    lr_decay=False,
    weight_decay=0.01,
    ema_decay=0.0,
    patience=10,
    pinned=0.0,
    grade_dropout=0.0,
    future_holds=0.0,
    seed=0,
)
GUIDE_SMALL = replace(GUIDE, name="guide-small", d_model=128, num_layers=4, nhead=4, dim_feedforward=512)
FAST = Recipe(
    name="fast",
    vocabulary="hold",
    boards=None,
    mask_invalid=True,
    d_model=96,
    num_layers=3,
    nhead=4,
    dim_feedforward=384,
    dropout=0.2,
    embedding_dropout=0.2,
    max_seq_len=64,
    tied=True,
    batch_size=128,
    num_epochs=15,
    learning_rate=3e-3,
    muon_learning_rate=0.01,
    warmup_steps=50,
    lr_decay=True,
    weight_decay=0.0,
    ema_decay=0.99,
    patience=10,
    pinned=0.2,
    grade_dropout=0.1,
    future_holds=0.1,
    consensus=True,
    seed=0,
)
RECIPES = {recipe.name: recipe for recipe in (FAST, GUIDE, GUIDE_SMALL)}
"""Every recipe by name; the first is the default."""
