"""Progress bars in a terminal; in a file, plain lines with the same text."""

import sys
from collections.abc import Iterable
from typing import Any, TypeVar

from tqdm import tqdm

from climbpath.terminal import as_it_is, printable

BAR = "{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}{postfix}]"
LINE_SECONDS = 10
PATIENCE = 2
"""Seconds after which what is usually quick has a bar."""
Item = TypeVar("Item")


class _Lines(tqdm):  # type: ignore[misc]
    """Prints each state on its own line, so that `tail -f` is readable; tqdm ends the last line itself."""

    lines = 0

    def display(self, msg: str | None = None, pos: int | None = None) -> None:
        """Print the bar, unless it is empty."""
        if self.n:
            print("\n" if self.lines else "", msg or str(self), sep="", end="", file=self.fp, flush=True)
            self.lines += 1


def progress_bar(
    items: Iterable[Any] | None, description: str, total: int, shown: bool = True, delay: float = 0
) -> Any:
    """A tqdm bar over items, or, if items is None, one to update by hand; on standard error, after `delay` seconds."""
    options = {"bar_format": BAR, "disable": not shown, "delay": delay, "file": as_it_is(sys.stderr)}
    if sys.stderr.isatty():
        return tqdm(items, printable(description), total, **options)
    return _Lines(items, printable(description), total, **options, mininterval=LINE_SECONDS, miniters=1, ncols=100)


def counted(items: Iterable[Item], description: str, unit: str) -> Iterable[Item]:
    """The items, whose number is not known, under a bar that appears after two seconds."""
    yield from tqdm(
        items, printable(description), unit=f" {unit}", delay=PATIENCE, leave=False, file=as_it_is(sys.stderr)
    )
