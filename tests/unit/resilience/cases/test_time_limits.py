"""C15, C20, C28, C29: time limits and breakers together; threads, loops and concurrent calls on one object."""

from __future__ import annotations

import asyncio
import threading

import pytest

from exai_sre.context import deadline_at
from exai_sre.resilience import Bulkhead, CircuitBreaker, Pipeline, Retry, RetryBudget, Timeout
from exai_sre.testing import VirtualClock
from tests.unit.resilience.cases.calls import FORMS, in_tasks
from tests.unit.resilience.rig import answer, answer_async, hang, outcome_of_await, small_breaker, stream

LOOPLESS = Pipeline(
    "built at import",
    Timeout(5.0, total=True),
    Bulkhead(2, queue=2),
    Retry(wait=0, budget=RetryBudget()),
    CircuitBreaker("upstream"),
    Timeout(2.0),
)


@LOOPLESS
async def decorated_at_import():
    return await answer_async()


@pytest.fixture
def clock():
    return VirtualClock()


@pytest.fixture
def breaker(clock):
    return small_breaker(clock)


WAYS_THROUGH = {
    "async": lambda breaker, _: breaker.call_async(hang),
    "async_decorated": lambda breaker, _: breaker(hang)(),
    "async_context": lambda breaker, _: hang_within(breaker),
    "async_generator": lambda breaker, _: hang_in_stream(breaker),
    "async_pipeline": lambda breaker, clock: Pipeline("p", breaker, clock=clock).call_async(hang),
}

each_way = pytest.mark.parametrize("way", WAYS_THROUGH.values(), ids=WAYS_THROUGH)


async def hang_within(breaker):
    async with breaker:
        await hang()


async def hang_in_stream(breaker):
    async def one():
        yield await hang()

    return [item async for item in breaker.stream(one)]


@pytest.mark.parametrize("form", ["sync", "sync_decorated", "sync_context", "sync_pipeline"])
async def test_c15_threads_overlap_in_one_breaker(clock, form):
    breaker = small_breaker(clock)
    calls = [await FORMS[form](breaker) for _ in range(8)]
    assert [await call.end() for call in calls] == ["ok"] * 8
    assert breaker.snapshot.calls == 8


@in_tasks
@pytest.mark.parametrize("thread_form", ["sync", "sync_context"])
async def test_c15_a_thread_inside_the_breaker_does_not_stall_the_loop(clock, form, thread_form):
    breaker = small_breaker(clock)
    in_thread = await FORMS[thread_form](breaker)
    turns = 0
    held = await FORMS[form](breaker)
    while held.result is None:
        turns += 1
        await held.end()
    assert (held.result, turns) == ("ok", 1)
    assert in_thread.result is None
    assert await in_thread.end() == "ok"


def test_c15_a_listener_that_blocks_holds_up_no_other_call(clock):
    blocked, release = threading.Event(), threading.Event()

    def block(*_):
        blocked.set()
        assert release.wait(10)

    breaker = small_breaker(clock, on_transition=block)
    tripping = threading.Thread(target=breaker.force_open)
    tripping.start()
    assert blocked.wait(10)
    breaker.reset()
    assert breaker.call(answer) == "ok"
    release.set()
    tripping.join(10)
    assert not tripping.is_alive()


@each_way
async def test_c20_a_timeout_outside_the_breaker_is_a_failure(breaker, clock, way):
    limit = Timeout(5, clock=clock)
    for _ in range(2):
        assert await clock.run(outcome_of_await(limit.call_async(way, breaker, clock))) == "DeadlineExceeded"
    assert (breaker.state, breaker.snapshot.failures) == ("open", 2)


@each_way
async def test_c20_a_caller_that_gives_up_inside_a_timeout_is_no_failure(breaker, clock, way):
    limit = Timeout(5, clock=clock)
    for _ in range(2):
        task = asyncio.ensure_future(limit.call_async(way, breaker, clock))
        await clock.elapse(4)
        task.cancel()
        assert await outcome_of_await(task) == "CancelledError"
    assert (breaker.state, breaker.snapshot.calls) == ("closed", 0)


@each_way
async def test_c20_a_cancellation_at_the_deadline_of_the_context_is_a_failure(breaker, clock, way):
    with deadline_at(clock.monotonic() + 5):
        task = asyncio.ensure_future(way(breaker, clock))
    await clock.elapse(5)
    task.cancel()
    assert await outcome_of_await(task) == "CancelledError"
    assert breaker.snapshot.failures == 1


async def sleep_in_stream(clock, seconds):
    await clock.sleep(seconds)
    yield "ok"


async def first_of(source):
    [item] = [item async for item in source]
    return item


@pytest.mark.parametrize(
    "through",
    [
        pytest.param(lambda guard, clock, seconds: guard.call_async(clock.sleep, seconds), id="async"),
        pytest.param(lambda guard, clock, seconds: guard(clock.sleep)(seconds), id="async_decorated"),
        pytest.param(
            lambda guard, clock, seconds: first_of(guard.stream(sleep_in_stream, clock, seconds)), id="stream"
        ),
    ],
)
@pytest.mark.parametrize("in_pipeline", [False, True])
async def test_c28_concurrent_calls_through_one_policy_keep_separate_timers(clock, through, in_pipeline):
    limit = Timeout(5, clock=clock)
    guard = Pipeline("p", limit, clock=clock) if in_pipeline else limit
    ends = {}

    async def call(begin, seconds):
        await clock.sleep(begin)
        ends[begin] = (await outcome_of_await(through(guard, clock, seconds)), clock.monotonic() - 1000.0)

    await clock.run(asyncio.gather(call(0, 30), call(1, 2), call(2, 30), call(4, 4.5)))
    assert {begin: end[0] for begin, end in ends.items() if end[0] == "DeadlineExceeded"} == {
        0: "DeadlineExceeded",
        2: "DeadlineExceeded",
    }
    assert [ends[begin][1] for begin in (0, 1, 2, 4)] == [5.0, 3.0, 7.0, 8.5]


async def use_every_form():
    return [
        await LOOPLESS.call_async(answer_async),
        await decorated_at_import(),
        LOOPLESS.call(answer),
        [item async for item in LOOPLESS.stream(stream, 1, 2)],
        await asyncio.gather(*(LOOPLESS.call_async(answer_async) for _ in range(4))),
    ]


def test_c29_policies_built_at_import_time_without_a_loop_serve_two_loops():
    expected = ["ok", "ok", "ok", [1, 2], ["ok"] * 4]
    assert [asyncio.run(use_every_form()) for _ in range(2)] == [expected] * 2


def test_c29_policies_built_without_a_loop_serve_two_loops_at_once():
    seen = []
    threads = [
        threading.Thread(target=lambda: seen.append(asyncio.run(LOOPLESS.call_async(answer_async)))) for _ in "12"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert seen == ["ok", "ok"]


def test_c29_a_context_manager_form_needs_no_loop_either():
    breaker = CircuitBreaker("built without a loop")

    async def within():
        async with breaker:
            return await answer_async()

    with breaker:
        assert [asyncio.run(within()) for _ in range(2)] == ["ok", "ok"]
