"""The web app under 200 clients of mixed and hostile wishes: how soon it says 429, and how it serves the honest ones.

python benchmarks/overload.py [--seconds 30]

60 honest clients ask for problems, grades and beta with a pause, each from an address of its own. 140 hostile ones, on
four addresses, ask without a pause for what cannot be, the same again and again or ever new, and for what takes long:
evenings of five hours, animations, many problems under narrow conditions. Also 2,000 sockets that send nothing, and a
flood of headers: what they cost in memory, and how long an honest request takes meanwhile. Server and clients share the
cores. Linux only: it uses addresses of 127.0.0.0/8.
"""

import argparse
import asyncio
import contextlib
import itertools
import json
import random
import socket
import time
import urllib.request
from collections import Counter, defaultdict
from typing import Any, NamedTuple

import psutil

from machine import machine
from web import ADDRESS, MIB, PORT, server

HONEST, HOSTILE, ADDRESSES, PAUSE_S = 60, 140, 4, 5.0
PROBLEM = {"start": ["F5"], "hands": ["D9", "G13"], "finish": ["G18"]}
GRADES = ["6B+", "6C", "6C+", "7A"]
UNKNOWN = [{"grades": ["8B+"], "climber": {"height": 101}}, {"grades": ["8A"], "climber": {"height": 100, "ape": -40}}]


class Answered(NamedTuple):
    """An answer: status, seconds that the client waited, milliseconds from the whole request to it in the server."""

    status: int
    waited: float
    served_ms: float


async def ask(pair: Any, path: str, body: object) -> Answered:
    """POST on an open connection, or GET without a body."""
    reader, writer = pair
    content = json.dumps(body).encode() if body else b""
    head = f"{'POST' if body else 'GET'} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    began = time.monotonic()
    writer.write(head.encode() + b"Content-Length: %d\r\n\r\n" % len(content) + content)
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
    await reader.readexactly(int(headers["content-length"]))
    took = float(headers.get("server-timing", "dur=0").rpartition("=")[2])
    return Answered(int(lines[0].split()[1]), time.monotonic() - began, took)


async def client(address: str, wishes: Any, pause: float, until: float, answers: list[Answered]) -> None:
    """Ask again and again, on a connection that is opened again where it was closed."""
    pair = None
    while time.monotonic() < until:
        try:
            pair = pair or await asyncio.open_connection("127.0.0.1", PORT, local_addr=(address, 0))
            answers.append(await ask(pair, *next(wishes)))
        except (OSError, asyncio.IncompleteReadError):
            pair = None
            answers.append(Answered(0, 0.0, 0.0))
        await asyncio.sleep(pause * random.uniform(0.5, 1.5))


def honest_wishes() -> Any:
    """What a page asks for."""
    while True:
        yield "/api/generate", {"grades": random.sample(GRADES, 2), "number": 2}
        yield "/api/grade", PROBLEM
        yield "/api/beta", {"problem": PROBLEM}


def hostile_wishes(number: int) -> Any:
    """What cannot be, the same again and again or ever new, and what takes longest: evenings of five hours, animations,
    narrow wishes for many problems."""
    for i in itertools.count():
        height = 100 + random.random()
        yield (
            ("/api/generate", UNKNOWN[i % len(UNKNOWN)] | {"number": 20}),
            ("/api/generate", {"grades": ["8A"], "number": 20, "climber": {"height": height, "ape": -40}}),
            ("/api/workout", {"grades": ["7A"], "minutes": 300, "name": f"{height}"}),
            ("/api/picture/gif?problem=F5s-D9-G13-I16-G18e", None),
            ("/api/generate", {"grades": ["7A"], "number": 20, "climber": {"height": 50 + height}, "min_holds": 12}),
        )[number % 5]


async def crowd(seconds: float) -> dict[str, list[Answered]]:
    """The answers to all clients, by kind."""
    answers: dict[str, list[Answered]] = defaultdict(list)
    until = time.monotonic() + seconds
    honest = [client(f"127.0.1.{i + 1}", honest_wishes(), PAUSE_S, until, answers["honest"]) for i in range(HONEST)]
    hostile = [
        client(f"127.0.2.{i % ADDRESSES + 1}", hostile_wishes(i), 0.0, until, answers["hostile"])
        for i in range(HOSTILE)
    ]
    await asyncio.gather(*honest, *hostile)
    return answers


def at(values: list[float], fraction: float) -> float:
    """The value within which this fraction lies."""
    return sorted(values)[min(len(values) - 1, int(fraction * len(values)))] if values else float("nan")


def show(answers: dict[str, list[Answered]], seconds: float) -> None:
    for kind, found in answers.items():
        statuses = ", ".join(f"{status or 'closed'}: {number:,}" for status, number in sorted(count(found).items()))
        print(f"  {kind}: {len(found) / seconds:.0f} requests a second; {statuses}")
        served = [one.waited for one in found if one.status == 200]
        if served:
            print(f"    200: median {at(served, 0.5):.2f} s, p95 {at(served, 0.95):.2f} s, longest {max(served):.2f} s")
    busy = [one for found in answers.values() for one in found if one.status == 429]
    server_ms, waited_ms = [one.served_ms for one in busy], [1000 * one.waited for one in busy]
    print(
        f"  429, from the whole request to the answer, in the server: median {at(server_ms, 0.5):.1f} ms, "
        f"p99 {at(server_ms, 0.99):.1f} ms, longest {at(server_ms, 1):.1f} ms; "
        f"at the client p99 {at(waited_ms, 0.99):.0f} ms"
    )


def count(found: list[Answered]) -> Counter[int]:
    return Counter(one.status for one in found)


def idle_and_flood(process: psutil.Process) -> None:
    """2,000 sockets that send nothing, then 200 that send headers without end."""
    before = process.memory_info().rss
    with contextlib.ExitStack() as open_ones:
        for _ in range(2000):
            open_ones.enter_context(socket.create_connection(("127.0.0.1", PORT)))
        print(f"  2,000 idle sockets: {grown(process, before):+.1f} MiB; an honest request: {timed():.0f} ms")
        flood = [open_ones.enter_context(socket.create_connection(("127.0.0.1", PORT))) for _ in range(200)]
        for _ in range(50):
            for one in flood:
                with contextlib.suppress(OSError):
                    one.sendall(b"X: " + b"x" * 16_000 + b"\r\n")
        print(f"  a flood of headers on 200: {grown(process, before):+.1f} MiB; an honest request: {timed():.0f} ms")


def grown(process: psutil.Process, before: int) -> float:
    return float((process.memory_info().rss - before) / MIB)


def timed() -> float:
    """Milliseconds until the boards are here, on a new connection."""
    began = time.monotonic()
    urllib.request.urlopen(f"{ADDRESS}/api/boards", timeout=60).read()
    return 1000 * (time.monotonic() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30, help="of the crowd [default: 30]")
    args = parser.parse_args()
    print(machine())
    with server() as process:
        timed()
        print("sockets:")
        idle_and_flood(process)
    with server() as process:
        print(f"{HONEST} honest and {HOSTILE} hostile clients, {args.seconds:.0f} s:")
        show(asyncio.run(crowd(args.seconds)), args.seconds)


if __name__ == "__main__":
    main()
