"""Malicious and damaged models: loading one gives a model that works, or one message that names the file."""

import io
import json
import pickle
import random
import struct
import time
import zipfile
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save

from climbpath.errors import ClimbpathError
from climbpath.generator.sample import generate
from climbpath.grader import grader
from climbpath.grader.grader import Grader, bundled_grader, load_grader, save_grader
from climbpath.model.checkpoint import FORMAT, Model, load_checkpoint, load_model, save_checkpoint, save_model
from climbpath.model.tensors import CHECKSUM, checksum, read_tensors
from climbpath.problem import parse_notation
from support.making import ask
from support.untrained import checkpoint, model

VALUES: tuple[Any, ...] = (
    *(None, True, -1, 0, 1, 2**31, 2**63 - 1, 10**30, 0.5, float("nan"), float("inf"), "", "x", "moonboard-2016"),
    *(
        "moonboard-2016@40",
        "moonboard-2016@41",
        [],
        ["moonboard-2016"],
        {},
        {"7A": 1},
        {"moonboard-2016@40": {"7A": -1}},
    ),
)
TENSORS = (np.zeros(0), np.zeros((2, 2), np.float32), np.full(3, np.nan, np.float32), np.arange(5, dtype=np.int64))
SIX = parse_notation("F5s E8 G11 E13 H15 G18e", grade="6C")


class Program:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return (open, (str(self.path), "w"))


def changed(content: Any, rng: random.Random, tensor: type) -> Any:
    """The same content with one thing in it changed, left out or added, at any depth."""
    if isinstance(content, Mapping) and content and rng.random() < 0.85:
        name = rng.choice(list(content))
        rest = {key: value for key, value in content.items() if key != name}
        if (chance := rng.random()) < 0.15:
            return rest
        if chance < 0.25:
            return {**content, rng.choice(("x", "blocks.99.up.weight", "blocks.-1.x", "")): content[name]}
        return {**content, name: changed(content[name], rng, tensor)}
    if isinstance(content, np.ndarray | torch.Tensor):
        array = rng.choice(TENSORS)
        return torch.from_numpy(array) if tensor is torch.Tensor else array
    return rng.choice(VALUES)


def hostile_checkpoint(path: Path, rng: random.Random, trap: Path) -> None:
    """A checkpoint with wrong parts, with a program in it, or as bytes that are no checkpoint."""
    content: Any = {"format": FORMAT, **checkpoint()}
    for _ in range(rng.choice((1, 1, 2, 3))):
        content = changed(content, rng, torch.Tensor)
    if rng.random() < 0.1 and isinstance(content, dict):
        content = {**content, "trap": Program(trap)}
    buffer = io.BytesIO()
    torch.save(content, buffer)
    path.write_bytes(damaged(buffer.getvalue(), rng) if rng.random() < 0.3 else buffer.getvalue())
    if rng.random() < 0.05:
        path.write_bytes(pickle.dumps(Program(trap)))
    elif rng.random() < 0.05:  # the same members, compressed
        with zipfile.ZipFile(io.BytesIO(buffer.getvalue())) as members, zipfile.ZipFile(path, "w", 8) as out:
            for name in members.namelist():
                out.writestr(name, members.read(name))


def hostile_tensors(path: Path, rng: random.Random, field: str, number: int) -> None:
    """A model or grader with wrong parts and the right checksum, or damaged."""
    about, tensors = read_tensors(path, field, number, "model", "climbpath export")
    whole: Any = {"about": about, "tensors": tensors}
    for _ in range(rng.choice((1, 1, 2, 3))):
        whole = changed(whole, rng, np.ndarray)
    parts = whole if isinstance(whole, dict) else {}
    about = parts["about"] if isinstance(parts.get("about"), dict) else {"format": number}
    given = parts["tensors"] if isinstance(parts.get("tensors"), dict) else {}
    tensors = {name: value for name, value in given.items() if isinstance(value, np.ndarray)}
    metadata = {field: json.dumps({**about, CHECKSUM: checksum(about, tensors)})}
    content = save(tensors, metadata)
    path.write_bytes(damaged(content, rng) if rng.random() < 0.3 else content)


def damaged(content: bytes, rng: random.Random) -> bytes:
    """Bytes with some changed, cut off, or a length in front that is not theirs."""
    data = bytearray(content)
    kind = rng.randrange(3)
    if kind == 0:
        for _ in range(rng.choice((1, 10, 100))):
            data[rng.randrange(len(data))] = rng.randrange(256)
    elif kind == 1:
        del data[rng.randrange(len(data)) :]
    else:
        data[:8] = struct.pack("<Q", rng.choice((0, 1, 2**20, 2**62)))
    return bytes(data)


def use(loaded: Model | Grader) -> None:
    """What loads must work."""
    if isinstance(loaded, Grader):
        loaded.probabilities([SIX])
    else:
        list(generate(loaded, ask("7A", 1)))


def fuzz(folder: Path, count: int, seed: int) -> Counter[str]:
    """Load hostile files: how many were refused and how many loaded. Anything but a ClimbpathError is raised."""
    rng, trap = random.Random(seed), folder / "trap"
    made = {"model.safetensors": save_model, "grader.safetensors": save_grader}
    outcomes: Counter[str] = Counter()
    for number in range(count):
        name = rng.choice(("checkpoint.pt", "checkpoint.pt", "latest.pt", *made))
        path = folder / name
        if name == "model.safetensors":
            save_model(path, model())
            hostile_tensors(path, rng, "climbpath", FORMAT)
        elif name == "grader.safetensors":
            save_grader(path, bundled_grader())
            hostile_tensors(path, rng, grader.FIELD, grader.FORMAT)
        else:
            hostile_checkpoint(path, rng, trap)
        message = ""
        try:
            if name == "latest.pt":
                load_checkpoint(path)
            else:
                loaded = load_grader(path) if name.startswith("grader") else load_model(path)
        except ClimbpathError as error:
            message = str(error)
        outcomes["refused" if message else "loaded"] += 1
        if message:
            assert name in message, f"seed {seed}, number {number}: {message}"
            assert len(message) < 1000, f"seed {seed}, number {number}"
        elif name != "latest.pt":
            with suppress(ClimbpathError):  # it has not learned the grade or the board
                use(loaded)
        assert not trap.exists(), f"seed {seed}, number {number}: a program in the file was run"
    return outcomes


def test_hostile_models_are_refused_or_work(tmp_path: Path) -> None:
    outcomes = fuzz(tmp_path, 60, 1)
    assert outcomes["refused"] > 30


@pytest.mark.parametrize("members", [0, 1, 2, 4, -1, 2**31, 10**30, None, "x"])
def test_a_grader_of_another_number_of_networks_than_its_weights_is_refused(members: Any, tmp_path: Path) -> None:
    """At once: a list of 2**31 networks took all the memory of a machine."""
    path = tmp_path / "grader.safetensors"
    save_grader(path, bundled_grader())
    about, tensors = read_tensors(path, grader.FIELD, grader.FORMAT, "model", "climbpath export")
    about["members"] = members
    path.write_bytes(save(tensors, {grader.FIELD: json.dumps({**about, CHECKSUM: checksum(about, tensors)})}))
    with pytest.raises(ClimbpathError, match=r"is not a climbpath grader: .* the weights of 3 networks, not those of "):
        load_grader(path)


@pytest.mark.slow
def test_a_thousand_hostile_models(tmp_path: Path) -> None:
    begin = time.perf_counter()
    outcomes = fuzz(tmp_path, 1000, 2)
    print(f"\nmodels: 1,000 tries, 0 failures, {dict(outcomes)}, {time.perf_counter() - begin:.0f} s")
    assert outcomes["refused"] > 500


def test_a_good_checkpoint_still_loads(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "good.pt", checkpoint())
    use(load_model(tmp_path / "good.pt"))
