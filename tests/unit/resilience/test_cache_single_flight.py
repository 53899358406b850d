"""Single flight: many callers, one fetch; who gives up leaves the others alone."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from exai_sre.context.deadline import deadline_at
from exai_sre.resilience.cache import Cache
from exai_sre.resilience.errors import DeadlineExceeded
from exai_sre.resilience.pipeline import Pipeline
from exai_sre.resilience.retry import Retry
from exai_sre.resilience.timeout import Timeout
from exai_sre.testing import VirtualClock
from tests.unit.resilience.counting import tallied
from tests.unit.resilience.rig import Down

PATIENCE = 30.0


class Fetch:
    """An asynchronous fetch that ends when the test says so."""

    def __init__(self):
        self.calls, self.cancelled, self.closed = 0, 0, 0
        self.answer = asyncio.get_running_loop().create_future()

    async def __call__(self, *_):
        self.calls += 1
        try:
            return await asyncio.shield(self.answer)
        except asyncio.CancelledError:
            self.cancelled += 1
            await asyncio.sleep(0)
            self.closed += 1
            raise


async def settle():
    for _ in range(10):
        await asyncio.sleep(0)


async def begin(number, step, *call):
    tasks = [asyncio.ensure_future(step(*call)) for _ in range(number)]
    await settle()
    return tasks


async def test_a_thousand_callers_share_one_fetch():
    fetch = Fetch()
    forms, tally = tallied(Cache(10.0))
    tasks = await begin(1000, forms.async_, fetch, ("a",), {})
    assert fetch.calls == 1
    fetch.answer.set_result("ok")
    assert await asyncio.gather(*tasks) == ["ok"] * 1000
    assert tally == {"coalesced": 999}
    assert await forms.async_(fetch, ("a",), {}) == "ok"
    assert (fetch.calls, tally["cached"]) == (1, 1)


async def test_they_share_its_error_too_and_the_next_caller_fetches_anew():
    fetch, cache = Fetch(), Cache(10.0)
    tasks = await begin(3, cache.call_async, fetch)
    fetch.answer.set_exception(Down())
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in results] == [Down] * 3
    with pytest.raises(Down):
        await cache.call_async(fetch)
    assert fetch.calls == 2


@pytest.mark.parametrize("leaver", [0, 1])
async def test_a_caller_that_gives_up_leaves_the_fetch_to_the_others(leaver):
    fetch, cache = Fetch(), Cache(10.0)
    tasks = await begin(2, cache.call_async, fetch)
    tasks[leaver].cancel()
    await settle()
    assert (tasks[leaver].cancelled(), fetch.cancelled) == (True, 0)
    fetch.answer.set_result("ok")
    assert await tasks[1 - leaver] == "ok"
    assert fetch.calls == 1


async def test_the_last_caller_that_gives_up_cancels_the_fetch_and_awaits_its_end():
    fetch, cache = Fetch(), Cache(10.0)
    tasks = await begin(2, cache.call_async, fetch)
    for task in tasks:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert (fetch.calls, fetch.cancelled, fetch.closed) == (1, 1, 1)


async def test_nobody_joins_a_fetch_that_was_given_up():
    cache, gate, begun = Cache(10.0), asyncio.Event(), []

    async def stubborn():
        begun.append(True)
        try:
            await gate.wait()
        except asyncio.CancelledError:
            await gate.wait()
        return len(begun)

    (first,) = await begin(1, cache.call_async, stubborn)
    first.cancel()
    await settle()
    (second,) = await begin(1, cache.call_async, stubborn)
    (third,) = await begin(1, cache.call_async, stubborn)
    assert len(begun) == 2
    gate.set()
    assert (await second, await third) == (2, 2)
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_the_error_of_a_fetch_that_was_given_up_is_not_reported_as_lost():
    reported = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))

    async def spiteful():
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            raise Down from None

    (task,) = await begin(1, Cache(10.0).call_async, spiteful)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    del task
    await settle()
    assert reported == []


async def test_a_time_limit_ends_the_wait_of_its_own_caller_only():
    clock = VirtualClock()
    fetch, cache = Fetch(), Cache(10.0, clock=clock)
    hasty = asyncio.ensure_future(Pipeline("hasty", Timeout(1), cache, clock=clock).call_async(fetch))
    await settle()
    patient = asyncio.ensure_future(Pipeline("patient", Timeout(30), cache, clock=clock).call_async(fetch))
    await clock.elapse(2)
    with pytest.raises(DeadlineExceeded):
        await hasty
    fetch.answer.set_result("ok")
    assert await patient == "ok"
    assert (fetch.calls, fetch.cancelled) == (1, 0)


async def test_a_caller_with_time_left_fetches_anew_when_the_deadline_of_the_fetch_has_passed():
    clock = VirtualClock()
    attempts = []

    async def flaky():
        attempts.append(clock.monotonic() - 1000)
        await clock.sleep(1.0)
        if len(attempts) == 1:
            raise DeadlineExceeded(1.0)
        return "ok"

    cache = Cache(10.0, clock=clock)

    async def within(seconds):
        with deadline_at(clock.monotonic() + seconds):
            return await cache.call_async(flaky)

    hasty = asyncio.ensure_future(within(1.0))
    await settle()
    patient = asyncio.ensure_future(within(30.0))
    await settle()
    late = asyncio.ensure_future(within(1.0))
    assert await clock.run(patient) == "ok"
    assert attempts == [0.0, 1.0]
    for task in (hasty, late):
        with pytest.raises(DeadlineExceeded):
            await task


async def test_a_retry_inside_works_for_all_of_them():
    clock, calls = VirtualClock(), []

    async def second_time_lucky():
        calls.append(True)
        if len(calls) == 1:
            raise Down
        return "ok"

    pipeline = Pipeline("p", Cache(10.0), Retry(3), clock=clock)
    tasks = [asyncio.ensure_future(pipeline.call_async(second_time_lucky)) for _ in range(5)]
    assert await clock.run(asyncio.gather(*tasks)) == ["ok"] * 5
    assert len(calls) == 2


def test_each_loop_has_flights_of_its_own_and_finds_the_results_of_the_other():
    cache, calls = Cache(10.0), []

    async def fetch():
        calls.append(True)
        return "ok"

    assert [asyncio.run(cache.call_async(fetch)) for _ in range(2)] == ["ok", "ok"]
    assert len(calls) == 1


class Blocking:
    """A blocking fetch that ends when the test says so; only the first call waits."""

    def __init__(self, error=None):
        self.calls, self.error = 0, error
        self.inside, self.go = threading.Event(), threading.Event()

    def __call__(self):
        self.calls += 1
        self.inside.set()
        if self.calls == 1:
            self.go.wait(PATIENCE)
            if self.error is not None:
                raise self.error
        return "ok"


def raced(cache, source, waiters):
    """One leader and ``waiters`` others; the futures of all. The others wait by the time the fetch ends."""
    with ThreadPoolExecutor(waiters + 1) as pool:
        futures = [pool.submit(cache.call, source)]
        assert source.inside.wait(PATIENCE)
        futures += [pool.submit(cache.call, source) for _ in range(waiters)]
        source.go.set()
        for future in futures:
            future.exception(PATIENCE)
    return futures


def test_threads_share_one_fetch():
    source = Blocking()
    assert [future.result() for future in raced(Cache(10.0), source, 31)] == ["ok"] * 32
    assert source.calls == 1


def test_threads_share_its_error():
    source, cache = Blocking(Down()), Cache(10.0, negative=Down)
    assert {type(future.exception()) for future in raced(cache, source, 7)} == {Down}
    assert source.calls == 1


class Joining(Cache):
    """Says when a caller has joined the flight of another, so that a test need not guess."""

    def _share(self, flight):
        self.joined.set()
        return super()._share(flight)


@pytest.mark.parametrize(("error", "calls"), [(None, 1), (Down(), 1), (KeyboardInterrupt(), 2)])
def test_a_waiting_thread_gets_the_result_or_the_error_but_not_an_interrupt(error, calls):
    cache, source = Joining(10.0), Blocking(error)
    cache.joined = threading.Event()
    forms, tally = tallied(cache)
    with ThreadPoolExecutor(2) as pool:
        leader = pool.submit(forms.sync, source, (), {})
        assert source.inside.wait(PATIENCE)
        waiter = pool.submit(forms.sync, source, (), {})
        assert cache.joined.wait(PATIENCE)
        source.go.set()
        assert leader.exception(PATIENCE) is error
        assert waiter.exception(PATIENCE) is (error if isinstance(error, Exception) else None)
    assert source.calls == calls
    assert tally["coalesced"] == (calls == 1)


def test_a_waiting_thread_is_bounded_by_its_deadline():
    clock = VirtualClock()
    cache, source = Joining(10.0, clock=clock), Blocking()
    cache.joined = threading.Event()

    def hurried():
        with deadline_at(clock.monotonic() + 0.001):
            return cache.call(source)

    with ThreadPoolExecutor(2) as pool:
        leader = pool.submit(cache.call, source)
        assert source.inside.wait(PATIENCE)
        waiter = pool.submit(hurried)
        with pytest.raises(DeadlineExceeded):
            waiter.result(PATIENCE)
        source.go.set()
        assert leader.result(PATIENCE) == "ok"


def test_a_function_that_calls_itself_does_not_wait_for_itself():
    cache, depth = Cache(10.0), []

    def again():
        depth.append(True)
        return guarded() if len(depth) < 3 else "ok"

    guarded = cache(again)
    assert guarded() == "ok"
    assert len(depth) == 3
