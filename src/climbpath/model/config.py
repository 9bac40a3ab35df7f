"""What fixes the shape of a model; read without torch."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from climbpath.errors import ClimbpathError
from climbpath.model.tokens import Vocabulary


@dataclass(frozen=True)
class ModelConfig:
    """Everything that fixes the shape of a model; `tied` uses one token table for input and output.

    `takes_pins` is whether it can be told of pins, `foresees` whether it also tells which holds are still to come,
    `settled` whether it can be told that repeats have settled a problem.

    Raises ClimbpathError where sizes contradict each other.
    """

    vocabulary: str
    boards: tuple[str, ...]
    d_model: int
    num_layers: int
    nhead: int
    dim_feedforward: int
    dropout: float
    embedding_dropout: float
    max_seq_len: int
    tied: bool
    takes_pins: bool
    foresees: bool
    settled: bool = False

    def __post_init__(self) -> None:
        for field in ("d_model", "num_layers", "nhead", "dim_feedforward", "max_seq_len"):
            if getattr(self, field) < 1:
                raise ClimbpathError(f"{field} must be at least 1, not {getattr(self, field)}")
        if self.d_model % self.nhead:
            raise ClimbpathError(f"d_model {self.d_model} cannot be shared by nhead {self.nhead}: choose a multiple")
        if self.takes_pins and self.vocabulary != "hold":
            raise ClimbpathError(f"pins need hold tokens: the {self.vocabulary} vocabulary has none")
        for field in ("dropout", "embedding_dropout"):
            if not 0 <= getattr(self, field) < 1:
                raise ClimbpathError(f"{field} must be at least 0 and under 1, not {getattr(self, field)}")

    @cached_property
    def tokens(self) -> Vocabulary:
        """The vocabulary."""
        return Vocabulary(self.vocabulary, self.boards, self.settled)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types; from_dict reads it back."""
        return {**asdict(self), "boards": list(self.boards)}

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "ModelConfig":
        """The config that to_dict wrote."""
        return cls(**{**fields, "boards": tuple(fields["boards"])})
