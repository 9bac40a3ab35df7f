"""A server for many: 200 climbers, several processes, PostgreSQL, and what breaks in the middle.

python benchmarks/serving.py [--clients 200] [--seconds 90] [--workers 2] [--sqlite]

Each client has an address and a climber of their own, and with a pause of a few seconds saves a problem, notes
something, logs tries, searches, and asks for grades, betas and new problems. What is refused, or breaks off, is sent
again with the same ids until it is confirmed, as the page does. After a third of the time a process is killed
(SIGKILL), after two thirds the database is crashed and started again. At the end everything that was confirmed is
looked for.

PostgreSQL comes from the system's packages ('apt-get install postgresql'), with a data folder of its own; --sqlite
takes a file instead, and breaks only a process. Server, database and clients share the cores. Linux only: the clients
use addresses of 127.0.0.0/8.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import psutil

from machine import machine

sys.path += [str(Path(__file__).resolve().parents[1] / folder) for folder in ("tests", "tools")]

from support.postgres import Postgres, postgres

PORT = 8766
PAUSE_S = 2.0
COLUMNS = "ABCDEFGHIJK"
GRADES = ["6B+", "6C", "6C+", "7A"]
WRITES = ("save", "note", "tick")


class Answer(NamedTuple):
    """An answer: when it came after the start, what was asked, its status, and the seconds that the client waited."""

    at: float
    kind: str
    status: int
    seconds: float


class Climber:
    """A client, what was confirmed to it, and its answers."""

    def __init__(self, number: int, began: float) -> None:
        self.address, self.began = f"127.0.{1 + number // 250}.{1 + number % 250}", began
        self.profile, self.random = str(uuid4()), random.Random(number)
        self.saved: dict[str, dict[str, Any]] = {}
        self.answers: list[Answer] = []
        self.pair: Any = None

    async def ask(self, kind: str, method: str, path: str, body: object = None) -> Any:
        """The JSON of an answer; None where it is refused, or there is none."""
        status, content, started = 0, b"", time.monotonic()
        try:
            async with asyncio.timeout(60):
                status, content = await self._exchange(method, path, json.dumps(body).encode() if body else b"")
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            self.pair = None
        self.answers.append(Answer(started - self.began, kind, status, time.monotonic() - started))
        return json.loads(content or b"{}") if 200 <= status < 300 else None

    async def _exchange(self, method: str, path: str, content: bytes) -> tuple[int, bytes]:
        self.pair = self.pair or await asyncio.open_connection("127.0.0.1", PORT, local_addr=(self.address, 0))
        reader, writer = self.pair
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        writer.write(head.encode() + b"Content-Length: %d\r\n\r\n" % len(content) + content)
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        if headers.get("connection") == "close":
            self.pair = None
        return int(lines[0].split()[1]), body

    async def insist(self, kind: str, method: str, path: str, body: object = None) -> Any:
        """The same, again and again until it is confirmed."""
        while (found := await self.ask(kind, method, path, body)) is None:
            await asyncio.sleep(self.random.uniform(0.2, 1.0))
        return found

    async def climb(self, until: float) -> None:
        """Use the app until the time is over."""
        mine = f"?profile={self.profile}"
        await self.insist("climber", "PUT", f"/api/profiles/{self.profile}", {"name": f"Climber at {self.address}"})
        while time.monotonic() < until:
            await asyncio.sleep(PAUSE_S * self.random.uniform(0.5, 1.5))
            kind = self.random.choice(["save", "note", "tick", "search", "search", "grade", "beta", "generate"])
            known = self.random.choice(list(self.saved)) if self.saved else ""
            problem = {"start": ["F5"], "hands": self._holds(), "finish": ["G18"], "grade": "7A"}
            if kind == "save" or (kind in WRITES and not known):
                entry = await self.insist("save", "POST", f"/api/problems{mine}", problem)
                self.saved.setdefault(entry["problem"]["identity"], {"ticks": set(), "notes": ""})
            elif kind == "note":
                notes = f"note {self.random.random()}"
                await self.insist("note", "PATCH", f"/api/problems/{known}{mine}", {"notes": notes})
                self.saved[known]["notes"] = notes
            elif kind == "tick":
                tick = str(uuid4())
                body = {"day": "2026-05-31", "attempts": self.random.randint(1, 9)}
                await self.insist("tick", "PUT", f"/api/problems/{known}/ticks/{tick}{mine}", body)
                self.saved[known]["ticks"].add(tick)
            elif kind == "search":
                await self.ask("search", "GET", f"/api/problems{mine}&text=g18&order=hardest")
            elif kind == "generate":
                await self.ask("generate", "POST", "/api/generate", {"grades": self.random.sample(GRADES, 2)})
            elif kind == "grade":
                await self.ask("grade", "POST", "/api/grade", problem)
            else:
                await self.ask("beta", "POST", "/api/beta", {"problem": problem})

    def _holds(self) -> list[str]:
        return [f"{self.random.choice(COLUMNS)}{row}" for row in (9, 11, 13)]

    async def lost(self) -> list[str]:
        """What was confirmed and is not there."""
        found: dict[str, Any] = {}
        while len(found) < len(self.saved):
            path = f"/api/problems?profile={self.profile}&limit=200&offset={len(found)}"
            page = (await self.insist("search", "GET", path))["entries"]
            if not page:
                break
            found |= {entry["problem"]["identity"]: entry for entry in page}
        lost = [f"{identity} of {self.profile}" for identity in self.saved if identity not in found]
        for identity, wanted in self.saved.items():
            if entry := found.get(identity):
                there = {tick["id"] for tick in entry["ticks"]}
                lost += [f"tick {tick} of {identity}" for tick in wanted["ticks"] - there]
                lost += [f"notes of {identity}"] if entry["notes"] != wanted["notes"] else []
        return lost


@contextlib.contextmanager
def server(logbook: str, workers: int) -> Iterator[psutil.Process]:
    """climbpath serve with this logbook."""
    command = [sys.executable, "-m", "climbpath", "serve", "--port", str(PORT), "--workers", str(workers)]
    process = subprocess.Popen([*command, "--logbook", logbook], stdout=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 120
        while not ready():
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit("the server did not start")
            time.sleep(0.2)
        yield psutil.Process(process.pid)
    finally:
        began = time.monotonic()
        process.terminate()
        process.wait()
        print(f"  stopped with {process.returncode} within {time.monotonic() - began:.1f} s of SIGTERM")


def ready() -> bool:
    """Whether the server can serve."""
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{PORT}/readyz", timeout=10).read()
    except OSError:
        return False
    return True


async def trouble(process: psutil.Process, database: Postgres | None, seconds: float) -> None:
    """Kill a process, then crash the database and start it again."""
    await asyncio.sleep(seconds / 3)
    workers = [one for one in process.children() if "spawn_main" in " ".join(one.cmdline())]
    if workers:
        os.kill(workers[0].pid, signal.SIGKILL)
        print(f"  after {seconds / 3:.0f} s: killed a process")
    await asyncio.sleep(seconds / 3)
    if database:
        began = time.monotonic()
        await asyncio.to_thread(database.stop, "immediate")
        await asyncio.sleep(2)
        await asyncio.to_thread(database.start)
        print(f"  after {2 * seconds / 3:.0f} s: crashed the database, back after {time.monotonic() - began:.1f} s")


def at(values: list[float], fraction: float) -> float:
    """The value within which this fraction lies."""
    return sorted(values)[min(len(values) - 1, int(fraction * len(values)))] if values else float("nan")


def show(answers: list[Answer], seconds: float) -> None:
    """A line for each kind of request, after one for all of them."""
    kinds: dict[str, list[Answer]] = defaultdict(list)
    for one in answers:
        kinds["all"].append(one)
        kinds[one.kind].append(one)
    print(f"  {len(answers) / seconds:.0f} requests a second")
    for kind, some in kinds.items():
        times = [one.seconds for one in some if 200 <= one.status < 300]
        refused = Counter(one.status for one in some if not 200 <= one.status < 300)
        words = ", ".join(f"{number} x {status or 'broken off'}" for status, number in sorted(refused.items()))
        middle, most = (1000 * at(times, fraction) for fraction in (0.5, 0.95))
        line = f"median {middle:5.0f} ms, p95 {most:5.0f} ms, longest {max(times, default=0):5.2f} s"
        print(f"  {kind:<9}{len(times):>7,}  {line}{'; ' + words if words else ''}")


async def crowd(clients: int, seconds: float, process: psutil.Process, database: Postgres | None) -> list[str]:
    """Let all climb; what was lost."""
    began = time.monotonic()
    climbers = [Climber(number, began) for number in range(clients)]
    await asyncio.gather(trouble(process, database, seconds), *(climber.climb(began + seconds) for climber in climbers))
    show([answer for climber in climbers for answer in climber.answers], time.monotonic() - began)
    lost = [line for some in await asyncio.gather(*(climber.lost() for climber in climbers)) for line in some]
    saved = sum(len(climber.saved) for climber in climbers)
    ticks = sum(len(entry["ticks"]) for climber in climbers for entry in climber.saved.values())
    print(f"  confirmed: {saved:,} problems and {ticks:,} ticks; lost: {len(lost)}")
    return lost


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=200, help="climbers at a time [default: 200]")
    parser.add_argument("--seconds", type=float, default=90, help="of load [default: 90]")
    parser.add_argument("--workers", type=int, default=2, help="processes of the server [default: 2]")
    parser.add_argument("--sqlite", action="store_true", help="a logbook in a file")
    args = parser.parse_args()
    print(machine())
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        database = None if args.sqlite else stack.enter_context(postgres())
        logbook = database.url() if database else f"{folder}/logbook.sqlite3"
        process = stack.enter_context(server(logbook, args.workers))
        where = "PostgreSQL" if database else "SQLite"
        print(f"{args.clients} climbers, {args.workers} processes, {where}, {args.seconds:.0f} s:")
        lost = asyncio.run(crowd(args.clients, args.seconds, process, database))
    for line in lost[:20]:
        print(f"  lost: {line}")
    sys.exit(bool(lost))


if __name__ == "__main__":
    main()
