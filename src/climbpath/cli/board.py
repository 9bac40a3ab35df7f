"""climbpath board: list, use, import."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from climbpath.cli.common import FILE
from climbpath.errors import ClimbpathError

if TYPE_CHECKING:
    from climbpath.board import Board
    from climbpath.data.aurora.layout import Layout
    from climbpath.settings import Wall


@click.group()
def board() -> None:
    """List the boards, remember yours, and read others from databases."""


@board.command("list")
def list_boards() -> None:
    """List all boards with their angles, sizes and hold sets."""
    from climbpath import board as boards
    from climbpath.settings import remembered

    used = remembered()
    for name in boards.names():
        layout = boards.load(name)
        mark = f"  ← {_described(used)}" if used and used.board == name else ""
        click.echo(f"{name}  {layout.title}{mark}")
        for line in _facts(layout):
            click.echo(f"  {line}")
        click.echo()


def _facts(layout: "Board") -> list[str]:
    from climbpath.settings import angles_of

    sizes = [f"{size.name} ({len(size.leds)} holds)" for size in layout.sizes.values()]
    return [
        f"angles     {angles_of(layout)}",
        f"grades     {layout.ladder[0]} to {layout.ladder[-1]}",
        *_wrapped("sizes", sizes),
        *_wrapped("hold sets", list(layout.hold_sets)),
    ]


def _wrapped(what: str, names: list[str], width: int = 86) -> list[str]:
    """Names in lines that are not too long, behind a word in a column."""
    lines, line = [], ""
    for name in names:
        if line and len(line) + len(name) > width:
            lines.append(line + ",")
            line = name
        else:
            line = f"{line}, {name}" if line else name
    lines.append(line)
    return [f"{what if i == 0 else '':<11}{line}" for i, line in enumerate(lines)]


@board.command("use")
@click.argument("name", required=False)
@click.option("--size", help="Size of your wall. [default: the whole board]")
@click.option("--hold-sets", help="Hold sets on your wall, separated by commas. [default: all]")
@click.option("--angle", type=int, help="Angle of your wall in degrees. [default: what is usual on the board]")
@click.option("--forget", is_flag=True, help="Forget what is remembered.")
def use_board(name: str | None, size: str | None, hold_sets: str | None, angle: int | None, forget: bool) -> None:
    """Remember the board NAME for all commands that take --board; without NAME, show what is remembered.

    A flag of a command wins over what is remembered.

    \b
    Example:
      climbpath board use kilter-original --size "12 x 12 with kickboard" --angle 40
    """
    from climbpath import settings

    if forget:
        if name is not None:
            raise ClimbpathError("--forget takes no board: write climbpath board use --forget")
        settings.remember(None)
        click.echo("No board is remembered any more")
        return
    if name is None:
        if size is not None or hold_sets is not None or angle is not None:
            raise ClimbpathError("name the board, too: climbpath board use NAME --size … (climbpath board list has all)")
        used = settings.remembered()
        click.echo(_described(used) if used else "No board is remembered: climbpath board use NAME remembers one")
        return
    chosen = settings.wall(name, size, hold_sets, angle)
    settings.remember(chosen)
    click.echo(_described(chosen))


def _described(wall: "Wall") -> str:
    """A wall in words: 'In use: Kilter Board Original · 12 x 12 with kickboard · Bolt Ons · 40°'."""
    from climbpath import board as boards

    parts = [boards.load(wall.board).title]
    parts += [wall.size] if wall.size else []
    parts += [", ".join(wall.hold_sets)] if wall.hold_sets else []
    parts += [f"{wall.angle}°"] if wall.angle is not None else []
    return "In use: " + " · ".join(parts)


@board.command("import")
@click.argument("file", type=FILE)
@click.option("--layout", help="The layout's name in the database; a wrong one lists all.")
@click.option("--name", help="What commands are to call the board. [default: the layout's name]")
@click.option("--force", is_flag=True, help="Replace a board of yours that has this name.")
def import_board(file: Path, layout: str | None, name: str | None, force: bool) -> None:
    """Read a board from FILE, the database of an Aurora board's app (Kilter, Tension and others) or of BoardLib.

    \b
    Example:
      climbpath board import kilter.sqlite3 --layout "Kilter Board Original"
    """
    from climbpath import board as boards
    from climbpath.data.aurora import layout as aurora
    from climbpath.data.aurora.database import opened
    from climbpath.files import replacing, write_private
    from climbpath.folders import boards_folder

    if not file.exists():
        raise ClimbpathError(f"{file}: there is no such file")
    try:
        with opened(file) as connection:
            chosen = _choose(aurora.layouts(connection), layout)
            facts = aurora.facts_of(connection, chosen)
    except ClimbpathError as error:
        raise ClimbpathError(f"{file}: {error}") from None
    same = next((one for one in boards.shipped_names() if _has_facts(boards.load(one), facts)), None)
    if same and name is None:
        click.echo(f"{chosen.title} is there already: it is the board {same}, with the same holds")
        return
    called = boards.name_of(facts["title"]) if name is None else name
