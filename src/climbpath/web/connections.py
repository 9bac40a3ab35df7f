"""Connections, and limits on what a client can do before it has sent a whole request.

uvicorn limits neither how long nor how large a request's head may be, nor how many connections one address opens, and
no other well-kept server for Python limits all of these (docs/web.md, "Limits"). `Connection` is uvicorn's own
protocol with these limits, and `ConnectionLimiter` keeps their number within limits: where there are too many, those
that wait for nothing are closed first.
"""

import asyncio
import json
import ssl
from collections.abc import Callable
from enum import IntEnum
from ipaddress import IPv6Address, ip_address
from typing import Any, NamedTuple, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from climbpath.web.security import HEADERS

COMPLETE = "climbpath.complete"
"""Where a request's scope has the event loop's time when its last byte had been read."""
REFUSALS = {
    400: "this is not a valid HTTP request",
    431: "the head of this request is too large",
}


class Limits(NamedTuple):
    """What the connections to a server may be."""

    connections: int = 800
    """Open at a time. Systems often allow a program about 1,000 open files."""
    per_address: int = 256
    """Open at a time from one address; a gym's phones may share one."""
    head_bytes: int = 16 * 1024
    """Bytes of the request line and headers; as many between two pieces of a body."""
    headers: int = 64
    """Headers of a request."""
    pipelined: int = 8
    """Requests sent before the answer to an earlier one."""
    head_s: float = 10.0
    """Seconds until a new connection begins a request, and until the head of a request has arrived."""
    body_s: float = 60.0
    """Seconds until the body has arrived after the head, or the next BODY_PIECE of a large one."""
    idle_s: float = 30.0
    """Seconds between two requests."""
    unread_s: float = 30.0
    """Seconds that a client may stop reading an answer."""
    linger_s: float = 5.0
    """Seconds in which a client may still send what has been answered already, or read a last answer."""


USUAL = Limits()


BODY_PIECE = 16 << 20
"""Bytes of a body for which the time to wait begins again."""


class Stage(IntEnum):
    """What a connection waits for. Where there are too many, those at lower stages are closed first."""

    IDLE = 0
    """For a request to begin."""
    HEAD = 1
    """For the rest of its head."""
    BODY = 2
    """For the rest of its body."""
    WORK = 3
    """For the answer to a whole request."""


class Connection(HttpToolsProtocol):
    """uvicorn's protocol with limits. `raw` is the transport below TLS, `address` whom it counts for."""

    limits: Limits
    on_closed: Callable[["Connection"], None]
    raw: asyncio.Transport
    address: str

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.stage, self.since = Stage.IDLE, self.loop.time()
        self.early = b""  # with TLS, the first data may come before connection_made
        self.received = 0  # bytes of the body since the time to wait for it began
        self.without_body = 0  # bytes that were neither a whole head nor part of a body
        self.is_refused = False
        self.timer: asyncio.TimerHandle | None = None
        self.unread_timer: asyncio.TimerHandle | None = None

    def enter(self, stage: Stage, seconds: float | None) -> None:
        """Begin to wait for something, and close the connection if it has not come within these seconds."""
        self.stage, self.since = stage, self.loop.time()
        if self.timer:
            self.timer.cancel()
        self.timer = None if seconds is None else self.loop.call_later(seconds, self.abort)

    def abort(self) -> None:
        """Close the connection at once."""
        self.raw.abort()
        self.on_closed(self)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self.enter(Stage.IDLE, self.limits.head_s)
        if self.early:
            early, self.early = self.early, b""
            self.data_received(early)

    def connection_lost(self, error: Exception | None) -> None:
        """Count this connection no longer."""
        for timer in (self.timer, self.unread_timer):
            if timer:
                timer.cancel()
        self.on_closed(self)
        if self.transport:
            super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        """Feed the parser, as far as what it has to store of a head stays within the limit."""
        if not self.transport:
            self.early += data
            return
        # small pieces, so that what the parser stores of a head is bounded
        size = self.limits.head_bytes
        for start in range(0, len(data), size):
            if self.is_refused or self.transport.is_closing():
                return
            piece = data[start : start + size]
            self.without_body += len(piece)
            super().data_received(piece)
            if self.without_body > size and not self.transport.is_closing():
                self.refuse(431)

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self.enter(Stage.HEAD, self.limits.head_s)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or one of those after a body in pieces."""
        if len(self.headers) >= self.limits.headers:
            self.refuse(431)
            raise ValueError("too many headers")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head has arrived: uvicorn starts the app."""
        self.without_body = 0
        if len(self.pipeline) >= self.limits.pipelined:
            self.refuse(400)
            raise ValueError("too many requests at a time")
        self.received = 0
        self.enter(Stage.BODY, self.limits.body_s)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self.without_body = 0
        self.received += len(body)
        if self.received >= BODY_PIECE and not self.cycle.response_complete:
            self.received = 0
            self.enter(Stage.BODY, self.limits.body_s)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request has arrived."""
        self.without_body = 0
        if self.cycle.response_complete and not self.pipeline:
            self.enter(Stage.IDLE, self.limits.idle_s)
        else:
            self.enter(Stage.WORK, None)
            cast(dict[str, Any], self.cycle.scope)[COMPLETE] = self.loop.time()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The request has been answered, perhaps before all of it arrived."""
        if self.stage == Stage.WORK and not self.pipeline:
            self.enter(Stage.IDLE, self.limits.idle_s)
        elif self.stage == Stage.BODY:
            self.enter(Stage.BODY, self.limits.linger_s)
        super().on_response_complete()

    def pause_writing(self) -> None:
        """The client does not read its answer."""
        super().pause_writing()
        self.unread_timer = self.loop.call_later(self.limits.unread_s, self.abort)

    def resume_writing(self) -> None:
        """The client reads on."""
        super().resume_writing()
        if self.unread_timer:
            self.unread_timer.cancel()

    def send_400_response(self, msg: str) -> None:
        """What uvicorn calls where a request cannot be read, also because a callback above raised an error."""
        if not self.is_refused:
            self.refuse(400)

    def refuse(self, status: int) -> None:
        """Answer {"error": text}, and close the connection."""
        self.is_refused = True
        body = json.dumps({"error": REFUSALS[status]}).encode()
        headers = HEADERS | {
            "Cache-Control": "no-store",
            "Connection": "close",
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        is_answering = self.cycle is not None and not self.cycle.response_complete
        if not (is_answering and self.cycle.response_started):
            self.transport.write(STATUS_LINE[status] + head.encode() + b"\r\n" + body)
        if is_answering:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()
        self.enter(Stage.IDLE, self.limits.linger_s)


class ConnectionLimiter:
    """Makes the connections of a server, and keeps their number within limits.

    Where an address has too many, or all have, one that waits for nothing is closed for the newcomer: of the address
    with most, the one that has waited longest. If all are being answered, the newcomer is closed instead.
    """

    def __init__(self, limits: Limits, make: Callable[[], Connection], tls: ssl.SSLContext | None) -> None:
        self.limits, self.make, self.tls = limits, make, tls
        self.open: dict[str, set[Connection]] = {}
        self.handshakes: set[asyncio.Task[None]] = set()

    def __call__(self) -> asyncio.Protocol:
        """A protocol for a connection that has just been accepted."""
        return _NewConnection(self)

    def accept(self, transport: asyncio.Transport) -> None:
        """Begin to read requests from a connection, or close it."""
        peer = transport.get_extra_info("peername")
        address = counted_address(str(peer[0])) if peer else ""
        if not self._make_room(address):
            transport.abort()
            return
        connection = self.make()
        connection.limits, connection.on_closed = self.limits, self.remove
        connection.raw, connection.address = transport, address
        self.open.setdefault(address, set()).add(connection)
        if self.tls:
            handshake = asyncio.create_task(self._shake_hands(connection, self.tls))
            self.handshakes.add(handshake)
            handshake.add_done_callback(self.handshakes.discard)
        else:
            transport.set_protocol(connection)
            connection.connection_made(transport)

    def remove(self, connection: Connection) -> None:
        """Count a connection no longer."""
        others = self.open.get(connection.address, set())
        others.discard(connection)
        if not others:
            self.open.pop(connection.address, None)

    def _make_room(self, address: str) -> bool:
        """Whether there is room for one more of this address, after closing one if there was none."""
        if len(self.open.get(address, ())) >= self.limits.per_address:
            candidates = self.open[address]
        elif sum(map(len, self.open.values())) >= self.limits.connections:
            candidates = max(self.open.values(), key=len)
        else:
            return True
        first = min(candidates, key=lambda one: (one.stage, one.since))
        if first.stage == Stage.WORK:
            return False
        first.abort()
        return True

    async def _shake_hands(self, connection: Connection, tls: ssl.SSLContext) -> None:
        loop = asyncio.get_running_loop()
        try:
            secure = await loop.start_tls(
                connection.raw, connection, tls, server_side=True, ssl_handshake_timeout=self.limits.head_s
            )
        except (OSError, ssl.SSLError):  # the client has left, was too slow, or does not speak TLS
            connection.abort()
            return
        if secure:
            connection.connection_made(secure)


class _NewConnection(asyncio.Protocol):
    """The protocol of a connection until the limiter has decided about it."""

    def __init__(self, limiter: ConnectionLimiter) -> None:
        self.limiter = limiter

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.limiter.accept(transport)


def counted_address(text: str) -> str:
    """The address that a client counts for: an IPv6 network of 64 bits, of which one device may have all, is one."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return text
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return f"{IPv6Address(int(address) >> 64 << 64)}/64"
