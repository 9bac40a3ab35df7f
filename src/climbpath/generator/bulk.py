"""A million problems to one Parquet file, in memory for their keys alone, stoppable and resumable.

Problems are drawn in chunks, each a function of the request and of the chunks before it, and each a file of its own
until all are there.
"""

import json
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from shutil import rmtree
from typing import Any

import numpy as np

from climbpath.beta.solver import Climber
from climbpath.data import parquet
from climbpath.errors import ClimbpathError
from climbpath.files import replacing
from climbpath.generator.sample import Accept, Sampling, check, generate
from climbpath.model.checkpoint import Model
from climbpath.problem import Rules
from climbpath.progress import progress

CHUNK = 10_000
"""Problems in a chunk."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is asked for; `grades` share `number` evenly, `model` None is the bundled one.

    `climber` and `check_grade` say what the problems are accepted by, so that nobody goes on with other ones.
    """

    model: str | None
    board: str
    angle: int
    grades: tuple[str, ...]
    number: int
    rules: Rules
    sampling: Sampling
    seed: int
    climber: Climber | None = None
    check_grade: bool = False

    def chunk(self, number: int) -> dict[str, int]:
        """Grade -> problems of a chunk: those from number * CHUNK to the next chunk's first, grades in turn."""
        first, end = number * CHUNK, min((number + 1) * CHUNK, self.number)
        turns = Counter(self.grades[i % len(self.grades)] for i in range(first, end))
        return {grade: turns[grade] for grade in self.grades if turns[grade]}

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        rules = {k: sorted(v) if isinstance(v, frozenset) else v for k, v in asdict(self.rules).items()}
        return {**asdict(self), "grades": list(self.grades), "rules": rules, "sampling": list(self.sampling)}


def generate_to_parquet(model: Model, request: Request, path: Path, accept: Accept | None = None) -> int:
    """Write valid, novel, distinct problems to a Parquet file, under a progress bar, and return how many.

    Interrupted, the chunks that are done stay beside the file, and the same request goes on from them. Fewer than
    asked for are written where there are no more.

    Raises ClimbpathError where the request cannot be met, or another one was interrupted at this path.
    """
    check(model, request.board, request.angle, request.grades, request.rules, request.sampling)
    parts = path.with_name(f"{path.name}.parts")
    _claim(parts, request)
    files = [parts / f"{number:06}.parquet" for number in range(-(-request.number // CHUNK))]
    seen: set[int] = set()
    with progress(None, path.name, request.number) as bar:
        for number, file in enumerate(files):
            if file.exists():
                seen.update(problem.key for problem in parquet.read(file))
            else:
                seed = int(np.random.SeedSequence([request.seed, number]).generate_state(1, np.uint64)[0])
                place, wanted = (request.board, request.angle), request.chunk(number)
                drawn = generate(
                    model, *place, wanted, request.rules, request.sampling, seed=seed, known=seen, accept=accept
                )
                problems = list(drawn)
                parquet.write(file, problems)
                seen.update(problem.key for problem in problems)
            bar.update(len(seen) - bar.n)
    parquet.concatenate(path, files)
    rmtree(parts)
    return len(seen)


def _claim(parts: Path, request: Request) -> None:
    """Make the folder of chunks this request's. Raises ClimbpathError where it is another's."""
    asked = json.dumps(request.to_dict(), indent=1)
    claim = parts / "request.json"
    if claim.exists():
        if claim.read_text(encoding="utf-8") != asked:
            raise ClimbpathError(
                f"{parts} holds what was drawn of another request before it was interrupted: ask for the same again to "
                "go on with it, or delete the folder"
            )
        return
    with replacing(claim) as temporary:
        temporary.write_text(asked, encoding="utf-8")
