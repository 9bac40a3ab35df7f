"""Numbers about the server for Prometheus. Several processes count together, in files of a folder that they share.

They name routes, never paths, climbers or addresses.
"""

import os
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16)
FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that names the folder, if there is one."""


class Metrics(NamedTuple):
    """The numbers of this process."""

    requests: Counter
    seconds: Histogram
    running: Gauge
    waiting: Gauge


@cache
def metrics() -> Metrics:
    """The numbers of this process; there is one set of them."""
    return Metrics(
        Counter("climbpath_requests", "Requests that were answered.", ("method", "route", "status")),
        Histogram(
            "climbpath_request_seconds", "From the first byte of a request to its answer.", ("route",), buckets=SECONDS
        ),
        Gauge("climbpath_requests_running", "Requests that are being answered.", multiprocess_mode="livesum"),
        Gauge(
            "climbpath_requests_waiting", "Requests that wait for their turn.", ("kind",), multiprocess_mode="livesum"
        ),
    )


def text() -> tuple[bytes, str]:
    """The numbers of all processes in Prometheus' format, and its media type."""
    folder = os.environ.get(FOLDER)
    registry = prometheus_client.REGISTRY
    if folder:
        _forget_ended(Path(folder))
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
    return prometheus_client.generate_latest(registry), prometheus_client.CONTENT_TYPE_LATEST


def _forget_ended(folder: Path) -> None:
    """Leave out what processes that were killed had been doing."""
    for file in folder.glob("gauge_live*_*.db"):
        number = int(file.stem.rpartition("_")[2])
        try:
            os.kill(number, 0)
        except ProcessLookupError:
            with suppress(FileNotFoundError):
                mark_process_dead(number)
        except OSError:
            continue
