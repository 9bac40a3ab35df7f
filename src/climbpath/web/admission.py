"""Admission control: slots for requests that cost work.

A request is read whole first. Then it takes a slot, or is answered 429 at once, before anything is parsed. What is
admitted is worked on in the order of `scheduling`.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from climbpath.web.connections import COMPLETE, counted_address
from climbpath.web.scheduling import CLIENT, Client, Usage
from climbpath.web.security import IMPORT_PATH, TooLargeError

MOST_SLOTS = 96
"""Requests of a kind that may wait or be worked on at a time."""
SHARE = 4
"""How many times the free slots an address may hold: of 64 one alone has 52, and others always find one."""
BUSY = "too many requests are waiting: try again in a second"
LOGBOOK_PATHS = ("/api/problems", "/api/profiles", "/api/statistics", "/api/export", IMPORT_PATH, "/api/not-found")
"""What has slots of its own, so that a logbook can be read and written while all those of generating are taken."""


class BusyError(Exception):
    """Too many requests are waiting: the client can try again a little later."""


class Slots:
    """Slots for requests, of which each address may hold `share` times as many as are free."""

    def __init__(self, most: int, share: int) -> None:
        self.most, self.share = most, share
        self.held: Counter[str] = Counter()

    def acquire(self, address: str, most: int | None = None) -> None:
        """Take a slot, if fewer than `most` are held. Raises BusyError if there is none for this address."""
        free = min(self.most, most or self.most) - self.held.total()
        if self.held[address] >= self.share * free:
            raise BusyError
        self.held[address] += 1

    def release(self, address: str) -> None:
        """Give a slot back."""
        self.held[address] -= 1
        if not self.held[address]:
            del self.held[address]


class AdmissionControl:
    """The middleware: a slot for every request to the API, or 429 at once.

    An answer says in the header Server-Timing how many milliseconds there were between the last byte of the request and
    the first of the answer. Where the client disconnects, the work for it is cancelled.
    """

    def __init__(self, app: ASGIApp, usage: Usage) -> None:
        self.app, self.usage = app, usage
        self.work, self.logbook = Slots(MOST_SLOTS, SHARE), Slots(MOST_SLOTS, SHARE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or say that there is no slot for it."""
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
            slots = self.logbook if is_logbook else self.work
            slots.acquire(client.address, None if is_logbook else self.usage.limit_for(client.address))
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
            slots.release(client.address)


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
