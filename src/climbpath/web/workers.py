"""Work off the event loop, with a bound on how much of it may wait: a full queue is refused at once, never slow."""

import asyncio
import secrets
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from climbpath.api import NOTHING_FOUND, Generator, acceptance
from climbpath.beta.solver import Climber
from climbpath.errors import ClimbpathError
from climbpath.generator import sample
from climbpath.generator.sample import Accept, Sampling
from climbpath.problem import Problem, Rules

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


class Condition(NamedTuple):
    """What requests must share to be sampled in one batch."""

    board: str
    angle: int
    rules: Rules
    sampling: Sampling
    climber: Climber | None
    check_grade: bool
    seed: int | None


@dataclass
class _Request:
    condition: Condition
    wanted: Counter[str]
    until: float
    done: "asyncio.Future[list[Problem]]" = field(repr=False)


class Sampler:
    """Samples problems on one thread: requests that wait together under one condition are one batch."""

    def __init__(self, generator: Generator) -> None:
        self.generator = generator
        self.queue: deque[_Request] = deque()
        self.pool = ThreadPoolExecutor(1, thread_name_prefix="sampler")
        self.is_running = False

    async def generate(self, condition: Condition, wanted: Counter[str]) -> list[Problem]:
        """New problems, grade -> number; fewer where the condition leaves no more or time runs out.

        Raises BusyError at once where too many requests wait, and ClimbpathError where the condition cannot be met.
        """
        if len(self.queue) >= MOST_WAITING:
            raise BusyError
        request = _Request(condition, wanted, time.monotonic() + LONGEST_S, asyncio.get_running_loop().create_future())
        self.queue.append(request)
        if not self.is_running:
            self.is_running = True
            self._task = asyncio.create_task(self._run())
        return await request.done

    async def _run(self) -> None:
        """Sample for the oldest request and all that can join it, until none waits."""
        try:
            while self.queue:
                together = self._next_batch()
                if not together:
                    continue
                wanted: Counter[str] = sum((request.wanted for request in together), Counter())
                until = time.monotonic() + LONGEST_S
                try:
                    found = await asyncio.get_running_loop().run_in_executor(
                        self.pool, self._sample, together[0].condition, wanted, until
                    )
                except Exception as error:  # whatever it is, it belongs to those who asked
                    for request in together:
                        if not request.done.done():
                            request.done.set_exception(error)
                    continue
                _hand_out(found, together)
        finally:
            self.is_running = False

    def _next_batch(self) -> list[_Request]:
        first = self.queue.popleft()
        if first.done.done():  # the client is gone
            return []
        if time.monotonic() > first.until:
            first.done.set_exception(BusyError())
            return []
        together, size = [first], first.wanted.total()
        others: deque[_Request] = deque()
        while self.queue:
            request = self.queue.popleft()
            if (
                request.condition == first.condition
                and first.condition.seed is None
                and size + request.wanted.total() <= MOST_TOGETHER
            ):
                together.append(request)
                size += request.wanted.total()
            else:
                others.append(request)
        self.queue = others
        return together

    def _sample(self, condition: Condition, wanted: Counter[str], until: float) -> list[Problem]:
        accept = _until(until, acceptance(condition.climber, condition.check_grade))
        seed = secrets.randbelow(2**32) if condition.seed is None else condition.seed
        found: list[Problem] = []
        try:
            for problem in sample.generate(
                self.generator.model,
                condition.board,
                condition.angle,
                wanted,
                condition.rules,
                condition.sampling,
                seed=seed,
                accept=accept,
            ):
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


def _hand_out(found: list[Problem], together: list[_Request]) -> None:
    """Each request gets what it wants of the problems found, grade by grade, in the order of the queue."""
    by_grade: dict[str, list[Problem]] = {}
    for problem in reversed(found):
        by_grade.setdefault(problem.grade or "", []).append(problem)
    for request in together:
        share = [stock.pop() for grade in request.wanted.elements() if (stock := by_grade.get(grade))]
        if request.done.done():
            continue
        if share:
            request.done.set_result(share)
        else:
            request.done.set_exception(ClimbpathError(NOTHING_FOUND))
