"""What fixes the shape of a model; read without torch."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from climbpath.errors import ClimbpathError
from climbpath.model.tokens import Vocabulary, vocabulary_of

MOST = {"d_model": 16_384, "num_layers": 256, "nhead": 256, "dim_feedforward": 65_536, "max_seq_len": 4096}
"""The largest sizes of a model."""
MOST_DROPOUT = 0.99
"""With more, what is left is scaled up so far that no training converges."""


@dataclass(frozen=True)
class ModelConfig:
    """Everything that fixes the shape of a model. Raises ClimbpathError where sizes contradict each other."""

    vocabulary: str
    """'hold' or 'coordinate': see tokens.py."""
    boards: tuple[str, ...]
    """Names of the boards that it has tokens for."""
    d_model: int
    """Width of the stream, D."""
    num_layers: int
    """Blocks of attention and feed-forward."""
    nhead: int
    """Attention heads in a block; d_model is a multiple of it."""
    dim_feedforward: int
    """Width of the feed-forward part."""
    dropout: float
    """Probability to drop an activation behind attention and feed-forward in training."""
    embedding_dropout: float
    """The same behind the embeddings."""
    max_seq_len: int
    """Most tokens of a problem, condition included."""
    tied: bool
    """Whether one token table serves as input and output."""
    takes_pins: bool
    """Whether it takes pins (holds that the problem must use) as an input."""
    predicts_future: bool
    """Whether it has the head of the future-holds task: which holds occur anywhere later."""
    consensus: bool
    """Whether it takes as a condition that a problem's grade is a consensus."""

    def __post_init__(self) -> None:
        for field, most in MOST.items():
            if not 1 <= getattr(self, field) <= most:
                raise ClimbpathError(f"{field} must be from 1 to {most:,}, not {getattr(self, field)}")
        if self.d_model % self.nhead:
            raise ClimbpathError(f"d_model {self.d_model} cannot be shared by nhead {self.nhead}: choose a multiple")
        if self.takes_pins and self.vocabulary != "hold":
            raise ClimbpathError(f"pins need hold tokens: the {self.vocabulary} vocabulary has none")
        for field in ("dropout", "embedding_dropout"):
            if not 0 <= getattr(self, field) <= MOST_DROPOUT:
                raise ClimbpathError(f"{field} must be from 0 to {MOST_DROPOUT}, not {getattr(self, field)}")

    @cached_property
    def tokens(self) -> Vocabulary:
        """The vocabulary."""
        return vocabulary_of(self.vocabulary, self.boards, self.consensus)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types; from_dict reads it back."""
        return {**asdict(self), "boards": list(self.boards)}

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "ModelConfig":
        """The config that to_dict wrote."""
        return cls(**{**fields, "boards": tuple(fields["boards"])})
