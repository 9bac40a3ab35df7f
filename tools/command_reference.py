"""Writes docs/commands.md from the commands themselves: usage, description and options of each.

    python tools/command_reference.py

`make docs` runs it, and tests/test_docs.py checks that the page is current.
"""

import inspect
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from climbpath.cli import SETTINGS, cli

PAGE = Path(__file__).parents[1] / "docs/commands.md"
HEAD = """# Command reference

Every command, as `--help` describes it. This page is generated from the commands: `make docs` renews it. The words of
an option may be joined by `-` or `_`, and `-h` is short for `--help` everywhere."""


def reference() -> str:
    """The whole page."""
    settings: dict[str, Any] = SETTINGS
    root = click.Context(cli, info_name="climbpath", **settings)
    return "\n\n".join([HEAD, *sections(root)]) + "\n"


def sections(context: click.Context) -> Iterator[str]:
    """The Markdown of a command, then of its subcommands, by name."""
    command = context.command
    usage = " ".join(command.collect_usage_pieces(context))
    yield f"## {context.command_path}\n\n```text\n{context.command_path} {usage}\n```"
    yield from map(_paragraph, inspect.cleandoc(command.help or "").split("\n\n"))
    below = []
    if isinstance(command, click.Group):
        named = {name: command.get_command(context, name) for name in command.list_commands(context)}
        below = [click.Context(one, context, name) for name, one in named.items() if one]
        yield _table("command", [(_link(one), one.command.get_short_help_str(200)) for one in below])
    options = [option for option in command.params if isinstance(option, click.Option)]
    records = [record for option in options if (record := option.get_help_record(context))]
    if records:
        yield _table("option", [(f"`{names}`", text) for names, text in records])
    for one in below:
        yield from sections(one)


def _paragraph(text: str) -> str:
    """A paragraph of a description; one that click is told not to wrap holds examples."""
    if text.startswith("\b"):
        return f"```text\n{inspect.cleandoc(text.removeprefix(chr(8)))}\n```"
    return " ".join(text.split())


def _link(context: click.Context) -> str:
    return f"[{context.command_path}](#{context.command_path.replace(' ', '-')})"


def _table(first: str, rows: Sequence[tuple[str, str]]) -> str:
    lines = [f"| {first} | meaning |", "|---|---|"]
    return "\n".join(lines + [f"| {name} | {_cell(text)} |" for name, text in rows])


def _cell(text: str) -> str:
    """Text as it is, without what Markdown would take for a link, a tag or the end of the cell."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;").replace("[", "\\[")


if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf-8")
