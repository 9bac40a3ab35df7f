"""The command line: one function per command, which parses, calls the package and prints.

A command is imported when it is known which one it is, and nothing heavy before that.
"""

import sys
from importlib import import_module
from typing import NoReturn

import click

from climbpath import __version__, terminal
from climbpath.errors import ClimbpathError, explained, short

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
    "cluster": {"optuna", "ray", "s3fs", "upath"},
    "lights": {"bleak", "dbus_fast"},
    "metrics": {"prometheus_client"},
    "postgres": {"psycopg"},
    "web": {
        "alembic",
        "cryptography",
        "fastapi",
        "httptools",
        "pydantic",
        "segno",
        "sqlalchemy",
        "starlette",
        "uvicorn",
    },
}
"""Libraries that a lean install leaves out, by the extra that brings them."""


MODULES = {
    **{name: name for name in ("beta", "board", "data", "evaluate", "export", "generate", "grade", "invite", "light")},
    **{name: name for name in ("serve", "show", "train", "tune", "vary", "workout")},
    **{"easier": "harder", "harder": "harder", "led-server": "led_server", "train-grader": "train_grader"},
}
"""Command -> its module in this package."""


class Commands(click.Group):
    """The commands, each imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names."""
        return sorted(MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name, None where there is none."""
        if cmd_name not in MODULES:
            return None
        found: click.Command = getattr(import_module(f"climbpath.cli.{MODULES[cmd_name]}"), cmd_name.replace("-", "_"))
        return found


@click.group(cls=Commands, context_settings=SETTINGS)
@click.version_option(__version__)
def cli() -> None:
    """Train a climbing-board problem generator on an ordinary CPU, and climb what it makes."""


def main() -> NoReturn:
    """Run the command line: what a user can mend is printed in one message, with exit code 2."""
    with terminal.guarded() as output_failure:
        code = _run()
        if reason := output_failure():
            code = _fail(f"cannot write to standard output: {reason}; send it to another place")
    sys.exit(code)


def _run() -> int | str | None:
    """Run the command line, and return the exit code."""
    try:
        return cli(prog_name="climbpath", standalone_mode=False) or 0
    except SystemExit as ended:
        return ended.code
    except click.Abort:
        click.echo("Aborted!", err=True)
        return 1
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return 2
    except click.ClickException as error:
        if context := getattr(error, "ctx", None):
            click.echo(f"{context.get_usage()}\nTry '{context.command_path} -h' for help.\n", err=True)
        return _fail(error.format_message())
    except ClimbpathError as error:
        return _fail(str(error))
    except ModuleNotFoundError as error:
        extra = next((name for name, libraries in EXTRAS.items() if error.name in libraries), None)
        if not extra:
            raise
        return _fail(
            f"this command needs {error.name}, which a lean install leaves out: run pip install '.[{extra}]' in "
            "climbpath's folder"
        )
    except Exception as error:
        message = explained(error)
        if not message:
            raise
        return _fail(message)


def _fail(message: str) -> int:
    """Print an error, and return its exit code."""
    click.echo(terminal.tinted(f"Error: {short(message)}", "31", sys.stderr), err=True)
    return 2
