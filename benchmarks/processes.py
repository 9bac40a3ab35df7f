"""What a second process brings on this machine: the same training in one process and in two.

    python benchmarks/processes.py [--problems 20000] [--rounds 3]

Problems are made as for benchmarks/streaming.py; each way trains one epoch of the fast recipe, in turns.
"""

import argparse
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from climbpath.data import parquet
from climbpath.model.checkpoint import load_checkpoint
from machine import machine
from streaming import made

WAYS = {
    "one process, one thread": (1, 1),
    "one process, two threads": (1, 2),
    "two processes, one thread each": (2, 1),
}


def seconds(folder: Path, devices: int, threads: int) -> tuple[float, int]:
    """Train in a process of its own or two; seconds of training, and how many problems were learned."""
    options = ["--devices", str(devices), "--threads", str(threads), "--num-epochs", "1", "--device", "cpu"]
    command = [sys.executable, "-m", "climbpath", "train", "--data", "problems.parquet", *options]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    checkpoint = load_checkpoint(folder / "checkpoints/climb_path_cpu/latest.pt")
    return checkpoint["progress"]["seconds"], checkpoint["train_problems"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--problems", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3, help="How often each way trains; the median counts.")
    options = parser.parse_args()
    rates: dict[str, list[float]] = {way: [] for way in WAYS}
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        parquet.write(folder / "problems.parquet", made(options.problems))
        for _ in range(options.rounds):
            for way, (devices, threads) in WAYS.items():
                took, problems = seconds(folder, devices, threads)
                rates[way].append(problems / took)
    print(f"Machine: {machine()}")
    for way, found in rates.items():
        least, most = min(found), max(found)
        print(f"{way:<32} {median(found):>6,.0f} problems a second ({least:,.0f} to {most:,.0f})")
    one, two = (max(median(rates[way]) for way in WAYS if way.startswith(kind)) for kind in ("one", "two"))
    print(f"two processes against the faster way of one: {two / one:.2f}x")


if __name__ == "__main__":
    main()
