"""Work outside the event loop, with bounded queues: a full queue refuses at once instead of becoming slow."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from climbpath.api import Generator
from climbpath.errors import ClimbpathError
from climbpath.generator import sample
from climbpath.generator.request import Request
from climbpath.grader.grader import grader_of
from climbpath.problem import Problem

Result = TypeVar("Result")

MOST_WAITING = 64
"""Requests that may wait in a queue."""
MOST_TOGETHER = 64
"""Problems in one batch."""
LONGEST_S = 8.0
"""Seconds that a request may wait, and seconds that a batch may take after that."""


class BusyError(Exception):
    """The queue is full: the client can try again a little later."""


class Workers:
    """A pool of threads for short tasks."""

    def __init__(self, threads: int) -> None:
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="worker")
        self.waiting = 0

    async def run(self, task: Callable[[], Result]) -> Result:
        """The result of a task. Raises BusyError at once if too many tasks are waiting."""
        if self.waiting >= MOST_WAITING:
            raise BusyError
        self.waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self.pool, task)
        finally:
            self.waiting -= 1


@dataclass
class _Pending:
    """A request that waits for its problems; one with a seed of its own is sampled alone."""

    request: Request
    has_own_seed: bool
    deadline: float
    result: "asyncio.Future[list[Problem]]" = field(repr=False)


class Sampler:
    """Generates problems on one thread; waiting requests with the same conditions share a batch."""

    def __init__(self, generator: Generator) -> None:
        self.generator = generator
        self.queue: deque[_Pending] = deque()
        self.pool = ThreadPoolExecutor(1, thread_name_prefix="sampler")
        self.is_running = False

    async def generate(self, request: Request, has_own_seed: bool = False) -> list[Problem]:
        """The problems of a request; fewer than requested if the conditions are narrow or time runs out.

        Raises BusyError at once if too many requests are waiting, and ClimbpathError if the request cannot be met.
        """
        if len(self.queue) >= MOST_WAITING:
            raise BusyError
        result = asyncio.get_running_loop().create_future()
        self.queue.append(_Pending(request, has_own_seed, time.monotonic() + LONGEST_S, result))
        # one task empties the queue; it ends when nothing is left, and the next request starts another
        if not self.is_running:
            self.is_running = True
            self._task = asyncio.create_task(self._run())
        return await result

    async def _run(self) -> None:
        """Sample batch after batch until the queue is empty."""
        try:
            while self.queue:
                batch = self._next_batch()
                if not batch:
                    continue
                # sample the grades of all requests together, on the sampler's thread
                counts = sum((Counter(pending.request.counts()) for pending in batch), Counter[str]())
                deadline = time.monotonic() + LONGEST_S
                try:
                    problems = await asyncio.get_running_loop().run_in_executor(
                        self.pool, self._sample, batch[0].request, counts, deadline
                    )
                except Exception as error:  # any error is the answer to every request of the batch
                    for pending in batch:
                        if not pending.result.done():
                            pending.result.set_exception(error)
                    continue
                _distribute(problems, batch)
        finally:
            self.is_running = False

    def _next_batch(self) -> list[_Pending]:
        """Take the oldest request and all that can share its batch from the queue; [] if the oldest has ended."""
        first = self.queue.popleft()
        if first.result.done():  # the client has disconnected
            return []
        if time.monotonic() > first.deadline:
            first.result.set_exception(BusyError())
            return []

        # requests with the same conditions join, as long as the batch has room; the others stay in their order
        batch, size = [first], first.request.number
        others: deque[_Pending] = deque()
        while self.queue:
            pending = self.queue.popleft()
            if (
                pending.request.batch_key == first.request.batch_key
                and not (first.has_own_seed or pending.has_own_seed)
                and size + pending.request.number <= MOST_TOGETHER
            ):
                batch.append(pending)
                size += pending.request.number
            else:
                others.append(pending)
        self.queue = others
        return batch

    def _sample(self, request: Request, counts: Counter[str], deadline: float) -> list[Problem]:
        """Problems of these grades under a request's conditions, as many as are found before the deadline.

        Raises ClimbpathError if there are none.
        """
        reasons: list[str] = []
        problems = list(
            sample.generate(
                self.generator.model,
                request,
                counts,
                grader=grader_of(request.setup),
                is_over=lambda: time.monotonic() > deadline,
                give_up=reasons.append,
            )
        )
        if not problems:
            raise ClimbpathError(f"found nothing: {reasons[0]}")
        return problems


def _distribute(problems: list[Problem], batch: list[_Pending]) -> None:
    """Give each request the problems that it asked for, grade by grade, the oldest request first."""
    by_grade: dict[str, list[Problem]] = {}
    for problem in reversed(problems):
        by_grade.setdefault(problem.asked_grade or "", []).append(problem)
    for pending in batch:
        grades = Counter(pending.request.counts()).elements()
        taken = [stock.pop() for grade in grades if (stock := by_grade.get(grade))]
        if pending.result.done():
            continue
        if taken:
            pending.result.set_result(taken)
        else:
            pending.result.set_exception(ClimbpathError("found nothing for this request: ask again"))
