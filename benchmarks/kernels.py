"""What a straight line, and one with random features, gives beside the networks of the bundled graders.

    python benchmarks/kernels.py PROBLEMS

PROBLEMS is the Parquet file of all real problems of a family of boards. On every board and angle with enough of them,
both kinds of line (grader/line.py, grader/kernel.py) are fitted to the train part and joined with the networks as suits
the validation part best. The bundled grader, which has one of them or none, and gradient boosting
(benchmarks/grader.py) are measured beside them.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from arguments import file
from climbpath import board as boards
from climbpath.board import Setup
from climbpath.data import parquet, stats
from climbpath.grader.grader import checked_grader_of
from climbpath.grader.metrics import COLUMNS, formatted, measure
from climbpath.problem import Problem
from climbpath.training.grader import learnable
from climbpath.training.lines import LEAST_FOR_FEATURES, LEAST_HELD, fit_kernel, fit_line, sharpened
from grader import BASELINE, boosted
from machine import machine


def compared(setup: Setup, parts: Mapping[str, Sequence[Problem]]) -> Iterator[tuple[str, ...]]:
    """The rows of a setup: each side on the validation and on the test part."""
    of = {
        name: [problem for problem in part if problem.setup == setup and not problem.partial]
        for name, part in parts.items()
    }
    held = [of["validation"], of["test"]]
    if len(of["train"]) < LEAST_FOR_FEATURES or min(map(len, held)) < LEAST_HELD:
        return
    grader, board = checked_grader_of(setup), boards.load(setup.board)
    ladder, both, validation = grader.ladder, [problem for part in held for problem in part], len(held[0])
    networks = replace(grader, lines={}).probabilities(both)
    sides = {
        BASELINE: boosted(of["train"], both, ladder),
        "networks": networks,
        "bundled grader": grader.probabilities(both),
    }
    lines = {"line": fit_line(of["train"], held[0], ladder), "random features": fit_kernel(of["train"], ladder)}
    for name, line in lines.items():
        best = sharpened(line, networks[:validation], held[0], ladder)[0]
        sides[f"networks, {name}"] = best.joined(networks, best.steps(both, board))
    parted = {"validation": slice(validation), "test": slice(validation, None)}
    for name, which in parted.items():
        for side, probabilities in sides.items():
            measures = measure(probabilities[which], both[which], ladder)
            nats = "" if side == BASELINE else f"{measures['nats']:.3f}"
            yield str(setup), name, f"{len(both[which]):,}", side, *formatted(measures["v"])[:3], nats


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("problems", type=file)
    arguments = parser.parse_args()
    parts = learnable(parquet.load(arguments.problems))[0]
    rows: list[tuple[str, ...]] = []
    for setup in dict.fromkeys(problem.setup for problem in parts["test"]):
        rows += compared(setup, parts)
    print(machine())
    print(stats.table(("board and angle", "part", "problems", "side", *COLUMNS[3:6], "nats"), rows))


if __name__ == "__main__":
    main()
