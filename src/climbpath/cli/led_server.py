"""The command for boards that are built at home: led-server."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from climbpath.cli.common import FILE, Command, warn
from climbpath.cli.light import wall_flags, wall_from
from climbpath.errors import ClimbpathError

if TYPE_CHECKING:
    from climbpath.lights.bridge import Bridge
    from climbpath.lights.receiver import Fault, Shown

READ = 4096
"""Bytes that are taken from a serial line at a time."""
Task = Coroutine[Any, Any, None]


@click.command("led-server", cls=Command)
@click.option("--serial", type=FILE, help="Take bytes from this serial line: /dev/ttyUSB0.")
@click.option("--speed", type=click.Choice(["9600", "19200", "38400", "57600", "115200"]), default="115200")
@click.option("--bluetooth", help="Be a board of this name over Bluetooth LE (BlueZ on Linux).")
@click.option("--http", is_flag=True, help="Take bytes over HTTP: POST /api/lights.")
@click.option("--host", default="127.0.0.1", help="Address to listen on; 0.0.0.0 lets other devices in, with a token.")
@click.option("--port", type=click.IntRange(1, 65535), default=8010, help="Port to listen on.")
@click.option("--driver", default="print", help="What lights the strip: a Python file of yours, or print.")
@wall_flags
def led_server(
    serial: Path | None,
    speed: str,
    bluetooth: str | None,
    http: bool,
    host: str,
    port: int,
    driver: str,
    board: str | None,
    size: str | None,
    mapping: Path | None,
) -> None:
    """Be a board: take the bytes that apps send, and light an LED strip of your own through a driver.

    \b
    climbpath led-server --bluetooth "MoonBoard DIY" --driver my_strip.py --mapping strip.json
    climbpath led-server --serial /dev/ttyUSB0 --driver my_strip.py
    climbpath led-server --http --host 0.0.0.0

    The bytes of MoonBoards and of Aurora's boards are both understood. A driver is a Python file with the functions
    start(leds), show(lights) and stop(); docs/lights.md has one. --mapping says which LED is at which hold.
    """
    from climbpath.lights.bridge import Bridge, wiring_of
    from climbpath.lights.drivers import load_driver
    from climbpath.lights.messages import is_moonboard
    from climbpath.problem import DEFAULT_BOARD
    from climbpath.settings import remembered

    if not (serial or bluetooth or http):
        raise ClimbpathError("name what bytes come from: --bluetooth NAME, --serial LINE or --http")
    used = remembered()
    name = board or (used.board if used else DEFAULT_BOARD)
    chosen = size or (used.size if used and used.board == name else None)
    usual = wall_from(name, chosen, None)
    own = wall_from(name, chosen, mapping).leds if mapping else None
    wiring = wiring_of(usual.leds, own) if own else {led: led for led in range(max(usual.leds.values()) + 1)}
    strip = load_driver(driver, click.echo)

    def bridge() -> "Bridge":
        return Bridge(strip, wiring, warn)

    strip.start(max(wiring.values(), default=0) + 1)
    tasks: list[Task] = []
    if http:
        tasks.append(_http(host, port, lambda received: bridge().feed(received)))
    if serial:
        tasks.append(_serial(serial, int(speed), bridge()))
    if bluetooth:
        tasks.append(_bluetooth(bluetooth, is_moonboard(usual.board), bridge))
    try:
        asyncio.run(_until_stopped(tasks))
    finally:
        strip.stop()


async def _until_stopped(tasks: list[Task]) -> None:
    """Run tasks until one fails or a stop signal comes."""
    running = [asyncio.create_task(task) for task in tasks]
    stopped = asyncio.create_task(_signal())
    done, _ = await asyncio.wait([*running, stopped], return_when=asyncio.FIRST_COMPLETED)
    for task in (*running, stopped):
        task.cancel()
    await asyncio.gather(*running, stopped, return_exceptions=True)
    for task in done:
        task.result()


async def _signal() -> None:
    """Wait for a stop signal, where the system lets event loops hear one."""
    stopped = asyncio.Event()
    with contextlib.suppress(NotImplementedError, RuntimeError):  # on Windows, and off the main thread
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await stopped.wait()


async def _serial(path: Path, speed: int, bridge: "Bridge") -> None:
    """Light what comes over a serial line, until it ends."""
    from climbpath.lights.serial_line import open_line

    line = open_line(path, speed)
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()

    def read() -> None:
        try:
            received = os.read(line, READ)
        except BlockingIOError:
            return
        except OSError:
            received = b""
        if received:
            bridge.feed(received)
        elif not ended.done():
            ended.set_exception(ClimbpathError(f"{path} was unplugged"))

    loop.add_reader(line, read)
    click.echo(f"Lighting what comes over {path}. Stop with Ctrl-C.")
    try:
        await ended
    finally:
        loop.remove_reader(line)
        os.close(line)


async def _bluetooth(name: str, is_moonboard: bool, bridge: Callable[[], "Bridge"]) -> None:
    """Be a board over Bluetooth, with a bridge for each phone."""
    from climbpath.lights.peripheral import be_board

    phones: dict[str, Bridge] = {}

    def received(phone: str, part: bytes) -> None:
        if phone not in phones:
            phones.clear()  # one phone at a time is connected
            phones[phone] = bridge()
        phones[phone].feed(part)

    bus = await be_board(name, is_moonboard, received)
    click.echo(f"This machine is the board {name!r} over Bluetooth. Stop with Ctrl-C.")
    try:
        await bus.wait_for_disconnect()
    finally:
        bus.disconnect()


async def _http(host: str, port: int, feed: "Callable[[bytes], list[Shown | Fault]]") -> None:
    """Take bytes over HTTP."""
    from climbpath.folders import data_folder
    from climbpath.web import logs, serving
    from climbpath.web.bridge import PATH, create_app
    from climbpath.web.server import server_of

    token = None if serving.is_local(host) else serving.access_token(data_folder() / "led-server")
    listener = serving.listen(host, port)
    logs.configure("text")
    server = server_of(create_app(feed, token))
    click.echo(f"Taking bytes at http://{host}:{port}{PATH}. Stop with Ctrl-C.")
    if token:
        click.echo(f"Clients need the header 'Authorization: Bearer {token}'.")
    try:
        await server.serve([listener])
    except asyncio.CancelledError:
        server.should_exit = True
        await server.shutdown()
        raise
    finally:
        listener.close()
