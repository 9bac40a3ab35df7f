"""Training on several processes and machines: the same curve, one writer, and what happens when one is killed."""

import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from torch.distributed import TCPStore  # type: ignore[attr-defined]

from climbpath.model.checkpoint import load_checkpoint
from support.commands import climbpath_here, needs_posix
from support.training import SMALL, curve, same, start, wait_for, weights

CPU = ("--device", "cpu", *SMALL)


def torchrun(*options: object) -> tuple[str, ...]:
    """torchrun, which starts two processes of climbpath train."""
    processes = ("--nproc-per-node", "2", "--master-port", str(free_port()))
    return (sys.executable, "-m", "torch.distributed.run", *processes, *map(str, options), "-m", "climbpath", "train")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


FOLDERS = ("--checkpoint-dir", "run", "--log-dir", "log")
# a slow warm-up: at its full learning rate the recipe enlarges rounding a hundredfold in a hundred steps
RUN = ("--num-epochs", 7, "--dropout", 0, "--embedding-dropout", 0, "--warmup-steps", 500, *FOLDERS)


def ended(*processes: subprocess.Popen[str]) -> list[str]:
    """What processes have printed, once they have ended well."""
    printed = [process.communicate(timeout=200)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes), printed
    return printed


@pytest.fixture(scope="module")
def two(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 112 steps in two processes, without dropout."""
    folder = tmp_path_factory.mktemp("two")
    (printed,) = ended(start("--data", tiny, *CPU, *RUN, "--devices", 2, cwd=folder))
    assert printed.count("Recipe fast") == 1
    assert "2 process(es)" in printed
    assert len(list((folder / "log").iterdir())) == 1
    return folder


def test_two_processes_have_the_loss_curve_of_one(tiny: Path, two: Path, tmp_path: Path) -> None:
    done = climbpath_here("train", "--data", tiny, *CPU, *RUN, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert curve(two / "log")[:100] == pytest.approx(curve(tmp_path / "log")[:100], abs=1e-4)


@pytest.mark.slow
def test_the_guides_recipe_has_the_same_curve_in_two_processes(tiny: Path, tmp_path: Path) -> None:
    """It shares no features between tokens, takes no pins and has no side task."""
    arguments = ("--data", tiny, "--recipe", "guide", *CPU, *RUN)
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    ended(start(*arguments, cwd=tmp_path / "one"), start(*arguments, "--devices", 2, cwd=tmp_path / "two"))
    assert curve(tmp_path / "two/log")[:100] == pytest.approx(curve(tmp_path / "one/log")[:100], abs=1e-4)


@pytest.mark.slow
def test_torchrun_starts_the_same_run(tiny: Path, two: Path, tmp_path: Path) -> None:
    ended(start("--data", tiny, *CPU, *RUN, cwd=tmp_path, command=torchrun()))
    assert same(weights(two / "run/latest.pt"), weights(tmp_path / "run/latest.pt"))


@pytest.mark.slow
def test_two_machines_have_the_same_run_and_only_the_first_writes(tiny: Path, two: Path, tmp_path: Path) -> None:
    """Two launchers, each in a folder of its own, on one machine."""
    port = str(free_port())
    machines = [tmp_path / "first", tmp_path / "second"]
    processes = []
    for rank, folder in enumerate(machines):
        folder.mkdir()
        arguments = ("--data", tiny, *CPU, *RUN, "--num-nodes", 2)
        processes.append(start(*arguments, cwd=folder, MASTER_ADDR="127.0.0.1", MASTER_PORT=port, NODE_RANK=str(rank)))
    printed = ended(*processes)
    assert same(weights(two / "run/latest.pt"), weights(machines[0] / "run/latest.pt"))
    assert ["Recipe fast" in words for words in printed] == [True, False]
    assert list(machines[1].iterdir()) == []


@needs_posix
@pytest.mark.parametrize("killed", [pytest.param("first", marks=pytest.mark.slow), "second"])
def test_a_killed_process_ends_the_other_and_the_run_resumes_exactly(
    killed: str, tiny: Path, two: Path, tmp_path: Path
) -> None:
    first = start("--data", tiny, *CPU, *RUN, "--devices", 2, cwd=tmp_path)
    wait_for("Val Loss", first)
    (second,) = psutil.Process(first.pid).children()
    (first if killed == "first" else second).kill()
    psutil.wait_procs([second], timeout=30)
    printed, _ = first.communicate(timeout=30)
    assert not second.is_running()
    survivor = 2 if killed == "first" else 1
    assert f"Error: process {survivor} of 2 ends, because another one of this run has ended" in printed
    assert "Traceback" not in printed
    if killed == "second":
        assert first.returncode == 2
        step = load_checkpoint(tmp_path / "run/latest.pt")["progress"]["step"]
        assert f"Stopped after step {step} in epoch" in printed
    ended(start("--resume", *CPU, *RUN, "--devices", 2, cwd=tmp_path))
    assert same(weights(two / "run/latest.pt"), weights(tmp_path / "run/latest.pt"))


@needs_posix
@pytest.mark.slow
def test_torchrun_starts_a_run_again_that_goes_on_by_itself(tiny: Path, two: Path, tmp_path: Path) -> None:
    """In a folder with a run of another recipe, which is not mistaken for it."""
    older = climbpath_here("train", "--data", tiny, *CPU, *RUN, "--seed", 7, cwd=tmp_path)
    assert older.returncode == 0, older.stderr
    run = start("--data", tiny, *CPU, *RUN, cwd=tmp_path, command=torchrun("--max-restarts", 1))
    wait_for("Val Loss", run)
    psutil.Process(run.pid).children()[1].kill()
    (printed,) = ended(run)
    assert printed.count("Resuming in epoch") == 1
    assert (tmp_path / "run-1/latest.pt").exists(), "the older run is set aside"
    assert same(weights(two / "run/latest.pt"), weights(tmp_path / "run/latest.pt"))


def test_processes_that_torchrun_starts_again_do_not_look_for_the_former_ones() -> None:
    """torchrun's store lasts, and in it what was written at the first start."""
    store = TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    meet = "from climbpath.training.machine import Machine, launch; launch(Machine('cpu')).barrier()"
    for restarts in range(2):
        known, processes = store.num_keys(), []
        for rank in "1", "0":
            environment = {
                "TORCHELASTIC_RUN_ID": "none",
                "TORCHELASTIC_USE_AGENT_STORE": "True",
                "TORCHELASTIC_RESTART_COUNT": str(restarts),
                "MASTER_ADDR": "127.0.0.1",
                "MASTER_PORT": str(store.port),
                **dict.fromkeys(("WORLD_SIZE", "LOCAL_WORLD_SIZE"), "2"),
                **dict.fromkeys(("RANK", "LOCAL_RANK"), rank),
            }
            processes.append(start(cwd=Path.cwd(), command=(sys.executable, "-c", meet), **environment))
            while store.num_keys() == known and processes[0].poll() is None:
                time.sleep(0.1)  # until it has said where it is: it looks for the other one before that one is there
        ended(*processes)


@pytest.mark.parametrize(
    ("environment", "options", "message"),
    [
        ({}, ("--num-nodes", 2), "set MASTER_ADDR, MASTER_PORT, NODE_RANK in the environment of each machine"),
        ({"NODE_RANK": "0", "MASTER_PORT": "1"}, ("--num-nodes", 2), "set MASTER_ADDR in"),
        ({"NODE_RANK": "2"}, ("--num-nodes", 2), "NODE_RANK must be a number up to 1, not '2'"),
        ({"MASTER_PORT": "x"}, ("--num-nodes", 2), "MASTER_PORT must be a number up to 65535, not 'x'"),
        ({"MASTER_ADDR": "no.such.place.invalid"}, ("--num-nodes", 2), "MASTER_ADDR no.such.place.invalid is no"),
        ({"LOCAL_WORLD_SIZE": "2", "WORLD_SIZE": "2"}, ("--devices", 3), "torchrun has started 2 processes on 1"),
    ],
)
def test_where_processes_cannot_meet_it_is_explained(
    environment: dict[str, str],
    options: tuple[object, ...],
    message: str,
    tiny: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    meeting = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1", "NODE_RANK": "0"}
    if "LOCAL_WORLD_SIZE" in environment:
        monkeypatch.setenv("TORCHELASTIC_RUN_ID", "none")
    if len(environment) == 1:
        environment = {**meeting, **environment}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    done = climbpath_here("train", "--data", tiny, *CPU, *options, cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
