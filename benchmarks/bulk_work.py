"""Bulk generation on a Ray cluster: problems per second and core, with one worker and with two.

    python benchmarks/bulk_work.py [--count PROBLEMS]

Each is a process of its own with a cluster of its own, on as many cores as it has workers; starts are not counted.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from climbpath.board import Setup
from climbpath.cluster.engine import AUTO, connected, each
from climbpath.generator import bulk
from climbpath.generator.request import Request
from climbpath.model.checkpoint import bundled_model
from climbpath.problem import DEFAULT_BOARD
from machine import machine

GRADES = ("6B+", "6C", "6C+", "7A", "7A+", "7B")


def measure(count: int) -> None:
    """Print the problems per second of as many workers as this process may use cores."""
    model = bundled_model("moonboard")

    def request(number: int) -> Request:
        return Request(setup=Setup(DEFAULT_BOARD, 40), grades=GRADES, number=number, seed=0)

    with TemporaryDirectory() as folder, connected(AUTO):
        # every worker starts, imports and reads the model
        bulk.generate_to_folder(model, request(2 * bulk.CHUNK), Path(folder) / "first", each)
        started = time.perf_counter()
        written, _ = bulk.generate_to_folder(model, request(count), Path(folder) / "second", each)
        print(written / (time.perf_counter() - started))


def of_workers(workers: int, count: int) -> float:
    """The problems per second of so many workers, in a process of its own."""
    command = [sys.executable, __file__, "--count", str(count), "--measure"]
    cores = sorted(os.sched_getaffinity(0))[:workers]
    env = {**os.environ, "OMP_NUM_THREADS": "1", "RAY_worker_niceness": "0"}
    done = subprocess.run(
        ["taskset", "--cpu-list", ",".join(map(str, cores)), *command],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env=env,
    )
    return float(done.stdout.split()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=60_000, help="problems to generate")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(options.count)
        return
    print(f"Machine: {machine()}")
    one, two = (of_workers(workers, options.count) for workers in (1, 2))
    print(f"One worker on one core:   {one:,.0f} problems per second")
    print(f"Two workers on two cores: {two:,.0f} problems per second, {two / 2:,.0f} per second and core")
    print(f"Ratio: {two / one:.2f}")


if __name__ == "__main__":
    main()
