"""Many problems to one Parquet file: complete, distinct, the same again, stoppable and resumable."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from climbpath.data import parquet
from climbpath.errors import ClimbpathError
from climbpath.generator import bulk
from climbpath.generator.request import Request
from climbpath.model.checkpoint import bundled_model
from climbpath.problem import Rules, violations
from support.commands import climbpath_here, needs_posix
from support.making import ask

MODEL = bundled_model("moonboard")


def request(number: int, grades: str = "6C,7A", **more: Any) -> Request:
    return ask(grades, number, **{"seed": 3, **more})


def test_as_many_as_asked_for_all_valid_and_distinct(tmp_path: Path) -> None:
    path = tmp_path / "many.parquet"
    assert bulk.generate_to_parquet(MODEL, request(2500), path) == (2500, None)
    problems = parquet.load(path)
    assert len({p.key for p in problems}) == len(problems) == 2500
    assert [sum(p.grade == grade for p in problems) for grade in ("6C", "7A")] == [1250, 1250]
    assert not any(violations(p) for p in problems)
    assert not path.with_name("many.parquet.parts").exists()


def test_chunks_are_distinct_too_and_grades_take_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "CHUNK", 300)
    path = tmp_path / "chunks.parquet"
    assert bulk.generate_to_parquet(MODEL, request(1000), path) == (1000, None)
    problems = parquet.load(path)
    assert len({p.key for p in problems}) == 1000
    for first in range(0, 900, 300):
        chunk = [p.grade for p in problems[first : first + 300]]
        assert chunk.count("6C") == chunk.count("7A") == 150
    assert sum(p.grade == "6C" for p in problems) == 500


def test_a_request_that_cannot_be_met_leaves_nothing_in_the_way_of_the_next(tmp_path: Path) -> None:
    path = tmp_path / "many.parquet"
    with pytest.raises(ClimbpathError, match="too few to tell it from its neighbours"):
        bulk.generate_to_parquet(MODEL, request(20, "8B+"), path)
    assert bulk.generate_to_parquet(MODEL, request(20), path) == (20, None)


SMALL_CHUNKS = "from climbpath.cli import main; from climbpath.generator import bulk; bulk.CHUNK = 1000; main()"


@needs_posix
def test_killed_and_asked_again_it_goes_on_to_the_same_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "CHUNK", 1000)
    command = ["generate", "--grade", "6C,7A", "--num-samples", "5500", "--format", "parquet", "--seed", "3"]
    whole, broken = tmp_path / "whole.parquet", tmp_path / "broken.parquet"
    assert climbpath_here(*command, "--out", whole, cwd=tmp_path).returncode == 0
    process = subprocess.Popen(
        [sys.executable, "-c", SMALL_CHUNKS, *command, "--out", str(broken)],
        cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    parts = broken.with_name("broken.parquet.parts")
    while process.poll() is None and not (parts / "0/000000.parquet").exists():
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130, errors
    assert "--seed 3" in errors
    assert "Traceback" not in errors
    assert not broken.exists()
    assert (parts / "0/000000.parquet").exists()
    other = climbpath_here(*command[:-1], "4", "--out", broken, cwd=tmp_path)
    assert other.returncode == 2, "another request must not mix with this one"
    assert climbpath_here(*command, "--out", broken, cwd=tmp_path).returncode == 0
    assert parquet.load(broken) == parquet.load(whole)


def test_a_request_with_few_answers_ends(tmp_path: Path) -> None:
    few = request(500, "7A", rules=Rules(hold_sets=frozenset({"Original"}), max_holds=3))
    path = tmp_path / "few.parquet"
    written, reason = bulk.generate_to_parquet(MODEL, replace(few, any_grade=True), path)
    assert 0 < written < 500
    assert reason is not None
    assert "are new" in reason
    assert len(parquet.load(path)) == written


def test_what_cannot_be_met_is_said_before_anything_is_drawn(tmp_path: Path) -> None:
    said = climbpath_here(
        "generate", "--grade", "7A", "--num-samples", 100, "--format", "parquet", "--ban", "F5", "--pin", "F5",
        "--out", tmp_path / "never.parquet", cwd=tmp_path,
    )  # fmt: skip
    assert said.returncode == 2
    assert "F5 is both pinned and banned" in said.stderr
    assert list(tmp_path.iterdir()) == []
    mixed = climbpath_here("generate", "--grade", "7A", "--format", "parquet,png", cwd=tmp_path)
    assert mixed.returncode == 2
    assert "without other formats" in mixed.stderr


def test_another_request_s_chunks_are_left_alone(tmp_path: Path) -> None:
    parts = tmp_path / "f.parquet.parts"
    parts.mkdir()
    (parts / "_request.json").write_text(json.dumps({"seed": 1}))
    with pytest.raises(ClimbpathError, match="another request"):
        bulk.generate_to_parquet(MODEL, request(10), tmp_path / "f.parquet")
