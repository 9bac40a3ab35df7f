"""Whether generated problems have the grade that they show, and vary as real ones do, by grade.

    python benchmarks/grades.py PROBLEMS [--board moonboard-2016] [--angle 40] [--count 1000]

PROBLEMS is the Parquet file of all real problems. A gradient-boosted grader (scikit-learn's, as in `climbpath
evaluate`) grades real problems with ten or more repeats, and problems generated with the users' settings. It is trained
five times on four fifths of the real problems, and grades those of the other fifth; generated ones are graded by all
five. So it has seen none that it grades. The signed error is its grade minus the problem's, in steps; `off` is how far
those of generated and of real problems lie apart.
"""

import argparse
import math
from collections import Counter
from collections.abc import Sequence

import numpy as np

from arguments import file
from climbpath import board as boards
from climbpath.board import Setup
from climbpath.data import parquet, stats
from climbpath.data.usable import why_unusable
from climbpath.evaluation.baseline_grader import BaselineGrader
from climbpath.generator.request import OWN, Request
from climbpath.generator.sample import generate, plain_samples
from climbpath.grader.grader import bundled_grader
from climbpath.grades import rank
from climbpath.model.checkpoint import Model, bundled_model
from climbpath.problem import Problem
from machine import machine

LEAST = 50
"""Real problems of a grade, for it to have a row."""
FOLDS = 5


def passing(model: Model, setup: Setup, grade: str, draws: int = 1024) -> float:
    """The fraction of plain samples of a grade that the grader gives that grade."""
    request = Request(setup=setup, grades=(grade,), sampling=OWN, seed=1)
    drawn = list(plain_samples(model, request, {grade: draws}))
    return float(np.mean([problem.grade == grade for problem in bundled_grader().graded(drawn)]))


def variety(problems: Sequence[Problem]) -> list[str]:
    """Effective number of holds in use and of starts, and mean length."""
    holds = Counter(label for problem in problems for label in problem.holds)
    starts = Counter(problem.start for problem in problems)
    length = np.mean([len(problem.holds) for problem in problems])
    return [f"{effective(holds):.0f}", f"{effective(starts):.0f}", f"{length:.1f}"]


def effective(counts: Counter[str] | Counter[tuple[str, ...]]) -> float:
    """The exponential of the entropy of how often each occurs."""
    shares = np.array(list(counts.values())) / counts.total()
    return math.exp(-float((shares * np.log(shares)).sum()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("problems", type=file)
    parser.add_argument("--board", default="moonboard-2016")
    parser.add_argument("--angle", type=int, default=40)
    parser.add_argument("--count", type=int, default=1000, help="problems to generate of each grade")
    arguments = parser.parse_args()
    setup, model = Setup(arguments.board, arguments.angle), bundled_model("moonboard")
    layout = boards.load(setup.board)
    known = [p for p in parquet.load(arguments.problems) if p.setup == setup and not p.partial]
    known = [problem for problem in known if not why_unusable(problem, needs_grade=True)]
    fold_of = np.random.default_rng(0).integers(0, FOLDS, len(known))
    judges = [
        BaselineGrader([p for p, fold in zip(known, fold_of, strict=True) if fold != left_out], layout)
        for left_out in range(FOLDS)
    ]
    judged = np.zeros(len(known))
    for fold, judge in enumerate(judges):
        rows_of = np.flatnonzero(fold_of == fold)
        judged[rows_of] = judge.expected([known[i].holds for i in rows_of])
    agreed = np.array([problem.has_consensus for problem in known])
    grade_of = np.array([problem.grade for problem in known])
    grades = [g for g in bundled_grader().scales[setup].grades if (agreed & (grade_of == g)).sum() >= LEAST]
    common = Counter(p.start for p, is_agreed in zip(known, agreed, strict=True) if is_agreed).most_common(1)[0][0]

    def starts(some: Sequence[Problem]) -> str:
        return f"{np.mean([problem.start == common for problem in some]):.0%}"

    print(f"Machine: {machine()}")
    print(f"{setup}, {len(known):,} real problems, {agreed.sum():,} of them with ten or more repeats\n")
    rows: list[list[str]] = []
    errors: dict[str, list[float]] = {"real": [], "generated": []}
    for grade in grades:
        rows_of = np.flatnonzero(agreed & (grade_of == grade))
        real = [known[i] for i in rows_of]
        request = Request(setup=setup, grades=(grade,), number=arguments.count, seed=0)
        made = list(generate(model, request, grader=bundled_grader()))
        holds = [problem.holds for problem in made]
        off = {
            "real": judged[rows_of] - rank(grade),
            "generated": np.concatenate([judge.expected(holds) for judge in judges]) - rank(grade),
        }
        mean = {name: float(values.mean()) for name, values in off.items()}
        far = {name: float(np.abs(values).mean()) for name, values in off.items()}
        for name, values in errors.items():
            values += [far[name]] * len(real)  # the generated ones in the real ones' mix
        rows.append(
            [grade, str(len(real)), f"{passing(model, setup, grade):.0%}"]
            + [f"{mean['real']:+.2f}", f"{mean['generated']:+.2f}", f"{mean['generated'] - mean['real']:+.2f}"]
            + [f"{far['real']:.2f}", f"{far['generated']:.2f}", starts(real), starts(made)]
            + [f"{one} / {other}" for one, other in zip(variety(real), variety(made), strict=True)]
        )
    header = ["grade", "real", "pass", "real", "generated", "off", "|real|", "|generated|"]
    header += [f"{' '.join(common)} real", "generated", "holds", "starts", "length"]
    print(stats.table(header, rows))
    same_mix = ", ".join(f"{name} {np.mean(values):.2f}" for name, values in errors.items())
    print(f"\nMean distance in the same mix of grades: {same_mix}")


if __name__ == "__main__":
    main()
