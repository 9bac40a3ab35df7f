"""The one exception whose message is written for users, and what the system says in such words."""

import errno
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

LONGEST = 200
"""Characters of a path, a value or a reason that is not climbpath's own in a message."""
LONGEST_MESSAGE = 2000
"""Characters of a whole message."""
MOST_NAMED = 3
"""Words of a list that may be long in a message."""
WAYS_OUT = {
    errno.ENOSPC: "free some space, or name another place",
    errno.EDQUOT: "free some space, or name another place",
    errno.EACCES: "change its permissions, or name another place",
    errno.EPERM: "change its permissions, or name another place",
    errno.EROFS: "name a place that can be written to",
    errno.ENAMETOOLONG: "name a shorter one",
    errno.ENOENT: "check the name",
    errno.ENOTDIR: "a part of the path is a file: check the name",
    errno.EISDIR: "it is a folder: name a file",
    errno.ELOOP: "its links lead in a circle: name another one",
    errno.EMFILE: "raise the limit of open files (ulimit -n)",
    errno.EEXIST: "name another one",
    errno.EINVAL: "check the name",
}
"""What a user can do about what the system says."""


class ClimbpathError(Exception):
    """Something the user can fix: the message says what is wrong, where, and how to fix it.

    The command line prints the message alone and exits with code 2.
    """


def cut(text: object, longest: int = LONGEST) -> str:
    """A text for a message, its middle left out where it is too long."""
    whole = str(text)
    return whole if len(whole) <= longest else f"{whole[: longest // 2]}…{whole[-(longest // 2 - 1) :]}"


def few(words: Sequence[str]) -> str:
    """The first of a list that may be long: 'F5, D9, G13 and 4 more'."""
    rest = len(words) - MOST_NAMED
    return ", ".join(words[:MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def short(message: str) -> str:
    """A message with long words and a long whole cut, whatever of the user's is in it."""
    return cut(re.sub(rf"\S{{{LONGEST + 1},}}", lambda match: cut(match[0]), message), LONGEST_MESSAGE)


def explained(error: BaseException) -> str | None:
    """What the system says in words for a user, with the way out; None for an error that is not the system's."""
    if isinstance(error, MemoryError):
        return "there is not enough memory for this: ask for less at a time, or use a smaller file"
    if isinstance(error, OSError):
        where = f"cannot use {cut(os.fsdecode(error.filename))}" if isinstance(error.filename, str | bytes) else None
        reason = cut(error.strerror or error)
        way_out = WAYS_OUT.get(error.errno or 0)
        return ": ".join(filter(None, [where or "cannot read or write", "; ".join(filter(None, [reason, way_out]))]))
    return None


@contextmanager
def loading(path: Path, what: str) -> Iterator[None]:
    """Raises ClimbpathError, naming the file, for whatever a loader says of one that others may have made or damaged.

    `what` follows the file's name in the message: 'is not a climbpath model'.
    """
    what = f"{path} {what}"
    try:
        yield
    except ClimbpathError as error:
        if str(path) in str(error):
            raise
        raise ClimbpathError(f"{what}: {error}") from error
    except MemoryError as error:
        raise ClimbpathError(f"{what}: it asks for more memory than there is") from error
    except Exception as error:  # a loader may raise anything
        raise ClimbpathError(f"{what}: {reason(error)}") from error


def reason(error: Exception) -> str:
    """An error in one short line."""
    first = next(iter(str(error).splitlines()), "")
    return cut(f"{type(error).__name__}: {first}" if first else type(error).__name__)
