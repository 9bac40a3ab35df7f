"""climbpath led-server in a process of its own, and a driver that writes down what it is told."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from support.server import eventually

DRIVER = """
import json, pathlib
LOG = pathlib.Path(__file__).with_suffix(".log")
def note(*what):
    with LOG.open("a") as file:
        file.write(json.dumps(what) + "\\n")
def start(leds): note("start", leds)
def show(lights): note("show", {str(led): list(colour) for led, colour in lights.items()})
def stop(): note("stop")
"""


class Strip:
    """A driver's file, and what it was told."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "my_strip.py"
        self.path.write_text(DRIVER)

    def told(self) -> list[list[object]]:
        log = self.path.with_suffix(".log")
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []

    def shown(self) -> list[object]:
        return [what[1] for what in self.told() if what[0] == "show"]


class Running:
    """The command in a process of its own."""

    def __init__(self, folder: Path, *flags: object) -> None:
        self.log = folder / "led-server.log"
        command = [sys.executable, "-m", "climbpath", "led-server", *map(str, flags)]
        with self.log.open("w") as out:
            self.process = subprocess.Popen(
                command, stdout=out, stderr=out, cwd=folder, env={**os.environ, "CLIMBPATH_HOME": str(folder)}
            )

    def says(self, words: str) -> None:
        """Wait until it has printed these words."""
        eventually(lambda: words in self.log.read_text() or self.process.poll() is not None)
        assert words in self.log.read_text()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)
