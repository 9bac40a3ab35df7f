"""The web app under load: 50 closed-loop clients that request single problems, then mixed load for several minutes.

python benchmarks/web.py [--minutes 10]

`climbpath serve` and locust's clients (web_clients.py) run in a process each, on the same cores.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from machine import machine

PORT = 8765
ADDRESS = f"http://127.0.0.1:{PORT}"
CLIENTS = Path(__file__).with_name("web_clients.py")
MIB = 2**20


@contextmanager
def server() -> Iterator[psutil.Process]:
    """A running web app with an empty logbook."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "climbpath", "serve", "--port", str(PORT)]
        process = subprocess.Popen([*command, "--logbook", f"{folder}/logbook.sqlite3"], stdout=subprocess.DEVNULL)
        try:
            until = time.monotonic() + 60
            while not answers():
                if time.monotonic() > until or process.poll() is not None:
                    raise SystemExit("the server did not start")
                time.sleep(0.2)
            yield psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait()


def answers() -> bool:
    """Whether the server answers."""
    try:
        urllib.request.urlopen(f"{ADDRESS}/api/boards", timeout=5).read()
    except OSError:
        return False
    return True


def load(user: str, clients: int, seconds: float, process: psutil.Process) -> tuple[list[dict[str, Any]], list[float]]:
    """What locust counted of each kind of request, and the server's memory in MiB, once a second."""
    command = [sys.executable, "-m", "locust", "--locustfile", str(CLIENTS), "--headless", "--json"]
    size = [
        "--users",
        str(clients),
        "--spawn-rate",
        str(clients),
        "--run-time",
        f"{seconds:.0f}s",
        "--loglevel",
        "ERROR",
    ]
    memory = []
    with tempfile.TemporaryFile("w+") as out:
        running = subprocess.Popen([*command, *size, "--host", ADDRESS, user], stdout=out, stderr=subprocess.DEVNULL)
        while running.poll() is None:
            time.sleep(1)
            memory.append(process.memory_info().rss / MIB)
        out.seek(0)
        counted: list[dict[str, Any]] = json.loads(out.read())
    return counted, memory


def percentile(counted: dict[str, Any], fraction: float) -> float:
    """The time in ms within which this fraction of the requests was answered, from locust's histogram."""
    times = sorted((float(ms), number) for ms, number in counted["response_times"].items())
    left = fraction * counted["num_requests"]
    for ms, number in times:
        left -= number
        if left <= 0:
            return ms
    return times[-1][0]


def show(kinds: list[dict[str, Any]], seconds: float) -> None:
    """A line for each kind of request, after one for all of them."""
    total, failed = (sum(kind[field] for kind in kinds) for field in ("num_requests", "num_failures"))
    print(f"  {total:,} requests, {total / seconds:.0f} a second, {failed} errors")
    for kind in sorted(kinds, key=lambda kind: kind["name"]):
        print(
            f"  {kind['name']:<14}{kind['num_requests']:>8,}  median {percentile(kind, 0.5):.0f} ms, "
            f"p95 {percentile(kind, 0.95):.0f} ms, longest {kind['max_response_time']:.0f} ms"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10, help="of mixed load [default: 10]")
    parser.add_argument("--seconds", type=int, default=30, help="of single problems [default: 30]")
    parser.add_argument("--clients", type=int, default=50, help="how many at a time [default: 50]")
    args = parser.parse_args()
    print(machine())
    with server() as process:
        load("Single", args.clients, 5, process)
        kinds, _ = load("Single", args.clients, args.seconds, process)
        print(f"{args.clients} clients, one problem after another, {args.seconds} s:")
        show(kinds, args.seconds)
        load("Climber", args.clients, 20, process)
        kinds, memory = load("Climber", args.clients, 60 * args.minutes, process)
        print(f"{args.clients} climbers, mixed, {args.minutes:g} minutes:")
        show(kinds, 60 * args.minutes)
        tenth = max(1, len(memory) // 10)
        first, last = (sum(part) / tenth for part in (memory[:tenth], memory[-tenth:]))
        summary = f"{first:.0f} MiB in the first tenth, {last:.0f} in the last, at most {max(memory):.0f}"
        print(f"  memory: {summary}: {last - first:+.0f}")


if __name__ == "__main__":
    main()
