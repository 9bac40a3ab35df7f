"""Files are written so that a power cut leaves the old one or the new one: shown by the calls that the system gets."""

import errno
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from climbpath import files
from climbpath.errors import ClimbpathError
from climbpath.model.tensors import write_tensors
from support.commands import needs_posix


def calls_of(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The calls that matter for what is on the disk, in order, each with the name of its file or folder."""
    calls: list[tuple[str, str]] = []
    names: dict[int, str] = {}
    opened, synced, replaced, made = os.open, os.fsync, os.replace, os.mkdir

    def open_(path: str, flags: int, mode: int = 0o777, **more: int) -> int:
        number = opened(path, flags, mode, **more)
        names[number] = Path(path).name
        return number

    def fsync(number: int) -> None:
        calls.append(("fsync", names[number]))
        synced(number)

    def replace(source: str, target: str) -> None:
        calls.append(("rename", Path(target).name))
        replaced(source, target)

    def mkdir(path: str, *more: int) -> None:
        calls.append(("mkdir", Path(path).name))
        made(path, *more)

    for name, call in {"open": open_, "fsync": fsync, "replace": replace, "mkdir": mkdir}.items():
        monkeypatch.setattr(os, name, call)
    return calls


@needs_posix
def test_content_is_on_the_disk_before_the_name_and_the_name_before_the_call_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = calls_of(monkeypatch)
    with files.replacing(tmp_path / "file") as temporary:
        temporary.write_text("new")
        assert calls == []
    assert calls == [("fsync", temporary.name), ("rename", "file"), ("fsync", tmp_path.name)]


@needs_posix
def test_new_folders_are_on_the_disk_before_what_is_in_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = calls_of(monkeypatch)
    with files.replacing(tmp_path / "a/b/file") as temporary:
        temporary.write_text("new")
    folders = [call for call in calls if call[0] != "mkdir"][:2]
    assert sorted(folders) == sorted([("fsync", "a"), ("fsync", tmp_path.name)])
    assert calls[-3:] == [("fsync", temporary.name), ("rename", "file"), ("fsync", "b")]


@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")
def test_the_kernel_gets_these_calls_in_this_order(tmp_path: Path) -> None:
    code = "import sys, pathlib, climbpath.files as files; files.write_private(pathlib.Path(sys.argv[1]), b'new')"
    trace = tmp_path / "trace"
    wanted = "trace=fsync,rename,renameat,renameat2"
    command = ["strace", "-y", "-e", wanted, "-o", str(trace), sys.executable, "-c", code, str(tmp_path / "file")]
    done = subprocess.run(command, check=False)
    lines = [line for line in trace.read_text().splitlines() if str(tmp_path) in line]
    if done.returncode or not lines:
        pytest.skip("strace may not trace here")
    assert [line.partition("(")[0].rstrip("at2") for line in lines] == ["fsync", "rename", "fsync"]
    assert ".file." in lines[0]
    assert f"<{tmp_path}>" in lines[2]


@needs_posix
@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_disk_that_fails_leaves_the_old_file_and_nothing_else(
    failing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("old")

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, failing, fail)
    with (
        pytest.raises(ClimbpathError, match=r"cannot write .*file: No space left on device; free some space"),
        files.replacing(tmp_path / "file") as temporary,
    ):
        temporary.write_text("new")
    monkeypatch.undo()
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "old"


@needs_posix
def test_devices_and_pipes_are_never_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for force in (False, True):
        with pytest.raises(ClimbpathError, match="is a device or a pipe: name a file"):
            files.refuse_overwrite([tmp_path / "pipe"], force)
    with pytest.raises(ClimbpathError, match="is a device or a pipe"), files.replacing(tmp_path / "pipe"):
        pass
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


@needs_posix
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("file/x", "Not a directory; a part of the path is a file"),
        ("x" * 300, "File name too long; name a shorter one"),
        ("/proc/nowhere/x", "cannot write /proc/nowhere/x"),
        (".", "is a folder: name a file in it"),
        ("/", "is a folder: name a file in it"),
    ],
)
def test_a_target_that_cannot_be_written_is_refused_before_any_work(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "file").touch()
    if name.startswith("/proc") and sys.platform != "linux":
        pytest.skip("only Linux has /proc")
    with pytest.raises(ClimbpathError, match=words):
        files.refuse_overwrite([tmp_path / name], force=False)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@needs_posix
def test_models_are_written_as_the_umask_says(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_tensors(tmp_path / "model", "field", 1, {}, {"a": np.zeros(2, np.float32)})
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "model").stat().st_mode) == 0o640
