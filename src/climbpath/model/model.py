"""The model: a small pre-norm causal transformer, to be read from top to bottom.

Shapes: B problems in a batch, T tokens of the longest, N tokens in all, D = d_model, V tokens in the vocabulary,
F features of tokens. All but attention works on the N tokens that there are, so padding costs next to nothing.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from climbpath.model.config import ModelConfig

SMALL = 0.02
"""Standard deviation of the start values of tables that make logits, as in GPT-2."""

RARE = 4.0
"""Minus the logit of a hold being among those to come, at the start: some 2 %."""


class Dropout(nn.Module):
    """Dropout with a mask of 16 random bits per number, so p is met to 1/65536.

    torch's own draws a double per number, which on a CPU takes 9 % of a training step; this takes a third of that.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.dropped = round(p * 2**16)

    def forward(self, x: Tensor) -> Tensor:
        """x with some numbers set to 0 and the others scaled up, in training; x itself otherwise."""
        if not self.training or not self.dropped:
            return x
        words = torch.empty(-(-x.numel() // 4), dtype=torch.int64, device=x.device).random_(-(2**63), None)
        kept = words.view(torch.int16)[: x.numel()].view(x.shape) >= self.dropped - 2**15
        return x * (kept * (2**16 / (2**16 - self.dropped)))


class TokenTable(nn.Module):
    """A vector per token, [V, D]: its own plus those of the features that it shares with others.

    `std` is that of the normal distribution of its start values.
    """

    features: Tensor

    def __init__(self, features: Tensor, d_model: int, std: float) -> None:
        super().__init__()
        tokens, shared = features.shape
        self.own = nn.Parameter(torch.randn(tokens, d_model) * std)
        self.shared = nn.Parameter(torch.randn(shared, d_model) * std)
        self.register_buffer("features", features, persistent=False)

    def forward(self) -> Tensor:
        """The table, [V, D]."""
        return self.own + self.features @ self.shared


class Block(nn.Module):
    """Attention, then feed-forward, each on a normalised input and added to the stream. [N, D] -> [N, D]."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        d = config.d_model
        self.nhead = config.nhead
        self.norm1, self.norm2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.qkv, self.proj = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.up, self.down = nn.Linear(d, config.dim_feedforward), nn.Linear(config.dim_feedforward, d)
        self.dropout = Dropout(config.dropout)

    def forward(self, x: Tensor, real: Tensor, b: int, t: int) -> Tensor:
        """Each position attends to itself and to those before it; `real` [N] says where in [B * T] the tokens stand."""
        d = x.shape[1]
        qkv = self.qkv(self.norm1(x))
        q, k, v = (
            qkv.new_zeros(b * t, 3 * d).index_copy(0, real, qkv).view(b, t, 3, self.nhead, -1).permute(2, 0, 3, 1, 4)
        )
        heads = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.dropout(self.proj(heads.transpose(1, 2).reshape(b * t, d)[real]))
        return x + self.dropout(self.down(F.relu(self.up(self.norm2(x)))))


class Output(NamedTuple):
    """`logits` of the token that follows, and `to_come`, those of each token being among all that follow, or None.

    Both [N, V], or [B, T, V] where all places hold tokens.
    """

    logits: Tensor
    to_come: Tensor | None


class Transformer(nn.Module):
    """Token ids -> logits of the token that follows each. Raises IndexError beyond max_seq_len."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        features = torch.from_numpy(config.tokens.features()[1])
        std = SMALL if config.tied else 1.0  # what makes logits must start small; 1 is where torch's embeddings start
        self.embedding = TokenTable(features, config.d_model, std)
        self.position = nn.Parameter(torch.randn(config.max_seq_len, config.d_model) * std)
        self.dropout = Dropout(config.embedding_dropout)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.num_layers))
        self.norm = nn.LayerNorm(config.d_model)
        self.output = self.embedding if config.tied else TokenTable(features, config.d_model, SMALL)
        self.pin = nn.Linear(config.d_model, config.d_model, bias=False) if config.takes_pins else None
        self.foresight = nn.Linear(config.d_model, config.d_model) if config.foresees else None

    def forward(
        self, ids: Tensor, real: Tensor | None = None, pins: Tensor | None = None, foresee: bool = False
    ) -> Output:
        """Logits; those of position t depend on ids[:, : t + 1] and pins[:, : t + 1] alone.

        Args:
            ids: token ids, [B, T], padded with any.
            real: which of the B * T places hold tokens, [N], sorted; None for all.
            pins: 1 for every token that is a pin still to come, [N, V]; None for no pins.
            foresee: whether to tell what is to come, too, which only training asks.
        """
        b, t = ids.shape
        x, table = self.read(ids, real, pins)
        shape = (b, t, -1) if real is None else (len(x), -1)
        to_come = F.linear(self.foresight(x), table).view(shape) - RARE if self.foresight and foresee else None
        logits = F.linear(x, table)
        if self.training:  # every process needs a gradient of every weight, used or not
            logits = logits + 0 * sum(p.sum() for part in (self.pin, self.foresight) if part for p in part.parameters())
        return Output(logits.view(shape), to_come)

    def read(self, ids: Tensor, real: Tensor | None = None, pins: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """What each token is understood as, [N, D], and the output table, [V, D]; arguments as above."""
        b, t = ids.shape
        places = torch.arange(b * t, device=ids.device) if real is None else real
        table = self.embedding()
        x = F.embedding(ids.flatten()[places], table) + F.embedding(places % t, self.position)
        if self.pin and pins is not None:
            x = x + self.pin(pins @ table)
        x = self.dropout(x)
        for block in self.blocks:
            x = block(x, places, b, t)
        return self.norm(x), table if self.config.tied else self.output()

    def count_parameters(self) -> int:
        """Trained numbers."""
        return sum(parameter.numel() for parameter in self.parameters())
