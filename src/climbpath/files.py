"""Atomic writes: a reader sees the whole file or none of it."""

import itertools
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from climbpath.errors import ClimbpathError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` to write to; it replaces `path` when the block succeeds.

    Creates the folder if needed. If the block fails, the temporary file is removed and `path` is untouched. Raises
    ClimbpathError, naming `path`, if it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise ClimbpathError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        if temporary.is_file():
            temporary.unlink()


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


def new_folder(folder: Path) -> Path:
    """The folder if it does not exist, else the first free one of folder-2, folder-3, …"""
    return _first_free(folder, 2) if folder.exists() else folder


def set_aside(folder: Path) -> None:
    """Move a folder with files in it to the first free one of folder-1, folder-2, …"""
    if folder.is_dir() and any(folder.iterdir()):
        aside = _first_free(folder, 1)
        folder.rename(aside)
        print(f"Set aside the earlier run: {folder} is now {aside}")


def _first_free(folder: Path, first: int) -> Path:
    names = (folder.with_name(f"{folder.name}-{number}") for number in itertools.count(first))
    return next(name for name in names if not name.exists())
