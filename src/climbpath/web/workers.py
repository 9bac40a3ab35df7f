"""Work off the event loop, with a bound on how much of it may wait: a full queue is refused at once, never slow."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from climbpath.api import Generator
from climbpath.errors import ClimbpathError
from climbpath.generator import sample
from climbpath.generator.request import NOTHING_FOUND, Accept, Request
from climbpath.problem import Problem

Result = TypeVar("Result")

MOST_WAITING = 64
"""Requests that may wait; with more the queue is full."""
MOST_TOGETHER = 64
"""Problems that are sampled for requests that wait together."""
LONGEST_S = 8.0
"""How long a request may wait, and how long it may take after that."""


class BusyError(Exception):
    """The queue is full: the request can be sent again a little later."""


class Workers:
    """A few threads for short tasks."""

    def __init__(self, threads: int) -> None:
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="worker")
        self.waiting = 0

    async def run(self, task: Callable[[], Result]) -> Result:
        """The result of a task. Raises BusyError at once where too many wait."""
        if self.waiting >= MOST_WAITING:
            raise BusyError
        self.waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self.pool, task)
        finally:
            self.waiting -= 1


@dataclass
class _Waiting:
    """A request that waits for its problems; one of its own seed is sampled alone."""

    request: Request
    has_own_seed: bool
    until: float
    done: "asyncio.Future[list[Problem]]" = field(repr=False)


class Sampler:
    """Samples problems on one thread: requests of one condition that wait together are one batch."""

    def __init__(self, generator: Generator) -> None:
        self.generator = generator
        self.queue: deque[_Waiting] = deque()
        self.pool = ThreadPoolExecutor(1, thread_name_prefix="sampler")
        self.is_running = False

    async def generate(self, request: Request, has_own_seed: bool = False) -> list[Problem]:
        """The problems of a request; fewer than asked for where the conditions leave no more or time runs out.

        Raises BusyError at once where too many requests wait, and ClimbpathError where the request cannot be met.
        """
        if len(self.queue) >= MOST_WAITING:
            raise BusyError
        done = asyncio.get_running_loop().create_future()
        waiting = _Waiting(request, has_own_seed, time.monotonic() + LONGEST_S, done)
        self.queue.append(waiting)
        if not self.is_running:
            self.is_running = True
            self._task = asyncio.create_task(self._run())
        return await waiting.done

    async def _run(self) -> None:
        """Sample for the oldest request and all that can join it, until none waits."""
        try:
            while self.queue:
                together = self._next_batch()
                if not together:
                    continue
                counts = sum((Counter(waiting.request.counts()) for waiting in together), Counter[str]())
                until = time.monotonic() + LONGEST_S
                try:
                    found = await asyncio.get_running_loop().run_in_executor(
                        self.pool, self._sample, together[0].request, counts, until
                    )
                except Exception as error:  # whatever it is, it belongs to those who asked
                    for waiting in together:
                        if not waiting.done.done():
                            waiting.done.set_exception(error)
                    continue
                _hand_out(found, together)
        finally:
            self.is_running = False

    def _next_batch(self) -> list[_Waiting]:
        first = self.queue.popleft()
        if first.done.done():  # the client is gone
            return []
        if time.monotonic() > first.until:
            first.done.set_exception(BusyError())
            return []
        together, size = [first], first.request.number
        others: deque[_Waiting] = deque()
        while self.queue:
            waiting = self.queue.popleft()
            if (
                waiting.request.condition == first.request.condition
                and not (first.has_own_seed or waiting.has_own_seed)
                and size + waiting.request.number <= MOST_TOGETHER
            ):
                together.append(waiting)
                size += waiting.request.number
            else:
                others.append(waiting)
        self.queue = others
        return together

    def _sample(self, request: Request, counts: Counter[str], until: float) -> list[Problem]:
        found: list[Problem] = []
        try:
            accept = _until(until, request.acceptance())
            for problem in sample.generate(self.generator.model, request, counts, accept=accept):
                found.append(problem)
        except TimeoutError:
            if not found:
                raise ClimbpathError(
                    f"no problem was found in {LONGEST_S:.0f} s that keeps to these conditions: loosen one of them"
                ) from None
        return found


def _until(moment: float, accept: Accept | None) -> Accept:
    """The same acceptance, which raises TimeoutError once time is up."""

    def timed(problems: Sequence[Problem]) -> Sequence[bool]:
        if time.monotonic() > moment:
            raise TimeoutError
        return accept(problems) if accept else [True] * len(problems)

    return timed


def _hand_out(found: list[Problem], together: list[_Waiting]) -> None:
    """Each request gets what it asks for of the problems found, grade by grade, in the order of the queue."""
    by_grade: dict[str, list[Problem]] = {}
    for problem in reversed(found):
        by_grade.setdefault(problem.grade or "", []).append(problem)
    for waiting in together:
        grades = Counter(waiting.request.counts()).elements()
        mine = [stock.pop() for grade in grades if (stock := by_grade.get(grade))]
        if waiting.done.done():
            continue
        if mine:
            waiting.done.set_result(mine)
        else:
            waiting.done.set_exception(ClimbpathError(NOTHING_FOUND))
