"""Atomic writes: a reader sees the whole file or none of it."""

import itertools
import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from typing import Any

from climbpath.errors import WAYS_OUT, ClimbpathError

ENDINGS = (
    *(".parquet", ".json", ".jsonl", ".csv", ".txt", ".xlsx", ".sqlite3", ".safetensors", ".pt"),
    *(".png", ".svg", ".gif", ".jpg", ".pdf", ".html", ".toml", ".gz", ".zip"),
)
"""How names of files end that say what is in them."""
TEMPORARY = ".tmp"
"""How names of temporary files end."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` to write to; it replaces `path` when the block succeeds.

    Creates the folder if needed. The content is on the disk before the name is, so a power cut leaves the old file or
    the new one. If the block fails, the temporary file is removed and `path` is untouched. Raises ClimbpathError,
    naming `path`, if it cannot be written.

    In a store of objects, where a name appears with its whole content, the temporary path is on this machine.
    """
    if not isinstance(path, Path):
        with uploading(path) as temporary:
            yield temporary
        return
    _check_kind(path)
    temporary = _temporary(path)
    try:
        make_folder(path.parent)
        yield temporary
        sync(temporary)
        temporary.replace(path)
        sync(path.parent)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        with suppress(OSError):  # a name that is too long, or a disk that is gone
            temporary.unlink(missing_ok=True)


@contextmanager
def uploading(path: Any) -> Iterator[Path]:
    """A temporary path on this machine to write to; it is uploaded to `path`, a UPath, when the block succeeds."""
    with TemporaryDirectory() as folder:
        temporary = Path(folder) / path.name
        yield temporary
        path.fs.put_file(str(temporary), path.path)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, on the disk before anything in it is. Raises OSError where that fails."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
    for one in missing:
        sync(one.parent)


def names_in(folder: Path) -> set[str]:
    """The names of what is in a folder; none where there is no such folder."""
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def remove_folder(folder: Any) -> None:
    """Remove a folder, here or in a store of objects, with what is in it."""
    if isinstance(folder, Path):
        rmtree(folder)
    else:
        folder.fs.rm(folder.path, recursive=True)


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk. Only POSIX can open a folder."""
    if os.name != "posix" and path.is_dir():
        return
    descriptor = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_leftovers(folder: Path) -> None:
    """Remove what killed processes left half written in a folder that nobody else writes to."""
    for path in folder.glob(f".*{TEMPORARY}"):
        path.unlink(missing_ok=True)


def write_private(path: Path, content: bytes) -> None:
    """Write a file, atomically, that only its owner can read. Raises ClimbpathError as `replacing` does."""
    with replacing(path) as temporary:
        temporary.touch(mode=0o600)  # before it has any content
        temporary.write_bytes(content)


def refuse_overwrite(outputs: Sequence[Path], force: bool) -> None:
    """Check that files can be written there. Raises ClimbpathError if one exists and `force` is not set."""
    if len(set(outputs)) < len(outputs):
        raise ClimbpathError(f"{outputs[0]} is named for two files: name another file for one of them")
    for path in outputs:
        _check_kind(path)
        if path.exists() and not force:
            raise ClimbpathError(f"{path} exists already: add --force to overwrite it, or name another file")
        check_writable(path)


def refuse_ending(path: Path, right: str) -> None:
    """Raises ClimbpathError where a name ends as that of a file of another kind: 'x.csv' where the right ending is
    '.parquet'."""
    ending, bare = path.suffix.lower(), path
    if ending == right or ending not in ENDINGS:
        return
    while bare.suffix.lower() in ENDINGS:
        bare = bare.with_suffix("")
    named = bare.with_name(bare.name + right)
    raise ClimbpathError(f"cannot write {path}: the file is {right[1:]}, not {ending[1:]}; name it {named}")


def _check_kind(path: Path) -> None:
    """Raises ClimbpathError where a path stands for something that no file may replace."""
    try:
        if path.is_dir():
            raise ClimbpathError(f"{path} is a folder: name a file in it")
        if path.exists() and not path.is_file():
            raise ClimbpathError(f"{path} is a device or a pipe: name a file")
    except OSError as error:
        raise cannot_write(path, error) from error


def check_writable(path: Path) -> None:
    """Raises ClimbpathError where nothing can be made at a path, which is tried out beside it."""
    try:
        missing = path.absolute()
        while not missing.parent.exists():
            missing = missing.parent
        trial = _temporary(missing)
        trial.mkdir()
        trial.rmdir()
    except OSError as error:
        raise cannot_write(path, error) from error


def cannot_write(path: Path, error: OSError) -> ClimbpathError:
    """What to raise where the system does not let a path be written."""
    way_out = WAYS_OUT.get(error.errno or 0, "name another place")
    return ClimbpathError(f"cannot write {path}: {error.strerror or error}; {way_out}")


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}{TEMPORARY}")


def parse_formats(text: str, known: Collection[str]) -> list[str]:
    """Formats as a user types them, 'png,json'. Raises ClimbpathError for an unknown one."""
    chosen = [part.strip().lower() for part in text.split(",") if part.strip()]
    for name in chosen:
        if name not in known:
            raise ClimbpathError(f"there is no format {name!r}: choose from {', '.join(known)}")
    return chosen


def new_folder(folder: Path) -> Path:
    """The folder if it does not exist, else the first free one of folder-2, folder-3, …"""
    return first_free(folder, 2) if folder.exists() else folder


def first_free(folder: Path, first: int) -> Path:
    """The first folder that does not exist of folder-1, folder-2, …, counted from `first`."""
    names = (folder.with_name(f"{folder.name}-{number}") for number in itertools.count(first))
    return next(name for name in names if not name.exists())
