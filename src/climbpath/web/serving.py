"""Starting the web app: sockets, access token, HTTPS, and the links and QR codes that it prints."""

import asyncio
import contextlib
import io
import logging.config
import os
import secrets
import signal
import socket
import textwrap
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import segno
import uvicorn
from starlette.types import ASGIApp

from climbpath.api import Generator
from climbpath.errors import ClimbpathError
from climbpath.files import write_private
from climbpath.lights.shared import SharedBoard
from climbpath.problem import Problem
from climbpath.terminal import printable
from climbpath.web import certificates, trust
from climbpath.web.app import create_app
from climbpath.web.connections import USUAL, Connection, Door, Limits
from climbpath.web.logbook.store import Logbook
from climbpath.web.routes.invitation import Invitation
from climbpath.web.security import LOCAL_NAMES, check_token

OPEN_FILES = 4096
"""Files and connections that the server asks the system for, where that allows a program fewer."""


class _Plain(logging.Formatter):
    """Writes out control characters: errors may quote what strangers sent."""

    def format(self, record: logging.LogRecord) -> str:
        return printable(super().format(record))


LOG: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"()": _Plain, "fmt": "%(levelname)s: %(message)s"}},
    "handlers": {"terminal": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "loggers": {name: {"handlers": ["terminal"], "propagate": False} for name in ("uvicorn", "asyncio")},
}


class Endpoint(NamedTuple):
    """Where the app listens, and the folder for its files."""

    host: str
    port: int
    folder: Path
    https: bool
    limits: Limits = USUAL


def is_local(host: str) -> bool:
    """Whether a server that listens on this host can be reached only from this machine."""
    return host in LOCAL_NAMES


def access_token(folder: Path) -> str:
    """The access token in the folder, created once so that links stay valid, in a file that only its owner can read.

    Raises ClimbpathError if the file cannot be read or written, or contains no token.
    """
    path = folder / "token"
    try:
        token = path.read_text(encoding="utf-8", errors="replace").strip()
    except FileNotFoundError:
        token = secrets.token_urlsafe(24)
        write_private(path, token.encode())
    except OSError as error:
        raise ClimbpathError(f"cannot read {path}: {error.strerror}") from None
    try:
        return check_token(token)
    except ClimbpathError as error:
        raise ClimbpathError(f"{path}: {error}; delete the file, and the next start creates a new one") from None


def lan_address() -> str:
    """This machine's address in its local network, or localhost if it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # reserved for documentation (RFC 5737): nothing is sent
            return str(probe.getsockname()[0])
        except OSError:
            return "localhost"


def qr_code(address: str) -> str:
    """An address as a QR code, drawn in text for a terminal."""
    out = io.StringIO()
    segno.make(address, error="m").terminal(out, compact=True)
    return out.getvalue()


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises ClimbpathError if the port is taken or the host is not this machine's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sets TCP_NODELAY only if the protocol is given; without it answers may be delayed by 40 ms
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # on Windows this would let two servers share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2048)
    except (OSError, UnicodeError) as error:
        listener.close()
        reason = error.strerror if isinstance(error, OSError) else "this is not a valid host name"
        raise ClimbpathError(
            f"cannot listen on {host}, port {port}: {reason}; choose others with --host and --port"
        ) from None
    return listener


def serve(
    endpoint: Endpoint,
    generator: Generator,
    known: Sequence[Problem],
    logbook: Path,
    echo: Callable[[str], None],
    lights: SharedBoard | None = None,
) -> None:
    """Serve the app until it is stopped; `echo` prints where to find it; `lights` is the board that it lights.

    With HTTPS, the next port serves the setup page, which shows how a device learns to trust this machine.

    Raises ClimbpathError if a port is taken, a file cannot be used, or no certificate can be issued for the host.
    """
    # HTTPS has its own token, because others in the network may have read one that went over plain HTTP
    folder = endpoint.folder / "https" if endpoint.https else endpoint.folder
    token = None if is_local(endpoint.host) else access_token(folder)

    # links to the app, the one for phones first
    names = _names(endpoint.host)
    addresses = [f"{'https' if endpoint.https else 'http'}://{_url_host(name)}:{endpoint.port}/" for name in names]
    links = [f"{address}?token={token}" if token else address for address in addresses]

    setup = f"http://{_url_host(names[0])}:{endpoint.port + 1}/" if endpoint.https else None
    app = create_app(generator, Logbook(logbook), known, token, Invitation(links[0], setup) if token else None, lights)

    # with HTTPS, a new certificate, and a second server for the setup page
    if endpoint.https:
        authority = certificates.authority(folder, names[0])
        others = [*sorted(LOCAL_NAMES), lan_address(), *certificates.own_names()]
        certificate = certificates.issue(authority, folder, names[0], others)
        setup_app = trust.create_app(authority, addresses[0])
        servers = [_server(app, endpoint.limits, ssl_certfile=certificate), _server(setup_app, endpoint.limits)]
        sockets = [listen(endpoint.host, endpoint.port), listen(endpoint.host, endpoint.port + 1)]
        echo(f"1. Trust this machine, once on each device: {setup}\nThe certificate's SHA-256 fingerprint must be")
        echo(textwrap.indent(authority.fingerprint, "  "))
        if token and setup:
            echo(qr_code(setup))
    else:
        servers, sockets = [_server(app, endpoint.limits)], [listen(endpoint.host, endpoint.port)]

    # print where the app is, then serve it
    echo(f"{'2. ' if endpoint.https else ''}climbpath is at {links[0]}")
    for link in links[1:]:
        echo(f"On this machine also at {link}")
    echo(f"The logbook is {logbook}. Stop with Ctrl-C.")
    if token:
        echo(qr_code(links[0]))
    asyncio.run(_run(servers, sockets))


def _names(host: str) -> list[str]:
    """The names under which an app that listens on this host can be opened, the one for phones first."""
    if is_local(host):
        return ["localhost"]
    return list(dict.fromkeys([lan_address(), "localhost"])) if host in ("0.0.0.0", "::") else [host]  # noqa: S104


def _url_host(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _server(app: ASGIApp, limits: Limits = USUAL, **options: Any) -> uvicorn.Server:
    logging.config.dictConfig(LOG)
    config = uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        log_level="error",  # strangers could fill the terminal with uvicorn's warnings of their requests
        log_config=None,
        access_log=False,
        server_header=False,
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

        # the door opens TLS itself, so that connections count before, too
        door = Door(limits, make, self.config.ssl)
        loop, backlog = asyncio.get_running_loop(), min(self.config.backlog, files // 4)
        self.servers += [await loop.create_server(door, sock=one, backlog=backlog) for one in sockets or []]

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


async def _run(servers: Sequence[uvicorn.Server], sockets: Sequence[socket.socket]) -> None:
    """Run the servers until a stop signal; at a second one they no longer wait for open requests."""

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
