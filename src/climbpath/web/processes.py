"""Several processes that serve together: they share the sockets, and one that ends is replaced."""

import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from tempfile import TemporaryDirectory

from climbpath.errors import ClimbpathError
from climbpath.web import logs, server
from climbpath.web.server import Site

SPAWN = multiprocessing.get_context("spawn")
PAUSE_S = 1.0
"""Between two starts, where a process ends as soon as it has begun."""


def share(site: Site, workers: int) -> Site:
    """The site as each process serves it: all of them together keep to its limits."""
    limits = site.limits
    return site._replace(
        limits=limits._replace(
            connections=max(16, limits.connections // workers), per_address=max(16, limits.per_address // workers)
        )
    )


def supervise(site: Site, sockets: Sequence[socket.socket], workers: int, announce: Callable[[], None]) -> None:
    """Serve with several processes until a stop signal; `announce` is called once the first can serve.

    The first one makes or upgrades the logbook. Raises ClimbpathError with its message if it cannot serve.
    """
    logs.configure(site.log)
    site, running, stops = share(site, workers), list[SpawnProcess](), 0

    def stop(number: int, frame: object) -> None:
        nonlocal stops
        stops += 1
        for process in running:
            process.terminate()

    def start() -> Connection:
        report, reports = SPAWN.Pipe(duplex=False)
        process = SPAWN.Process(target=_work, args=(site, list(sockets), reports))
        process.start()
        reports.close()
        running.append(process)
        if stops:  # the signal came before it was on the list
            process.terminate()
        return report

    with _metrics_folder(site), _signals(stop):
        message = _said(start())
        if message and not stops:
            running.pop().join()
            raise ClimbpathError(message)
        for _ in range(workers - 1):
            start()
        if not stops:
            announce()
        while running:
            began = time.monotonic()
            wait([process.sentinel for process in running])
            for process in [one for one in running if not one.is_alive()]:
                running.remove(process)
                if stops:
                    continue
                logs.SERVER.error("process %s ended with %s: another takes its place", process.pid, process.exitcode)
                if time.monotonic() - began < PAUSE_S:
                    time.sleep(PAUSE_S)
                if not stops:
                    start()


def _said(report: Connection) -> str:
    """What a process said when it could serve, "", or could not."""
    try:
        return str(report.recv())
    except EOFError:
        return "the server ended before it could serve"


def _work(site: Site, sockets: Sequence[socket.socket], reports: Connection) -> None:
    """Serve in a process of its own, and say at first whether that is possible."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes of a terminal: the first one decides
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        servers = server.build(site)
    except ClimbpathError as error:
        _say(reports, str(error))
        sys.exit(2)
    _say(reports, "")
    server.run(servers, sockets)


def _say(reports: Connection, message: str) -> None:
    try:
        reports.send(message)
    except OSError:  # only the first process is listened to
        if message:
            logs.SERVER.error("%s", message)
    reports.close()


def _end_with_parent() -> None:
    """Stop where the first process was killed: the port would stay taken."""
    parent = multiprocessing.parent_process()
    if parent:
        wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)


@contextmanager
def _metrics_folder(site: Site) -> Iterator[None]:
    """A folder in which the processes count together."""
    if not site.metrics:
        yield
        return
    with TemporaryDirectory(prefix="climbpath-metrics-") as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        yield
        del os.environ["PROMETHEUS_MULTIPROC_DIR"]


@contextmanager
def _signals(stop: Callable[[int, object], None]) -> Iterator[None]:
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
