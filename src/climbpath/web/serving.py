"""Starting the web app: where it listens, who may come in, and the QR code that a phone reads."""

import asyncio
import contextlib
import io
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
from climbpath.problem import Problem
from climbpath.web import certificates, trust
from climbpath.web.app import create_app
from climbpath.web.logbook import Logbook
from climbpath.web.security import LOCAL_NAMES, check_token

CONNECTIONS = 800
"""Connections that are open at once, idle ones included; more are refused with 503. Systems allow some 1,000 files."""


class Endpoint(NamedTuple):
    """Where the app listens and keeps its files."""

    host: str
    port: int
    folder: Path
    https: bool


def is_local(host: str) -> bool:
    """Whether only this machine can reach a host to listen on."""
    return host in LOCAL_NAMES


def kept_token(folder: Path) -> str:
    """The access token of this install: made once, kept in a file that only its owner reads, so that links stay good.

    Raises ClimbpathError where the file cannot be written or holds no token.
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
        raise ClimbpathError(f"{path}: {error}; delete the file, and the next start makes a new one") from None


def lan_address() -> str:
    """This machine's address in its network, or localhost where it is in none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # reserved for documentation (RFC 5737): nothing is sent
            return str(probe.getsockname()[0])
        except OSError:
            return "localhost"


def qr_code(address: str) -> str:
    """An address as a QR code for a terminal."""
    out = io.StringIO()
    segno.make(address, error="m").terminal(out, compact=True)
    return out.getvalue()


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises ClimbpathError where the port is taken or the host is not this machine's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # only where the protocol is named does asyncio send answers at once (TCP_NODELAY), not up to 40 ms later
    place = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # elsewhere it lets two servers have one port
            place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        place.bind((host, port))
        place.listen(2048)
    except (OSError, UnicodeError) as error:
        place.close()
        reason = error.strerror if isinstance(error, OSError) else "this is no name of a host"
        raise ClimbpathError(
            f"cannot listen on {host}, port {port}: {reason}; choose others with --host and --port"
        ) from None
    return place


def serve(
    endpoint: Endpoint, generator: Generator, known: Sequence[Problem], book: Path, say: Callable[[str], None]
) -> None:
    """Serve the app until it is stopped; `say` is told where to find it.

    With HTTPS, the next port has the page on which phones learn to trust this machine.

    Raises ClimbpathError where a port is taken, a file cannot be used, or HTTPS cannot be for the host.
    """
    # HTTPS has a token of its own, because one that went over plain HTTP may be known to others
    folder = endpoint.folder / "https" if endpoint.https else endpoint.folder
    token = None if is_local(endpoint.host) else kept_token(folder)
    app = create_app(generator, Logbook(book), known, token)
    names = _names(endpoint.host)
    addresses = [f"{'https' if endpoint.https else 'http'}://{_in_url(name)}:{endpoint.port}/" for name in names]
    links = [f"{address}?token={token}" if token else address for address in addresses]
    if endpoint.https:
        authority = certificates.authority(folder, names[0])
        others = [*sorted(LOCAL_NAMES), lan_address(), *certificates.own_names()]
        certificate = certificates.issue(authority, folder, names[0], others)
        servers = [_server(app, ssl_certfile=certificate), _server(trust.create_app(authority, addresses[0]))]
        sockets = [listening(endpoint.host, endpoint.port), listening(endpoint.host, endpoint.port + 1)]
        setup = f"http://{_in_url(names[0])}:{endpoint.port + 1}/"
        say(f"1. Trust this machine, once on each device: {setup}\nThe certificate's SHA-256 fingerprint must be")
        say(textwrap.indent(authority.fingerprint, "  "))
        if token:
            say(qr_code(setup))
    else:
        servers, sockets = [_server(app)], [listening(endpoint.host, endpoint.port)]
    say(f"{'2. ' if endpoint.https else ''}climbpath is at {links[0]}")
    for link in links[1:]:
        say(f"On this machine also at {link}")
    say(f"The logbook is {book}. Stop with Ctrl-C.")
    if token:
        say(qr_code(links[0]))
    asyncio.run(_run(servers, sockets))


def _names(host: str) -> list[str]:
    """The hosts under which an app is found that listens there, the one for phones first."""
    if is_local(host):
        return ["localhost"]
    return list(dict.fromkeys([lan_address(), "localhost"])) if host in ("0.0.0.0", "::") else [host]  # noqa: S104


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _server(app: ASGIApp, **options: Any) -> uvicorn.Server:
    return _Server(
        uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            limit_concurrency=CONNECTIONS,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=10,
            **options,
        )
    )


class _Server(uvicorn.Server):
    """One of several servers: they are stopped together, at once, and being stopped is no failure."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # a browser keeps an idle TLS connection open, even when asked to close it: Ctrl-C would wait for that
        for connection in list(self.server_state.connections):
            cycle = getattr(connection, "cycle", None)
            if cycle is None or cycle.response_complete:
                connection.transport.abort()
        await super().shutdown(sockets)


async def _run(servers: Sequence[uvicorn.Server], sockets: Sequence[socket.socket]) -> None:
    """Run the servers until the process is told to stop; told twice, they wait for no request."""

    def stop(number: int, frame: object) -> None:
        for server in servers:
            server.force_exit = server.should_exit
            server.should_exit = True

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        await asyncio.gather(*(server.serve([one]) for server, one in zip(servers, sockets, strict=True)))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
