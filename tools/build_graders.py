"""Make the bundled graders, one for each family of boards.

    python tools/build_graders.py moonboard=moon.parquet kilter=kilter.parquet tension=tension.parquet

Each is named with its Parquet file of problems, as 'climbpath data import' writes it. It goes member by member, the
first of every family before the second of any; a run that is stopped goes on behind the last finished one, and one that
has fewer members than MEMBERS is written all the same. What is kept between runs is in build/graders.
"""

import argparse
import json
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from climbpath.data import parquet, stats
from climbpath.files import replacing
from climbpath.grader.grader import load_grader, save_grader
from climbpath.grader.metrics import table
from climbpath.problem import Problem
from climbpath.training.grader import MEMBERS, RECIPE, assembled, learnable, member

ROOT = Path(__file__).resolve().parents[1]
BUILD, GRADERS = ROOT / "build/graders", ROOT / "src/climbpath/assets/graders"


def finished(name: str, number: int, recipe: str) -> Path:
    """Where the weights of a member are kept."""
    return BUILD / f"{name}-{number}-{recipe}.safetensors"


def train_member(name: str, parts: dict[str, list[Problem]], number: int, digest: str) -> dict[str, np.ndarray]:
    """The weights of a member: kept ones, or trained anew."""
    path = finished(name, number, digest)
    if not path.exists():
        recipe = replace(RECIPE, seed=number)
        weights = member(parts["train"], recipe, f"{name}, member {number + 1}/{MEMBERS}")
        BUILD.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary:
            save_file({part: np.ascontiguousarray(value) for part, value in weights.items()}, temporary)
    return load_file(path)


def build(name: str, parts: dict[str, list[Problem]], weights: list[dict[str, np.ndarray]]) -> None:
    """Write a grader and print what it measures on the test part."""
    about = {"epochs": RECIPE.num_epochs, "members": len(weights), "seed": 0}
    target = GRADERS / f"{name}.safetensors"
    save_grader(target, assembled(parts, weights, about), half=True)
    print(f"\n{name}: {len(weights)} members, {target.stat().st_size / 1e6:.2f} MB")
    print(stats.table(*table(load_grader(target), parts["test"])), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("families", nargs="+", metavar="NAME=FILE")
    families = dict(part.split("=", 1) for part in parser.parse_args().families)
    parts, digests = {}, {}
    for name, file in families.items():
        problems = parquet.load(Path(file))
        parts[name] = learnable(problems)[0]
        seen = json.dumps([RECIPE.to_dict(), sorted(problem.key for problem in parts[name]["train"])])
        digests[name] = blake2b(seen.encode(), digest_size=6).hexdigest()
    weights: dict[str, list[dict[str, np.ndarray]]] = {name: [] for name in families}
    for number in range(MEMBERS):
        for name in families:
            weights[name].append(train_member(name, parts[name], number, digests[name]))
            build(name, parts[name], weights[name])


if __name__ == "__main__":
    main()
