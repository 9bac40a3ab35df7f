"""The folders of a run: locked while it trains, and an earlier run in them set aside, never overwritten."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from climbpath.errors import ClimbpathError
from climbpath.files import cannot_write, check_writable, first_free, remove_leftovers


@contextmanager
def locked(*folders: Path) -> Iterator[None]:
    """Hold folders for this process alone; the locks go with it, however it ends.

    What killed runs left half written is removed. Raises ClimbpathError if another process holds one of them, or the
    lock's file beside the folder cannot be written.
    """
    if not folders:
        yield
        return
    folder, *rest = folders
    if folder.absolute().name == "" or folder.resolve() in (Path.cwd(), *Path.cwd().parents):
        raise ClimbpathError(f"a run needs a folder of its own, and {folder} is the one that you are in: name another")
    if folder.exists() and not folder.is_dir():
        raise ClimbpathError(f"{folder} is not a folder: name another one")
    check_writable(folder)
    lock = FileLock(folder.with_name(f".{folder.name}.lock"))
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout:
        raise ClimbpathError(
            f"another training is writing to {folder}: wait for it, or choose other folders with --checkpoint-dir and "
            "--log-dir"
        ) from None
    except OSError as error:
        raise cannot_write(folder, error) from None
    try:
        remove_leftovers(folder)
        with locked(*rest):
            yield
    finally:
        lock.release()


def set_aside(folder: Path) -> None:
    """Move a folder with files in it to the first free one of folder-1, folder-2, …"""
    if folder.is_dir() and any(folder.iterdir()):
        aside = first_free(folder, 1)
        folder.rename(aside)
        print(f"Set aside the earlier run: {folder} is now {aside}")
