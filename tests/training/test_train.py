"""Training through its command: artifacts, exact resume, interruptions, many processes, bad input."""

import errno
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import click
import pytest
import torch
from PIL import Image

from climbpath.cli import cli
from climbpath.data import parquet
from climbpath.errors import ClimbpathError
from climbpath.model.checkpoint import load_checkpoint, load_model
from support.commands import climbpath, climbpath_here, needs_posix, run
from support.making import random_problems
from support.training import SMALL, same, start, wait_for, weights


@pytest.fixture(scope="session")
def one_epoch(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a run of one epoch was made; tests copy it."""
    folder = tmp_path_factory.mktemp("one_epoch")
    done = climbpath_here("train", "--data", tiny, *SMALL, "--num-epochs", 1, cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def trained(one_epoch: Path, tmp_path: Path) -> Path:
    """The checkpoints of a run of one epoch, as if it had been made in tmp_path."""
    shutil.copytree(one_epoch, tmp_path, dirs_exist_ok=True)
    return tmp_path / "checkpoints/climb_path_cpu"


def test_a_run_leaves_the_guides_artifacts_and_console(tiny: Path, tmp_path: Path) -> None:
    done = climbpath_here("train", "--recipe", "guide", "--data", tiny, *SMALL, "--num-epochs", 11, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "checkpoints" / "climb_path_cpu"
    assert {path.name for path in folder.iterdir()} == {
        *("best.pt", "latest.pt", "epoch_10.pt", "config.json", "training_curves.png")
    }
    checkpoint = torch.load(folder / "best.pt", weights_only=True)
    assert {"model_state_dict", "optimizer_state_dict", "epoch", "val_loss"} <= set(checkpoint)
    assert torch.load(folder / "latest.pt", weights_only=True)["epoch"] == 11
    assert json.loads((folder / "config.json").read_text())["recipe"]["name"] == "guide"
    with Image.open(folder / "training_curves.png") as picture:
        assert picture.width > 800
    assert re.search(r"Epoch 1/11 \[Train\]: 100%\|.*\| 16/16 \[.*<.*, loss=\d\.\d+, lr=[\d.e-]+\]", done.stderr)
    assert re.search(r"Epoch 11/11 \[Val\]: 100%\|.*, loss=\d\.\d+\]", done.stderr)
    assert re.search(r"^Train Loss: \d\.\d{4}$", done.stdout, re.MULTILINE)
    assert re.search(r"^Val Loss: \d\.\d{4}", done.stdout, re.MULTILINE)
    assert re.search(r"✓ Saved best model with val_loss=\d\.\d{4}", done.stdout)
    assert "excellent < 1.5" in done.stdout
    losses = [float(value) for value in re.findall(r"Val Loss: ([\d.]+)", done.stdout)]
    assert min(losses) < losses[0]


def test_tensorboard_has_the_scalars_and_pictures(tiny: Path, tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    done = climbpath_here("train", "--data", tiny, *SMALL, "--num-epochs", 5, "--log-dir", "logs", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    events = EventAccumulator(str(tmp_path / "logs"))
    events.Reload()
    expected = {"train/loss", "train/learning_rate", "train/problems_per_second", "val/loss", "val/nats_per_problem"}
    assert set(events.Tags()["scalars"]) == expected
    assert events.Tags()["images"] == ["problems"]
    assert [event.step for event in events.Scalars("train/loss")] == list(range(1, 5 * 16 + 1))


@needs_posix
@pytest.mark.parametrize("recipe", ["fast", "guide"])
def test_an_interrupted_run_ends_with_the_same_weights(recipe: str, tiny: Path, tmp_path: Path) -> None:
    """Ctrl-C in mid-epoch, SIGTERM in another, then to the end: bit for bit the uninterrupted run."""
    arguments = ("--recipe", recipe, "--data", tiny, *SMALL, "--num-epochs", 8)
    whole = climbpath_here("train", *arguments, "--checkpoint-dir", "whole", "--log-dir", "logs/whole", cwd=tmp_path)
    assert whole.returncode == 0, whole.stderr
    first = start(*arguments, "--checkpoint-dir", "parts", "--log-dir", "logs/parts", cwd=tmp_path)
    assert first.stdout is not None
    wait_for("Train Loss", first)
    for number in (signal.SIGINT, signal.SIGTERM):
        process = (
            first
            if number == signal.SIGINT
            else start("--resume", "--checkpoint-dir", "parts", "--log-dir", "logs/parts", cwd=tmp_path)
        )
        assert process.stdout is not None
        if process is not first:
            wait_for("Saved best", process)
        process.send_signal(number)
        process.wait(timeout=60)
        rest = process.stdout.read()  # communicate() would leave out what is buffered
        assert process.returncode == 128 + number, rest
        assert "climbpath train --resume --checkpoint-dir parts" in rest
    last = climbpath_here("train", "--resume", "--checkpoint-dir", "parts", "--log-dir", "logs/parts", cwd=tmp_path)
    assert last.returncode == 0, last.stderr
    for name in ("latest.pt", "best.pt"):
        assert same(weights(tmp_path / "whole" / name), weights(tmp_path / "parts" / name))
    a, b = (load_checkpoint(tmp_path / folder / "latest.pt")["progress"] for folder in ("whole", "parts"))
    assert [r["train_loss"] for r in a["history"]] == [r["train_loss"] for r in b["history"]]
    assert [r["val_loss"] for r in a["history"]] == [r["val_loss"] for r in b["history"]]


def test_kill_9_at_any_moment_leaves_loadable_checkpoints(tiny: Path, tmp_path: Path) -> None:
    arguments = ("--data", tiny, *SMALL, "--num-epochs", 400, "--patience", 400)
    folder = tmp_path / "checkpoints" / "climb_path_cpu"
    reached = -1
    for number in range(3):
        process = start(*(["--resume"] if number else arguments), "--device", "cpu", cwd=tmp_path)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if (folder / "latest.pt").exists() and load_checkpoint(folder / "latest.pt")["epoch"] > reached:
                break
            time.sleep(0.01)
        time.sleep(0.037 * number)
        process.kill()
        process.communicate()
        for path in folder.glob("*.pt"):
            load_model(path)
        epoch = load_checkpoint(folder / "latest.pt")["epoch"]
        assert epoch > reached
        reached = epoch
    done = climbpath_here("train", "--resume", "--num-epochs", 999, cwd=tmp_path)
    assert done.returncode == 2
    assert "was given: leave it out" in done.stderr


def test_an_earlier_run_is_set_aside(trained: Path, tiny: Path, tmp_path: Path) -> None:
    before = (trained / "best.pt").read_bytes()
    again = climbpath_here("train", "--data", tiny, *SMALL, "--num-epochs", 1, "--seed", 1, cwd=tmp_path)
    assert "Set aside the earlier run" in again.stdout
    assert (tmp_path / "checkpoints/climb_path_cpu-1/best.pt").read_bytes() == before
    assert (trained / "best.pt").read_bytes() != before


def test_training_stops_early(tiny: Path, tmp_path: Path) -> None:
    done = climbpath_here(
        "train", "--data", tiny, *SMALL, "--num-epochs", 50, "--patience", 2, "--learning-rate", 0.3, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert "Stopping early: no improvement in 2 epochs" in done.stdout
    assert done.stdout.count("Val Loss") < 50


def test_worker_processes_change_nothing(tiny: Path, tmp_path: Path) -> None:
    arguments = ("train", "--data", tiny, *SMALL, "--num-epochs", 2)
    for workers, command in ((0, climbpath_here), (2, climbpath)):  # this process has threads: it should not fork
        done = command(*arguments, "--num_workers", workers, "--checkpoint-dir", f"w{workers}", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    assert same(weights(tmp_path / "w0/latest.pt"), weights(tmp_path / "w2/latest.pt"))


@needs_posix
def test_a_full_disk_is_said_and_the_old_checkpoint_kept(tiny: Path, tmp_path: Path) -> None:
    import resource

    from climbpath.model.checkpoint import save_checkpoint

    path = tmp_path / "latest.pt"
    save_checkpoint(path, {"weights": torch.zeros(10)})
    before, limits = path.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with pytest.raises(ClimbpathError, match=r"cannot write .*latest\.pt.*is intact"):
            save_checkpoint(path, {"weights": torch.zeros(100_000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


class FullDisk:
    """TensorBoard's file system, which is full after so many writes."""

    def __init__(self, writes: int, monkeypatch: pytest.MonkeyPatch) -> None:
        from tensorboard.compat.tensorflow_stub.io.gfile import LocalFileSystem

        self.left, self.write_on = writes, LocalFileSystem._write
        monkeypatch.setattr(LocalFileSystem, "_write", lambda *given: self.write(*given))

    def write(self, *given: object) -> None:
        self.left -= 1
        if self.left < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.write_on(*given)


@pytest.mark.parametrize("writes", [0, 1, 7])
def test_a_full_disk_of_tensorboard_silences_it_and_the_run_is_the_same(
    writes: int, trained: Path, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    """Also at the start: TensorBoard writes two times before the first step."""
    disk = FullDisk(writes, monkeypatch)
    more = ("--log-dir", "other", "--checkpoint-dir", "other-run")
    done = climbpath_here("train", "--data", tiny, *SMALL, "--num-epochs", 1, *more, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert disk.left < 0
    assert done.stdout.count("cannot be written (No space left on device); training continues without them") == 1
    assert "Traceback" not in done.stderr + capfd.readouterr().err
    assert same(weights(tmp_path / "other-run/latest.pt"), weights(trained / "latest.pt"))


@needs_posix
def test_a_disk_that_fills_up_with_tensorboards_files_ends_no_run(tiny: Path, tmp_path: Path) -> None:
    """For real: the system lets no file grow beyond a size; checkpoints keep to it, TensorBoard's file would not."""
    import resource

    largest = 400_000

    def limited() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))

    script = "import climbpath.training.train as t; t.PICTURES_EVERY = 1; from climbpath.cli import main; main()"
    arguments = ("train", "--data", tiny, *SMALL, "--d-model", 16, "--num-layers", 1, "--num-epochs", 12)
    process = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        preexec_fn=limited,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    assert "cannot be written (File too large); training continues without them" in process.stdout
    assert "Traceback" not in process.stderr
    (events,) = (tmp_path / "runs/climb_path_cpu").iterdir()
    assert events.stat().st_size == largest
    assert load_checkpoint(tmp_path / "checkpoints/climb_path_cpu/latest.pt")["epoch"] == 12


def test_a_picture_that_cannot_be_drawn_ends_no_run(
    trained: Path, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from climbpath.training import tensorboard

    def fails(*given: object) -> bytes:
        assert (tmp_path / "again/latest.pt").exists()
        assert load_checkpoint(tmp_path / "again/latest.pt")["epoch"] == 1, "the epoch is saved before"
        raise MemoryError

    monkeypatch.setattr(tensorboard, "sheet", fails)
    done = climbpath_here("train", "--data", tiny, *SMALL, "--num-epochs", 1, "--checkpoint-dir", "again", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Note: no pictures for TensorBoard: MemoryError" in done.stdout
    assert same(weights(tmp_path / "again/latest.pt"), weights(trained / "latest.pt"))


@needs_posix
@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_a_run_that_is_killed_ten_times_ends_with_the_same_weights(seed: int, tiny: Path, tmp_path: Path) -> None:
    """kill -9 at any moment, from before the first checkpoint on, while one is written, too; then on to the end."""
    rng, begin = random.Random(seed), time.perf_counter()
    arguments = ("--data", tiny, *SMALL, "--num-epochs", 60, "--patience", 60, "--device", "cpu")
    folders = ("--checkpoint-dir", "parts", "--log-dir", "logs/parts")
    whole = climbpath_here("train", *arguments, "--checkpoint-dir", "whole", "--log-dir", "logs/whole", cwd=tmp_path)
    assert whole.returncode == 0, whole.stderr
    latest, reached, resumed = tmp_path / "parts/latest.pt", [], 0
    for _ in range(10):
        resumed += latest.exists()
        process = start(*(["--resume"] if latest.exists() else arguments), *folders, cwd=tmp_path)
        assert process.stdout is not None
        # from its first words on, until some epochs later
        process.stdout.readline()
        time.sleep(rng.uniform(0, 1.5))
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        for path in latest.parent.glob("*.pt"):
            load_model(path) if path.name != "latest.pt" else load_checkpoint(path)
        reached.append(load_checkpoint(latest)["epoch"] if latest.exists() else -1)
    assert reached == sorted(reached)
    done = climbpath_here("train", "--resume", *folders, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for name in ("latest.pt", "best.pt"):
        assert same(weights(tmp_path / "whole" / name), weights(tmp_path / "parts" / name))
    a, b = (load_checkpoint(tmp_path / folder / "latest.pt")["progress"] for folder in ("whole", "parts"))
    for one in (*a["history"], *b["history"]):
        one.pop("seconds")
    assert a["history"] == b["history"]
    assert not [path for path in (tmp_path / "parts").iterdir() if path.name.startswith(".")]
    print(f"\nkill -9: 10 kills at epochs {reached}, {resumed} resumed, {time.perf_counter() - begin:.0f} s")


@needs_posix
def test_what_does_not_fit_in_memory_is_explained(tiny: Path, tmp_path: Path) -> None:
    sizes = "--d-model 16384 --dim-feedforward 65536"
    command = f"ulimit -v 8000000; {sys.executable} -m climbpath train --data {tiny} {sizes}"
    done = run("bash", "-c", command, cwd=tmp_path)
    assert done.returncode == 2
    assert "does not fit in memory: try --batch_size 64" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--data", "nowhere.parquet"), "nowhere.parquet"),
        (("--nhead", 5), "d_model 32 cannot be shared by nhead 5"),
        (("--batch-size", 0), "batch_size must be from 1 to"),
        (("--learning-rate", 1e30), "learning_rate must be above 0 and at most 1000"),
        (("--learning-rate", 999), "the loss is|training diverged"),
        (("--device", "cuda"), "sees none here"),
        (("--resume",), "there is no checkpoint"),
        (("--batchsize", 16), "No such option.*batch-size"),
        (("--recipe", "huge"), "there is no recipe 'huge': choose from fast, guide, guide-small"),
        (("--max-seq-len", 4), "longer than 4 tokens"),
    ],
)
def test_bad_input_is_explained(
    arguments: tuple[object, ...], message: str, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In this process, where torch is imported; of what is raised main() makes a line and exit code 2."""
    if "cuda" in arguments and torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    monkeypatch.chdir(tmp_path)
    flags = ("--data", tiny, *SMALL, "--num-epochs", 2, *arguments)
    with pytest.raises((ClimbpathError, click.UsageError)) as told:
        cli(["train", *map(str, flags)], standalone_mode=False)
    words = told.value.format_message() if isinstance(told.value, click.UsageError) else str(told.value)
    assert re.search(message, words, re.DOTALL), words


def test_damaged_and_foreign_checkpoints_are_explained(trained: Path, tmp_path: Path) -> None:
    whole = (trained / "best.pt").read_bytes()
    bad = {"cut.pt": whole[: len(whole) // 2], "text.pt": b"hello", "empty.pt": b""}
    for name, content in bad.items():
        (trained / name).write_bytes(content)
    torch.save({"weights": torch.zeros(3)}, trained / "foreign.pt")
    torch.save({"run": os.system}, trained / "evil.pt")
    for name in [*bad, "foreign.pt", "evil.pt"]:
        with pytest.raises(ClimbpathError, match=name):
            load_model(trained / name)
        done = climbpath_here("generate", "--grade", "7A", "--checkpoint", trained / name, cwd=tmp_path)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
    (trained / "latest.pt").write_bytes(bad["cut.pt"])
    done = climbpath_here("train", "--resume", cwd=tmp_path)
    assert done.returncode == 2
    assert "latest.pt is damaged, or not a climbpath checkpoint" in done.stderr


@pytest.mark.usefixtures("trained")
def test_a_finished_run_says_that_nothing_is_left_to_train(tmp_path: Path) -> None:
    done = climbpath_here("train", "--resume", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Nothing is left to train: the run ended after epoch" in done.stdout
    assert "Resuming" not in done.stdout


@pytest.mark.usefixtures("trained")
def test_resume_on_other_data_is_refused(tmp_path: Path) -> None:
    parquet.write(tmp_path / "other.parquet", random_problems(200, seed=9))
    done = climbpath_here("train", "--resume", "--data", "other.parquet", cwd=tmp_path)
    assert done.returncode == 2
    assert "trained on other problems" in done.stderr


def test_an_exported_model_generates_what_its_checkpoint_does(trained: Path, tmp_path: Path) -> None:
    best = trained / "best.pt"
    done = climbpath_here("export", best, "--to", "mine.safetensors", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert climbpath_here("export", best, "--to", "mine.safetensors", cwd=tmp_path).returncode == 2
    outputs = [
        climbpath_here("generate", "--grade", "7A", "--model", model, "--seed", 3, cwd=tmp_path).stdout
        for model in (best, "mine.safetensors")
    ]
    assert outputs[0] == outputs[1]
    assert outputs[0].count("7A (V6)") == 10
    model = load_model(tmp_path / "mine.safetensors")
    assert len(model.train_keys) < len(model.known_keys) <= 300


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_cpu_and_gpu_reach_the_same_validation_loss(tiny: Path, tmp_path: Path) -> None:
    arguments = ("train", "--data", tiny, *SMALL, "--num-epochs", 8, "--dropout", 0, "--embedding-dropout", 0)
    for device in ("cpu", "cuda"):
        done = climbpath(*arguments, "--device", device, "--checkpoint-dir", device, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert "no pictures for TensorBoard" not in done.stdout + done.stderr
    losses = [load_checkpoint(tmp_path / device / "best.pt")["nats_per_problem"] for device in ("cpu", "cuda")]
    assert losses[0] == pytest.approx(losses[1], abs=0.1)


def test_module_run_needs_no_installation_of_the_script(tmp_path: Path) -> None:
    assert run(sys.executable, "-m", "climbpath", "--version", cwd=tmp_path).stdout.startswith("climbpath")
