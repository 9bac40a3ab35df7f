"""Starting the web app: sockets, access token, HTTPS, and the links and QR codes that it prints."""

import io
import os
import secrets
import socket
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from climbpath.errors import ClimbpathError
from climbpath.files import write_private
from climbpath.web import processes, server
from climbpath.web.connections import USUAL, Limits
from climbpath.web.routes.invitation import Invitation
from climbpath.web.security import LOCAL_NAMES, check_token
from climbpath.web.server import Content, Site, Tls

TOKEN_VARIABLE = "CLIMBPATH_TOKEN"  # noqa: S105 - not a token
"""The variable of the environment that may hold the access token: machines that serve together need the same."""


class Endpoint(NamedTuple):
    """Where the app listens, and how it serves."""

    host: str
    port: int
    folder: Path
    """For its own files."""
    https: bool
    limits: Limits = USUAL
    workers: int = 1
    """Processes."""
    address: str | None = None
    """Where others find it, if that is not the machine's own address."""
    proxies: str = ""
    """Addresses of proxies whose X-Forwarded-For is trusted, with commas."""
    metrics: bool = False
    log: str = "text"


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
    import segno

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


def serve(endpoint: Endpoint, content: Content, echo: Callable[[str], None]) -> None:
    """Serve the app until it is stopped; `echo` prints where to find it.

    With HTTPS, the next port serves the setup page, which shows how a device learns to trust this machine.

    Raises ClimbpathError if a port is taken, a file cannot be used, or no certificate can be issued for the host.
    """
    # HTTPS has its own token, because others in the network may have read one that went over plain HTTP
    folder = endpoint.folder / "https" if endpoint.https else endpoint.folder
    is_shared = bool(endpoint.address) or not is_local(endpoint.host)
    token = None if not is_shared else given_token() or access_token(folder)

    # links to the app, the one for phones first
    names = _names(endpoint.host)
    addresses = [f"{'https' if endpoint.https else 'http'}://{_url_host(name)}:{endpoint.port}/" for name in names]
    if endpoint.address:
        addresses = [endpoint.address.rstrip("/") + "/"]
    links = [f"{address}?token={token}" if token else address for address in addresses]
    setup = f"http://{_url_host(names[0])}:{endpoint.port + 1}/" if endpoint.https else None

    # with HTTPS, a new certificate, and a second server for the setup page
    tls, steps = None, list[str]()
    if endpoint.https:
        from climbpath.web import certificates

        authority = certificates.authority(folder, names[0])
        others = [*sorted(LOCAL_NAMES), lan_address(), *certificates.own_names()]
        tls = Tls(certificates.issue(authority, folder, names[0], others), folder, names[0], addresses[0])
        steps = [
            f"1. Trust this machine, once on each device: {setup}\nThe certificate's SHA-256 fingerprint must be",
            textwrap.indent(authority.fingerprint, "  "),
        ]
        steps += [qr_code(setup)] if token and setup else []
    ports = [endpoint.port, endpoint.port + 1] if endpoint.https else [endpoint.port]

    def announce() -> None:
        for step in steps:
            echo(step)
        echo(f"{'2. ' if endpoint.https else ''}climbpath is at {links[0]}")
        for link in links[1:]:
            echo(f"On this machine also at {link}")
        echo(f"The logbook is {database_name(content.logbook)}. Stop with Ctrl-C.")
        if token:
            echo(qr_code(links[0]))

    invitation = Invitation(links[0], setup) if token else None
    site = Site(content, token, invitation, tls, endpoint.limits, endpoint.proxies, endpoint.metrics, endpoint.log)
    sockets = [listen(endpoint.host, port) for port in ports]
    if endpoint.workers > 1:
        processes.supervise(site, sockets, endpoint.workers, announce)
    else:
        servers = server.build(site)
        announce()
        server.run(servers, sockets)


def database_name(logbook: Path | str) -> str:
    """A logbook as it is called in messages, without a password."""
    if isinstance(logbook, Path):
        return str(logbook)
    parts = urlsplit(logbook)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def given_token() -> str | None:
    """The access token in the environment, if there is one. Raises ClimbpathError if it is none."""
    given = os.environ.get(TOKEN_VARIABLE)
    if not given:
        return None
    try:
        return check_token(given)
    except ClimbpathError as error:
        raise ClimbpathError(f"{TOKEN_VARIABLE}: {error}") from None


def _names(host: str) -> list[str]:
    """The names under which an app that listens on this host can be opened, the one for phones first."""
    if is_local(host):
        return ["localhost"]
    return list(dict.fromkeys([lan_address(), "localhost"])) if host in ("0.0.0.0", "::") else [host]  # noqa: S104


def _url_host(host: str) -> str:
    return f"[{host}]" if ":" in host else host
