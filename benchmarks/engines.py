"""One step of sampling in NumPy, as climbpath does it, and in ONNX Runtime: agreement and speed on one core.

pip install onnxruntime onnxscript
python benchmarks/engines.py

Both sides take the bundled model's folded weights, append one token to each of a batch of sequences with keys and
values kept, and give the logits of every token.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from threadpoolctl import threadpool_limits
from torch import Tensor, nn
from torch.nn import functional as F

from climbpath.model.checkpoint import Model, bundled_model
from climbpath.model.inference import Decoder, layers_of
from machine import machine

STEPS, REPEATS = 12, 15
BATCHES = (1, 16, 64, 256)


class Step(nn.Module):
    """The same step as Decoder.next, for torch's exporter."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.nhead, self.layers = model.config.nhead, layers_of(model.weights)
        for name, value in model.weights.items():
            self.register_buffer(name.replace(".", "_"), torch.from_numpy(np.array(value)))

    def linear(self, x: Tensor, name: str) -> Tensor:
        """A linear layer by name."""
        return F.linear(x, self.get_buffer(f"{name}_weight"), self.get_buffer(f"{name}_bias"))

    def forward(self, ids: Tensor, place: Tensor, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """ids [B], place [1], keys and values [L, T, B, H, D] -> logits [B, V], keys and values [L, T + 1, B, H, D]."""
        x = self.get_buffer("embedding")[ids] + self.get_buffer("position")[place]
        kept_keys, kept_values = [], []
        for layer in range(self.layers):
            name = f"blocks_{layer}"
            qkv = self.linear(normalised(x), f"{name}_qkv")
            q, k, v = (part.unflatten(1, (self.nhead, -1)) for part in qkv.chunk(3, dim=1))
            kept_keys.append(torch.cat([keys[layer], k[None]]))
            kept_values.append(torch.cat([values[layer], v[None]]))
            attention = torch.einsum("tbhd,bhd->bht", kept_keys[-1], q).softmax(dim=2)
            heads = torch.einsum("tbhd,bht->bhd", kept_values[-1], attention)
            x = x + self.linear(heads.flatten(1), f"{name}_proj")
            x = x + self.linear(self.linear(normalised(x), f"{name}_up").relu(), f"{name}_down")
        hidden = normalised(x) * self.get_buffer("norm_weight") + self.get_buffer("norm_bias")
        return hidden @ self.get_buffer("output").T, torch.stack(kept_keys), torch.stack(kept_values)


def normalised(x: Tensor) -> Tensor:
    """Rows, whose mean is 0, divided by their standard deviation."""
    return x * torch.rsqrt((x * x).mean(dim=1, keepdim=True) + 1e-5)


def exported(model: Model, path: Path) -> onnxruntime.InferenceSession:
    """The step in ONNX Runtime, on one thread."""
    step = Step(model).eval()
    cache = torch.zeros(step.layers, 3, 2, step.nhead, model.config.d_model // step.nhead)
    b, t = torch.export.Dim("b", min=1), torch.export.Dim("t", min=0)
    grows = {1: t, 2: b}
    torch.onnx.export(
        step,
        (torch.zeros(2, dtype=torch.int64), torch.zeros(1, dtype=torch.int64), cache, cache.clone()),
        path,
        input_names=["ids", "place", "keys", "values"],
        dynamic_shapes={"ids": {0: b}, "place": None, "keys": grows, "values": grows},
        dynamo=True,
        verbose=False,
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def in_numpy(model: Model, ids: np.ndarray) -> np.ndarray:
    """The logits of the last of these steps, ids [STEPS, B]."""
    decoder = Decoder(model.weights, model.config.nhead, ids.shape[1], STEPS)
    for row in ids:
        logits = decoder.next(row) @ model.weights["output"].T
    return np.asarray(logits)


def in_onnx(session: onnxruntime.InferenceSession, model: Model, ids: np.ndarray) -> np.ndarray:
    """The same in ONNX Runtime."""
    head = model.config.d_model // model.config.nhead
    keys = values = np.zeros((layers_of(model.weights), 0, ids.shape[1], model.config.nhead, head), np.float32)
    for place, row in enumerate(ids):
        given = {"ids": row, "place": np.array([place]), "keys": keys, "values": values}
        logits, keys, values = session.run(None, given)
    return np.asarray(logits)


def main() -> None:
    """Time both sides in turns, for batches of several sizes."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    print(machine())
    model, rng = bundled_model("moonboard"), np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(1):
        session = exported(model, Path(folder) / "step.onnx")
        print(f"onnxruntime {onnxruntime.__version__}, numpy {np.__version__}; a step of a batch, median of {REPEATS}:")
        for size in BATCHES:
            ids = rng.integers(len(model.weights["output"]), size=(STEPS, size))
            sides = {
                "NumPy": lambda ids=ids: in_numpy(model, ids),
                "ONNX Runtime": lambda ids=ids: in_onnx(session, model, ids),
            }
            apart = float(np.abs(sides["NumPy"]() - sides["ONNX Runtime"]()).max())
            seconds: dict[str, list[float]] = {name: [] for name in sides}
            for _ in range(REPEATS):
                for name, run in sides.items():
                    started = time.perf_counter()
                    run()
                    seconds[name].append((time.perf_counter() - started) / STEPS)
            timings = ", ".join(f"{name} {1e3 * statistics.median(times):.2f} ms" for name, times in seconds.items())
            print(f"  {size:>4} sequences: {timings}; logits at most {apart:.0e} apart")


if __name__ == "__main__":
    main()
