"""What a client can do before it has sent a whole request is limited, and honest clients are served meanwhile."""

import contextlib
import json
import socket
import ssl
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from climbpath.web import certificates, logs, serving
from climbpath.web import server as server_module
from climbpath.web.connections import USUAL, Limits, counted_address
from climbpath.web.server import server_of
from support.commands import needs_posix
from support.server import PATIENCE_S, Server, eventually

QUICK = USUAL._replace(head_s=0.2, body_s=0.2, idle_s=0.2, unread_s=0.2, linger_s=0.2)
"""Limits that end within a test's patience."""
HEAD = b"GET / HTTP/1.1\r\nHost: localhost\r\n"
LARGE = 8 * 2**20
MIB = 2**20


async def length(request: Request) -> Response:
    try:
        return JSONResponse(len(await request.body()))
    except ClientDisconnect:
        return Response()


async def large(request: Request) -> Response:
    return Response(b"x" * LARGE)


APP = Starlette(routes=[Route("/", length, methods=["GET", "POST"]), Route("/large", large)])


@contextmanager
def served(limits: Limits, folder: Path | None = None) -> Iterator[int]:
    """A small app behind the server's limits, over HTTPS if a folder for its certificate is given; its port."""
    with running(limits, folder) as (port, _):
        yield port


@contextmanager
def running(
    limits: Limits, folder: Path | None = None, app: Starlette | None = None
) -> Iterator[tuple[int, uvicorn.Server]]:
    """The same with the server itself."""
    options = {}
    if folder:
        authority = certificates.authority(folder, "localhost")
        options["ssl_certfile"] = certificates.issue(authority, folder, "localhost", ["127.0.0.1"])
    logs.configure("text")
    server = server_of(app or APP, limits, **options)
    listener = serving.listen("127.0.0.1", 0)
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    try:
        eventually(lambda: server.started)
        yield int(listener.getsockname()[1]), server
    finally:
        server.should_exit = True
        thread.join()


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)


def rest(connection: socket.socket) -> bytes:
    """All that a server sends until it closes the connection."""
    received = b""
    with contextlib.suppress(ConnectionError):
        while piece := connection.recv(65536):
            received += piece
    return received


def asked(port: int, sent: bytes) -> bytes:
    """All that the server answers to these bytes until it closes the connection."""
    with connect(port) as connection, contextlib.suppress(ConnectionError):
        connection.sendall(sent)
        return rest(connection)
    return b""


def is_served(port: int, context: ssl.SSLContext | None = None) -> bool:
    url = f"{'https' if context else 'http'}://localhost:{port}/"
    with urllib.request.urlopen(url, timeout=PATIENCE_S, context=context) as answer:
        return bool(answer.status == 200)


@pytest.mark.parametrize(
    "sent",
    [
        HEAD + b"X: " + b"x" * 40_000,
        HEAD + b"".join(b"X-%d: x\r\n" % i for i in range(70)),
        b"GET /" + b"x" * 40_000,
        b"\r\n" * 20_000,
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"x" * 40_000,
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;" + b"x" * 40_000,
    ],
    ids=["one long header", "many headers", "a long address", "empty lines", "after the body", "in the body"],
)
def test_the_head_of_a_request_is_limited(sent: bytes) -> None:
    with served(USUAL) as port:
        answer = asked(port, sent)
        assert answer.startswith(b"HTTP/1.1 431 "), answer[:200]
        head, _, body = answer.partition(b"\r\n\r\n")
        assert json.loads(body) == {"error": "the head of this request is too large"}
        assert b"X-Content-Type-Options: nosniff" in head
        assert is_served(port)


def test_the_largest_head_that_is_allowed_is_served() -> None:
    with served(USUAL) as port:
        lines = b"".join(b"X-%d: %s\r\n" % (i, b"x" * 200) for i in range(60))
        assert asked(port, HEAD + lines + b"Connection: close\r\n\r\n").startswith(b"HTTP/1.1 200 ")


def test_what_is_not_http_is_refused_in_words() -> None:
    with served(USUAL) as port:
        answer = asked(port, b"\x16\x03\x01\x00\x05hello\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert answer.endswith(b'{"error": "this is not a valid HTTP request"}')


def test_requests_sent_ahead_are_limited() -> None:
    with served(USUAL) as port:
        assert asked(port, 2000 * (HEAD + b"\r\n")).count(b"HTTP/1.1 200") <= 2 + USUAL.pipelined
        few = asked(port, 3 * (HEAD + b"\r\n") + HEAD + b"Connection: close\r\n\r\n")
        assert few.count(b"HTTP/1.1 200") == 4


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET",
        HEAD,
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n",
    ],
    ids=["nothing", "a word", "half a head", "half a body", "a piece of a body"],
)
def test_an_unfinished_request_is_closed(sent: bytes) -> None:
    with served(QUICK) as port, connect(port) as connection:
        connection.sendall(sent)
        assert rest(connection) == b""


def test_a_connection_that_asks_nothing_more_is_closed() -> None:
    with served(QUICK) as port:
        assert asked(port, HEAD + b"\r\n").count(b"HTTP/1.1 200") == 1


def test_a_client_that_does_not_read_its_answer_is_closed() -> None:
    with running(QUICK) as (port, server), connect(port) as connection:
        connection.sendall(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.recv(1) == b"H", "the answer begins"
        eventually(lambda: not server.server_state.connections)
        assert len(rest(connection)) < LARGE


def test_a_slow_client_within_the_limits_is_served() -> None:
    limits = USUAL._replace(head_s=PATIENCE_S, body_s=PATIENCE_S)
    with served(limits) as port, connect(port) as connection:
        for byte in b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc":
            connection.sendall(bytes([byte]))
        assert rest(connection).endswith(b"\r\n\r\n3")


def test_idle_connections_of_an_address_leave_for_a_new_one_the_oldest_first() -> None:
    with served(USUAL._replace(per_address=3)) as port, ExitStack() as open_ones:
        first, second, third = (open_ones.enter_context(connect(port)) for _ in range(3))
        second.sendall(HEAD)  # has begun a request: it leaves after those that have not
        assert is_served(port)
        assert rest(first) == b""
        assert is_served(port)
        second.sendall(b"Connection: close\r\n\r\n")
        assert rest(second).startswith(b"HTTP/1.1 200")
        third.close()


def test_where_all_connections_are_too_many_an_idle_one_leaves() -> None:
    with served(USUAL._replace(connections=3)) as port, ExitStack() as open_ones:
        idle = [open_ones.enter_context(connect(port)) for _ in range(3)]
        assert is_served(port)
        assert rest(idle[0]) == b""


def test_a_handshake_that_never_ends_is_closed_and_counts(tmp_path: Path) -> None:
    context = ssl.create_default_context(cadata=certificates.authority(tmp_path, "localhost").root_pem.decode())
    with served(USUAL._replace(per_address=3), tmp_path) as port, ExitStack() as open_ones:
        idle = [open_ones.enter_context(connect(port)) for _ in range(3)]
        assert is_served(port, context)
        assert rest(idle[0]) == b""
    with served(QUICK, tmp_path) as port, connect(port) as silent:
        assert rest(silent) == b""


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("192.168.1.20", "192.168.1.20"),
        ("::ffff:192.168.1.20", "192.168.1.20"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("", ""),
    ],
)
def test_a_network_that_one_device_may_have_counts_as_one_address(text: str, counted: str) -> None:
    assert counted_address(text) == counted


@needs_posix
@pytest.mark.parametrize(("soft", "hard", "files"), [(1024, 1024, 1024), (8192, 8192, 8192), (256, 1024, 1024)])
def test_the_number_of_open_files_is_what_the_system_allows(
    soft: int, hard: int, files: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    import resource

    monkeypatch.setattr(resource, "getrlimit", lambda kind: (soft, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda kind, limits: None)
    assert server_module._open_files() == files


def test_control_characters_of_strangers_never_reach_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    async def fail(request: Request) -> Response:
        raise ValueError(f"\x1b]0;owned\x07 \u202e \x9b31m {request.query_params['x']}")

    app = Starlette(routes=[Route("/fail", fail)])
    with running(USUAL, app=app) as (port, _):
        answer = asked(port, b"GET /fail?x=%1B%5B2J%0D%C2%9B HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 500 ")
    printed = "".join(capfd.readouterr())
    assert r"ValueError: \u001b]0;owned\u0007 \u202e \u009b31m \u001b[2J\u000d\u009b" in printed
    assert not [char for char in printed if (ord(char) < 32 and char not in "\n\t") or 127 <= ord(char) < 160]


@needs_posix
def test_two_thousand_idle_sockets_and_a_flood_of_headers_shut_nobody_out(tmp_path: Path) -> None:
    server = Server(tmp_path)
    process = psutil.Process(server.process.pid)
    try:
        assert server.ask("GET", "/api/boards")
        before = process.memory_info().rss
        with ExitStack() as open_ones:
            for _ in range(2000):
                open_ones.enter_context(connect(server.port))
            assert server.ask("GET", "/api/profiles") == []
            flood = [open_ones.enter_context(connect(server.port)) for _ in range(200)]
            line = b"X: " + b"x" * 8000 + b"\r\n"
            for _ in range(20):
                for one in flood:
                    with contextlib.suppress(ConnectionError):
                        one.sendall(line if one.getsockname()[1] % 2 else b"x" * 8000)
            assert server.ask("GET", "/api/profiles") == []
            after = process.memory_info().rss
        print(f"2,000 idle sockets, 200 floods: {(after - before) / MIB:+.1f} MiB")
        assert after - before < 50 * MIB
        assert server.ask("GET", "/api/profiles") == []
    finally:
        server.kill()
    assert not (tmp_path / "serve.log").read_text().partition("Stop with Ctrl-C.\n")[2]
