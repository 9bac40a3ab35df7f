"""The models and graders that come with climbpath: safetensors files in a folder of the package."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import resources
from pathlib import Path

from climbpath.board import Evidence, evidence_from_json
from climbpath.model.tensors import read_about

SUFFIX = ".safetensors"


def names_in(folder: str) -> list[str]:
    """The names of the files in a folder of the package, sorted."""
    names = [entry.name for entry in (resources.files("climbpath") / folder).iterdir()]
    return sorted(name.removesuffix(SUFFIX) for name in names if name.endswith(SUFFIX))


@contextmanager
def opened(folder: str, name: str) -> Iterator[Path]:
    """The path of one of them, which need not stay there afterwards."""
    with resources.as_file(resources.files("climbpath") / folder / f"{name}{SUFFIX}") as path:
        yield path


@cache
def evidence_in(folder: str, name: str, field: str) -> Evidence:
    """What one of them was trained on, from the metadata entry of this name; its weights are not read."""
    with opened(folder, name) as path:
        return evidence_from_json(read_about(path, field)["evidence"])
