"""Everything that is printed goes through here: no control character of a stranger's text reaches a terminal, and a
terminal or pipe that can no longer be written to does not keep a command from writing its files."""

import errno
import io
import os
import re
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
"""All but tab and line break, and what changes the direction of text."""
_OWN = f"\x1b{secrets.token_hex(8)}"
"""What stands for ESC in climbpath's own colours: nothing that was read can contain it."""


def printable(text: str) -> str:
    """A text with every control character written out, ESC as \\u001b."""
    return _CONTROLS.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def has_colours(stream: Any) -> bool:
    """Whether a stream takes colours: it is a terminal, and the user has not set NO_COLOR (no-color.org)."""
    return bool(stream and stream.isatty()) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def width() -> int:
    """Characters of a line of the terminal; 80 where there is none."""
    return shutil.get_terminal_size().columns


def coloured(text: str) -> str:
    """A text whose ANSI colours are climbpath's own, and may pass."""
    return text.replace("\x1b[", f"{_OWN}[")


def tinted(text: str, code: str, stream: Any) -> str:
    """A text in an ANSI colour, where the stream takes colours."""
    return f"{_OWN}[{code}m{text}{_OWN}[0m" if has_colours(stream) else text


class _Printer:
    """A stream that writes out control characters, and forgets what it cannot write; `failure` says why it cannot."""

    def __init__(self, stream: TextIO, clean: bool = True) -> None:
        self.stream, self.clean = stream, clean
        self.failure: OSError | None = None

    def write(self, text: str) -> int:
        """Print a text."""
        if not isinstance(text, str):  # click tries whether a stream is one of bytes
            raise TypeError("only text can be printed")
        shown = "\x1b".join(map(printable, text.split(_OWN))) if self.clean else text
        self._try(lambda: self.stream.write(shown))
        return len(text)

    def flush(self) -> None:
        """Write what is still in memory."""
        self._try(self.stream.flush)

    def _try(self, write: Callable[[], object]) -> None:
        if self.failure:
            return
        try:
            write()
        except OSError as error:
            self.failure = error
            self._discard()

    def _discard(self) -> None:
        """Let nothing that the stream still holds fail again when the process ends."""
        try:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.stream.fileno())
            os.close(nowhere)
        except (OSError, ValueError):
            pass

    def __getattr__(self, name: str) -> Any:
        if name == "buffer":  # who found the bytes below could write past this
            raise AttributeError(name)
        return getattr(self.stream, name)


def as_it_is(stream: Any) -> Any:
    """The same stream for progress bars, which move the cursor; their texts must be printable."""
    return _Printer(stream.stream, clean=False) if isinstance(stream, _Printer) else stream


@contextmanager
def guarded() -> Iterator[Callable[[], str | None]]:
    """Let everything that is printed in the block go through here.

    Yields what says why standard output could not be written to; None where it was, or where its reader had enough.
    """
    before = sys.stdout, sys.stderr
    for stream in (sys.stdin, *before):
        if isinstance(stream, io.TextIOWrapper):
            with suppress(io.UnsupportedOperation):  # standard input that something has read from
                stream.reconfigure(errors="replace")  # not every console can show █, °, or any byte of a file name
    out, err = (_Printer(stream or _nowhere()) for stream in before)
    sys.stdout, sys.stderr = out, err

    def failure() -> str | None:
        out.flush()
        if out.failure is None or out.failure.errno in (errno.EPIPE, errno.EINVAL):  # the latter on Windows
            return None
        return out.failure.strerror or str(out.failure)

    try:
        yield failure
    finally:
        out.flush()
        err.flush()
        sys.stdout, sys.stderr = before


def _nowhere() -> TextIO:
    """What stands in for a stream that was closed before the start; it keeps its number from the next file."""
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123
