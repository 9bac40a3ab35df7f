"""Bulk work on a real local Ray with two workers: the same as on one machine, whatever dies in the middle."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
import pytest
from pyarrow import parquet as arrow
from threadpoolctl import threadpool_limits

pytest.importorskip("ray")
pytest.importorskip("upath")

from climbpath.beta.body import DEFAULT_CLIMBER
from climbpath.beta.solver import solve
from climbpath.cli.common import place
from climbpath.cluster.columns import add_columns, beta_columns, grade_columns
from climbpath.cluster.engine import LOCAL, connected, each
from climbpath.data import parquet
from climbpath.errors import ClimbpathError
from climbpath.evaluation import evaluate as evaluation
from climbpath.evaluation.results import to_json
from climbpath.generator import bulk
from climbpath.grader.grader import bundled_grader
from climbpath.model.checkpoint import bundled_model
from climbpath.problem import Problem
from support.commands import climbpath, climbpath_here, needs_posix
from support.making import ask

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Ray's support of Windows is in beta")
MODEL = bundled_model("moonboard")
WAIT = 300
SMALL_CHUNKS = "from climbpath.cli import main; from climbpath.generator import bulk; bulk.CHUNK = 300; main()"
ENV = {**os.environ, "OMP_NUM_THREADS": "1", "RAY_worker_niceness": "0", "CUDA_VISIBLE_DEVICES": ""}


@pytest.fixture(scope="module")
def two_workers() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
        patch.setenv("RAY_worker_niceness", "0")  # else other tests' processes go first
        with connected(LOCAL):
            yield


def problems_in(folder: Path) -> list[Problem]:
    return [problem for file in sorted(folder.glob("*.parquet")) for problem in parquet.load(file)]


def test_two_workers_do_what_one_machine_does(
    two_workers: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "CHUNK", 40)
    here, many = tmp_path / "here.parquet", tmp_path / "many"
    request = ask("6C,7A", 100, seed=3)
    assert bulk.generate_to_parquet(MODEL, request, here) == (100, None)
    assert bulk.generate_to_folder(MODEL, request, many, each) == (100, None)
    assert problems_in(many) == parquet.load(here)
    # graded and climbed, a file for each
    for name, columns in (("graded", grade_columns(None)), ("betas", beta_columns(DEFAULT_CLIMBER))):
        assert add_columns(many, tmp_path / name, columns, {"columns": name}, each, name) == 3
    graded, betas = arrow.read_table(tmp_path / "graded").to_pylist(), arrow.read_table(tmp_path / "betas").to_pylist()
    problems = parquet.load(here)
    predictions = bundled_grader().predict(problems)
    assert [row["predicted"] for row in graded] == [one.grade for one in predictions]
    assert [row["start"] for row in graded] == [list(problem.start) for problem in problems]
    solved = [beta.to_dict() for beta in solve(problems, DEFAULT_CLIMBER)]
    assert [row["crux"] for row in betas] == [beta["crux"] for beta in solved]
    assert [row["hands_on"] for row in betas] == [beta["start"] for beta in solved]
    assert [[move["hold"] for move in row["moves"]] for row in betas] == [
        [move["hold"] for move in beta["moves"]] for beta in solved
    ]


def test_what_a_worker_refuses_is_told(two_workers: None) -> None:
    def refuse(number: int) -> int:
        raise ClimbpathError(f"number {number} is not wanted")

    with pytest.raises(ClimbpathError, match="number 7 is not wanted"):
        list(each(refuse, [7]))


@pytest.mark.slow
def test_evaluate_measures_the_same(two_workers: None, tiny: Path) -> None:
    models = {"moonboard": (MODEL, evaluation.held_out(MODEL, parquet.load(tiny), None))}
    with threadpool_limits(1):  # as a worker has: sums round otherwise on more
        one = evaluation.evaluate(models, samples=50, compare={})
    assert to_json(evaluation.evaluate(models, samples=50, compare={}, each=each)) == to_json(one)


# in processes of their own


@pytest.fixture
def store(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment in which s3:// is a store on this machine, with the bucket `many`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    keys = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any", "AWS_DEFAULT_REGION": "us-east-1"}
    env = {**keys, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}
    with (tmp_path / "store.log").open("w") as log:
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", port]
        server = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        for _ in range(WAIT):
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", int(port))) == 0:
                    break
            time.sleep(0.2)
        with pytest.MonkeyPatch.context() as patch:
            for name, value in env.items():
                patch.setenv(name, value)
            place("s3://many").fs.mkdir("many")  # type: ignore[attr-defined]
            yield env
    finally:
        server.terminate()
        server.wait()


@pytest.mark.slow
def test_from_store_to_store(store: dict[str, str], tmp_path: Path) -> None:
    asked = ("generate", "--grade", "7A", "--num-samples", 50, "--seed", 1, "--cluster", LOCAL, "--out")
    for command in (
        (*asked, "s3://many/problems"),
        ("grade", "s3://many/problems", "--cluster", LOCAL, "--out", "s3://many/graded"),
        ("beta", "s3://many/problems/000000.parquet", "--cluster", LOCAL, "--out", "s3://many/betas"),
    ):
        done = climbpath(*command, cwd=tmp_path, **store)
        assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in place("s3://many/problems").iterdir()) == ["000000.parquet", "_request.json"]
    problems = problems_in(place("s3://many/problems"))
    assert len({problem.key for problem in problems}) == 50
    with place("s3://many/graded/000000.parquet").open("rb") as file:
        assert set(arrow.read_table(file).column("predicted").to_pylist()) == {"7A"}
    assert place("s3://many/betas/000000.parquet").exists()
    missing = climbpath(*asked, "s3://no-such-bucket/problems", cwd=tmp_path, **store)
    assert missing.returncode == 2
    assert "bucket" in missing.stderr


class Bulk:
    """`generate` in small chunks on a cluster of its own, which can be stopped when it has drawn some."""

    def __init__(self, folder: Path) -> None:
        self.out = folder / "many"
        self.whole = folder / "whole.parquet"
        self.command = ["generate", "--grade", "6C,7A", "--num-samples", "2000", "--seed", "3"]
        self.folder = folder

    def start(self) -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", SMALL_CHUNKS, *self.command, "--cluster", LOCAL, "--out", str(self.out)]
        pipe: Any = subprocess.PIPE
        return subprocess.Popen(command, cwd=self.folder, env=ENV, stdout=pipe, stderr=pipe, text=True)

    def wait_for_a_chunk(self, process: "subprocess.Popen[str]") -> list[psutil.Process]:
        """The cluster's processes, once a chunk has been drawn."""
        while process.poll() is None and not list(self.out.glob("_drawn/0/*.npy")):
            time.sleep(0.05)
        assert process.poll() is None, process.communicate()
        return psutil.Process(process.pid).children(recursive=True)

    def assert_complete(self) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(bulk, "CHUNK", 300)
            bulk.generate_to_parquet(MODEL, ask("6C,7A", 2000, seed=3), self.whole)
        assert problems_in(self.out) == parquet.load(self.whole)
        assert not (self.out / "_drawn").exists()


@needs_posix
@pytest.mark.slow
def test_a_killed_worker_loses_and_doubles_nothing(tmp_path: Path) -> None:
    run = Bulk(tmp_path)
    process = run.start()
    busy: list[psutil.Process] = []
    while not busy and process.poll() is None:  # between two chunks none may be
        busy = [one for one in run.wait_for_a_chunk(process) if one.name().startswith("ray::Map")]
    assert busy
    for one in busy:
        one.kill()
    _, errors = process.communicate(timeout=WAIT)
    assert process.returncode == 0, errors
    run.assert_complete()


@needs_posix
@pytest.mark.slow
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGKILL])
def test_stopped_it_goes_on_where_it_was(stop: signal.Signals, tmp_path: Path) -> None:
    run = Bulk(tmp_path)
    process = run.start()
    cluster = run.wait_for_a_chunk(process)
    process.send_signal(stop)
    _, errors = process.communicate(timeout=WAIT)
    if stop == signal.SIGINT:
        assert process.returncode == 130
        assert "Continue with the same command" in errors
        assert "Traceback" not in errors
    _, alive = psutil.wait_procs(cluster, timeout=WAIT)
    assert not alive, "the cluster ends with the process that started it"
    drawn = {path: path.stat().st_mtime_ns for path in run.out.glob("_drawn/0/*.npy")}
    other = climbpath(*run.command[:-1], "4", "--cluster", LOCAL, "--out", run.out, cwd=tmp_path)
    assert other.returncode == 2, "another request must not mix with this one"
    assert "another request" in other.stderr
    again = run.start()
    kept: set[Path] = set()
    while again.poll() is None:
        kept |= {path for path, changed in drawn.items() if path.exists() and path.stat().st_mtime_ns == changed}
        time.sleep(0.2)
    assert again.returncode == 0, again.communicate()
    assert kept == set(drawn)
    run.assert_complete()


@needs_posix
@pytest.mark.slow
def test_a_running_cluster_is_found() -> None:
    ray = str(Path(sys.executable).with_name("ray"))
    start = [ray, "start", "--head", "--num-cpus=3", "--port=0", "--include-dashboard=false", "--block"]
    script = "import ray; from climbpath.cluster.engine import connected\nwith connected('auto'): print(ray.nodes())"
    with TemporaryDirectory() as folder:  # a short name, since those of its sockets may not be long
        env = {**ENV, "RAY_TMPDIR": folder, "RAY_USAGE_STATS_ENABLED": "0"}
        # its processes would inherit a pipe, and keep it open
        cluster = subprocess.Popen(start, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env)
        try:
            while cluster.poll() is None and not Path(folder, "ray", "ray_current_cluster").exists():
                time.sleep(0.1)
            done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=env, check=False)
            assert "'CPU': 3.0" in done.stdout, done.stderr
        finally:
            processes = psutil.Process(cluster.pid).children(recursive=True)
            cluster.terminate()
            cluster.wait()
            psutil.wait_procs(processes, timeout=WAIT)


def test_a_url_needs_a_cluster(tmp_path: Path) -> None:
    done = climbpath_here("generate", "--grade", "7A", "--out", "s3://bucket/folder", cwd=tmp_path)
    assert done.returncode == 2
    assert "add --cluster auto" in done.stderr
