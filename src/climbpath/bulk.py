"""A million problems to one Parquet file: in parallel, in constant memory but for their keys, stoppable, resumable.

Problems are drawn in chunks, each a function of the request and its number, by as many processes as there are cores.
Every chunk is a file of its own until all are there. What is drawn twice over is left out when chunks come together.
"""

import json
import os
import signal
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from shutil import rmtree
from typing import Any

import numpy as np

from climbpath import dataset
from climbpath.checkpoint import load_model
from climbpath.errors import ClimbpathError
from climbpath.files import replacing
from climbpath.problem import Problem, Rules
from climbpath.progress import progress
from climbpath.sample import Sampling, generate

CHUNK, LEAST_CHUNK, CHUNKS = 10_000, 1_000, 16
"""Most and fewest problems asked for in a chunk, and chunks that a smaller request is cut into."""
AHEAD = 2
"""Chunks per process that are under way at once."""
BARREN = 0.001
"""Share of new problems in a chunk below which a request counts as exhausted."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is asked for; `grades` share `number` evenly, `model` None is the bundled one."""

    model: str | None
    board: str
    angle: int
    grades: tuple[str, ...]
    number: int
    rules: Rules
    sampling: Sampling
    seed: int

    @property
    def chunk(self) -> int:
        """Problems asked for in each chunk."""
        return min(CHUNK, max(LEAST_CHUNK, -(-self.number // CHUNKS)), self.number)

    def wanted(self, size: int) -> dict[str, int]:
        """Grade -> problems of a chunk of this size."""
        share, rest = divmod(size, len(self.grades))
        return {grade: share + (i < rest) for i, grade in enumerate(self.grades)}

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        rules = {k: sorted(v) if isinstance(v, frozenset) else v for k, v in asdict(self.rules).items()}
        return {**asdict(self), "grades": list(self.grades), "rules": rules, "sampling": list(self.sampling)}


def draw_chunk(request: Request, number: int) -> list[Problem]:
    """The problems of one chunk: valid, novel, and distinct among themselves."""
    seed = int(np.random.SeedSequence([request.seed, number]).generate_state(1, np.uint64)[0])
    wanted = request.wanted(request.chunk)
    model = _model(request.model)
    return list(generate(model, request.board, request.angle, wanted, request.rules, request.sampling, seed=seed))


@cache
def _model(path: str | None) -> Any:
    return load_model(Path(path) if path else None)


def generate_to_parquet(request: Request, path: Path, processes: int | None = None) -> int:
    """Write distinct problems to a Parquet file, under a progress bar, and return how many.

    Interrupted, the chunks that are done stay beside the file, and the same request goes on from them. Fewer than
    asked for are written where there are no more.

    Raises ClimbpathError where the request cannot be met, or another one was interrupted at this path.
    """
    parts = path.with_name(f"{path.name}.parts")
    _claim(parts, request)
    left = Counter(request.wanted(request.number))
    seen: set[int] = set()
    files: list[Path] = []
    with progress(None, path.name, request.number) as bar, _chunks(request, parts, left, processes) as chunks:
        for number, problems in chunks:
            new = []
            for problem in problems:
                key = problem.key
                if key not in seen and left[problem.grade or ""]:
                    seen.add(key)
                    left[problem.grade or ""] -= 1
                    new.append(problem)
            files.append(_part(parts, number))
            if not files[-1].exists():
                dataset.write(files[-1], new)
            bar.update(len(new))
            if not left.total() or len(new) < BARREN * request.chunk:
                break
    dataset.write(path, (problem for file in files for problem in dataset.read(file)))
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


def _part(parts: Path, number: int) -> Path:
    return parts / f"{number:06}.parquet"


@contextmanager
def _chunks(
    request: Request, parts: Path, left: Counter[str], processes: int | None
) -> Iterator[Iterator[tuple[int, list[Problem]]]]:
    """The chunks in order, for ever: those already on disk, then newly drawn ones; `left` is what is still wanted."""
    workers = processes or os.cpu_count() or 1
    if request.number <= LEAST_CHUNK:
        yield ((number, _load_or_draw(request, parts, number)) for number in count())
        return
    with _one_thread_each(), ProcessPoolExecutor(workers, get_context("spawn"), _deaf) as pool:

        def run() -> Iterator[tuple[int, list[Problem]]]:
            futures = {}
            for number in count():
                needed = -(-left.total() // request.chunk)
                for ahead in range(number, number + min(AHEAD * workers, needed)):
                    if ahead not in futures:
                        futures[ahead] = pool.submit(_load_or_draw, request, parts, ahead)
                yield number, futures.pop(number).result()

        try:
            yield run()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _deaf() -> None:
    """Ctrl-C is for the process that collects the chunks."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _load_or_draw(request: Request, parts: Path, number: int) -> list[Problem]:
    file = _part(parts, number)
    return list(dataset.read(file)) if file.exists() else draw_chunk(request, number)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Processes started here compute on one thread each, so that they do not fight over the cores."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
    before: Mapping[str, str | None] = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
