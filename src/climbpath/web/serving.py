"""Starting the web app: where it listens, who may come in, and the QR code that a phone reads."""

import asyncio
import contextlib
import io
import secrets
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import segno
import uvicorn
from fastapi import FastAPI

from climbpath.api import Generator
from climbpath.errors import ClimbpathError
from climbpath.logbook import Logbook
from climbpath.problem import Problem
from climbpath.web.app import create_app
from climbpath.web.security import LOCAL_NAMES, check_token

CONNECTIONS = 200
"""Requests that are served at once; more are refused with 503."""


class Place(NamedTuple):
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
        folder.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            path.touch(mode=0o600, exist_ok=False)
            path.write_text(secrets.token_urlsafe(24), encoding="utf-8")
        return check_token(path.read_text(encoding="utf-8").strip())
    except OSError as error:
        raise ClimbpathError(f"cannot keep the access token in {path}: {error.strerror}") from None


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
    place = socket.socket(family, socket.SOCK_STREAM)
    try:
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        place.bind((host, port))
        place.listen(2048)
    except OSError as error:
        place.close()
        raise ClimbpathError(
            f"cannot listen on {host}, port {port}: {error.strerror}; choose others with --host and --port"
        ) from None
    return place


def serve(place: Place, generator: Generator, known: Sequence[Problem], book: Path, say: Callable[[str], None]) -> None:
    """Serve the app until it is stopped; `say` is told where to find it.

    Raises ClimbpathError where the port is taken, or a file cannot be used.
    """
    token = None if is_local(place.host) else kept_token(place.folder)
    app = create_app(generator, Logbook(book), known, token)
    apps: list[tuple[FastAPI, int, dict[str, str]]] = [(app, place.port, {})]
    name = "localhost" if is_local(place.host) else lan_address() if place.host in ("0.0.0.0", "::") else place.host  # noqa: S104
    shown = f"[{name}]" if ":" in name else name
    asked = f"/?token={token}" if token else "/"
    address = f"{'https' if place.https else 'http'}://{shown}:{place.port}{asked}"
    first = address
    sockets = [listening(place.host, port) for _, port, _ in apps]
    say(f"climbpath is at {address}\nThe logbook is {book}. Stop with Ctrl-C.")
    if token:
        say(qr_code(first))
    asyncio.run(_run(apps, sockets))


async def _run(apps: Sequence[tuple[FastAPI, int, dict[str, str]]], sockets: Sequence[socket.socket]) -> None:
    servers = [
        uvicorn.Server(
            uvicorn.Config(
                app,
                log_level="warning",
                access_log=False,
                server_header=False,
                limit_concurrency=CONNECTIONS,
                timeout_keep_alive=30,
                timeout_graceful_shutdown=10,
                **options,  # type: ignore[arg-type]
            )
        )
        for app, _, options in apps
    ]
    await asyncio.gather(*(server.serve([one]) for server, one in zip(servers, sockets, strict=True)))
