"""Waiting requests are sampled in one batch, and each gets its own problems."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Iterator
from typing import Any

import pytest

from climbpath.api import load
from climbpath.errors import ClimbpathError
from climbpath.generator import sample
from climbpath.generator.request import Request, Sampling
from climbpath.problem import Problem, Rules
from climbpath.web import workers
from climbpath.web.workers import BusyError, Sampler, Workers
from support.making import ask
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
    return recorded


def together(*requests: Request, own_seed: int | None = None) -> list[list[Problem] | BaseException]:
    """The answers to simultaneous requests, in order; those with the seed `own_seed` count as having chosen it."""

    async def answers() -> list[list[Problem] | BaseException]:
        sampler = Sampler(load())
        waiting: list[Awaitable[list[Problem]]] = [
            sampler.generate(request, has_own_seed=request.seed == own_seed) for request in requests
        ]
        return await asyncio.gather(*waiting, return_exceptions=True)

    return finish(answers())


def grades(answer: list[Problem] | BaseException) -> Counter[str]:
    assert isinstance(answer, list)
    return Counter(problem.grade or "" for problem in answer)


def test_equal_conditions_share_a_batch(batches: list[Counter[str]]) -> None:
    requests = [page_request("7A", 3), page_request("6B,7A", 4, seed=1), page_request("6B", 4, seed=2)]
    answers = together(*requests)
    assert batches == [Counter({"7A": 5, "6B": 6})]
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


def test_too_few_problems_go_to_the_oldest_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    sampled = sample.generate

    def few(*arguments: Any, **options: Any) -> Iterator[Problem]:
        yield from (problem for problem, _ in zip(sampled(*arguments, **options), range(3), strict=False))

    monkeypatch.setattr(sample, "generate", few)
    first, second, third = together(*[page_request("7A", 2)] * 3)
    assert (grades(first).total(), grades(second).total()) == (2, 1)
    assert isinstance(third, ClimbpathError)
    assert "found no new problem" in str(third)


def test_a_cancelled_request_is_not_sampled(batches: list[Counter[str]]) -> None:
    async def answers() -> list[Problem]:
        sampler = Sampler(load())
        first = asyncio.create_task(sampler.generate(page_request(), has_own_seed=True))
        cancelled = asyncio.create_task(sampler.generate(page_request("8A", 20), has_own_seed=True))
        last = asyncio.create_task(sampler.generate(page_request("6B"), has_own_seed=True))
        await asyncio.sleep(0)
        cancelled.cancel()
        await first
        return await last

    assert len(finish(answers())) == 1
    assert batches == [Counter({"7A": 1}), Counter({"6B": 1})]


def test_a_full_queue_and_a_long_wait_are_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "MOST_WAITING", 2)
    first, second, third = together(*[page_request()] * 3, own_seed=0)
    assert (grades(first).total(), grades(second).total()) == (1, 1)
    assert isinstance(third, BusyError)
    monkeypatch.setattr(workers, "LONGEST_S", -1.0)
    assert isinstance(together(page_request())[0], BusyError)


def test_short_tasks_return_their_result_or_raise_their_error(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask() -> list[object]:
        pool = Workers(2)
        tasks = [pool.run(lambda: 6 * 7), pool.run(lambda: 1 // 0), pool.run(lambda: 3)]
        results: list[object] = list(await asyncio.gather(*tasks, return_exceptions=True))
        return [*results, await pool.run(lambda: "and on")]

    monkeypatch.setattr(workers, "MOST_WAITING", 2)
    result, failed, busy, later = finish(ask())
    assert (result, later) == (42, "and on")
    assert isinstance(failed, ZeroDivisionError)
    assert isinstance(busy, BusyError)
