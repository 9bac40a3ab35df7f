"""Work on several cores: as many threads as BLAS would use, each with a single BLAS thread."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from threadpoolctl import threadpool_info, threadpool_limits

Item = TypeVar("Item")
Result = TypeVar("Result")


def on_threads(function: Callable[[Item], Result], items: Sequence[Item]) -> Iterable[Result]:
    """The function of each item, in order; for NumPy work, which releases the interpreter lock.

    A lone item, too, has a single BLAS thread: matrices as small as ours gain nothing from several, which wait for each
    other. Where BLAS would use one thread, each item is computed when it is asked for.
    """
    threads = max((pool["num_threads"] for pool in threadpool_info()), default=1)
    if threads == 1:
        return map(function, items)
    with threadpool_limits(1), ThreadPoolExecutor(threads) as pool:
        return list(pool.map(function, items))
