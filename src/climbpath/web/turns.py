"""Who comes next, and who has to come again: places for requests that cost work, and fair turns for those that wait.

A `Gate` reads a whole request first. Then it has a place, or is answered 429 at once, before anything is parsed. Those
with a place wait for their turn, which goes to the client that has used the least time lately: by address, then by
connection, so that neither many requests nor costly ones keep the others waiting. Whoever has waited long has a turn,
too, so that every request that was let in is answered.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Sequence
from contextvars import ContextVar
from typing import NamedTuple, Protocol, TypeVar

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from climbpath.web.connections import COMPLETE, counted_address
from climbpath.web.security import IMPORT_PATH, TooLargeError

MOST_PLACES, MOST_HEAVY = 96, 64
"""Requests of a kind that may wait or be worked on at a time, and how many of them before none of a heavy client's is
taken in any more."""
SHARE = 4
"""How many times the free places an address may hold: of 64 one alone has 52, and others always find room."""
HEAVY_S, HALF_LIFE_S = 1.0, 10.0
"""An address is heavy once it has used so many seconds of work; half of them are forgotten after so many seconds."""
WAIT_S = 2.0
"""Seconds that a heavy client's requests may have to wait for each other."""
LEAST_HEAVY = 4
ALONE_S = 30.0
"""An address is alone where no work was done for another one for so many seconds."""
BUCKET_S = 0.05
"""Used time is compared in steps, so that clients with about as much take turns in the order of their requests."""
LATE_S = 4.0
"""Who has waited so many seconds has every second turn, whatever was used."""
MOST_CLIENTS = 4096
BUSY = "too many requests are waiting: try again in a second"
LOGBOOK_PATHS = ("/api/problems", "/api/profiles", "/api/statistics", "/api/export", IMPORT_PATH, "/api/not-found")
"""What has places of its own, so that a logbook can be read and written while all those of generating are taken."""


class BusyError(Exception):
    """Too many requests are waiting: the client can try again a little later."""


class Client(NamedTuple):
    """Whom a request counts for."""

    address: str
    """The address that it comes from."""
    connection: str
    """Address and port."""


NOBODY = Client("", "")
CLIENT: ContextVar[Client] = ContextVar("client", default=NOBODY)
"""The client of the request that is being answered."""


class Used:
    """How much time each client has used lately."""

    def __init__(self) -> None:
        self.used: dict[str, tuple[float, float]] = {}  # name -> seconds used, and when that was so
        self.heavy_s = 0.1  # a moving average of the seconds that a heavy client's request takes in all
        self.latest: dict[str, float] = {}  # the last two addresses -> when work was done for them

    def charge(self, client: Client, seconds: float) -> None:
        """Note that work for a client took so long."""
        if len(self.used) >= MOST_CLIENTS:  # forget those that have used least
            most = sorted(self.used, key=self._now)[MOST_CLIENTS // 2 :]
            self.used = {name: self.used[name] for name in most}
        for name in client:
            self.used[name] = (self._now(name) + seconds, time.monotonic())
        self.latest.pop(client.address, None)
        self.latest = dict([*self.latest.items(), (client.address, time.monotonic())][-2:])

    def rank(self, client: Client) -> tuple[int, int]:
        """What decides between clients that wait: the least comes first."""
        return int(self._now(client.address) / BUCKET_S), int(self._now(client.connection) / BUCKET_S)

    def is_heavy(self, address: str) -> bool:
        """Whether an address has used much."""
        return self._now(address) > HEAVY_S

    def most_before(self, address: str) -> int | None:
        """How many requests there may be before one of this address would have to wait too long; None for no limit.

        There is one for heavy addresses, unless nobody else has been there lately.
        """
        lately = time.monotonic() - ALONE_S
        if not self.is_heavy(address) or not any(at > lately for one, at in self.latest.items() if one != address):
            return None
        return int(max(LEAST_HEAVY, min(MOST_HEAVY, WAIT_S / self.heavy_s)))

    def _now(self, name: str) -> float:
        seconds, at = self.used.get(name, (0.0, 0.0))
        return seconds * 0.5 ** ((time.monotonic() - at) / HALF_LIFE_S)


class Waiting(Protocol):
    """A request that waits for its turn."""

    @property
    def client(self) -> Client:
        """Whose it is."""

    @property
    def since(self) -> float:
        """When it began to wait; infinite for one that has had a turn and only waits for another."""


Waits = TypeVar("Waits", bound=Waiting)


class Turns:
    """Whose turn it is of those that wait, and how long one would wait who came now."""

    def __init__(self, used: Used) -> None:
        self.used = used
        self.seconds = 0.0  # a moving average of what a request takes
        self.was_late = False

    def next(self, waiting: Sequence[Waits]) -> Waits:
        """The one whose client has used the least; in every second turn, the one that has waited too long."""
        oldest = min(waiting, key=lambda one: one.since)
        self.was_late = not self.was_late and oldest.since < time.monotonic() - LATE_S
        return oldest if self.was_late else min(waiting, key=lambda one: self.used.rank(one.client))

    def took(self, client: Client, seconds: float) -> None:
        """Note how long the work for a request took, all its turns together."""
        self.seconds += 0.1 * (seconds - self.seconds)
        if self.used.is_heavy(client.address):
            self.used.heavy_s += 0.1 * (seconds - self.used.heavy_s)

    def wait(self, waiting: Sequence[Waiting], client: Client) -> float:
        """Seconds until the turn of a request of this client that comes now, if none comes after it."""
        rank = self.used.rank(client)
        return self.seconds * sum(self.used.rank(one.client) <= rank for one in waiting)


class Places:
    """Places for requests, of which each address may hold `share` times as many as are free."""

    def __init__(self, most: int, share: int) -> None:
        self.most, self.share = most, share
        self.held: Counter[str] = Counter()

    def take(self, address: str, most: int | None = None) -> None:
        """Take a place, if fewer than `most` are held. Raises BusyError if there is none for this address."""
        free = min(self.most, most or self.most) - self.held.total()
        if self.held[address] >= self.share * free:
            raise BusyError
        self.held[address] += 1

    def free(self, address: str) -> None:
        """Give a place back."""
        self.held[address] -= 1
        if not self.held[address]:
            del self.held[address]


class Gate:
    """The middleware: a place for every request to the API, or 429 at once.

    An answer says in the header Server-Timing how many milliseconds there were between the last byte of the request and
    the first of the answer. Where the client disconnects, the work for it is cancelled.
    """

    def __init__(self, app: ASGIApp, used: Used) -> None:
        self.app, self.used = app, used
        self.work, self.logbook = Places(MOST_PLACES, SHARE), Places(MOST_PLACES, SHARE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or say that there is no place for it."""
        path = scope.get("path", "")
        if scope["type"] != "http" or not path.startswith("/api/"):
            await self.app(scope, receive, send)
            return
        answer = _Answer(scope, send)
        try:
            # an import is large, and read by its own route
            body = None if path == IMPORT_PATH else await _body(receive)
            host, port = scope.get("client") or ("", 0)
            client = Client(counted_address(host), f"{host} {port}")
            is_logbook = path.startswith(LOGBOOK_PATHS)
            places = self.logbook if is_logbook else self.work
            places.take(client.address, None if is_logbook else self.used.most_before(client.address))
        except ClientDisconnect:
            return
        except TooLargeError as error:
            await JSONResponse({"error": error.detail}, 413)(scope, receive, answer.send)
            return
        except BusyError:
            await JSONResponse({"error": BUSY}, 429, {"Retry-After": "1"})(scope, receive, answer.send)
            return
        CLIENT.set(client)
        try:
            if body is None:
                await self.app(scope, receive, answer.send)
            else:
                await _while_connected(self.app(scope, _once(body, receive), answer.send), receive, answer)
        finally:
            places.free(client.address)


class _Answer:
    """An answer on its way, with its time in a header."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self.scope, self.send_on, self.is_complete = scope, send, False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and COMPLETE in self.scope:
            took = asyncio.get_running_loop().time() - self.scope[COMPLETE]
            MutableHeaders(scope=message)["Server-Timing"] = f"answer;dur={1000 * took:.1f}"
        self.is_complete = message["type"] == "http.response.body" and not message.get("more_body", False)
        await self.send_on(message)


async def _body(receive: Receive) -> bytes:
    """The whole body of a request. Raises ClientDisconnect, and what `receive` raises."""
    pieces = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        pieces.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(pieces)


def _once(body: bytes, receive: Receive) -> Receive:
    """The body in one message, and then whatever comes."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        return messages.pop() if messages else await receive()

    return next_message


async def _while_connected(work: Awaitable[None], receive: Receive, answer: _Answer) -> None:
    """Do the work for an answer; cancel it if the client disconnects before."""
    working, leaving = asyncio.ensure_future(work), asyncio.ensure_future(receive())
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not working.done() and not answer.is_complete:
            working.cancel()
        await asyncio.wait((working,))
    finally:
        working.cancel()
        leaving.cancel()
    if not working.cancelled():
        working.result()
