"""The web app on a real server in this process, and a client that checks every response."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import requests
from starlette.types import ASGIApp

from climbpath.api import load
from climbpath.problem import Problem
from climbpath.web import serving
from climbpath.web.app import create_app
from climbpath.web.logbook.store import Logbook
from climbpath.web.security import HEADERS
from climbpath.web.server import server_of

Result = TypeVar("Result")

TIMEOUT = 60
KIM = "00000000-0000-4000-8000-000000000001"
NOBODY = "00000000-0000-4000-8000-00000000dead"


def finish(task: Coroutine[Any, Any, Result]) -> Result:
    """The result of a coroutine, run on its own thread, because Playwright's event loop may run on this one."""
    with ThreadPoolExecutor(1) as own_thread:
        return own_thread.submit(asyncio.run, task).result()


class Client(NamedTuple):
    """Sends requests to a server, and checks the headers of every response and the form of every error."""

    address: str
    headers: dict[str, str] = {}  # noqa: RUF012 - read only

    def ask(self, method: str, path: str, status: int = 200, **request: Any) -> requests.Response:
        """The response to a request, which must have this status."""
        headers = self.headers | request.pop("headers", {})
        given = {"allow_redirects": False, "timeout": TIMEOUT, "headers": headers} | request
        answer = requests.request(method, self.address + path, **given)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        check(answer)
        return answer

    def get(self, path: str, status: int = 200, **request: Any) -> Any:
        """The JSON of the response to GET."""
        return self.ask("GET", path, status, **request).json()

    def post(self, path: str, body: object, status: int = 200, **request: Any) -> Any:
        """The JSON of the response to a JSON body."""
        return self.ask("POST", path, status, json=body, **request).json()

    def refusal(self, method: str, path: str, status: int, **request: Any) -> str:
        """The error of a request that is refused with this status."""
        return str(self.ask(method, path, status, **request).json()["error"])

    def raw(self, sent: bytes) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of the response to exactly these bytes."""
        host, port = self.address.removeprefix("http://").split(":")
        received = b""
        with socket.create_connection((host, int(port)), timeout=TIMEOUT) as connection:
            connection.sendall(sent)
            while piece := connection.recv(65536):
                received += piece
        head, _, body = received.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        return int(first.split()[1]), dict(line.lower().split(": ", 1) for line in lines), body


def check(answer: requests.Response) -> None:
    """Check that a response has the security headers, and that an error of the API is {"error": text}."""
    for name, value in HEADERS.items():
        assert answer.headers.get(name) == value, f"{answer.request.method} {answer.url} lacks {name}"
    assert answer.headers["Cache-Control"]
    assert "server" not in answer.headers
    is_page = answer.headers.get("Content-Type", "").startswith("text/html")
    if answer.status_code >= 400 and not is_page and answer.request.method != "HEAD":
        assert list(answer.json()) == ["error"]
        assert answer.json()["error"].strip()


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """Serve an app; its address."""
    listener = serving.listen("127.0.0.1", 0)
    server = server_of(app)
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@contextmanager
def client_of(folder: Path, known: Sequence[Problem] = (), token: str | None = None) -> Iterator[Client]:
    """A client of a new app with a new logbook, which has one climber, Kim."""
    logbook = Logbook(folder / "logbook.sqlite3")
    with served(create_app(load(), logbook, known, token)) as address:
        client = Client(address, {"Authorization": f"Bearer {token}"} if token else {})
        client.ask("PUT", f"/api/profiles/{KIM}", json={"name": "Kim"})
        yield client


def raw_json(body: object) -> dict[str, Any]:
    """The arguments of a request whose body requests' own JSON encoder would change or refuse."""
    return {"data": json.dumps(body), "headers": {"Content-Type": "application/json"}}
