"""The reference: the guide's configuration written plainly, the yardstick of every ratio.

docs/promises.md, "How we measure", says how it is used.

d_model 256, 6 layers, 8 heads, feed-forward 1024, dropout 0.1, coordinate tokens, every sequence padded to 64,
batch 16, AdamW 1e-4 with 500 steps of warm-up, fp32, causal. Run as a script it trains for 15 epochs and writes
the validation curve that stands beside this file:

    python benchmarks/reference.py --data moonboard-2016.parquet

That run cuts off the columns that are padding in every row of a batch: behind a causal mask they change neither
loss nor gradient (tests/test_benchmarks.py), only time. Wherever the reference is timed, it pads to 64.
"""

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from arguments import file
from climbpath.data import parquet
from climbpath.data.split import split
from climbpath.model.tokens import PREFIX, vocabulary_of
from climbpath.problem import Problem

CURVE = Path(__file__).with_name("reference_curve.json")
VOCABULARY = vocabulary_of("coordinate", ("moonboard-2016",))
LENGTH, BATCH, EPOCHS, WARMUP, RATE = 64, 16, 15, 500, 1e-4


class Reference(nn.Module):
    """Token ids [batch, length] -> logits [batch, length, 45]; length is 64 unless cut."""

    causal: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.token = nn.Embedding(len(VOCABULARY.names), 256)
        self.position = nn.Embedding(LENGTH, 256)
        layer = nn.TransformerEncoderLayer(256, 8, 1024, 0.1, batch_first=True, norm_first=True)
        self.layers = nn.TransformerEncoder(layer, 6, nn.LayerNorm(256), enable_nested_tensor=False)
        self.head = nn.Linear(256, len(VOCABULARY.names))
        self.register_buffer("causal", nn.Transformer.generate_square_subsequent_mask(LENGTH), persistent=False)

    def forward(self, ids: Tensor) -> Tensor:
        """Every position sees itself and those before it."""
        length = ids.shape[1]
        x = self.token(ids) + self.position.weight[:length]
        return self.head(self.layers(x, mask=self.causal[:length, :length], is_causal=True))


def padded(problems: Sequence[Problem]) -> tuple[Tensor, Tensor]:
    """Ids [problems, 64] and targets [problems, 64]; -100 where nothing is to be predicted."""
    ids = torch.full((len(problems), LENGTH), VOCABULARY.end)
    targets = torch.full((len(problems), LENGTH), -100)
    for i, problem in enumerate(problems):
        tokens = torch.tensor(VOCABULARY.encode(problem))
        ids[i, : len(tokens)] = tokens
        targets[i, PREFIX - 1 : len(tokens) - 1] = tokens[PREFIX:]
    return ids, targets


def parts(problems: Sequence[Problem]) -> tuple[list[Problem], list[Problem]]:
    """The training and validation problems: the split of the whole set, 6B … 8B+ only."""
    found = split(problems)
    train, validation = (
        [problem for problem in found[name] if problem.grade in VOCABULARY.grades and not problem.partial]
        for name in ("train", "validation")
    )
    return train, validation


def steps(model: Reference, train: Sequence[Problem], cut: bool = False, seed: int = 0) -> Iterator[int]:
    """Train one step per iteration, for ever, and yield the number of steps done; `cut` leaves out padded columns."""
    ids, targets = padded(train)
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE)
    order = torch.Generator().manual_seed(seed)
    step = 0
    while True:
        for rows in torch.randperm(len(ids), generator=order).split(BATCH):
            step += 1
            optimizer.param_groups[0]["lr"] = RATE * min(1.0, step / WARMUP)
            length = int((targets[rows] >= 0).sum(dim=1).max()) + PREFIX - 1 if cut else LENGTH
            loss = F.cross_entropy(model(ids[rows, :length]).flatten(0, 1), targets[rows, :length].flatten())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            yield step


@torch.no_grad()
def validate(model: Reference, problems: Sequence[Problem]) -> tuple[float, float]:
    """Nats per problem and nats per token."""
    model.eval()
    total, tokens = 0.0, 0
    for ids, targets in zip(*(part.split(128) for part in padded(problems)), strict=True):
        total += F.cross_entropy(model(ids).flatten(0, 1), targets.flatten(), reduction="sum").item()
        tokens += int((targets >= 0).sum())
    model.train()
    return total / len(problems), total / tokens


def run(problems: Sequence[Problem]) -> dict[str, object]:
    """Train for 15 epochs; the curve as written to reference_curve.json."""
    torch.manual_seed(0)
    model = Reference()
    train, validation = parts(problems)
    epoch_steps = -(-len(train) // BATCH)
    curve: list[dict[str, float]] = []
    started = time.perf_counter()
    for step in steps(model, train, cut=True):
        if step % epoch_steps == 0:
            seconds = time.perf_counter() - started
            per_problem, per_token = validate(model, validation)
            curve.append({"step": step, "nats_per_problem": per_problem, "nats_per_token": per_token})
            print(f"epoch {len(curve)}: {seconds:.0f} s, {per_problem:.4f} nats per problem", flush=True)
            if len(curve) == EPOCHS:
                break
    return {
        "parameters": sum(p.numel() for p in model.parameters()),
        "train_problems": len(train),
        "validation_problems": len(validation),
        "validation_keys": sum(problem.key for problem in validation) % 2**64,
        "curve": curve,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=file, required=True, help="Parquet file of climbpath data import")
    result = run(parquet.load(parser.parse_args().data))
    CURVE.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(f"wrote {CURVE}")


if __name__ == "__main__":
    main()
