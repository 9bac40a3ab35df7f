"""The app as a process of its own, which a test can kill, and requests to it past the page."""

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
    """Wait until a check is true that no page can tell of."""
    until = time.monotonic() + PATIENCE_S
    while not check():
        assert time.monotonic() < until, "it does not come"
        time.sleep(0.02)


class Server:
    """`climbpath serve` over a logbook in `folder`, under one port as long as the object lives."""

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
            env={**os.environ, "OMP_NUM_THREADS": "1", "XDG_DATA_HOME": str(self.folder)} | self.environment,
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
        """What the API answers. Raises AssertionError with its words where it refuses."""
        content = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, content, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.code} {error.read().decode()}") from None

    def climber(self, name: str = "Kim", **more: object) -> str:
        """A new climber's id."""
        profile = str(uuid4())
        self.ask("PUT", f"/api/profiles/{profile}", {"name": name, **more})
        return profile

    def entries(self, profile: str) -> list[dict[str, Any]]:
        """All that is in a climber's logbook."""
        return list(self.ask("GET", f"/api/problems?profile={profile}&limit=200")["entries"])
