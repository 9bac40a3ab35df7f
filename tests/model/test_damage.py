"""Damaged files: any flipped bit is noticed when a file is loaded, or changes nothing of what is loaded."""

import time
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import torch

from climbpath.data import parquet
from climbpath.errors import ClimbpathError
from climbpath.grader.grader import bundled_grader, load_grader, save_grader
from climbpath.model.checkpoint import load_checkpoint, load_model, save_checkpoint, save_model
from support.making import random_problems
from support.untrained import checkpoint, model

FLIPS = 400


def same(one: object, other: object) -> bool:
    """Whether two loaded things hold the same values, bit for bit."""
    if isinstance(one, np.ndarray | torch.Tensor):
        return type(one) is type(other) and bool(np.array_equal(np.asarray(one), np.asarray(other)))
    if isinstance(one, dict):
        return isinstance(other, dict) and one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if isinstance(one, list | tuple):
        return isinstance(other, type(one)) and len(one) == len(other) and all(map(same, one, other))
    if hasattr(one, "__dataclass_fields__"):
        return all(same(getattr(one, f.name), getattr(other, f.name)) for f in fields(one))  # type: ignore[arg-type]
    return one == other


FILES: dict[str, tuple[Callable[[Path], object], Callable[[Path], object]]] = {
    "model.safetensors": (lambda path: save_model(path, model()), load_model),
    "grader.safetensors": (lambda path: save_grader(path, bundled_grader()), load_grader),
    "problems.parquet": (lambda path: parquet.write(path, random_problems(50)), parquet.load),
    "checkpoint.pt": (lambda path: save_checkpoint(path, checkpoint()), load_checkpoint),
}


@pytest.mark.parametrize("name", FILES)
def test_a_flipped_bit_is_noticed_or_changes_nothing(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    FILES[name][0](path)
    flip(name, path, FLIPS, 0, len(path.read_bytes()))


def test_a_flipped_bit_in_the_footer_of_a_parquet_file_loses_no_rows_silently(tmp_path: Path) -> None:
    path = tmp_path / "problems.parquet"
    parquet.write(path, random_problems(50))
    whole = path.read_bytes()
    footer = int.from_bytes(whole[-8:-4], "little") + 8
    flip(path.name, path, FLIPS, len(whole) - footer, len(whole))


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_a_thousand_flipped_bits(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    FILES[name][0](path)
    begin = time.perf_counter()
    noticed = flip(name, path, 1000, 0, len(path.read_bytes()))
    took = time.perf_counter() - begin
    print(f"\n{name}: 1,000 flipped bits, {noticed:,} noticed, the others change nothing, 0 failures, {took:.0f} s")


def flip(name: str, path: Path, count: int, first: int, end: int) -> int:
    """Flip single bits between two places of a file; how many were noticed. Asserts that the others change nothing."""
    read = FILES[name][1]
    whole, before = path.read_bytes(), read(path)
    rng = np.random.default_rng(0)
    noticed = 0
    for _ in range(count):
        content = bytearray(whole)
        content[rng.integers(first, end)] ^= 1 << int(rng.integers(8))
        path.write_bytes(content)
        try:
            after = read(path)
        except ClimbpathError:
            noticed += 1
            continue
        assert same(before, after)
    assert noticed > count / 2
    return noticed
