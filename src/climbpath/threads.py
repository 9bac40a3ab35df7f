"""Work on several cores: as many threads as BLAS would use, each with a single BLAS thread."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from threadpoolctl import threadpool_info, threadpool_limits

Item = TypeVar("Item")
Result = TypeVar("Result")


def on_threads(function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """The function of each item, in order; for NumPy work, which releases the interpreter lock."""
    if len(items) < 2:
        return [function(item) for item in items]
    threads = max((pool["num_threads"] for pool in threadpool_info()), default=1)
    with threadpool_limits(1), ThreadPoolExecutor(threads) as pool:
        return list(pool.map(function, items))
