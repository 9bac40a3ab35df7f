"""Training against the reference: time per epoch, time to quality, quality and memory.

    python benchmarks/training.py --data moonboard-2016.parquet

The reference is timed over 200 steps here and now, padded to 64 as the guide does it; its quality is the kept curve
(reference_curve.json), which must come from the same split. Both recipes are trained by the command line, without the
problems' repeats, which the reference does not see either.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

import reference
from arguments import file
from climbpath.data import parquet
from climbpath.model.checkpoint import load_checkpoint
from climbpath.problem import Problem
from machine import machine

TIMED_STEPS, WARM_STEPS = 200, 10


def reference_seconds_per_step(train: Sequence[Problem]) -> float:
    """Seconds per training step of the reference, validation left out."""
    torch.manual_seed(0)
    started = 0.0
    for step in reference.steps(reference.Reference(), train):
        if step == WARM_STEPS:
            started = time.perf_counter()
        if step == WARM_STEPS + TIMED_STEPS:
            break
    return (time.perf_counter() - started) / TIMED_STEPS


def trained(data: Path, *arguments: object) -> tuple[list[dict[str, float]], float]:
    """The history of a run of `climbpath train`, and its largest memory in GB."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "climbpath", "train", "--data", data, "--device", "cpu", *arguments]
        places = ["--checkpoint-dir", f"{folder}/run", "--log-dir", f"{folder}/logs"]
        subprocess.run([*map(str, command), *places], check=True)
        history = load_checkpoint(Path(folder) / "run" / "latest.pt")["progress"]["history"]
    unit = 2**30 if sys.platform == "darwin" else 2**20  # macOS counts bytes, Linux KB
    return history, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / unit


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=file, required=True, help="Parquet file of climbpath data import")
    parser.add_argument("--guide-epochs", type=int, default=2, help="epochs of the guide recipe to compare")
    arguments = parser.parse_args()
    problems = parquet.load(arguments.data)
    train, validation = reference.parts(problems)
    kept = json.loads(reference.CURVE.read_text(encoding="utf-8"))
    if kept["validation_keys"] != sum(problem.key for problem in validation) % 2**64:
        sys.exit(f"{reference.CURVE} was made with other data: run benchmarks/reference.py on this file first")
    curve = kept["curve"]
    best = min(curve, key=lambda record: record["nats_per_problem"])

    step_seconds = reference_seconds_per_step(train)
    epoch_seconds = step_seconds * -(-len(train) // reference.BATCH)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "problems.parquet"
        parquet.write(data, [replace(problem, repeats=None) for problem in problems])
        fast, memory = trained(data, "--recipe", "fast")
        guide, _ = trained(data, "--recipe", "guide", "--num-epochs", arguments.guide_epochs)

    reached = next((r for r in fast if r["nats_per_problem"] <= best["nats_per_problem"]), None)
    guide_epoch = guide[-1]["seconds"] / len(guide)
    final = min(record["nats_per_problem"] for record in fast)
    target, target_seconds = best["nats_per_problem"], best["step"] * step_seconds
    print(f"\nMachine: {machine()}")
    print(f"Reference: {step_seconds:.3f} s per step, {epoch_seconds:.0f} s per epoch; its best in 15 epochs:")
    print(f"  {target:.3f} nats per problem after step {best['step']}, which takes {target_seconds:.0f} s")
    print(
        f"guide: {guide_epoch:.1f} s per epoch, {epoch_seconds / guide_epoch:.2f}x faster; nats per problem by epoch:"
    )
    for ours, theirs in zip(guide, curve, strict=False):
        print(f"  {ours['epoch']}: {ours['nats_per_problem']:.3f}, reference {theirs['nats_per_problem']:.3f}")
    if reached:
        seconds = reached["seconds"]
        print(
            f"fast: as good after {seconds:.1f} s (epoch {reached['epoch']}), {target_seconds / seconds:.0f}x shorter"
        )
    print(f"fast: ends at {final:.3f} nats per problem, {target - final:.3f} better, in {fast[-1]['seconds']:.1f} s")
    print(f"Largest memory of training: {memory:.2f} GB")


if __name__ == "__main__":
    main()
