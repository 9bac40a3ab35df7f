"""Arguments that several benchmarks take."""

import argparse
from pathlib import Path


def file(text: str) -> Path:
    """A file that is read, as an argument's type: argparse says which there is not, and exits with 2."""
    path = Path(text)
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"{text}: there is no such file")
    return path
