"""The model's forward pass in NumPy, one token at a time with a key-value cache.

Sampling one token for a batch of problems costs the same here as in torch, and a climber who only generates
need not install torch. Agrees with model.py to 1e-4 (tests/test_model.py).
"""

from collections.abc import Mapping

import numpy as np

from climbpath.order import Ints

Weights = Mapping[str, np.ndarray]


def fold(state: Weights, features: np.ndarray) -> dict[str, np.ndarray]:
    """The weights of a trained model with each token's shared features added into its own vector."""
    weights = {name: value for name, value in state.items() if not name.endswith((".own", ".shared"))}
    for table in ("embedding", "output"):
        weights[table] = state[f"{table}.own"] + features @ state[f"{table}.shared"]
    return weights


def _norm(x: np.ndarray, weights: Weights, name: str) -> np.ndarray:
    x = x - x.mean(axis=-1, keepdims=True)
    variance = np.einsum("bd,bd->b", x, x)[:, None] / x.shape[-1]
    return x / np.sqrt(variance + 1e-5) * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def _linear(x: np.ndarray, weights: Weights, name: str) -> np.ndarray:
    return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


class Decoder:
    """A batch of B sequences that grow by one token at each call, up to `length`."""

    def __init__(self, weights: Weights, nhead: int, batch: int, length: int) -> None:
        self.weights, self.nhead = weights, nhead
        self.layers = 1 + max(int(name.split(".")[1]) for name in weights if name.startswith("blocks."))
        self.length = 0
        head = weights["position"].shape[1] // nhead
        self.keys = np.zeros((self.layers, length, batch, nhead, head), np.float32)
        self.values = np.zeros_like(self.keys)

    def next_logits(self, ids: Ints) -> np.ndarray:
        """Append one token to each sequence, ids [B]; the logits [B, tokens] of the token after it."""
        t, weights = self.length, self.weights
        x = weights["embedding"][ids] + weights["position"][t]
        for layer in range(self.layers):
            name = f"blocks.{layer}"
            qkv = _linear(_norm(x, weights, f"{name}.norm1"), weights, f"{name}.qkv")
            q, k, v = (part.reshape(len(ids), self.nhead, -1) for part in np.split(qkv, 3, axis=1))
            self.keys[layer, t], self.values[layer, t] = k, v
            scores = np.einsum("tbhd,bhd->tbh", self.keys[layer, : t + 1], q) / np.sqrt(q.shape[-1])
            share = np.exp(scores - scores.max(axis=0))
            share /= share.sum(axis=0)
            heads = np.einsum("tbhd,tbh->bhd", self.values[layer, : t + 1], share)
            x = x + _linear(heads.reshape(len(ids), -1), weights, f"{name}.proj")
            hidden = np.maximum(_linear(_norm(x, weights, f"{name}.norm2"), weights, f"{name}.up"), 0)
            x = x + _linear(hidden, weights, f"{name}.down")
        self.length += 1
        return np.asarray(_norm(x, weights, "norm") @ weights["output"].T)

    def keep(self, rows: Ints) -> None:
        """Go on with these rows only."""
        self.keys, self.values = self.keys[:, :, rows], self.values[:, :, rows]
