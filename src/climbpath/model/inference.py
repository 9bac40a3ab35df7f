"""The model's forward pass in NumPy, one token at a time with a key-value cache.

Sampling a token for a batch of problems is as fast here as in torch, and a climber who only generates does not need
to install torch. Agrees with model.py to 1e-4 (tests/model/test_model.py).
"""

from collections.abc import Mapping

import numpy as np

from climbpath.model.config import ModelConfig
from climbpath.model.order import Ints

Weights = Mapping[str, np.ndarray]


def fold(state: Weights, features: np.ndarray, nhead: int) -> dict[str, np.ndarray]:
    """The weights of a trained model, rearranged for sampling: the same function in fewer operations.

    Each token's shared features are added to its own vector. Everything that is added to the residual stream is
    centred, so that the stream needs no centring before a layer norm; the norms' scales and shifts, and attention's
    1 / sqrt(head width), are folded into the next matrix. `pin` is what each token adds as a pin, [V, D]. Weights that
    only training needs are left out.
    """
    tables = {name: state[f"{name}.own"] + features @ state[f"{name}.shared"] for name in ("embedding", "output")}
    weights = {"output": tables["output"], "norm.weight": state["norm.weight"], "norm.bias": state["norm.bias"]}
    weights["embedding"], weights["position"] = _centred(tables["embedding"]), _centred(state["position"])
    if "pin.weight" in state:
        weights["pin"] = _centred(tables["embedding"] @ state["pin.weight"].T)
    head = state["position"].shape[1] // nhead
    for layer in range(layers_of(state)):
        block = f"blocks.{layer}"
        for norm, behind in (("norm1", "qkv"), ("norm2", "up")):
            matrix = state[f"{block}.{behind}.weight"]
            shift = matrix @ state[f"{block}.{norm}.bias"]
            weights[f"{block}.{behind}.bias"] = state[f"{block}.{behind}.bias"] + shift
            weights[f"{block}.{behind}.weight"] = matrix * state[f"{block}.{norm}.weight"]
        for name in ("weight", "bias"):
            weights[f"{block}.qkv.{name}"][: nhead * head] /= np.sqrt(np.float32(head))
        for name in ("proj", "down"):
            weights[f"{block}.{name}.weight"] = _centred(state[f"{block}.{name}.weight"].T).T
            weights[f"{block}.{name}.bias"] = _centred(state[f"{block}.{name}.bias"])
    return weights


def shapes_of(config: ModelConfig) -> dict[str, tuple[int, ...]]:
    """What `fold` makes of a model of this shape: the shape of every weight by name."""
    tokens, d, wide = len(config.tokens.names), config.d_model, config.dim_feedforward
    shapes: dict[str, tuple[int, ...]] = {"position": (config.max_seq_len, d), "norm.weight": (d,), "norm.bias": (d,)}
    shapes |= dict.fromkeys(("embedding", "output", *["pin"] * config.takes_pins), (tokens, d))
    for layer in range(config.num_layers):
        for name, (out, into) in {"qkv": (3 * d, d), "proj": (d, d), "up": (wide, d), "down": (d, wide)}.items():
            shapes |= {f"blocks.{layer}.{name}.weight": (out, into), f"blocks.{layer}.{name}.bias": (out,)}
    return shapes


def check_weights(weights: Weights, shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Raises ValueError where weights are not finite float32 of these shapes, or others than these."""
    found = {name: (value.shape, value.dtype.name) for name, value in weights.items()}
    wanted = {name: (shape, "float32") for name, shape in shapes.items()}
    for name in sorted(found.keys() | wanted.keys()):
        if found.get(name) != wanted.get(name):
            raise ValueError(f"its weight {name} is {found.get(name)} where {wanted.get(name)} should be")
        if not np.isfinite(weights[name]).all():
            raise ValueError(f"its weight {name} is not finite")


def layers_of(weights: Weights) -> int:
    """Number of layers."""
    return 1 + max(int(name.split(".")[1]) for name in weights if name.startswith("blocks."))


def _centred(rows: np.ndarray) -> np.ndarray:
    return np.asarray(rows - rows.mean(axis=-1, keepdims=True))


def _normalised(x: np.ndarray) -> np.ndarray:
    """Rows of mean 0, divided by their standard deviation."""
    scale = 1 / np.sqrt(np.einsum("bd,bd->b", x, x) / x.shape[1] + 1e-5)
    return x * scale[:, None]


def _linear(x: np.ndarray, weights: Weights, name: str) -> np.ndarray:
    y = x @ weights[f"{name}.weight"].T
    y += weights[f"{name}.bias"]
    return y


def encode(weights: Weights, nhead: int, ids: Ints) -> np.ndarray:
    """Final hidden states of the last tokens of sequences of one length, ids [B, T] -> [B, D]."""
    b, t = ids.shape
    ahead = np.where(np.arange(t)[:, None] < np.arange(t), np.float32(-np.inf), np.float32(0))
    x = weights["embedding"][ids].reshape(b * t, -1) + np.tile(weights["position"][:t], (b, 1))
    layers = layers_of(weights)
    for layer in range(layers):
        name = f"blocks.{layer}"
        qkv = _linear(_normalised(x), weights, f"{name}.qkv")
        q, k, v = qkv.reshape(b, t, 3, nhead, -1).transpose(2, 0, 3, 1, 4)
        if layer == layers - 1:  # only the last token of the last layer is needed
            q, ahead, x = q[:, :, -1:], ahead[-1:], x.reshape(b, t, -1)[:, -1]
        attention = q @ k.swapaxes(2, 3) + ahead
        attention = np.exp(attention - attention.max(axis=3, keepdims=True))
        attention /= attention.sum(axis=3, keepdims=True)
        x += _linear((attention @ v).swapaxes(1, 2).reshape(len(x), -1), weights, f"{name}.proj")
        hidden = _linear(_normalised(x), weights, f"{name}.up")
        np.maximum(hidden, 0, out=hidden)
        x += _linear(hidden, weights, f"{name}.down")
    return np.asarray(_normalised(x) * weights["norm.weight"] + weights["norm.bias"])


class Decoder:
    """A batch of B sequences that grow by one token per call, up to `length`."""

    def __init__(self, weights: Weights, nhead: int, batch: int, length: int) -> None:
        self.weights, self.nhead = weights, nhead
        self.layers = layers_of(weights)
        self.length = 0
        head = weights["position"].shape[1] // nhead
        self.keys = np.empty((self.layers, length, batch, nhead, head), np.float32)
        self.values = np.empty_like(self.keys)

    def next(self, ids: Ints, pins: np.ndarray | None = None) -> np.ndarray:
        """Append one token to each sequence, ids [B], and return its final hidden state, [B, D].

        `pins` [B, D] is the sum of what the pins not yet placed add, or None. The product with the table `output`
        gives the logits.
        """
        t, weights = self.length, self.weights
        x = weights["embedding"][ids] + weights["position"][t]
        if pins is not None:
            x = x + pins
        for layer in range(self.layers):
            name = f"blocks.{layer}"
            qkv = _linear(_normalised(x), weights, f"{name}.qkv")
            q, k, v = (part.reshape(len(ids), self.nhead, -1) for part in np.split(qkv, 3, axis=1))
            self.keys[layer, t], self.values[layer, t] = k, v
            attention = np.einsum("tbhd,bhd->tbh", self.keys[layer, : t + 1], q)
            attention = np.exp(attention - attention.max(axis=0))
            attention /= attention.sum(axis=0)
            heads = np.einsum("tbhd,tbh->bhd", self.values[layer, : t + 1], attention)
            x += _linear(heads.reshape(len(ids), -1), weights, f"{name}.proj")
            hidden = _linear(_normalised(x), weights, f"{name}.up")
            np.maximum(hidden, 0, out=hidden)
            x += _linear(hidden, weights, f"{name}.down")
        self.length += 1
        return np.asarray(_normalised(x) * weights["norm.weight"] + weights["norm.bias"])

    def keep(self, rows: Ints) -> None:
        """Drop all rows but these."""
        layers, length, _, *head = self.keys.shape
        for name in ("keys", "values"):
            kept = np.empty((layers, length, len(rows), *head), np.float32)
            kept[:, : self.length] = getattr(self, name)[:, : self.length, rows]
            setattr(self, name, kept)
