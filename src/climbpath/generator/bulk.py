"""A million problems to Parquet, here or on many machines: only their keys are kept in memory, and it can be stopped
and resumed.

Problems are drawn in chunks, each a file of its own, in any order. Of those with one key the first is kept, in the
order of the chunks, and each chunk draws again as many as it lost, with all keys known, until none is a repetition. So
the problems are a function of the request, however many work on it.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from climbpath.data import parquet
from climbpath.errors import ClimbpathError
from climbpath.files import names_in, remove_folder, replacing
from climbpath.generator.request import Request
from climbpath.generator.sample import as_drawn, check, check_offered, generate
from climbpath.grader.grader import grader_of
from climbpath.model.checkpoint import Model
from climbpath.parts import Each, claim, missing_parts, part
from climbpath.progress import PATIENCE, progress_bar

CHUNK = 10_000
"""Problems in a chunk."""
DRAWN = np.dtype([("key", np.uint64), ("asked_grade", "S4")])
"""What is remembered of a problem that was drawn."""
Chunks = dict[int, list[tuple[Path, NDArray[np.bool_]]]]
"""The files of every chunk, in the order in which they were drawn, each with which of its problems are kept."""


def generate_to_parquet(
    model: Model, request: Request, path: Path, model_name: str | None = None
) -> tuple[int, str | None]:
    """Write valid, novel, distinct problems to a Parquet file, under a progress bar.

    If interrupted, the chunks that are done stay beside the file, and the same request to the model of the same name
    resumes from them. Writes fewer problems than asked for if there are no more.

    Returns how many problems were written, and the condition that is in the way where they are fewer than asked for.
    Raises ClimbpathError if there are none, or another request was interrupted at this path.
    """
    request = _checked(model, request)
    parts = path.with_name(f"{path.name}.parts")
    claim(parts, {"model": model_name, **request.to_dict()})
    chunks, reason = _draw(model, request, parts, parts, map)
    parquet.concatenate(path, [file for number in sorted(chunks) for file in chunks[number]])
    remove_folder(parts)
    return _kept(chunks), reason


def generate_to_folder(
    model: Model, request: Request, folder: Path, each: Each, model_name: str | None = None
) -> tuple[int, str | None]:
    """Write the same problems to Parquet files in a folder, a file for each chunk.

    Args:
        model: the model.
        request: what is asked for.
        folder: of these files alone; it may be in a store of objects.
        each: does the work of several chunks.
        model_name: what the model is called in the folder's _request.json.

    Returns and raises what `generate_to_parquet` does.
    """
    request = _checked(model, request)
    claim(folder, {"model": model_name, **request.to_dict()})
    drawn = folder / "_drawn"
    chunks, reason = _draw(model, request, drawn, folder, each)

    def write(number: int) -> None:
        parquet.concatenate(part(folder, number), chunks[number])

    missing = missing_parts(folder, sorted(chunks))
    with progress_bar(None, "Write", len(missing), delay=PATIENCE) as bar:
        for _ in each(write, missing):
            bar.update(1)
    remove_folder(drawn)
    return _kept(chunks), reason


def _checked(model: Model, request: Request) -> Request:
    """A request as it is drawn. Raises ClimbpathError where it cannot be met."""
    request = as_drawn(model, request)
    check(model, request)
    check_offered(grader_of(request.setup), request, request.grades)
    return request


def _draw(model: Model, request: Request, folder: Path, whole: Path, each: Each) -> tuple[Chunks, str | None]:
    """Draw all chunks into a folder, those that are not in it yet, under a progress bar.

    Returns the chunks, and the condition that is in the way where their problems are fewer than asked for. Raises
    ClimbpathError, and removes the folder `whole`, where there are none.
    """
    chunks: Chunks = defaultdict(list)
    known = np.empty(0, np.uint64)
    wanted = {number: chunk_counts(request, number) for number in range(-(-request.number // CHUNK))}
    with progress_bar(None, "Generate", request.number) as bar:
        for turn in count():
            # draw what is wanted, up to the first chunk that finds no more
            drawn, reason = _draw_turn(model, request, folder / str(turn), turn, wanted, known, each, bar)
            # keep the first of each key
            keys = np.concatenate([rows["key"] for rows in drawn.values()])
            first = np.zeros(len(keys), bool)
            first[np.unique(keys, return_index=True)[1]] = True
            ends = np.cumsum([len(rows) for rows in drawn.values()])
            kept = dict(zip(drawn, np.split(first, ends[:-1]), strict=True))
            known = np.sort(np.concatenate([known, keys[first]]))
            for number, mask in kept.items():
                chunks[number].append((part(folder / str(turn), number), mask))
            bar.update(len(known) - bar.n)
            # as many as were repetitions are wanted again
            lost = {number: rows["asked_grade"][~kept[number]].tolist() for number, rows in drawn.items()}
            wanted = {number: Counter(map(bytes.decode, grades)) for number, grades in lost.items() if grades}
            if reason or not wanted:
                break
    if not len(known):
        remove_folder(whole)
        raise ClimbpathError(f"found nothing: {reason}")
    return chunks, reason


def _draw_turn(
    model: Model,
    request: Request,
    folder: Path,
    turn: int,
    wanted: Mapping[int, Mapping[str, int]],
    known: NDArray[np.uint64],
    each: Each,
    bar: Any,
) -> tuple[dict[int, NDArray[np.void]], str | None]:
    """Draw what is wanted of each chunk, grade -> number of problems, unless the folder has it.

    Returns what to remember of each chunk's problems, in order, and the condition that is in the way where one has
    fewer than are wanted; chunks behind it are left out.
    """

    def draw(number: int) -> tuple[int, int, str | None]:
        reasons: list[str] = []
        problems = list(
            generate(
                model,
                _with_seed(request, number, turn),
                wanted[number],
                grader=grader_of(request.setup),
                known=_Keys(known),
                give_up=reasons.append,
            )
        )
        parquet.write(part(folder, number), problems)
        rows = [(problem.key, (problem.asked_grade or "").encode()) for problem in problems]
        with replacing(folder / _keys_name(number)) as temporary, temporary.open("wb") as file:
            np.save(file, np.array(rows, DRAWN))
        return number, len(problems), next(iter(reasons), None)

    done = names_in(folder)
    bar.update(sum(sum(counts.values()) for number, counts in wanted.items() if _keys_name(number) in done))
    last, reason = max(wanted), None
    while pending := [number for number in wanted if number <= last and _keys_name(number) not in done]:
        for number, found, why in each(draw, pending):
            done.add(_keys_name(number))
            bar.update(found)
            if why and number <= last:
                last, reason = number, why
                break
    drawn = {}
    for number, counts in wanted.items():
        with (folder / _keys_name(number)).open("rb") as file:
            drawn[number] = np.load(file)
        if len(drawn[number]) < sum(counts.values()):
            reason = reason or "these conditions allow no more new ones"
            break
    return drawn, reason


class _Keys:
    """Keys in a sorted array, of 8 bytes each and in memory that processes can share."""

    def __init__(self, keys: NDArray[np.uint64]) -> None:
        self.keys = keys

    def __contains__(self, key: object) -> bool:
        at = int(self.keys.searchsorted(np.uint64(key)))  # type: ignore[arg-type]
        return at < len(self.keys) and int(self.keys[at]) == key


def _kept(chunks: Chunks) -> int:
    """How many problems are kept."""
    return sum(int(mask.sum()) for files in chunks.values() for _, mask in files)


def _keys_name(number: int) -> str:
    """The file of what is remembered of a chunk's problems; it is there when the chunk is done."""
    return f"{number:06}.npy"


def chunk_counts(request: Request, number: int) -> dict[str, int]:
    """Grade -> problems of a chunk: those from number * CHUNK to the next chunk's first, grades in turn."""
    first, end = number * CHUNK, min((number + 1) * CHUNK, request.number)
    turns = Counter(request.grades[i % len(request.grades)] for i in range(first, end))
    return {grade: turns[grade] for grade in request.grades if turns[grade]}


def _with_seed(request: Request, number: int, turn: int) -> Request:
    """The request with the seed of a chunk's turn."""
    seed = np.random.SeedSequence([request.seed, number, turn]).generate_state(1, np.uint64)[0]
    return replace(request, seed=int(seed))
