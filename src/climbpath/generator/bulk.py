"""A million problems to one Parquet file: only their keys are kept in memory, and it can be stopped and resumed.

Problems are drawn in chunks. Each is a function of the request and of the chunks before it, and a file of its own
until all are done.
"""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from shutil import rmtree

import numpy as np

from climbpath.data import parquet
from climbpath.errors import ClimbpathError
from climbpath.files import replacing
from climbpath.generator.request import Request
from climbpath.generator.sample import check, check_offered, generate
from climbpath.grader.grader import grader_of
from climbpath.model.checkpoint import Model
from climbpath.progress import progress_bar

CHUNK = 10_000
"""Problems in a chunk."""


def generate_to_parquet(
    model: Model, request: Request, path: Path, model_name: str | None = None
) -> tuple[int, str | None]:
    """Write valid, novel, distinct problems to a Parquet file, under a progress bar.

    If interrupted, the chunks that are done stay beside the file, and the same request to the model of the same name
    resumes from them. Writes fewer problems than asked for if there are no more.

    Returns how many problems were written, and the condition that is in the way where they are fewer than asked for.
    Raises ClimbpathError if there are none, or another request was interrupted at this path.
    """
    check(model, request)
    grader = grader_of(request.setup)
    check_offered(grader, request, request.grades)
    parts = path.with_name(f"{path.name}.parts")
    _claim(parts, request, model_name)
    files = [parts / f"{number:06}.parquet" for number in range(-(-request.number // CHUNK))]
    seen: set[int] = set()
    reasons: list[str] = []
    with progress_bar(None, path.name, request.number) as bar:
        for number, file in enumerate(files):
            if file.exists():
                seen.update(problem.key for problem in parquet.read(file))
            else:
                chunk, counts = _chunk_seed(request, number), chunk_counts(request, number)
                problems = list(generate(model, chunk, counts, grader=grader, known=seen, give_up=reasons.append))
                if not seen and not problems:
                    rmtree(parts)
                    raise ClimbpathError(f"found nothing: {reasons[0]}")
                parquet.write(file, problems)
                seen.update(problem.key for problem in problems)
            bar.update(len(seen) - bar.n)
    parquet.concatenate(path, files)
    rmtree(parts)
    return len(seen), reasons[0] if reasons else None


def chunk_counts(request: Request, number: int) -> dict[str, int]:
    """Grade -> problems of a chunk: those from number * CHUNK to the next chunk's first, grades in turn."""
    first, end = number * CHUNK, min((number + 1) * CHUNK, request.number)
    turns = Counter(request.grades[i % len(request.grades)] for i in range(first, end))
    return {grade: turns[grade] for grade in request.grades if turns[grade]}


def _chunk_seed(request: Request, number: int) -> Request:
    """The request with a chunk's own seed."""
    seed = np.random.SeedSequence([request.seed, number]).generate_state(1, np.uint64)[0]
    return replace(request, seed=int(seed))


def _claim(parts: Path, request: Request, model_name: str | None) -> None:
    """Claim the folder of chunks for this request. Raises ClimbpathError if it belongs to another."""
    asked = json.dumps({"model": model_name, **request.to_dict()}, indent=1)
    claim = parts / "request.json"
    if claim.exists():
        if claim.read_text(encoding="utf-8") != asked:
            raise ClimbpathError(
                f"{parts} holds problems of another request, which was interrupted: repeat that request to resume it, "
                "or delete the folder"
            )
        return
    with replacing(claim) as temporary:
        temporary.write_text(asked, encoding="utf-8")
