"""A Ray cluster for as long as a command takes, and work for it by Ray Data."""

import logging
import os
import pickle
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from climbpath.errors import ClimbpathError, explained, reason

Result = TypeVar("Result")
AUTO = "auto"
"""The address of the cluster that this machine is part of, or else of one that is started here for the command."""


@contextmanager
def connected(address: str) -> Iterator[None]:
    """Ray for the block: the cluster at an address, as in ray://host:10001, or what AUTO stands for.

    A cluster that was started here has a worker for each core that this process may use, and ends with the block, or
    with the process, however that ends. Raises ClimbpathError where no cluster answers, or it gives up.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # nothing is reported to anyone
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # what Ray will do by default; else it warns
    logging.getLogger("ray").setLevel(logging.ERROR)
    import ray

    quiet: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
    try:
        ray.init(address, **quiet)
    except Exception as error:  # of sockets, of gRPC, of the address
        if address != AUTO:
            raise ClimbpathError(
                f"no Ray cluster answers at {address} ({reason(error)}): name one as ray://host:10001, or {AUTO}"
            ) from None
        ray.init("local", num_cpus=_cores(), include_dashboard=False, **quiet)
    try:
        with _worded():
            yield
    finally:
        ray.shutdown()


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
