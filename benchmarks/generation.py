"""Generation with the bundled model: throughput with all checks, samples before the filters, cold start.

python benchmarks/generation.py
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter

import numpy as np

from climbpath import board as boards
from climbpath.beta.body import Climber
from climbpath.board import Setup
from climbpath.generator.lookahead import Lookahead
from climbpath.generator.request import OWN, Request
from climbpath.generator.sample import BATCH, draw, generate
from climbpath.grader.grader import Grader, bundled_grader
from climbpath.model.checkpoint import Model, bundled_model, bundled_names
from climbpath.model.order import problem_of
from climbpath.model.tokens import Condition
from climbpath.problem import DEFAULT_BOARD, Rules
from machine import machine

SETUP = Setup(DEFAULT_BOARD, 40)
GRADES = ("6B+", "6C", "6C+", "7A", "7A+", "7B", "7B+", "7C")
ASKED = GRADES[:6]


def throughput(
    model: Model,
    count: int,
    grades: tuple[str, ...] = GRADES,
    grader: Grader | None = None,
    climber: Climber | None = None,
    setup: Setup = SETUP,
) -> float:
    """Valid, novel, distinct problems per second."""
    request = Request(setup=setup, grades=grades, number=count, sampling=OWN, climber=climber, seed=0)
    started = time.perf_counter()
    found = sum(1 for _ in generate(model, request, grader=grader))
    return found / (time.perf_counter() - started)


def every_board(count: int) -> None:
    """Print the throughput on every setup that a bundled model has learned, in its eight commonest grades."""
    for name in bundled_names():
        model = bundled_model(name)
        for setup, counts in model.evidence.items():
            grades = tuple(grade for grade, _ in Counter(counts).most_common(len(GRADES)))
            throughput(model, count // 20, grades, setup=setup)
            print(f"  {setup} ({name}): {throughput(model, count // 2, grades, setup=setup):,.0f} a second", flush=True)


def shares(model: Model, count: int) -> tuple[float, float]:
    """Shares of plain samples that are novel, and that are distinct."""
    layout = boards.load(DEFAULT_BOARD)
    lookahead, rng = Lookahead(layout, SETUP.angle, Rules()), np.random.default_rng(0)
    keys: list[int] = []
    while len(keys) < count:
        grades = [GRADES[i % len(GRADES)] for i in range(BATCH)]
        for sequence in draw(model, lookahead, Condition(SETUP), grades, OWN, rng):
            keys.append(problem_of(sequence, layout, SETUP.angle, None).key)
    keys, known = keys[:count], set(model.known_keys.tolist())
    return sum(key not in known for key in keys) / count, len(set(keys)) / count


def bulk_throughput(folder: str, count: int) -> float:
    """Problems per second of `climbpath generate --format parquet`, start and writing included."""
    command = [sys.executable, "-m", "climbpath", "generate", "--grade", f"{GRADES[0]}..{GRADES[-1]}"]
    target = ["--num-samples", str(count), "--format", "parquet", "--out", f"{folder}/problems.parquet"]
    started = time.perf_counter()
    subprocess.run([*command, *target, "--seed", "0"], check=True, capture_output=True)
    return count / (time.perf_counter() - started)


def cold_start(*arguments: str) -> float:
    """Median wall time in seconds of five runs of the command line, after one to warm the disk."""
    seconds = []
    for _ in range(6):
        with tempfile.TemporaryDirectory() as folder:
            started = time.perf_counter()
            command = [sys.executable, "-m", "climbpath", *arguments]
            subprocess.run(command, cwd=folder, check=True, capture_output=True)
            seconds.append(time.perf_counter() - started)
    return statistics.median(seconds[1:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=8000, help="problems to generate")
    count = parser.parse_args().count
    model = bundled_model("moonboard")
    throughput(model, count)
    print(f"Machine: {machine()}")
    rate = statistics.median(throughput(model, count) for _ in range(3))
    print(f"Throughput: {rate:,.0f} valid, novel, distinct problems per second (the guide: 3)")
    print("On every board, in the model's own distribution:")
    every_board(count)
    climbable = throughput(model, count, climber=Climber(165))
    print(f"The same, and a climber of 165 cm can climb all of them: {climbable:,.0f} per second")
    grader = bundled_grader()
    equal = throughput(model, count, ASKED, grader)
    print(
        f"As users get them, of the grade that they asked for, {ASKED[0]} to {ASKED[-1]} equally: {equal:,.0f} a second"
    )
    alone = {grade: throughput(model, count // 4, (grade,), grader) for grade in ASKED}
    print("The same, one grade alone: " + ", ".join(f"{grade} {rate:,.0f}" for grade, rate in alone.items()))
    with tempfile.TemporaryDirectory() as folder:
        rate = bulk_throughput(folder, 5 * count)
    print(f"To Parquet, start and writing included: {rate:,.0f} per second")
    novel, distinct = shares(model, 10_000)
    print(f"Of 10,000 plain samples: {novel:.1%} novel, {distinct:.1%} distinct")
    print(f"climbpath --help: {cold_start('--help'):.2f} s")
    for board in boards.shipped_names():
        one = cold_start("generate", "--board", board, "--grade", "V5", "--num-samples", "1", "--visualize")
        print(f"From the shell to one picture of {board}: {one:.2f} s")


if __name__ == "__main__":
    main()
