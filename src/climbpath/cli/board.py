"""climbpath board: list, use, import."""

import re
import shlex
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from climbpath.angles import show_angle
from climbpath.cli.common import ANGLE, FILE, Group, tell_written
from climbpath.errors import ClimbpathError

if TYPE_CHECKING:
    from climbpath.board import Board
    from climbpath.data.aurora.layout import Layout
    from climbpath.wall import Wall


@click.group(cls=Group)
def board() -> None:
    """List the boards, remember yours, and read others from databases."""


@board.command("list")
def list_boards() -> None:
    """List all boards with their angles, sizes and hold sets."""
    from climbpath import board as boards
    from climbpath.settings import remembered

    used = remembered()
    for name in boards.names():
        try:
            layout = boards.load(name)
        except ClimbpathError as error:
            click.echo(f"{name}  {error}\n")
            continue
        mark = f"  ← {_described(used)}" if used and used.board == name else ""
        click.echo(f"{name}  {layout.title}{mark}")
        for line in _facts(layout):
            click.echo(f"  {line}")
        click.echo()


def _facts(layout: "Board") -> list[str]:
    sizes = [f"{size.name} ({len(size.leds)} holds)" for size in layout.sizes.values()]
    return [
        f"angles     {layout.angles_in_words()}",
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
@click.option("--angle", type=ANGLE, help="Angle of your wall in degrees, or unknown. [default: the usual one]")
@click.option("--forget", is_flag=True, help="Forget what is remembered.")
def use_board(name: str | None, size: str | None, hold_sets: str | None, angle: int | str | None, forget: bool) -> None:
    """Remember the board NAME for all commands that take --board; without NAME, show what is remembered.

    A flag of a command wins over what is remembered.

    \b
    Example:
      climbpath board use kilter-original --size "12 x 12 with kickboard" --angle 40
    """
    from climbpath import settings
    from climbpath.wall import parse_wall

    if forget:
        if name is not None:
            raise ClimbpathError("--forget takes no board: write climbpath board use --forget")
        settings.remember(None)
        click.echo("No board is remembered any more")
        return
    if name is None:
        if size is not None or hold_sets is not None or angle is not None:
            raise ClimbpathError(
                "name the board, too: climbpath board use NAME --size … (climbpath board list has all)"
            )
        used = settings.remembered()
        click.echo(_described(used) if used else "No board is remembered: climbpath board use NAME remembers one")
        return
    chosen = parse_wall(name, size, hold_sets, angle)
    settings.remember(chosen)
    click.echo(_described(chosen))


def _described(wall: "Wall") -> str:
    """A wall in words: 'In use: Kilter Board Original · 12 x 12 with kickboard · Bolt Ons · 40°'."""
    from climbpath import board as boards

    parts = [boards.load(wall.board).title]
    parts += [wall.size] if wall.size else []
    parts += [", ".join(wall.hold_sets)] if wall.hold_sets else []
    parts.append(show_angle(wall.angle))
    return "In use: " + " · ".join(parts)


@board.command("import")
@click.argument("file", type=FILE)
@click.option("--layout", help="The layout's name in the database, or its board's; a wrong one lists all.")
@click.option("--name", help="What commands are to call the board. [default: the layout's name]")
@click.option("--force", is_flag=True, help="Replace a board of yours that has this name.")
def import_board(file: Path, layout: str | None, name: str | None, force: bool) -> None:
    """Read a board from FILE, the database of an Aurora board's app (Kilter, Tension and others) or of BoardLib.

    It may be compressed with gzip or zip.

    \b
    Example:
      climbpath board import kilter.sqlite3 --layout "Kilter Board Original"
    """
    from climbpath import board as boards
    from climbpath.data.aurora import layout as aurora
    from climbpath.data.aurora.database import opened
    from climbpath.files import replacing

    if not file.exists():
        raise ClimbpathError(f"{file}: there is no such file")
    try:
        with _unpacked(file) as database, opened(database) as connection:
            chosen = _choose(aurora.layouts(connection), layout)
            facts = aurora.facts_of(connection, chosen)
    except ClimbpathError as error:
        raise ClimbpathError(f"{file}: {error}") from None
    own = next((one for one in boards.shipped_names() if _same_holds(boards.load(one), facts)), None)
    if own and name is None:
        click.echo(f"{chosen.title} is there already: climbpath has it as the board {own}, with the same holds")
        return
    name = boards.new_name(_slug(chosen.title) if name is None else name)
    path = boards.file_of(name)
    if path.exists() and not force:
        raise ClimbpathError(f"you have a board {name} already: add --force to replace it, or choose another --name")
    with replacing(path) as temporary:
        temporary.write_text(aurora.as_json(facts), encoding="utf-8")
    boards.load.cache_clear()
    click.echo(f"{name}  {boards.load(name).title}")
    for line in _facts(boards.load(name)):
        click.echo(f"  {line}")
    click.echo()
    way_on = f"climbpath data import {shlex.quote(str(file))} --layout {name} -o {name}.parquet"
    tell_written(path, note=f"; import its climbs with {way_on}")
    if own:
        click.echo(f"climbpath has its holds as the board {own}, whose models know nothing of {name}")


@contextmanager
def _unpacked(file: Path) -> Iterator[Path]:
    """The database in a file, which may be packed. Raises ClimbpathError where a zip does not hold just one."""
    from climbpath.data.aurora.database import HEADER
    from climbpath.data.importers import archives
    from climbpath.data.importers.pieces import head, on_disk

    if not archives.is_zip(file):
        with on_disk(file) as database:
            yield database
        return
    found = [str(member) for member in archives.members(file) if head(member).startswith(HEADER)]
    if len(found) != 1:
        raise ClimbpathError(f"the zip holds {len(found) or 'no'} SQLite databases: name one with the board of an app")
    for member in archives.members(file):
        if str(member) == found[0]:
            with on_disk(member) as database:
                yield database


def _choose(found: "list[Layout]", wanted: str | None) -> "Layout":
    """The layout of a name or number, or of a board; without one, the only layout. Raises ClimbpathError, listing
    them."""
    from climbpath.data.aurora.layout import app_of, boards_of

    names = [
        {one.title.casefold(), one.name.casefold(), str(one.number)}
        | {board.name for board in boards_of(app_of(found), one.number)}
        for one in found
    ]
    matching = [one for one, own in zip(found, names, strict=True) if wanted is None or wanted.casefold() in own]
    if len(matching) == 1:
        return matching[0]
    listed = ", ".join(repr(one.title) for one in found) or "none"
    if wanted is None:
        raise ClimbpathError(f"choose one of its layouts with --layout: {listed}")
    raise ClimbpathError(f"it has {'several layouts' if matching else 'no layout'} {wanted!r}; its layouts: {listed}")


def _same_holds(layout: "Board", facts: dict[str, Any]) -> bool:
    """Whether a board comes from the same layout and has all the holds of these facts at the same places."""
    if not layout.aurora or (layout.aurora.app, layout.aurora.layout) != (facts["family"], facts["aurora"]["layout"]):
        return False
    places = {(hold.label, hold.x, hold.y) for hold in layout.holds}
    return places == {(label, hold["x"], hold["y"]) for label, hold in facts["holds"].items()}


def _slug(title: str) -> str:
    """What commands call a board of this title: 'Kilter Board Original' -> 'kilter-board-original'."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub("[^a-z0-9]+", "-", plain).strip("-") or "board"
