"""Progress bars in a terminal; in a file, plain lines with the same text."""

import sys
from collections.abc import Iterable
from typing import Any

from tqdm import tqdm

BAR = "{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}{postfix}]"
LINE_SECONDS = 10


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
    """A tqdm bar over items, or, if items is None, one to update by hand; on standard error.

    It appears after `delay` seconds.
    """
    if sys.stderr.isatty():
        return tqdm(items, description, total, bar_format=BAR, disable=not shown, delay=delay)
    often = {"mininterval": LINE_SECONDS, "miniters": 1, "ncols": 100}
    return _Lines(items, description, total, bar_format=BAR, disable=not shown, delay=delay, **often)
