"""Work outside the event loop, fairly scheduled: whoever has used the least time lately is next."""

import asyncio
import math
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from climbpath.api import Generator
from climbpath.errors import ClimbpathError
from climbpath.generator import sample
from climbpath.generator.request import Request
from climbpath.grader.grader import grader_of
from climbpath.problem import Problem
from climbpath.web.admission import BusyError
from climbpath.web.scheduling import CLIENT, Client, FairScheduler, Usage

Result = TypeVar("Result")

MOST_TOGETHER = 64
"""Problems in one batch."""
TURN_S = 0.5
"""Seconds after which a batch that finds problems lets others have a turn, if any wait, and goes on at its next one."""
LONGEST_S, MOST_S = 8.0, 30.0
"""Seconds that a request may be expected to wait, and that a batch may take, all its turns together; after so many a
request for which nothing was found has no other turn, and after so many one for which too little was found."""
SHARED_S, LEAST_S = 0.5, 0.1
"""Seconds for each request of a batch in which nothing is found, while one other waits; the least, while many do."""
LEAST_ASKED = 2
"""How often a batch asks whether its time is over before it is: that is a round of sampling, also on a slow machine."""
MOST_TRIES = 4
"""Turns of a request for which nothing is found while others wait, each as long as those before it together."""
HOPELESS_AFTER_S, HOPELESS_S, MOST_HOPELESS = 2.0, 60.0, 256
"""A wish is hopeless after so many seconds without a problem; for how long, and of how many wishes this is known."""


@dataclass(eq=False)
class _QueuedTask:
    """A task that waits for a thread."""

    client: Client
    since: float
    ready: "asyncio.Future[None]"


class Workers:
    """A pool of threads for short tasks."""

    def __init__(self, threads: int, usage: Usage) -> None:
        self.pool, self.scheduler = ThreadPoolExecutor(threads, thread_name_prefix="worker"), FairScheduler(usage)
        self.idle = threads
        self.waiting: list[_QueuedTask] = []

    async def run(self, task: Callable[[], Result]) -> Result:
        """The result of a task, once it is its client's turn."""
        client, loop = CLIENT.get(), asyncio.get_running_loop()
        if self.idle:
            self.idle -= 1
        else:
            queued = _QueuedTask(client, time.monotonic(), loop.create_future())
            self.waiting.append(queued)
            try:
                await queued.ready
            except asyncio.CancelledError:
                if not queued.ready.cancelled():  # it had just been given a thread, which goes to the next
                    self._next()
                raise
        started = time.monotonic()
        running = loop.run_in_executor(self.pool, task)

        def done(ended: "asyncio.Future[Result]") -> None:
            ended.exception()  # nobody may be waiting for it any more
            took = time.monotonic() - started
            self.scheduler.usage.charge(client, took)
            self.scheduler.record(client, took)
            self._next()

        running.add_done_callback(done)
        # a task that runs goes on, and counts, where its client does not wait for it
        return await asyncio.shield(running)

    def _next(self) -> None:
        """Give the thread that has become idle to the next client."""
        self.waiting = [one for one in self.waiting if not one.ready.done()]
        if not self.waiting:
            self.idle += 1
            return
        first = self.scheduler.next(self.waiting)
        self.waiting.remove(first)
        first.ready.set_result(None)


@dataclass(eq=False)
class _Pending:
    """A request that waits for its problems, none with a key in `known`.

    One that is `alone` shares no batch. `spent` is its part of the seconds of its batches. `error` is why its turns so
    far found nothing, and its answer if the next does not come in time.
    """

    request: Request
    client: Client
    alone: bool
    known: frozenset[int]
    since: float
    arrived: float
    result: "asyncio.Future[list[Problem]]" = field(repr=False)
    found: list[Problem] = field(default_factory=list)
    missing: Counter[str] = field(default_factory=Counter)
    tries: int = 0
    spent: float = 0.0
    error: Exception | None = None

    @property
    def condition(self) -> tuple[object, ...]:
        """What requests of one batch have in common."""
        return *self.request.batch_key, self.known

    @property
    def wish(self) -> tuple[object, ...]:
        """What is asked for, but for number and seed."""
        return *self.condition, self.request.grades

    def finish(self) -> None:
        """Answer with what has been found, in the order of the grades."""
        if not self.result.done():
            self.result.set_result(sorted(self.found, key=lambda one: self.request.grades.index(one.asked_grade or "")))

    def fail(self, error: Exception) -> None:
        """Answer with an error."""
        if not self.result.done():
            self.result.set_exception(error)

    def expire(self) -> None:
        """Answer with what there is, if there is something and it has waited long enough for more."""
        waited = time.monotonic() - self.arrived
        if self.found and waited > MOST_S:
            self.finish()
        elif self.error and not self.found and waited > LONGEST_S:
            self.fail(self.error)


@dataclass(eq=False)
class _Batch:
    """Requests that are sampled together, in one turn or several, which go on where the one before stopped."""

    requests: list[_Pending]
    is_alone: bool
    """Whether it was made of one request."""
    problems: Iterator[Problem] | None = None
    reasons: list[str] = field(default_factory=list)
    spent: float = 0.0
    """Seconds of the turns before."""
    started: float = 0.0
    """When its turn began."""
    last: float = 0.0
    """When something was found in it, or it began."""
    asked: int = 0
    """How often sampling has asked in it whether its time is over."""
    is_cut_short: bool = False

    since = math.inf  # it has had a turn

    @property
    def client(self) -> Client:
        """Whose turn it takes."""
        return self.requests[0].client


class Sampler:
    """Generates problems on one thread; waiting requests with the same conditions share a batch."""

    def __init__(self, generator: Generator, usage: Usage) -> None:
        self.generator, self.scheduler = generator, FairScheduler(usage)
        self.queue: list[_Pending] = []
        self.paused: list[_Batch] = []
        self.pool = ThreadPoolExecutor(1, thread_name_prefix="sampler")
        self.is_running = False
        # wish -> seconds spent without finding anything, until when that counts, and why
        self.fruitless: dict[tuple[object, ...], tuple[float, float, str]] = {}

    def admit(self) -> None:
        """Raises BusyError if a request that comes now would wait too long; what is admitted is answered."""
        if self.scheduler.expected_wait([*self.queue, *self.paused], CLIENT.get()) > LONGEST_S:
            raise BusyError

    async def generate(
        self, request: Request, has_own_seed: bool = False, known: frozenset[int] = frozenset()
    ) -> list[Problem]:
        """The problems of a request; fewer than requested if the conditions are narrow or time runs out.

        Problems whose key is among `known` are left out, besides those that the model knows.

        Raises ClimbpathError if the request cannot be met.
        """
        result, now = asyncio.get_running_loop().create_future(), time.monotonic()
        pending = _Pending(request, CLIENT.get(), has_own_seed, known, now, now, result)
        pending.missing = Counter(request.counts())
        spent, until, reason = self.fruitless.get(pending.wish, (0.0, 0.0, ""))
        if spent >= HOPELESS_AFTER_S and now < until:
            raise ClimbpathError(reason)
        self.queue.append(pending)
        # one task empties the queue; it ends when nothing is left, and the next request starts another
        if not self.is_running:
            self.is_running = True
            self._task = asyncio.create_task(self._run())
        return await result

    async def _run(self) -> None:
        """Give turn after turn until nobody waits."""
        try:
            while self._waiting():
                if batch := self._next_batch():
                    await self._take_turn(batch)
        finally:
            self.is_running = False

    def _waiting(self) -> int:
        """How many wait for a turn, their first or another."""
        return len(self.queue) + len(self.paused)

    def _next_batch(self) -> _Batch | None:
        """The batch whose turn it is; None if nobody is left.

        It has been paused, or is made of the request whose turn it is and all in the queue that can share its batch.
        """
        for pending in [*self.queue, *(one for batch in self.paused for one in batch.requests)]:
            pending.expire()
        self.queue = [one for one in self.queue if not one.result.done()]  # the others, or their clients, have left
        for batch in self.paused:
            batch.requests = [one for one in batch.requests if not one.result.done()]
        self.paused = [batch for batch in self.paused if batch.requests]
        if not self._waiting():
            return None
        waiting: list[_Pending | _Batch] = [*self.queue, *self.paused]
        first = self.scheduler.next(waiting)
        if isinstance(first, _Batch):
            self.paused.remove(first)
            return first
        together, size = [first], first.request.number
        # requests with the same conditions join, as long as the batch has room
        for pending in self.queue:
            if (
                pending is not first
                and pending.condition == first.condition
                and not (first.alone or pending.alone)
                and size + pending.request.number <= MOST_TOGETHER
            ):
                together.append(pending)
                size += pending.request.number
        self.queue = [one for one in self.queue if one not in together]
        return _Batch(together, is_alone=len(together) == 1)

    async def _take_turn(self, batch: _Batch) -> None:
        """Sample the grades of all requests together, and answer each as soon as it has what it asked for."""
        loop, requests = asyncio.get_running_loop(), batch.requests
        batch.started = batch.last = time.monotonic()
        batch.asked = 0

        def sample_on() -> bool:
            """Whether there is more to come, at another turn."""
            batch.problems = batch.problems or self._sample(batch)
            for problem in batch.problems:
                batch.last = time.monotonic()
                loop.call_soon_threadsafe(_give, problem, requests)
                if self._waiting() and batch.last - batch.started > TURN_S:
                    return True
            return False

        is_paused, error = False, None
        try:
            is_paused = await loop.run_in_executor(self.pool, sample_on)
        except Exception as raised:  # any error is the answer
            error = raised
        took = time.monotonic() - batch.started
        batch.spent += took
        for one in requests:
            one.spent += took / len(requests)
            self.scheduler.usage.charge(one.client, took / len(requests))
        if is_paused:
            self.paused.append(batch)
        else:
            self._end(batch, error)

    def _end(self, batch: _Batch, error: Exception | None) -> None:
        """Answer those that have what they asked for or a part of it; the others may have another turn, or an error."""
        if not error:
            hurry = f" in {batch.spent:.1f} s, while others wait" if batch.is_cut_short and self._waiting() else ""
            error = ClimbpathError(f"found nothing{hurry}: {''.join(batch.reasons) or 'ask again'}")
        for one in batch.requests:
            self.scheduler.record(one.client, one.spent)
            if one.result.done():
                continue
            one.tries += 1
            if one.found:
                one.finish()
            elif one.tries < MOST_TRIES and (batch.is_cut_short or not batch.is_alone):
                # what was in the way may be another request; if only the time was, there may be more of it later
                one.alone, one.error, one.since = one.alone or not batch.is_cut_short, error, math.inf
                self.queue.append(one)
            else:
                one.fail(error)
            if isinstance(error, ClimbpathError) and batch.is_alone and not one.found:
                self._note_nothing(one.wish, batch.spent if batch.is_cut_short else HOPELESS_AFTER_S, str(error))

    def _is_over(self, batch: _Batch) -> bool:
        """Whether a batch ends here: it has taken too long, or nobody waits for its problems any more."""
        batch.asked += 1
        now, patience = time.monotonic(), 2 ** max(one.tries for one in batch.requests)
        budget = self._budget(len(batch.requests)) * patience
        is_late = batch.asked > LEAST_ASKED * patience and now - batch.last > budget
        batch.is_cut_short = is_late or batch.spent + now - batch.started > LONGEST_S
        return batch.is_cut_short or all(one.result.done() for one in batch.requests)

    def _budget(self, requests: int) -> float:
        """Seconds that a batch of so many requests may go on without finding anything, given how many others wait."""
        waiting = self._waiting()
        return requests * max(LEAST_S, SHARED_S / waiting) if waiting else LONGEST_S

    def _note_nothing(self, wish: tuple[object, ...], seconds: float, reason: str) -> None:
        """Note that nothing was found for a wish in so many seconds; if in all of them, it is hopeless for a while."""
        now = time.monotonic()
        before, until, _ = self.fruitless.pop(wish, (0.0, 0.0, ""))
        spent = seconds + (before if now < until else 0.0)
        if len(self.fruitless) >= MOST_HOPELESS:
            del self.fruitless[next(iter(self.fruitless))]
        self.fruitless[wish] = spent, now + HOPELESS_S, reason

    def _sample(self, batch: _Batch) -> Iterator[Problem]:
        """Problems of the grades of all requests under the conditions that they share, until the batch is over."""
        first = batch.requests[0]
        return sample.generate(
            self.generator.model_of(first.request.setup),
            first.request,
            sum((one.missing for one in batch.requests), Counter[str]()),
            known=first.known,
            grader=grader_of(first.request.setup),
            is_over=partial(self._is_over, batch),
            give_up=batch.reasons.append,
        )


def _give(problem: Problem, batch: Sequence[_Pending]) -> None:
    """Give a problem to the oldest request that misses one of its grade, and answer it where it was the last.

    Where none does, the conditions hardly allow the grades left, and the oldest that asked for this one, too, gets it.
    """
    grade = problem.asked_grade or ""
    waiting = [one for one in batch if grade in one.request.grades and one.missing.total() and not one.result.done()]
    if not waiting:
        return
    one = next((one for one in waiting if one.missing[grade]), waiting[0])
    one.missing[grade if one.missing[grade] else next(iter(+one.missing))] -= 1
    one.found.append(problem)
    if not one.missing.total():
        one.finish()
