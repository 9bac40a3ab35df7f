"""Folders of numbered Parquet files that one command writes, part by part: stoppable, resumable."""

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

from climbpath.errors import ClimbpathError
from climbpath.files import names_in, replacing

CLAIM = "_request.json"
"""Readers of folders of Parquet files skip names that begin so."""
Result = TypeVar("Result")


class Each(Protocol):
    """Calls a function with each of some numbers, in any order and on any machine, and yields what it returns; `map`
    does so here, one after the other."""

    def __call__(self, function: Callable[[int], Result], numbers: Sequence[int], /) -> Iterable[Result]:
        """What the function returns."""


def part(folder: Path, number: int) -> Path:
    """A part of a folder."""
    return folder / f"{number:06}.parquet"


def missing_parts(folder: Path, numbers: Iterable[int]) -> list[int]:
    """Those parts that are not there."""
    there = names_in(folder)
    return [number for number in numbers if part(folder, number).name not in there]


def claim(folder: Path, request: dict[str, Any]) -> None:
    """Claim a folder for the parts of a request, or of the same one that was interrupted.

    Raises ClimbpathError where it belongs to another, or other files are in it.
    """
    asked = json.dumps(request, indent=1)
    there = {name for name in names_in(folder) if not name.startswith(".")}
    if CLAIM in there:
        if (folder / CLAIM).read_text(encoding="utf-8") != asked:
            raise ClimbpathError(
                f"{folder} holds the parts of another request: repeat that request to resume it, name another folder, "
                "or delete this one"
            )
        return
    if there:
        raise ClimbpathError(f"{folder} has other files in it: name an empty or a new folder")
    with replacing(folder / CLAIM) as temporary:
        temporary.write_text(asked, encoding="utf-8")
