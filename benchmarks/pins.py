"""Pins with the bundled model: are requests met, how fast, and can the completions be told from real problems?

    python benchmarks/pins.py --data problems.parquet

One to four holds of each of many held-out problems are pinned, and ten problems of the same grade are requested: with
or without a consensus grade like the held-out one, otherwise with the users' default sampling. A classifier compares
the first of each ten with the held-out problems that the pins are from.
"""

import argparse
import time

import numpy as np

from arguments import file
from climbpath import board as boards
from climbpath.data import parquet
from climbpath.evaluation.evaluate import held_out
from climbpath.evaluation.two_sample import two_sample_auc
from climbpath.generator.request import DEFAULT_GUIDANCE, Request, Sampling
from climbpath.generator.sample import generate
from climbpath.model.checkpoint import bundled_model
from climbpath.problem import DEFAULT_BOARD, Rules
from machine import machine

WANTED, MOST_PINS = 10, 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=file, required=True, help="Parquet file of climbpath data import")
    parser.add_argument("--requests", type=int, default=1000, help="held-out problems to take pins from")
    arguments = parser.parse_args()
    model = bundled_model("moonboard")
    problems = held_out(model, parquet.load(arguments.data), None).problems
    rng = np.random.default_rng(0)
    real = [p for p in problems if p.board == DEFAULT_BOARD and p.grade]
    real = [real[i] for i in rng.permutation(len(real))[: arguments.requests]]
    seconds, whole, completions = [], 0, []
    for number, problem in enumerate(real):
        some = rng.permutation(len(problem.holds))[: rng.integers(1, MOST_PINS + 1)]
        rules = Rules(pins=frozenset(problem.holds[i] for i in some))
        request = Request(
            setup=problem.setup,
            grades=(problem.grade or "",),
            number=WANTED,
            rules=rules,
            sampling=Sampling(consensus=problem.has_consensus),
            seed=number,
        )
        started = time.perf_counter()
        found = list(generate(model, request))
        seconds.append(time.perf_counter() - started)
        whole += len(found) == WANTED and seconds[-1] <= 1
        completions += found[:1]
    auc = two_sample_auc([p.holds for p in completions], [p.holds for p in real], boards.load(DEFAULT_BOARD))
    print(f"Machine: {machine()}")
    print(f"{len(real):,} requests with 1 to {MOST_PINS} pins of a held-out problem, guidance {DEFAULT_GUIDANCE}")
    print(f"  {whole / len(real):.1%} gave {WANTED} distinct, valid, novel problems within a second")
    print(f"  seconds a request: median {np.median(seconds):.2f}, longest {max(seconds):.2f}")
    print(f"  AUC of completions against those held-out problems: {auc.value:.3f} ({auc.low:.3f} to {auc.high:.3f})")


if __name__ == "__main__":
    main()
