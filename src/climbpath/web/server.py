"""A process that serves: its app, its connections, and how it stops."""

import asyncio
import contextlib
import gc
import signal
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import uvicorn
from starlette.types import ASGIApp
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from climbpath.web import logs
from climbpath.web.connections import USUAL, Connection, ConnectionLimiter, Limits
from climbpath.web.routes.invitation import Invitation

if TYPE_CHECKING:
    from climbpath.lights.shared import SharedBoard
    from climbpath.problem import Problem

OPEN_FILES = 4096
"""Files and connections that the server asks the system for, where that allows a program fewer."""
BACKLOG = 2048
"""Connections that wait to be accepted."""


class Content(NamedTuple):
    """What is served."""

    logbook: Path | str
    """A file, or the URL of a PostgreSQL."""
    model: Path | None = None
    """A model or a checkpoint; None for the bundled one."""
    known: "Sequence[Problem]" = ()
    """Known problems, which the search for similar ones covers in addition to the logbook."""
    is_private: bool = False
    """Whether each climber's logbook opens only with the climber's own token."""
    lights: "SharedBoard | None" = None
    """The board that this machine lights, for a server of one process."""


class Tls(NamedTuple):
    """What HTTPS needs."""

    certificate: Path
    """The file with the key and the certificate."""
    folder: Path
    """The folder with the authority."""
    name: str
    """The name that the authority was made for."""
    address: str
    """The app's address, which the setup page names."""


class Site(NamedTuple):
    """What every process of a server has to know."""

    content: Content
    token: str | None
    invitation: Invitation | None
    tls: Tls | None
    limits: Limits = USUAL
    proxies: str = ""
    """Addresses of proxies whose X-Forwarded-For is trusted, with commas."""
    metrics: bool = False
    log: str = "text"


def build(site: Site) -> list[uvicorn.Server]:
    """The servers of a site: the app and, with HTTPS, the setup page. Raises ClimbpathError."""
    from climbpath.api import load
    from climbpath.web.app import create_app
    from climbpath.web.logbook.store import Logbook

    logs.configure(site.log)
    app: ASGIApp = create_app(
        load(site.content.model),
        Logbook(site.content.logbook),
        site.content.known,
        site.token,
        site.invitation,
        site.content.lights,
        is_private=site.content.is_private,
        has_metrics=site.metrics,
    )
    if site.proxies:
        app = cast(ASGIApp, ProxyHeadersMiddleware(cast(Any, app), site.proxies))
    if not site.tls:
        return [server_of(app, site.limits)]
    from climbpath.web import certificates, trust

    setup = trust.create_app(certificates.authority(site.tls.folder, site.tls.name), site.tls.address)
    return [server_of(app, site.limits, ssl_certfile=site.tls.certificate), server_of(setup, site.limits)]


def run(servers: Sequence[uvicorn.Server], sockets: Sequence[socket.socket]) -> None:
    """Run the servers until a stop signal; at a second one they no longer wait for open requests."""
    gc.freeze()  # what was loaded stays: no later collection looks at it again
    gc.enable()
    asyncio.run(_run(servers, sockets))


async def _run(servers: Sequence[uvicorn.Server], sockets: Sequence[socket.socket]) -> None:
    def stop(number: int, frame: object) -> None:
        for server in servers:
            server.force_exit = server.should_exit
            server.should_exit = True

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        await asyncio.gather(*(server.serve([listener]) for server, listener in zip(servers, sockets, strict=True)))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def server_of(app: ASGIApp, limits: Limits = USUAL, **options: Any) -> uvicorn.Server:
    """A server of an app whose connections keep to limits."""
    config = uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        log_level="error",  # strangers could fill the terminal with uvicorn's warnings of their requests
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        use_colors=False,
        timeout_keep_alive=int(limits.idle_s),
        timeout_graceful_shutdown=10,
        **options,
    )
    return _Server(config, limits)


def _open_files() -> int:
    """How many files and connections this process may have open, after asking for OPEN_FILES."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return OPEN_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft == resource.RLIM_INFINITY:
        return OPEN_FILES
    if soft >= wanted:
        return soft
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return soft


class _Server(uvicorn.Server):
    """A server whose connections keep to limits, one of several that stop together, at once, and without an error."""

    def __init__(self, config: uvicorn.Config, limits: Limits) -> None:
        super().__init__(config)
        self.limits = limits

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=[])  # the app alone: the sockets are opened below
        files = _open_files()
        limits = self.limits._replace(connections=min(self.limits.connections, files // 2))

        def make() -> Connection:
            return Connection(self.config, self.server_state, self.lifespan.state)

        # the limiter begins TLS itself, so that connections count before, too
        limiter, loop = ConnectionLimiter(limits, make, self.config.ssl), asyncio.get_running_loop()
        for one in sockets or []:
            # asyncio accepts as many connections at once as may wait: one, so that other processes get theirs
            self.servers.append(await loop.create_server(limiter, sock=one, backlog=1))
            one.listen(BACKLOG)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # browsers keep idle TLS connections open even when asked to close them: Ctrl-C would wait for them
        for connection in list(self.server_state.connections):
            cycle = getattr(connection, "cycle", None)
            if cycle is None or cycle.response_complete:
                connection.transport.abort()
        await super().shutdown(sockets)
