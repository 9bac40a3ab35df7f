"""Problems that are streamed: the same training as in memory, window by window, part by part, and exactly resumed."""

import signal
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch

from climbpath.data import parquet
from climbpath.data.parquet import RowGroups
from climbpath.errors import ClimbpathError
from climbpath.problem import Problem
from climbpath.training import streaming, train
from climbpath.training.batches import epoch_batches, part_of
from climbpath.training.recipes import FAST
from climbpath.training.selection import TrainingData
from climbpath.training.streaming import StreamedData
from climbpath.training.tensorboard import LogWriter
from support.commands import climbpath_here, needs_posix
from support.making import random_problems
from support.training import SMALL, same, start, wait_for, weights

BOARDS = ("moonboard-2016", "tension-2-mirror")
PINNED = replace(FAST, pinned=0.5, grade_dropout=0.3, mirrored=0.5)
PROBLEMS = [
    replace(problem, repeats=number % 20, name=f"Number {number}")
    for number, pair in enumerate(zip(*(random_problems(150, board, seed=3) for board in BOARDS), strict=True))
    for problem in pair
]
STREAMING = """
import climbpath.training.streaming as streaming, climbpath.training.train as train
train.STREAMED, streaming.WINDOW = 0, 60
from climbpath.cli import main
main()
"""


def written(path: Path, problems: list[Problem], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with row groups of 20 problems."""
    monkeypatch.setattr(parquet, "BATCH", 20)
    parquet.write(path, problems)
    return path


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return written(tmp_path / "problems.parquet", PROBLEMS, monkeypatch)


@pytest.fixture
def data(file: Path, monkeypatch: pytest.MonkeyPatch) -> StreamedData:
    """Problems in five windows."""
    monkeypatch.setattr(streaming, "WINDOW", 60)
    return StreamedData(RowGroups([file]), PINNED)


def order_of(data: StreamedData, window: int, epoch: int = 0) -> list[np.ndarray]:
    return epoch_batches(data.boards_in(window), 16, seed=1, epoch=epoch, window=window)


def test_a_recipe_uses_the_same_problems_as_in_memory(data: StreamedData) -> None:
    loaded = TrainingData(PROBLEMS, PINNED)
    assert data.windows == 5
    for name in ("boards", "tokens", "evidence", "consensus", "methods", "left_out", "train_problems"):
        assert getattr(data, name) == getattr(loaded, name), name
    assert torch.equal(data.train_keys, loaded.train_keys)
    assert torch.equal(data.known_keys, loaded.known_keys)
    for name in ("sequences", "lengths", "chosen", "prefixes", "board_of"):
        assert np.array_equal(getattr(data.validation, name), getattr(loaded.validation, name)), name


def test_an_epoch_has_every_problem_once_in_batches_of_one_board(data: StreamedData) -> None:
    loaded = TrainingData(PROBLEMS, PINNED).train
    expected = sorted(
        (*row, *ids) for row, ids in zip(loaded.sequences.tolist(), loaded.prefixes.tolist(), strict=True)
    )
    found = []
    for window in range(data.windows):
        order = order_of(data, window)
        every = np.concatenate(order)
        assert sorted(every.tolist()) == list(range(len(every)))
        encoded = data.window(window, every)
        for rows in order:
            assert len(set(encoded.board_of[rows].tolist())) == 1
        found += [(*row, *ids) for row, ids in zip(encoded.sequences.tolist(), encoded.prefixes.tolist(), strict=True)]
    assert sorted(found) == expected


def test_windows_are_a_function_of_the_seed_and_batches_of_the_epoch_too(data: StreamedData, file: Path) -> None:
    again, other = (StreamedData(RowGroups([file]), replace(PINNED, seed=seed)) for seed in (0, 1))
    assert [part.tolist() for part in again.dealt] == [part.tolist() for part in data.dealt]
    assert [part.tolist() for part in other.dealt] != [part.tolist() for part in data.dealt]
    first, second = (np.concatenate(order_of(data, 1, epoch)).tolist() for epoch in (0, 1))
    assert first != second
    assert sorted(first) == sorted(second)


@pytest.mark.parametrize("world", [2, 3, 40])
def test_a_process_reads_its_own_part_alone_and_draws_what_one_process_would(world: int, data: StreamedData) -> None:
    """Dropped grades, mirrored problems and pins are those of the whole batch."""
    order = order_of(data, 2)
    whole = data.window(2, np.concatenate(order))
    for rank in range(world):
        mine = np.concatenate([rows[part_of(len(rows), rank, world)] for rows in order])
        part = data.window(2, mine)
        assert (np.flatnonzero(part.sequences[:, 0] >= 0) == np.unique(mine)).all()
        for seed, rows in enumerate(order):
            theirs = whole.batch(rows, 0.5, seed, rank, world)
            for ours, expected in zip(part.batch(rows, 0.5, seed, rank, world), theirs, strict=True):
                assert (ours is None) == (expected is None)
                if ours is not None and expected is not None:
                    assert torch.equal(ours, expected)


def test_one_window_trains_like_data_in_memory(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bit for bit."""
    for name, most in (("memory", streaming.STREAMED), ("streamed", 0)):
        monkeypatch.setattr(train, "STREAMED", most)
        folders = ("--checkpoint-dir", name, "--log-dir", f"log-{name}")
        done = climbpath_here("train", "--data", tiny, *SMALL, "--num-epochs", 3, *folders, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert ("streamed from the files in 1 windows" in done.stdout) == (name == "streamed")
    assert same(weights(tmp_path / "memory/latest.pt"), weights(tmp_path / "streamed/latest.pt"))


def test_a_run_stopped_in_mid_epoch_goes_on_exactly(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the first window, at its end, in later ones, at the end of the epoch, and in the second one."""
    monkeypatch.setattr(train, "SAVE_EVERY", 2)
    stops = (4, 11, 20, 27)
    monkeypatch.setattr(train, "STREAMED", 0)
    monkeypatch.setattr(streaming, "WINDOW", 60)
    run = ("train", *SMALL, "--num-epochs", 2)
    whole = climbpath_here(*run, "--data", file, "--checkpoint-dir", "whole", cwd=tmp_path)
    assert whole.returncode == 0, whole.stderr
    assert "in 5 windows" in whole.stdout
    write = LogWriter.add_scalar

    def stop(log: LogWriter, tag: str, value: float, step: int) -> None:
        write(log, tag, value, step)
        if step in stops and tag == "train/loss":
            signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(LogWriter, "add_scalar", stop)
    arguments: tuple[object, ...] = ("--data", file)
    for _ in stops:
        parts = climbpath_here(*run, *arguments, "--checkpoint-dir", "parts", cwd=tmp_path)
        assert parts.returncode == 128 + signal.SIGTERM, parts.stderr
        arguments = ("--resume",)
    parts = climbpath_here(*run, *arguments, "--checkpoint-dir", "parts", cwd=tmp_path)
    assert parts.returncode == 0, parts.stderr
    assert same(weights(tmp_path / "whole/latest.pt"), weights(tmp_path / "parts/latest.pt"))


@needs_posix
@pytest.mark.slow
def test_two_processes_stream_alike_and_resume_exactly_after_a_kill(file: Path, tmp_path: Path) -> None:
    script = tmp_path / "streaming_here.py"
    script.write_text(STREAMING)
    command = (sys.executable, str(script), "train")
    arguments = (*SMALL, "--device", "cpu", "--num-epochs", 4, "--devices", 2)
    whole = start(*arguments, "--data", file, "--checkpoint-dir", "whole", cwd=tmp_path, command=command)
    printed, _ = whole.communicate(timeout=200)
    assert whole.returncode == 0, printed
    assert "in 5 windows" in printed
    first = start(*arguments, "--data", file, "--checkpoint-dir", "parts", cwd=tmp_path, command=command)
    wait_for("Val Loss", first)
    psutil.Process(first.pid).children()[0].kill()
    printed, _ = first.communicate(timeout=60)
    assert first.returncode == 2, printed
    resumed = start(*arguments, "--resume", "--checkpoint-dir", "parts", cwd=tmp_path, command=command)
    printed, _ = resumed.communicate(timeout=200)
    assert resumed.returncode == 0, printed
    assert same(weights(tmp_path / "whole/latest.pt"), weights(tmp_path / "parts/latest.pt"))


def test_what_is_left_out_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    partial = [replace(problem, partial=True) for problem in random_problems(7, seed=8)]
    other = [replace(problem, method="No kickboard") for problem in random_problems(5, seed=9)]
    long = replace(PINNED, vocabulary="coordinate", pinned=0.0, grade_dropout=0.0, consensus=False, boards=BOARDS[:1])
    path = written(tmp_path / "mixed.parquet", [*random_problems(200), *partial, *other], monkeypatch)
    data = StreamedData(RowGroups([path]), long)
    assert data.left_out["partial, which are not streamed"] == 7
    assert data.left_out["with other foot rules than feet follow hands"] in (4, 5)
    assert data.train_problems + len(data.validation) + sum(data.left_out.values()) < 212
    with pytest.raises(ClimbpathError, match=r"finds no train problems among 212 .*longer than 4 tokens"):
        StreamedData(RowGroups([path]), replace(long, max_seq_len=4))


def test_many_problems_are_streamed_and_few_are_not(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert train.problems_of(f"{file}\n{file}") == PROBLEMS  # those of both files count once
    monkeypatch.setattr(train, "STREAMED", 599)
    groups = train.problems_of(f"{file}\n{file}")
    assert isinstance(groups, RowGroups)
    assert len(groups) == 600
    rows = np.array([0, 19, 20, 299, 300, 301, 599])
    assert [problem.holds for problem in groups.problems(rows, streaming.HOLDS)] == [
        PROBLEMS[row % 300].holds for row in rows
    ]


def test_teachers_and_streaming_do_not_go_together(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train, "STREAMED", 0)
    done = climbpath_here("train", "--data", file, *SMALL, "--teacher", "large.pt", cwd=tmp_path)
    assert done.returncode == 2
    assert "train without teachers" in done.stderr


@pytest.mark.parametrize("where", [0.2, 0.5, 0.9])
def test_a_damaged_file_is_named(where: float, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train, "STREAMED", 0)
    content = bytearray(file.read_bytes())
    content[int(where * len(content))] ^= 255
    file.write_bytes(content)
    done = climbpath_here("train", "--data", file, *SMALL, cwd=tmp_path)
    assert done.returncode == 2
    assert "problems.parquet" in done.stderr
    assert "create the file again" in done.stderr
