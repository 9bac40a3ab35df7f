"""Whether training takes as long for each problem, and as little memory, however large the file is that is streamed.

    python benchmarks/streaming.py [--sizes 10000 5000000] [--steps 1000] [--rounds 3] [--keep FOLDER]

Problems are made from the rules of two boards, without a model, and written as climbpath writes them. Each size is
trained in a process of its own with the fast recipe, on one thread, and streamed whatever its size.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from unittest.mock import patch

import numpy as np
import psutil

from climbpath import board as boards
from climbpath.board import FINISH, HAND, START
from climbpath.data import parquet
from climbpath.problem import Problem
from climbpath.training import train
from climbpath.training.machine import Machine
from climbpath.training.optimizers import Stepper
from climbpath.training.recipes import FAST
from climbpath.training.run import Run
from climbpath.training.tensorboard import LogWriter
from machine import machine

BOARDS = ("moonboard-2016", "moonboard-masters-2017")
ANGLE = 40
GRADES = ("6A+", "6B", "6B+", "6C", "6C+", "7A", "7A+", "7B", "7B+", "7C")
WARM_UP = 100


def made(number: int) -> Iterator[Problem]:
    """Problems of random holds that may have their roles."""
    rng = random.Random(0)
    layouts = [boards.load(name) for name in BOARDS]
    holds = [
        [[one for one, can in zip(each.labels, may, strict=True) if can] for may in each.may(ANGLE)] for each in layouts
    ]
    for _ in range(number):
        which = rng.randrange(len(BOARDS))
        start = rng.sample(holds[which][START], rng.choice((1, 2)))
        finish = rng.choice(holds[which][FINISH])
        hands = {*rng.sample(holds[which][HAND], rng.randint(3, 9))}.difference(start, [finish])
        yield Problem(
            board=BOARDS[which],
            angle=ANGLE,
            grade=rng.choice(GRADES),
            start=tuple(start),
            hands=tuple(hands),
            finish=(finish,),
            repeats=rng.randrange(30),
        )


class DoneError(Exception):
    """So many steps are done."""


def measure(path: Path, steps: int) -> None:
    """Train in this process, and print what each problem took, and memory, as JSON.

    The schedule is that of fifteen epochs of the largest file, whatever the size. What is done between epochs is not
    counted: validation, checkpoints and pictures, of which a small file has more.
    """
    groups = parquet.RowGroups([path])
    epochs = 15 * max(1, 5_000_000 // len(groups))
    recipe = replace(FAST, num_epochs=epochs, patience=epochs)
    process, begin, finish = psutil.Process(), Stepper.begin, train.finish_epoch
    times, aside = {}, np.zeros(2)

    def now() -> np.ndarray:
        return np.array([time.perf_counter(), sum(process.cpu_times()[:2])])

    def timed(stepper: Stepper, step: int, of: int) -> float:
        if step in (WARM_UP, WARM_UP + steps):
            times[step] = now() - aside
        if step == WARM_UP + steps:
            raise DoneError
        return begin(stepper, step, of)

    def finishing(run: Run, log: LogWriter) -> None:
        nonlocal aside
        before = now()
        finish(run, log)
        aside = aside + now() - before

    began = now()
    with (
        TemporaryDirectory() as folder,
        patch.object(Stepper, "begin", timed),
        patch.object(train, "finish_epoch", finishing),
        suppress(DoneError),
    ):
        machine = Machine("cpu", threads=1)
        train.train(groups, recipe, Path(folder, "run"), Path(folder, "log"), machine, source=str(path))
    first, last = times.values()
    wall, cpu = (last - first) / (steps * recipe.batch_size) * 1e6
    found = {
        "problems": len(groups),
        "wall_us": wall,
        "cpu_us": cpu,
        "start_cpu_s": (first - began)[1],
        "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps(found))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000, 5_000_000])
    parser.add_argument("--steps", type=int, default=1000, help="Steps that are timed, after some to warm up.")
    parser.add_argument("--rounds", type=int, default=1, help="How often each size is trained; the median counts.")
    parser.add_argument("--keep", type=Path, help="Keep the files in this folder, or use those there.")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(options.measure, options.steps)
        return
    with TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        found: dict[int, list[dict[str, float]]] = {size: [] for size in options.sizes}
        for size in options.sizes:
            if not (path := folder / f"{size}.parquet").exists():
                print(f"{size:,} problems are made …", flush=True)
                parquet.write(path, made(size))
        for _ in range(options.rounds):
            for size in options.sizes:
                command = [sys.executable, __file__, "--steps", str(options.steps), "--measure"]
                done = subprocess.run(
                    [*command, folder / f"{size}.parquet"], stdout=subprocess.PIPE, text=True, check=True
                )
                found[size].append(json.loads(done.stdout.splitlines()[-1]))
                print(found[size][-1], flush=True)
    medians = {
        name: [median(one[name] for one in found[size]) for size in options.sizes]
        for name in ("wall_us", "cpu_us", "start_cpu_s", "memory_mb")
    }
    print(f"\nMachine: {machine()}; one thread, {options.steps:,} steps of 128 problems after {WARM_UP}")
    print("problems    us wall    us CPU     CPU s until then    MB at most")
    for size, wall, cpu, start, memory in zip(options.sizes, *medians.values(), strict=True):
        print(f"{size:>9,} {wall:>9.0f} {cpu:>9.0f} {start:>20.0f} {memory:>13.0f}")
    for name in ("wall_us", "cpu_us") if len(options.sizes) > 1 else ():
        exponent = np.polyfit(np.log(options.sizes), np.log(medians[name]), 1)[0]
        ratio = medians[name][-1] / medians[name][0]
        print(f"{name}: the largest takes {ratio:.3f} times what the smallest takes; fitted exponent {exponent:+.3f}")


if __name__ == "__main__":
    main()
