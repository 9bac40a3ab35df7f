"""The command line: one function per command, which parses, calls the package and prints.

Nothing heavy is imported before the command is known.
"""

import io
import sys

import click

from climbpath import __version__
from climbpath.cli import (
    beta,
    data,
    evaluate,
    export,
    generate,
    grade,
    harder,
    serve,
    show,
    train,
    train_grader,
    vary,
    workout,
)
from climbpath.errors import ClimbpathError

SETTINGS = {
    "help_option_names": ["-h", "--help"],
    "token_normalize_func": lambda name: name.replace("_", "-"),  # the guide writes --batch_size
    "show_default": True,
    "max_content_width": 100,
}

EXTRAS = {
    "train": {
        "filelock",
        "jinja2",
        "lightning_fabric",
        "matplotlib",
        "pyarrow",
        "sklearn",
        "tensorboard",
        "torch",
    },
    "web": {"cryptography", "fastapi", "platformdirs", "pydantic", "segno", "starlette", "uvicorn"},
}
"""Libraries that a lean install leaves out, by the extra that brings them."""


@click.group(context_settings=SETTINGS)
@click.version_option(__version__)
def cli() -> None:
    """Train a climbing-board problem generator on an ordinary CPU, and climb what it makes."""


for command in (
    data.data,
    train.train,
    train_grader.train_grader,
    export.export,
    generate.generate,
    vary.vary,
    workout.workout,
    evaluate.evaluate,
    grade.grade,
    beta.beta,
    show.show,
    harder.harder,
    harder.easier,
    serve.serve,
):
    cli.add_command(command)


def main() -> None:
    """Run the command line; a ClimbpathError is printed and exits with code 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # not every console can show █, °, or any byte of a file name
    try:
        cli(prog_name="climbpath")
    except ClimbpathError as error:
        click.secho(f"Error: {error}", fg="red", err=True)
        sys.exit(2)
    except ModuleNotFoundError as error:
        extra = next((name for name, libraries in EXTRAS.items() if error.name in libraries), None)
        if not extra:
            raise
        message = f"this command needs {error.name}, which a lean install leaves out: pip install 'climbpath[{extra}]'"
        click.secho(f"Error: {message}", fg="red", err=True)
        sys.exit(2)
