"""A board that several climbers light through one machine: its Bluetooth connection, and whose turn it is."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from climbpath.errors import ClimbpathError
from climbpath.lights.turn import Turn


class Sent(Protocol):
    """A board that something was sent to."""

    @property
    def name(self) -> str:
        """What it calls itself."""


Send = Callable[[Callable[[int], bytes], bool], Awaitable[Sent]]
"""Sends a message, made for an API level, to a MoonBoard or to a board by Aurora; returns the board."""


@dataclass
class SharedBoard:
    """The board, and whose turn it is."""

    send: Send
    """How bytes get there."""
    close: Callable[[], Awaitable[None]]
    """Ends the connection."""
    name: str
    """What people call it, until it says so itself."""
    turn: Turn = field(default_factory=Turn)
    """Whose turn it is."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    """One message at a time."""

    async def light(self, client: str, message: Callable[[int], bytes], is_moonboard: bool) -> None:
        """Send a client's message, whole. Raises HeldError where somebody else holds the board, and what the board
        raises."""
        self.turn.light(client)
        async with self.lock:
            self.turn.light(client)  # it may have lost its turn while it waited
            self.name = (await self.send(message, is_moonboard)).name or self.name


def bluetooth_board(wanted: str | None) -> SharedBoard:
    """The board of this name or address, or the only one in range. Raises ModuleNotFoundError without bleak."""
    from climbpath.lights.bluetooth import Link

    links: dict[bool, Link] = {}

    async def send(message: Callable[[int], bytes], is_moonboard: bool) -> Sent:
        for kind, other in links.items():
            if kind != is_moonboard:
                await other.close()
        return await links.setdefault(is_moonboard, Link(wanted, is_moonboard)).send(message)

    async def close() -> None:
        for link in links.values():
            await link.close()

    return SharedBoard(send, close, wanted or "the board")


NO_BOARD = "this server has no board: whoever runs it starts it with climbpath serve --lights"


def check_board(board: SharedBoard | None) -> SharedBoard:
    """The board itself. Raises ClimbpathError where there is none."""
    if board is None:
        raise ClimbpathError(NO_BOARD)
    return board
