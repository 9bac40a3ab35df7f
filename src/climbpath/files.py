"""Atomic writes: a reader sees the whole file or none of it."""

import itertools
import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from climbpath.errors import ClimbpathError

TEMPORARY = ".tmp"
"""How names of temporary files end."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` to write to; it replaces `path` when the block succeeds.

    Creates the folder if needed. The content is on the disk before the name is, so a power cut leaves the old file or
    the new one. If the block fails, the temporary file is removed and `path` is untouched. Raises ClimbpathError,
    naming `path`, if it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}{TEMPORARY}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        _sync(temporary)
        temporary.replace(path)
        _sync(path.parent)
    except OSError as error:
        raise ClimbpathError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        if temporary.is_file():
            temporary.unlink()


def _sync(path: Path) -> None:
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
        if path.is_dir():
            raise ClimbpathError(f"{path} is a folder: name a file in it")
        if path.exists() and not force:
            raise ClimbpathError(f"{path} exists already: add --force to overwrite it, or name another file")


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
