"""Waiting requests are sampled in one batch, and each gets its own problems."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any

import pytest

from climbpath.api import load
from climbpath.beta.body import Climber
from climbpath.errors import ClimbpathError
from climbpath.generator import sample
from climbpath.generator.request import Request, Sampling
from climbpath.problem import Problem, Rules
from climbpath.web import workers
from climbpath.web.admission import BusyError
from climbpath.web.scheduling import CLIENT, Client, Usage
from climbpath.web.workers import Sampler, Workers
from support.making import ask
from support.server import PATIENCE_S
from support.serving import finish


def page_request(grades: str = "7A", number: int = 1, **more: Any) -> Request:
    """A request as the page sends it, without a seed unless one is given."""
    return ask(grades, number, sampling=Sampling(), **more)


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[Counter[str]]:
    """The grades sampled in each batch, filled as batches are sampled."""
    recorded: list[Counter[str]] = []
    sampled = sample.generate

    def recording(*arguments: Any, **options: Any) -> Iterator[Problem]:
        recorded.append(arguments[2])
        return sampled(*arguments, **options)

    monkeypatch.setattr(sample, "generate", recording)
    monkeypatch.setattr(workers, "LEAST_S", 60.0)  # on a slow machine, too, nothing is cut short
    return recorded


def together(*requests: Request, own_seed: int | None = None) -> list[list[Problem] | BaseException]:
    """The answers to simultaneous requests, in order; those with the seed `own_seed` count as having chosen it."""

    async def answers() -> list[list[Problem] | BaseException]:
        sampler = Sampler(load(), Usage())
        waiting: list[Awaitable[list[Problem]]] = [
            sampler.generate(request, has_own_seed=request.seed == own_seed) for request in requests
        ]
        return await asyncio.gather(*waiting, return_exceptions=True)

    return finish(answers())


def grades(answer: list[Problem] | BaseException) -> Counter[str]:
    assert isinstance(answer, list)
    return Counter(problem.grade or "" for problem in answer)


def test_equal_conditions_share_a_batch(batches: list[Counter[str]]) -> None:
    requests = [page_request("7A", 3), page_request("6C,7A", 4, seed=1), page_request("6C", 4, seed=2)]
    answers = together(*requests)
    assert batches == [Counter({"7A": 5, "6C": 6})]
    assert list(map(grades, answers)) == [Counter(request.counts()) for request in requests]
    keys = [problem.key for answer in answers if isinstance(answer, list) for problem in answer]
    assert len(set(keys)) == 11


def test_other_conditions_and_seeds_have_their_own_batches(batches: list[Counter[str]]) -> None:
    """A request with a seed must give the same problems, whatever else is requested at the same time."""
    pinning = page_request("7A", 2, rules=Rules(pins=frozenset({"E8"})))
    seeded = page_request("7A", 2, seed=3)
    answers = together(page_request("7A", 2), pinning, seeded, seeded, page_request("7A", 2), own_seed=3)
    assert [counts.total() for counts in batches] == [4, 2, 2, 2]
    _, pinned, one, other, _ = answers
    assert one == other
    assert isinstance(pinned, list)
    assert all("E8" in problem.holds for problem in pinned)


def test_the_size_of_a_batch_is_limited(batches: list[Counter[str]]) -> None:
    answers = together(*[page_request("7A", 20)] * 5)
    assert [counts.total() for counts in batches] == [60, 40]
    assert [grades(answer).total() for answer in answers] == [20] * 5


def test_an_error_is_the_answer_to_its_own_requests_only(batches: list[Counter[str]]) -> None:
    hopeless = page_request(rules=Rules(min_holds=9, max_holds=5))
    answers = together(hopeless, page_request(), hopeless)
    for answer in answers[::2]:
        assert isinstance(answer, ClimbpathError)
        assert "contradict each other" in str(answer)
    assert grades(answers[1]) == Counter({"7A": 1})


def test_too_few_problems_go_to_the_oldest_requests_and_who_got_none_is_sampled_alone(
    monkeypatch: pytest.MonkeyPatch, batches: list[Counter[str]]
) -> None:
    sampled = sample.generate

    def few(*arguments: Any, **options: Any) -> Iterator[Problem]:
        yield from (problem for problem, _ in zip(sampled(*arguments, **options), range(3), strict=False))

    monkeypatch.setattr(sample, "generate", few)
    answers = together(*[page_request("7A", 2)] * 3)
    assert [grades(answer).total() for answer in answers] == [2, 1, 2]
    assert batches == [Counter({"7A": 6}), Counter({"7A": 2})]


def test_a_cancelled_request_is_not_sampled(batches: list[Counter[str]]) -> None:
    async def answers() -> list[Problem]:
        sampler = Sampler(load(), Usage())
        first = asyncio.create_task(sampler.generate(page_request(), has_own_seed=True))
        cancelled = asyncio.create_task(sampler.generate(page_request("8A", 20), has_own_seed=True))
        last = asyncio.create_task(sampler.generate(page_request("6C"), has_own_seed=True))
        await asyncio.sleep(0)
        cancelled.cancel()
        await first
        return await last

    assert len(finish(answers())) == 1
    assert batches == [Counter({"7A": 1}), Counter({"6C": 1})]


def test_who_would_wait_too_long_is_refused_before_and_who_is_admitted_is_answered(
    monkeypatch: pytest.MonkeyPatch, batches: list[Counter[str]]
) -> None:
    monkeypatch.setattr(workers, "LONGEST_S", 0.5)  # seconds, and every request seems to take one

    async def ask() -> tuple[list[list[Problem]], list[str]]:
        sampler, busy = Sampler(load(), Usage()), []
        admitted = []
        for number in range(4):
            CLIENT.set(A)
            sampler.scheduler.seconds = 1.0
            try:
                sampler.admit()
            except BusyError:
                busy.append(number)
                continue
            admitted.append(asyncio.create_task(sampler.generate(page_request(seed=number), has_own_seed=True)))
            await asyncio.sleep(0)
        CLIENT.set(B)
        sampler.scheduler.usage.charge(A, 5)
        sampler.admit()  # who has used less does not wait for those that have used more
        return await asyncio.gather(*admitted), list(map(str, busy))

    answers, busy = finish(ask())
    assert len(answers) + len(busy) == 4
    assert busy
    assert all(len(found) == 1 for found in answers)


def test_a_request_whose_turn_comes_late_is_answered_all_the_same(batches: list[Counter[str]]) -> None:
    async def ask() -> list[list[Problem]]:
        sampler = Sampler(load(), Usage())
        running = [asyncio.create_task(sampler.generate(page_request(), has_own_seed=True)) for _ in range(3)]
        await asyncio.sleep(0)
        for waiting in sampler.queue:
            waiting.arrived -= 2 * workers.LONGEST_S
        return await asyncio.gather(*running)

    assert [len(found) for found in finish(ask())] == [1, 1, 1]


def test_short_tasks_return_their_result_or_raise_their_error() -> None:
    async def ask() -> list[object]:
        pool = Workers(2, Usage())
        tasks = [pool.run(lambda: 6 * 7), pool.run(lambda: 1 // 0), pool.run(lambda: 3)]
        results: list[object] = list(await asyncio.gather(*tasks, return_exceptions=True))
        return [*results, await pool.run(lambda: "and on")]

    result, failed, third, later = finish(ask())
    assert (result, third, later) == (42, 3, "and on")
    assert isinstance(failed, ZeroDivisionError)


A, B = Client("a", "a 1"), Client("b", "b 1")


def test_the_next_turn_is_the_client_s_who_has_used_the_least_time() -> None:
    done: list[str] = []

    async def ask() -> None:
        pool = Workers(1, Usage())
        pool.scheduler.usage.charge(A, 5)
        release = threading.Event()

        async def one(client: Client, task: Callable[[], object]) -> None:
            CLIENT.set(client)
            await pool.run(task)

        tasks = [asyncio.create_task(one(A, lambda: release.wait(PATIENCE_S)))]
        for client in (A, A, B, B):
            tasks.append(asyncio.create_task(one(client, partial(done.append, client.address))))
            await asyncio.sleep(0)
        release.set()
        await asyncio.gather(*tasks)

    finish(ask())
    assert done == ["b", "b", "a", "a"]


def test_a_task_whose_client_has_left_still_holds_its_thread() -> None:
    async def ask() -> tuple[bool, str]:
        pool, started, release = Workers(1, Usage()), threading.Event(), threading.Event()

        def long() -> None:
            started.set()
            assert release.wait(PATIENCE_S)

        first = asyncio.create_task(pool.run(long))
        passed_over = asyncio.create_task(pool.run(lambda: "never"))
        last = asyncio.create_task(pool.run(lambda: "last"))
        await asyncio.get_running_loop().run_in_executor(None, started.wait)
        first.cancel()
        passed_over.cancel()
        await asyncio.wait((first, passed_over))
        is_waiting = not last.done() and not pool.idle
        release.set()
        return is_waiting, await last

    assert finish(ask()) == (True, "last")


def test_a_client_that_leaves_just_as_its_turn_comes_gives_the_turn_on(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask() -> object:
        pool, release = Workers(1, Usage()), threading.Event()
        first = asyncio.create_task(pool.run(lambda: release.wait(PATIENCE_S)))
        leaving = asyncio.create_task(pool.run(lambda: "never"))
        last = asyncio.create_task(pool.run(lambda: "last"))
        await asyncio.sleep(0)
        next_turn = pool._next
        monkeypatch.setattr(pool, "_next", lambda: (next_turn(), leaving.cancel()))
        release.set()
        await first
        return await asyncio.wait_for(last, PATIENCE_S)

    assert finish(ask()) == "last"


def test_hopeless_wishes_leave_others_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one client or of many, the same or ever new ones: an honest request is never refused for them."""
    monkeypatch.setattr(workers, "LONGEST_S", 2.0)
    stock = load().generate("7A", 3, seed=1)

    def only_7a(model: object, first: object, counts: Counter[str], **given: Any) -> Iterator[Problem]:
        while "8A" in counts and not given["is_over"]():
            time.sleep(0.001)
        yield from [] if "8A" in counts else [stock.pop()]

    monkeypatch.setattr(sample, "generate", only_7a)

    async def ask() -> tuple[list[Any], list[Any]]:
        sampler = Sampler(load(), Usage())

        async def one(client: Client, request: Request) -> list[Problem]:
            CLIENT.set(client)
            return await sampler.generate(request)

        hostile = [
            asyncio.create_task(one(Client(f"h{i % 5}", f"h{i}"), page_request("8A", climber=Climber(150 + i))))
            for i in range(12)
        ]
        await asyncio.sleep(0)
        honest = []
        for _ in range(3):
            honest.append(await one(A, page_request("7A")))
        unserved = sum(not task.done() for task in hostile)
        return [*honest, unserved], await asyncio.gather(*hostile, return_exceptions=True)

    (*honest, unserved), hostile = finish(ask())
    assert [len(found) for found in honest] == [1, 1, 1]
    assert unserved > 5, "honest requests do not wait for all of them"
    assert all(isinstance(answer, ClimbpathError | BusyError) for answer in hostile)


def test_a_wish_for_many_problems_is_met_in_several_turns_and_others_have_theirs_between(
    monkeypatch: pytest.MonkeyPatch, batches: list[Counter[str]]
) -> None:
    monkeypatch.setattr(workers, "TURN_S", 0.0)
    monkeypatch.setattr(sample, "BATCH", 8)
    alone = together(page_request("7A", 60), own_seed=0)[0]
    batches.clear()

    async def ask() -> tuple[list[Problem], list[bool]]:
        sampler = Sampler(load(), Usage())

        async def one(client: Client, request: Request) -> list[Problem]:
            CLIENT.set(client)
            return await sampler.generate(request, has_own_seed=True)

        long = asyncio.create_task(one(A, page_request("7A", 60)))
        was_done = []
        for number in range(3):
            await one(B, page_request("6C", seed=number))
            was_done.append(long.done())
        return await long, was_done

    found, was_done = finish(ask())
    assert found == alone, "a seed's problems are the same, whoever asks meanwhile"
    assert was_done == [False] * 3
    assert batches.count(Counter({"7A": 60})) == 1, "it goes on where it stopped"


def test_after_a_while_a_wish_is_answered_with_what_has_been_found(monkeypatch: pytest.MonkeyPatch) -> None:
    stock = load().generate("7A", 5, seed=1)
    monkeypatch.setattr(workers, "TURN_S", -1.0)
    monkeypatch.setattr(workers, "MOST_S", -1.0)
    monkeypatch.setattr(sample, "generate", lambda *arguments, **options: iter(stock))
    first, second = together(page_request("7A", 5, seed=1), page_request("7A", 5, seed=1), own_seed=1)
    assert isinstance(first, list)
    assert [problem.key for problem in first] == [stock[0].key]
    assert isinstance(second, list)


def test_a_hopeless_wish_is_answered_at_once_when_it_is_repeated(
    monkeypatch: pytest.MonkeyPatch, batches: list[Counter[str]]
) -> None:
    def nothing(*arguments: Any, **options: Any) -> Iterator[Problem]:
        batches.append(arguments[2])
        yield from ()

    monkeypatch.setattr(sample, "generate", nothing)

    async def ask() -> list[str]:
        sampler, answers = Sampler(load(), Usage()), []
        for grade in ("7A", "7A", "7B", "7A"):
            with pytest.raises(ClimbpathError) as refusal:
                await sampler.generate(page_request(grade))
            answers.append(str(refusal.value))
        return answers

    assert len(set(finish(ask()))) == 1
    assert batches == [Counter({"7A": 1}), Counter({"7B": 1})]


def test_a_wish_of_which_a_part_was_found_is_not_hopeless(monkeypatch: pytest.MonkeyPatch) -> None:
    stock = load().generate("7A", 2, seed=1)
    monkeypatch.setattr(sample, "generate", lambda *arguments, **options: iter(stock))

    async def ask() -> list[int]:
        sampler = Sampler(load(), Usage())
        return [len(await sampler.generate(page_request("7A", 5))) for _ in range(2)]

    assert finish(ask()) == [2, 2]


def test_an_error_in_a_shared_batch_is_only_the_answer_to_whose_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    sampled = sample.generate

    def none_of_8a(*arguments: Any, **options: Any) -> Iterator[Problem]:
        if "8A" in arguments[2]:
            raise ClimbpathError("there is no 8A")
        yield from sampled(*arguments, **options)

    monkeypatch.setattr(sample, "generate", none_of_8a)
    hopeless, fine = together(page_request("8A"), page_request("7A"))
    assert str(hopeless) == "there is no 8A"
    assert grades(fine) == Counter({"7A": 1})
