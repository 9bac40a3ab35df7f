"""Requests that wait together are sampled in one batch, and each gets its own."""

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


def wanted(grades: str = "7A", number: int = 1, **more: Any) -> Request:
    """A request as the page sends it, without a seed of its own unless one is given."""
    return ask(grades, number, sampling=Sampling(), **more)


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[Counter[str]]:
    """What is sampled together, batch by batch."""
    asked: list[Counter[str]] = []
    sampled = sample.generate

    def told(*arguments: Any, **options: Any) -> Iterator[Problem]:
        asked.append(arguments[2])
        return sampled(*arguments, **options)

    monkeypatch.setattr(sample, "generate", told)
    return asked


def together(*requests: Request, own_seed: int | None = None) -> list[list[Problem] | BaseException]:
    """The answers to requests that come at once, in their order; those of seed `own_seed` have it of their own."""

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


def test_one_condition_is_one_batch(batches: list[Counter[str]]) -> None:
    requests = [wanted("7A", 3), wanted("6B,7A", 4, seed=1), wanted("6B", 4, seed=2)]
    answers = together(*requests)
    assert batches == [Counter({"7A": 5, "6B": 6})]
    assert list(map(grades, answers)) == [Counter(request.counts()) for request in requests]
    keys = [problem.key for answer in answers if isinstance(answer, list) for problem in answer]
    assert len(set(keys)) == 11


def test_other_conditions_and_seeds_have_batches_of_their_own(batches: list[Counter[str]]) -> None:
    """A request with a seed must give the same, whoever asks beside it."""
    pinning = wanted("7A", 2, rules=Rules(pins=frozenset({"E8"})))
    seeded = wanted("7A", 2, seed=3)
    answers = together(wanted("7A", 2), pinning, seeded, seeded, wanted("7A", 2), own_seed=3)
    assert [counts.total() for counts in batches] == [4, 2, 2, 2]
    _, pinned, one, other, _ = answers
    assert one == other
    assert isinstance(pinned, list)
    assert all("E8" in problem.holds for problem in pinned)


def test_a_batch_is_only_so_large(batches: list[Counter[str]]) -> None:
    answers = together(*[wanted("7A", 20)] * 5)
    assert [counts.total() for counts in batches] == [60, 40]
    assert [grades(answer).total() for answer in answers] == [20] * 5


def test_what_fails_is_told_to_those_who_asked_for_it(batches: list[Counter[str]]) -> None:
    hopeless = wanted(rules=Rules(min_holds=9, max_holds=5))
    answers = together(hopeless, wanted(), hopeless)
    for answer in answers[::2]:
        assert isinstance(answer, ClimbpathError)
        assert "contradict each other" in str(answer)
    assert grades(answers[1]) == Counter({"7A": 1})


def test_what_is_there_goes_to_the_first_and_the_others_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    sampled = sample.generate

    def few(*arguments: Any, **options: Any) -> Iterator[Problem]:
        yield from (problem for problem, _ in zip(sampled(*arguments, **options), range(3), strict=False))

    monkeypatch.setattr(sample, "generate", few)
    first, second, third = together(*[wanted("7A", 2)] * 3)
    assert (grades(first).total(), grades(second).total()) == (2, 1)
    assert isinstance(third, ClimbpathError)
    assert "found no new problem" in str(third)


def test_a_request_that_is_given_up_is_not_sampled(batches: list[Counter[str]]) -> None:
    async def answers() -> list[Problem]:
        sampler = Sampler(load())
        first = asyncio.create_task(sampler.generate(wanted(), has_own_seed=True))
        given_up = asyncio.create_task(sampler.generate(wanted("8A", 20), has_own_seed=True))
        last = asyncio.create_task(sampler.generate(wanted("6B"), has_own_seed=True))
        await asyncio.sleep(0)
        given_up.cancel()
        await first
        return await last

    assert len(finish(answers())) == 1
    assert batches == [Counter({"7A": 1}), Counter({"6B": 1})]


def test_a_full_queue_and_a_wait_that_is_too_long_are_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "MOST_WAITING", 2)
    first, second, third = together(*[wanted()] * 3, own_seed=0)
    assert (grades(first).total(), grades(second).total()) == (1, 1)
    assert isinstance(third, BusyError)
    monkeypatch.setattr(workers, "LONGEST_S", -1.0)
    assert isinstance(together(wanted())[0], BusyError)


def test_short_tasks_give_their_result_or_their_error(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask() -> list[object]:
        pool = Workers(2)
        tasks = [pool.run(lambda: 6 * 7), pool.run(lambda: 1 // 0), pool.run(lambda: 3)]
        found: list[object] = list(await asyncio.gather(*tasks, return_exceptions=True))
        return [*found, await pool.run(lambda: "and on")]

    monkeypatch.setattr(workers, "MOST_WAITING", 2)
    found, failed, busy, later = finish(ask())
    assert (found, later) == (42, "and on")
    assert isinstance(failed, ZeroDivisionError)
    assert isinstance(busy, BusyError)
