"""What fixes the shape of a model; read without torch."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from climbpath.errors import ClimbpathError
from climbpath.tokens import Vocabulary


@dataclass(frozen=True)
class ModelConfig:
    """Everything that fixes the shape of a model; `tied` uses one token table for input and output.

    Raises ClimbpathError where sizes contradict each other.
    """

    vocabulary: str
    boards: tuple[str, ...]
    d_model: int
    num_layers: int
    nhead: int
    dim_feedforward: int
    dropout: float
    max_seq_len: int
    tied: bool

    def __post_init__(self) -> None:
        for field in ("d_model", "num_layers", "nhead", "dim_feedforward", "max_seq_len"):
            if getattr(self, field) < 1:
                raise ClimbpathError(f"{field} must be at least 1, not {getattr(self, field)}")
        if self.d_model % self.nhead:
            raise ClimbpathError(f"d_model {self.d_model} cannot be shared by nhead {self.nhead}: choose a multiple")
        if not 0 <= self.dropout < 1:
            raise ClimbpathError(f"dropout must be at least 0 and under 1, not {self.dropout}")

    @property
    def tokens(self) -> Vocabulary:
        """The vocabulary."""
        return Vocabulary(self.vocabulary, self.boards)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types; from_dict reads it back."""
        return {**asdict(self), "boards": list(self.boards)}

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "ModelConfig":
        """The config that to_dict wrote."""
        return cls(**{**fields, "boards": tuple(fields["boards"])})
