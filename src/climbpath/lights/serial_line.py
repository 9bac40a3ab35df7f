"""A serial line that bytes come in on: a UART of a Raspberry Pi, or a USB adapter."""

import os
from pathlib import Path

from climbpath.errors import ClimbpathError


def open_line(path: Path, speed: int) -> int:
    """The file descriptor of a serial line that passes every byte on as it is; reading from it does not wait.

    Raises ClimbpathError where it cannot be opened, or is no serial line.
    """
    try:
        import termios
        import tty
    except ImportError:  # Windows has none
        raise ClimbpathError("serial lines are read on Linux and macOS only: use --http") from None
    try:
        line = os.open(path, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError as error:
        raise ClimbpathError(f"cannot open {path}: {error.strerror}; is your user in the group dialout?") from None
    try:
        tty.setraw(line)
        settings = termios.tcgetattr(line)
        settings[4] = settings[5] = getattr(termios, f"B{speed}")
        termios.tcsetattr(line, termios.TCSANOW, settings)
    except termios.error:
        os.close(line)
        raise ClimbpathError(f"{path} is no serial line: name one such as /dev/ttyUSB0") from None
    return line
