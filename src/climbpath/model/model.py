"""The model: a small pre-norm causal transformer, to be read from top to bottom.

Shapes: B problems in a batch, T tokens of the longest, N tokens in all, D = d_model, V tokens in the vocabulary,
F features of tokens. Everything except attention runs on the N actual tokens, so padding costs almost nothing.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from climbpath.model.config import ModelConfig

INIT_STD = 0.02
"""Standard deviation that tables which make logits are initialised with, as in GPT-2."""

FUTURE_BIAS = -4.0
"""Added to the future logits, so that training starts from 2 % for each token to occur later."""


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

    `std` is that of the normal distribution of its start values. Of all features a token has few, which are listed one
    token behind another: adding up just these takes a tenth of the time of a matrix product over all.
    """

    feature: Tensor
    """Which features tokens have, [listed]."""
    part: Tensor
    """How much of each, [listed]."""
    first: Tensor
    """Where each token's begin, [V]."""

    def __init__(self, features: Tensor, d_model: int, std: float) -> None:
        super().__init__()
        tokens, shared = features.shape
        self.own = nn.Parameter(torch.randn(tokens, d_model) * std)
        # where nothing is shared, no process waits for its gradient
        self.shared = nn.Parameter(torch.randn(shared, d_model) * std, requires_grad=shared > 0)
        token, feature = features.nonzero(as_tuple=True)
        counts = torch.bincount(token, minlength=tokens)
        self.register_buffer("feature", feature, persistent=False)
        self.register_buffer("part", features[token, feature], persistent=False)
        self.register_buffer("first", counts.cumsum(0) - counts, persistent=False)

    def forward(self) -> Tensor:
        """The table, [V, D]."""
        if not len(self.feature):
            return self.own
        return self.own + F.embedding_bag(
            self.feature, self.shared, self.first, mode="sum", per_sample_weights=self.part
        )


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

    def forward(self, x: Tensor, token_places: Tensor, b: int, t: int) -> Tensor:
        """Each token attends to itself and to those before it.

        `token_places` [N] says which of the B * T places hold the tokens of x.
        """
        d = x.shape[1]
        qkv = self.qkv(self.norm1(x))  # [N, 3 D]
        # attention alone needs the rectangle of problems and places: padding is 0 and comes last, where causality
        # keeps it from being seen
        padded = qkv.new_zeros(b * t, 3 * d).index_copy(0, token_places, qkv)
        q, k, v = padded.view(b, t, 3, self.nhead, -1).permute(2, 0, 3, 1, 4)  # each [B, heads, T, D / heads]
        heads = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        # back to the N tokens, without padding
        x = x + self.dropout(self.proj(heads.transpose(1, 2).reshape(b * t, d)[token_places]))
        return x + self.dropout(self.down(F.relu(self.up(self.norm2(x)))))


class Output(NamedTuple):
    """`logits` of the next token; `future_logits`, of each token to occur anywhere later, or None.

    Both [N, V], or [B, T, V] where all places hold tokens.
    """

    logits: Tensor
    future_logits: Tensor | None


class Transformer(nn.Module):
    """Token ids -> logits of the token that follows each. Raises IndexError beyond max_seq_len."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        features = torch.from_numpy(config.tokens.features()[1])
        std = INIT_STD if config.tied else 1.0  # tables that make logits start small; 1 is torch's for embeddings
        self.embedding = TokenTable(features, config.d_model, std)
        with torch.no_grad():  # an angle that is never seen is what its neighbours make of it, and nothing more
            self.embedding.own[config.tokens.condition_tokens] = 0
        self.position = nn.Parameter(torch.randn(config.max_seq_len, config.d_model) * std)
        self.dropout = Dropout(config.embedding_dropout)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.num_layers))
        self.norm = nn.LayerNorm(config.d_model)
        self.output = self.embedding if config.tied else TokenTable(features, config.d_model, INIT_STD)
        self.pin = nn.Linear(config.d_model, config.d_model, bias=False) if config.takes_pins else None
        self.future = nn.Linear(config.d_model, config.d_model) if config.predicts_future else None

    def forward(
        self,
        ids: Tensor,
        token_places: Tensor | None = None,
        columns: Tensor | None = None,
        pins: Tensor | None = None,
        predict_future: bool = False,
    ) -> Output:
        """Logits; those of position t depend on ids[:, : t + 1] and pins[:, : t + 1] alone.

        Args:
            ids: token ids, [B, T], padded with any.
            token_places: which of the B * T places hold tokens, [N], sorted; None for all.
            columns: the V tokens that logits and pins are about, as ids; None for all. A board has few of a model's.
            pins: 1 for every token that is a pin not yet placed, [N, V]; None for no pins.
            predict_future: whether to compute the future logits, which only training needs.
        """
        b, t = ids.shape
        x, table = self.hidden_states(ids, token_places, columns, pins)
        table = table if columns is None else table[columns]
        shape = (b, t, -1) if token_places is None else (len(x), -1)
        logits = F.linear(x, table)
        # the future-holds task: which tokens occur anywhere later, from a projection of the same hidden states
        future_logits = None
        if self.future and predict_future:
            future_logits = F.linear(self.future(x), table).view(shape) + FUTURE_BIAS
        if self.training:  # every process needs a gradient of every weight, used or not
            logits = logits + 0 * sum(p.sum() for part in (self.pin, self.future) if part for p in part.parameters())
        return Output(logits.view(shape), future_logits)

    def hidden_states(
        self,
        ids: Tensor,
        token_places: Tensor | None = None,
        columns: Tensor | None = None,
        pins: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Final hidden states, [N, D], and the output table of all tokens, [tokens, D]; arguments as above."""
        b, t = ids.shape
        token_places = torch.arange(b * t, device=ids.device) if token_places is None else token_places
        table = self.embedding()
        # token and position, and the sum of all pins that are not yet placed
        x = F.embedding(ids.flatten()[token_places], table) + F.embedding(token_places % t, self.position)
        if self.pin and pins is not None:
            x = x + self.pin(pins @ (table if columns is None else table[columns]))
        x = self.dropout(x)
        for block in self.blocks:
            x = block(x, token_places, b, t)
        return self.norm(x), table if self.config.tied else self.output()

    def count_parameters(self) -> int:
        """Trainable parameters."""
        return sum(parameter.numel() for parameter in self.parameters())
