"""A Ray cluster for as long as a command takes, and work for it by Ray Data."""

import logging
import os
import pickle
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import urlsplit

from climbpath.errors import ClimbpathError, explained, reason

Result = TypeVar("Result")
AUTO = "auto"
"""The address of the cluster that this machine is part of, or else of one that is started here for the command."""
LOCAL = "local"
"""The address of a cluster that is started here for the command."""
ANSWERS_WITHIN = 10
"""Seconds that a cluster has to accept a connection; Ray itself waits for minutes where nothing is."""


@contextmanager
def connected(address: str) -> Iterator[None]:
    """Ray for the block: the cluster at an address, as in ray://host:10001, or what AUTO or LOCAL stands for.

    A cluster that was started here has a worker for each core that this process may use, and ends with the block, or
    with the process, however that ends. Raises ClimbpathError where no cluster answers, or it gives up.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # nothing is reported to anyone
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # what Ray will do by default; else it warns
    logging.getLogger("ray").setLevel(logging.ERROR)
    import ray

    quiet: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
    place = _place(address)
    if place == LOCAL:
        ray.init(LOCAL, num_cpus=_cores(), include_dashboard=False, **quiet)
    else:
        try:
            _check_that_something_listens(place)
            ray.init(address, **quiet)  # Ray shows its token of its own accord only to a cluster that it has found
        except Exception as error:  # of sockets, of gRPC, of the address
            raise ClimbpathError(f"no Ray cluster answers at {place} ({reason(error)}): {_way_out(address)}") from None
    try:
        with _worded():
            yield
    finally:
        ray.shutdown()


def _place(address: str) -> str:
    """Where the cluster is: for AUTO it is RAY_ADDRESS, one that runs here, what ray start has left here, or LOCAL."""
    from ray._private.services import get_ray_address_from_environment

    if address != AUTO:
        return address
    try:
        return str(get_ray_address_from_environment(AUTO, None))
    except ConnectionError:
        return LOCAL


def _check_that_something_listens(address: str) -> None:
    """Raises OSError where nothing accepts a connection at an address that has a port, ValueError for one that is
    none."""
    place = urlsplit(address if "://" in address else f"//{address}")
    if place.hostname and place.port:
        socket.create_connection((place.hostname, place.port), ANSWERS_WITHIN).close()


def _way_out(address: str) -> str:
    """What a user can do where the cluster asked for does not answer."""
    where_asked = "where it asks for a token, set RAY_AUTH_MODE=token"
    if address != AUTO:
        return f"name one as ray://host:10001 or {AUTO}, or leave out --cluster; {where_asked}"
    if os.environ.get("RAY_ADDRESS"):
        return f"RAY_ADDRESS names it; start that cluster, or unset RAY_ADDRESS; {where_asked}"
    return "it was started on this machine and has ended, or hangs: end it with 'ray stop'"


def _cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def each(function: Callable[[int], Result], numbers: Sequence[int]) -> Iterator[Result]:
    """What a function returns for each number, in the order in which workers are done; Ray calls it again where a
    worker died. Raises ClimbpathError where the function does.
    """
    from ray import data

    def call(row: dict[str, Any]) -> dict[str, bytes]:
        try:
            with _worded():
                return {"result": pickle.dumps(function(row["item"]))}
        except ClimbpathError as error:
            return {"result": pickle.dumps(error)}

    if not numbers:
        return
    data.DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    for row in data.from_items(list(numbers), override_num_blocks=len(numbers)).map(call).iter_rows():
        result = pickle.loads(row["result"])  # noqa: S301 - of our own worker
        if isinstance(result, ClimbpathError):
            raise result
        yield result


@contextmanager
def _worded() -> Iterator[None]:
    """Raises ClimbpathError for what the system, a store of objects or the cluster says."""
    try:
        yield
    except Exception as error:
        library = type(error).__module__.partition(".")[0]
        if library in ("botocore", "aiobotocore"):
            raise ClimbpathError(
                f"the store of objects cannot be used: {reason(error)}; check its address and your credentials"
            ) from None
        if library == "ray" and not type(error).__name__.startswith(("RayTaskError", "UserCodeException")):
            raise ClimbpathError(
                f"the cluster gave up: {reason(error)}; the same command goes on where it was"
            ) from None
        if message := explained(error):
            raise ClimbpathError(message) from None
        raise
