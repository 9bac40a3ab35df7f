"""Folders of runs: one process at a time, nothing of an earlier run lost, nothing half written left."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from climbpath.errors import ClimbpathError
from climbpath.training.folders import locked, set_aside

HOLD = """
import sys, time
from pathlib import Path
from climbpath.training.folders import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def test_two_runs_cannot_have_one_folder(tmp_path: Path) -> None:
    run, logs = tmp_path / "run", tmp_path / "logs"
    taken = pytest.raises(ClimbpathError, match=r"another training is writing to .*logs")
    with locked(run, logs), taken, locked(tmp_path / "other", logs):
        pass
    with locked(run, logs):
        pass


def test_a_lock_dies_with_its_process(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    with pytest.raises(ClimbpathError, match="another training is writing to"), locked(folder):
        pass
    process.kill()
    process.wait()
    until = time.monotonic() + 30
    while True:
        try:
            with locked(folder):
                return
        except ClimbpathError:
            assert time.monotonic() < until


def test_what_killed_runs_left_half_written_is_removed_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / ".latest.pt.1234.tmp").write_bytes(b"half")
    (tmp_path / "latest.pt").write_bytes(b"whole")
    with locked(tmp_path):
        assert [path.name for path in tmp_path.iterdir()] == ["latest.pt"]


def test_a_folder_with_files_is_set_aside_under_the_first_free_name(tmp_path: Path) -> None:
    (tmp_path / "run-1").mkdir()
    (tmp_path / "run").mkdir()
    set_aside(tmp_path / "run")  # it is empty
    (tmp_path / "run/latest.pt").touch()
    set_aside(tmp_path / "run")
    assert (tmp_path / "run-2/latest.pt").exists()
    assert not (tmp_path / "run").exists()
