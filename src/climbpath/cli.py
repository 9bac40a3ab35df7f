"""The command line: one function per command, which parses, calls one module and prints.

Nothing heavy is imported before the command is known.
"""

import sys
from pathlib import Path

import click

from climbpath import __version__
from climbpath.errors import ClimbpathError

SETTINGS = {
    "help_option_names": ["-h", "--help"],
    "token_normalize_func": lambda name: name.replace("_", "-"),  # the guide writes --batch_size
    "show_default": True,
    "max_content_width": 100,
}


@click.group(context_settings=SETTINGS)
@click.version_option(__version__, package_name="climbpath")
def cli() -> None:
    """Train a climbing-board problem generator on an ordinary CPU, and climb what it makes."""


@cli.group()
def data() -> None:
    """Import, look at, filter and split files of problems."""


def main() -> None:
    """Run the command line; a ClimbpathError is printed and exits with code 2."""
    try:
        cli()
    except ClimbpathError as error:
        click.secho(f"Error: {error}", fg="red", err=True)
        sys.exit(2)
