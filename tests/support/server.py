"""The app in its own process, which a test can kill, and requests to it without the page."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

PATIENCE_S = 60


def eventually(check: Callable[[], object]) -> None:
    """Wait until a check that does not depend on a page is true."""
    until = time.monotonic() + PATIENCE_S
    while not check():
        assert time.monotonic() < until, "the check never became true"
        time.sleep(0.02)


class Server:
    """`climbpath serve` with a logbook in `folder`; restarts use the same port."""

    def __init__(self, folder: Path, *flags: str, environment: dict[str, str] | None = None) -> None:
        self.folder, self.flags, self.environment = folder, flags, environment or {}
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.url = f"http://localhost:{self.port}"
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "climbpath", "serve", "--port", str(self.port), *self.flags]
        self.log = (self.folder / "serve.log").open("w")
        self.process = subprocess.Popen(
            [*command, "--logbook", str(self.folder / "logbook.sqlite3")],
            stdout=self.log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "OMP_NUM_THREADS": "1", "CLIMBPATH_HOME": str(self.folder)} | self.environment,
        )
        eventually(self.answers)

    def answers(self) -> bool:
        assert self.process.poll() is None, (self.folder / "serve.log").read_text()
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5):
                return True
        except OSError:
            return False

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.log.close()

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """The JSON that the API answers. Raises AssertionError with the error text if it refuses."""
        content = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, content, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.code} {error.read().decode()}") from None

    def climber(self, name: str = "Kim", **more: object) -> str:
        """Add a climber; the new id."""
        profile = str(uuid4())
        self.ask("PUT", f"/api/profiles/{profile}", {"name": name, **more})
        return profile

    def entries(self, profile: str) -> list[dict[str, Any]]:
        """All entries in a climber's logbook."""
        return list(self.ask("GET", f"/api/problems?profile={profile}&limit=200")["entries"])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
