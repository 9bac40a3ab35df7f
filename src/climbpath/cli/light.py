"""The command that lights a board with LEDs: light."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from climbpath.cli.common import FILE, Command, Decorated, problems_in, unless_all, warn
from climbpath.errors import ClimbpathError

if TYPE_CHECKING:
    from climbpath.lights.bluetooth import Found
    from climbpath.lights.messages import Wall
    from climbpath.problem import Problem

LEVEL = 3
"""The API level of an Aurora board whose name is not known."""


def wall_flags(command: Decorated) -> Decorated:
    """Adds the flags that say which wall is lit."""
    for flag in (
        click.option("--mapping", type=FILE, help="A JSON file of hold and LED, for LEDs wired in another order."),
        click.option(
            "--size",
            help="Size of the board, as in '12 x 14'. [default: as climbpath board use, else the one lit last]",
        ),
        click.option(
            "--board",
            help="Name of the board; a wrong one lists all. [default: as climbpath board use, else the one lit last]",
        ),
    ):
        command = flag(command)
    return command


def sending_flags(command: Decorated) -> Decorated:
    """Adds the flags that say how lights are sent."""
    for flag in (
        click.option("--brightness", type=click.IntRange(10, 100), default=100, help="Percent, on Aurora boards."),
        click.option("--level", type=click.IntRange(2, 99), help="API level of an Aurora board. [default: as it says]"),
        click.option("--mini", is_flag=True, help="Send the Mini flag, for MoonBoard firmware that serves both sizes."),
        click.option("--new-letters", is_flag=True, help="Send a MoonBoard left, right, match and foot, too."),
        click.option("--extra-leds", is_flag=True, help="Ask a MoonBoard to light a second LED at each hold."),
    ):
        command = flag(command)
    return command


@click.command(cls=Command)
@click.argument("problem", required=False)
@wall_flags
@click.option("--device", help="Name or address of the board's Bluetooth. [default: the one lit last, or the only one]")
@click.option("--mirror", is_flag=True, help="Light the mirror image.")
@sending_flags
@click.option("--scan", is_flag=True, help="List the boards in Bluetooth range.")
@click.option("--off", is_flag=True, help="Put all lights out.")
@click.option("--dry-run", is_flag=True, help="Print the bytes that would be sent.")
@click.option("--virtual", is_flag=True, help="Show what a board would light, without one.")
def light(
    problem: str | None,
    board: str | None,
    size: str | None,
    mapping: Path | None,
    device: str | None,
    mirror: bool,
    extra_leds: bool,
    new_letters: bool,
    mini: bool,
    level: int | None,
    brightness: int,
    scan: bool,
    off: bool,
    dry_run: bool,
    virtual: bool,
) -> None:
    """Light PROBLEM on a board with LEDs, over Bluetooth.

    PROBLEM is in notation, a share link, a file of problems (the first is lit), or - for standard input.

    \b
    climbpath light "F5 D9 G13 I16 G18"
    climbpath light "F5 D9 G13 I16 G18" --virtual
    climbpath light --scan
    climbpath light --off

    MoonBoards and Aurora's boards (Kilter, Tension and others) are known. The board, its size and the device
    are those of climbpath board use, or else those lit last. MoonBoards are sent start, hand and end, which every
    controller understands, and footholds stay dark; --new-letters sends all roles.
    """
    from climbpath import board as boards
    from climbpath.lights import memory
    from climbpath.lights.leds import holds_of
    from climbpath.lights.messages import Sending, encode, is_moonboard
    from climbpath.lights.messages import off as put_out
    from climbpath.lights.moonboard import dark
    from climbpath.problem import DEFAULT_BOARD, off_wall
    from climbpath.settings import remembered

    if [problem is not None, scan, off].count(True) != 1:
        raise ClimbpathError("name one problem, or --scan, or --off")
    if [dry_run, virtual, scan].count(True) > 1:
        raise ClimbpathError("choose one of --scan, --dry-run (prints bytes) and --virtual (shows lights)")
    if scan:
        click.echo(_in_range())
        return

    # the wall, and what is lit there
    path = memory.memory_file()
    known = memory.recall(path)
    used = remembered()
    name = board or (used.board if used else known.board) or DEFAULT_BOARD
    one = None if problem is None else _problem(problem, name)
    lit = one.board if one else name
    in_use = used if used and used.board == lit else None
    any_size = None if one else next(iter(boards.load(lit).sizes))  # the lights of all go out alike
    wall = wall_from(lit, size or (in_use and in_use.size) or known.sizes.get(lit) or any_size, mapping)
    lights = wall.lights(holds_of(one, _hands(one) if new_letters else {}), mirror) if one else []
    if one and in_use and (missing := off_wall(one, None, in_use.hold_sets)):
        warn(f"{'; '.join(missing)}, which your board has: there may be a light without a hold")
    if level and is_moonboard(wall.board):
        raise ClimbpathError("MoonBoards have no API level: leave out --level")

    sending = Sending(brightness=brightness / 100, extra_leds=extra_leds, new_letters=new_letters, mini=mini)

    def message(of_board: int) -> bytes:
        spoken = level or of_board
        return encode(wall.board, lights, spoken, sending) if one else put_out(wall.board, spoken)

    # where it goes
    if virtual:
        click.echo(_shown(message(LEVEL), wall))
    elif dry_run:
        click.echo(bytes_text(message(LEVEL)))
    else:
        found = _send(message, device or known.devices.get(lit), wall)
        known.board, known.devices[lit] = lit, found.address
        known.sizes |= {lit: wall.size} if one else {}
        memory.remember(path, known)
        done = f"lit {len(lights)} hold{'s' * (len(lights) != 1)}" if one else "all lights are out"
        click.echo(f"{done} on {found.title}")
    if is_moonboard(wall.board) and (unlit := dark(lights, new_letters)):
        warn(f"{', '.join(unlit)}, for the feet, stay dark: --new-letters lights them where the controller knows how")


def _problem(text: str, board: str) -> "Problem":
    """A PROBLEM argument; the angle of one in notation does not matter."""
    from climbpath import board as boards

    return problems_in(text, board, boards.load(board).usual_angle)[0]


def wall_from(board: str, size: str | None, mapping: Path | None) -> "Wall":
    """The wall of the flags; the size `all` is that of a board that has one.

    Raises ClimbpathError, listing the sizes, where none or an unknown one is named, and as `read_mapping` does.
    """
    from climbpath import board as boards
    from climbpath.lights.leds import read_mapping
    from climbpath.lights.messages import wall_of

    layout = boards.load(board)
    return wall_of(layout, unless_all(size), read_mapping(mapping, layout) if mapping else None)


def _hands(problem: "Problem") -> dict[str, str]:
    """Hold -> the hand that it is for, left, right or match, as the usual climber's beta has it."""
    from climbpath.beta.body import DEFAULT_CLIMBER
    from climbpath.beta.solver import solve

    (beta,) = solve([problem], DEFAULT_CLIMBER)
    hands: dict[str, str] = {}
    for move in beta.moves:
        hand = {"LH": "left", "RH": "right"}[move.hand]
        hands[move.hold] = hand if hands.get(move.hold, hand) == hand else "match"
    return hands


def bytes_text(message: bytes) -> str:
    """Bytes to be read: a MoonBoard's string as it is, Aurora's packets in hexadecimal, one in a line."""
    if message[0] != 1:
        return message.decode("ascii")
    lines, rest = [], message
    while rest:
        end = rest[1] + 5
        lines.append(rest[:end].hex(" "))
        rest = rest[end:]
    return "\n".join(lines)


def _in_range() -> str:
    """The boards in Bluetooth range, one in a line."""
    from climbpath.lights import bluetooth

    _looking()
    found = asyncio.run(bluetooth.scan())
    kinds = {"moonboard": "MoonBoard", "aurora": "board by Aurora", "uart": "perhaps a controller of one's own"}
    lines = [f"{one.address}  {one.signal:>4} dBm  {one.name or 'unnamed'}  ({kinds[one.kind]})" for one in found]
    return "\n".join(lines) or "found no board: is it switched on, in range, and connected to no phone?"


def _send(message: Callable[[int], bytes], wanted: str | None, wall: "Wall") -> "Found":
    """Send a message, which is made for an API level, to the board; returns it."""
    from climbpath.lights.bluetooth import Link
    from climbpath.lights.messages import is_moonboard

    async def send() -> "Found":
        link = Link(wanted, is_moonboard(wall.board))
        try:
            return await link.send(message)
        finally:
            await link.close()

    _looking()
    return asyncio.run(send())


def _looking() -> None:
    click.echo("Looking for boards …", err=True)


def _shown(message: bytes, wall: "Wall") -> str:
    """What the virtual board makes of a message."""
    from climbpath.lights import virtual
    from climbpath.lights.receiver import Shown

    outcomes = virtual.received(virtual.writes(message))
    return "\n".join(virtual.text(one, wall) if isinstance(one, Shown) else one.reason for one in outcomes)
