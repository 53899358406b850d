"""Timeout: our limit is told from the caller's cancellation, and never outlasts the deadline."""

from __future__ import annotations

import asyncio
import gc
from weakref import ref

import pytest

from exai_sre.context import current_deadline, deadline_at, remaining
from exai_sre.resilience import DeadlineExceeded, Pipeline, Retry, Timeout, UnsupportedForm
from exai_sre.testing import VirtualClock
from tests.unit.resilience.rig import (
    Down,
    answer_async,
    collect,
    fail_async,
    hang,
    items,
    outcome_of_await,
    small_breaker,
    stream,
)

IMPORTED = Timeout(30)
"""C29: made without a loop, at import time."""


@pytest.fixture
def clock():
    return VirtualClock()


async def started(clock, awaitable):
    task = asyncio.ensure_future(outcome_of_await(awaitable))
    await clock.settle()
    return task


async def test_a_call_that_takes_too_long_is_ended(clock):
    timeout = Timeout(5, clock=clock)
    task = asyncio.ensure_future(timeout.call_async(hang))
    await clock.elapse(4.9)
    assert not task.done()
    await clock.elapse(0.1)
    with pytest.raises(DeadlineExceeded, match="within 5 s") as caught:
        await task
    assert isinstance(caught.value, TimeoutError)
    assert (caught.value.seconds, caught.value.started) == (5, True)


async def test_a_call_in_time_leaves_no_timer_behind(clock):
    timeout = Timeout(5, clock=clock)
    assert await timeout.call_async(answer_async) == "ok"
    assert await outcome_of_await(timeout.call_async(fail_async)) == "Down"
    assert await clock.run(timeout.call_async(clock.sleep, 0.1)) is None
    assert clock.pending == 1
    clock.advance(1)
    assert clock.pending == 0


async def test_a_call_that_never_suspends_starts_no_timer(clock):
    async def answer_at_once():
        return "ok"

    assert await Timeout(5, clock=clock).call_async(answer_at_once) == "ok"
    assert clock.pending == 0


async def test_the_callers_cancellation_stays_a_cancellation(clock):
    """C20: only our own limit is a timeout."""
    task = await started(clock, Timeout(5, clock=clock).call_async(hang))
    task.cancel()
    assert await task == "CancelledError"
    clock.advance(1)
    assert clock.pending == 0


async def test_a_cancellation_in_the_same_instant_wins(clock):
    """C20: the caller's wish must not be turned into an error it may catch."""
    task = asyncio.ensure_future(Timeout(5, clock=clock).call_async(hang))
    await clock.settle()
    clock.advance(5)
    task.cancel()
    assert await outcome_of_await(task) == "CancelledError"


async def test_a_late_error_of_the_body_is_not_replaced(clock):
    async def stubborn():
        try:
            await hang()
        except asyncio.CancelledError:
            raise Down from None

    task = await started(clock, Timeout(5, clock=clock).call_async(stubborn))
    await clock.elapse(5)
    assert await task == "Down"


async def test_a_breaker_inside_counts_our_timeout_as_a_failure(clock):
    """C20: the breaker sees a cancellation, and knows whose."""
    breaker = small_breaker(clock)
    pipeline = Pipeline("p", Timeout(5), breaker, clock=clock)
    for _ in range(2):
        task = await started(clock, pipeline.call_async(hang))
        await clock.elapse(5)
        assert await task == "DeadlineExceeded"
    assert breaker.state == "open"


async def test_a_breaker_inside_does_not_count_the_callers_cancellation(clock):
    """C20, the other way round."""
    breaker = small_breaker(clock)
    pipeline = Pipeline("p", Timeout(5), breaker, clock=clock)
    for _ in range(3):
        task = await started(clock, pipeline.call_async(hang))
        task.cancel()
        assert await task == "CancelledError"
    assert breaker.snapshot.calls == 0


async def test_a_breaker_far_inside_knows_the_outermost_limit(clock):
    breaker = small_breaker(clock)
    pipeline = Pipeline("p", Timeout(5), Timeout(60), breaker, clock=clock)
    task = await started(clock, pipeline.call_async(hang))
    await clock.elapse(5)
    assert await task == "DeadlineExceeded"
    assert breaker.snapshot.failures == 1


async def test_a_background_task_that_outlives_a_limit_is_not_cancelled_by_it(clock):
    """What a task inherits from a call that timed out says nothing about its own end."""
    breaker = small_breaker(clock)
    background = []

    async def start_and_hang():
        background.append(asyncio.ensure_future(outcome_of_await(breaker.call_async(hang))))
        await hang()

    task = await started(clock, Pipeline("p", Timeout(60), Timeout(5), clock=clock).call_async(start_and_hang))
    await clock.elapse(5)
    assert await task == "DeadlineExceeded"
    background[0].cancel()
    assert await background[0] == "CancelledError"
    assert breaker.snapshot.calls == 0


async def test_a_child_that_a_limit_ends_with_its_parent_has_timed_out(clock):
    """A child of a task group ends before the limit is closed, and because of it."""
    breaker = small_breaker(clock)

    async def spread():
        async with asyncio.TaskGroup() as group:
            group.create_task(breaker.call_async(hang))
            group.create_task(breaker.call_async(hang))

    task = await started(clock, Timeout(5, clock=clock).call_async(spread))
    await clock.elapse(5)
    assert await task == "DeadlineExceeded"
    assert breaker.state == "open"


async def test_an_earlier_deadline_shortens_the_time(clock):
    with deadline_at(clock.monotonic() + 2):
        task = await started(clock, Timeout(5, clock=clock).call_async(hang))
    await clock.elapse(2)
    assert await task == "DeadlineExceeded"


async def test_nothing_begins_after_the_deadline(clock):
    with deadline_at(clock.monotonic()), pytest.raises(DeadlineExceeded, match="not begun") as caught:
        await Timeout(5, clock=clock).call_async(hang)
    assert not caught.value.started


async def test_a_total_timeout_is_the_deadline_of_everything_inside(clock):
    async def look():
        return remaining(clock.monotonic())

    assert await Timeout(5, total=True, clock=clock).call_async(look) == 5
    assert await Timeout(5, clock=clock).call_async(look) is None
    assert current_deadline.get() is None


async def test_a_total_timeout_bounds_retries_and_their_waits(clock):
    pipeline = Pipeline("p", Timeout(10, total=True), Retry(attempts=99, wait=3.0), Timeout(2), clock=clock)
    began = clock.monotonic()
    assert await clock.run(outcome_of_await(pipeline.call_async(hang))) == "DeadlineExceeded"
    assert clock.monotonic() - began == 7.0


async def test_concurrent_calls_through_one_timeout_have_timers_of_their_own(clock):
    """C28: hyx keeps one timer per object."""
    timeout = Timeout(5, clock=clock)
    first = await started(clock, timeout.call_async(clock.sleep, 60))
    await clock.elapse(3)
    second = await started(clock, timeout.call_async(clock.sleep, 1))
    await clock.elapse(1)
    assert (second.done(), first.done()) == (True, False)
    assert await second == "None"
    await clock.elapse(1)
    assert await first == "DeadlineExceeded"


async def test_a_result_is_not_kept_by_what_outlives_its_call(clock):
    class Result:
        """Something large."""

    async def leaves_a_task_behind():
        behind.append(asyncio.ensure_future(clock.sleep(100)))
        return Result()

    behind = []
    for guard in (Timeout(5, clock=clock), Pipeline("p", Timeout(9, total=True), Timeout(5), clock=clock)):
        result = ref(await guard.call_async(leaves_a_task_behind))
        gc.collect()
        assert result() is None
    for task in behind:
        task.cancel()


def test_a_timeout_made_at_import_serves_two_loops():
    """C29: hyx needs a running loop to decorate."""
    guarded = IMPORTED(answer_async)
    assert [asyncio.run(guarded()) for _ in range(2)] == ["ok", "ok"]


async def test_the_real_loop_ends_a_call_on_the_real_clock():
    assert await outcome_of_await(Timeout(0.001).call_async(hang)) == "DeadlineExceeded"


def test_a_coroutine_without_a_task_cannot_be_bounded():
    async def waits_twice():
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    driven = Timeout(5).call_async(waits_twice)
    driven.send(None)
    with pytest.raises(UnsupportedForm, match="running asyncio task"):
        driven.send(None)


async def test_a_callback_of_the_loop_is_no_task_either():
    seen = asyncio.get_running_loop().create_future()

    def drive():
        with pytest.raises(UnsupportedForm) as caught:
            Timeout(5).call_async(hang).send(None)
        seen.set_result(caught.value)

    asyncio.get_running_loop().call_soon(drive)
    assert "running asyncio task" in str(await asyncio.wait_for(seen, 5))


async def test_what_is_no_coroutine_is_awaited_all_the_same(clock):
    answer = asyncio.get_running_loop().create_future()
    answer.set_result("ok")
    assert await Timeout(5, clock=clock).call_async(lambda: answer) == "ok"


async def test_a_call_that_only_yields_is_ended_as_well(clock):
    """Bare yields are no wait: the limit is watched from the second one on."""

    async def spin():
        while True:
            clock.advance(1)
            await asyncio.sleep(0)

    assert await outcome_of_await(Timeout(5, clock=clock).call_async(spin)) == "DeadlineExceeded"


async def test_a_cancellation_at_the_first_bare_yield_reaches_the_body(clock):
    seen = []

    async def yields():
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            seen.append("cancelled")
            await clock.sleep(1)
            return "cleaned up"

    task = asyncio.ensure_future(Timeout(5, clock=clock).call_async(yields))
    await asyncio.sleep(0)
    task.cancel()
    assert await clock.run(task) == "cleaned up"
    assert seen == ["cancelled"]


async def test_a_body_that_answers_a_cancellation_at_once_has_ended(clock):
    async def stubborn():
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            return "done"

    task = asyncio.ensure_future(Timeout(5, clock=clock).call_async(stubborn))
    await asyncio.sleep(0)
    task.cancel()
    assert await task == "done"


async def test_a_body_is_closed_with_its_call(clock):
    closed = []

    async def waits():
        try:
            await hang()
        finally:
            closed.append(True)

    call = Timeout(5, clock=clock).call_async(waits)
    call.send(None)
    call.close()
    assert closed == [True]


async def test_a_stream_is_bounded_to_its_first_item(clock):
    async def source(before, after):
        await clock.sleep(before)
        yield 1
        await clock.sleep(after)
        yield 2

    timeout = Timeout(5, total=True, clock=clock)
    task = await started(clock, collect(timeout.stream(source, 4, 60)))
    await clock.elapse(64)
    assert await task == "[1, 2]"
    task = await started(clock, collect(timeout.stream(source, 6, 0)))
    await clock.elapse(5)
    assert await task == "DeadlineExceeded"
    assert await collect(timeout.stream(stream)) == []


async def test_a_streams_deadline_does_not_leak_to_who_reads_it(clock):
    source = Timeout(5, total=True, clock=clock).stream(stream, 1, 2)
    assert await anext(source) == 1
    assert current_deadline.get() is None
    await source.aclose()


def test_a_plain_function_finds_the_deadline_in_its_context(clock):
    timeout = Timeout(5, clock=clock)
    assert timeout.call(lambda: remaining(clock.monotonic())) == 5
    with deadline_at(clock.monotonic() + 2):
        assert timeout.call(lambda: remaining(clock.monotonic())) == 2
    with deadline_at(clock.monotonic()), pytest.raises(DeadlineExceeded):
        timeout.call(fail_async)


def test_a_generator_is_refused_after_the_deadline(clock):
    guarded = Timeout(5, clock=clock)(items)
    assert list(guarded(1, 2)) == [1, 2]
    with deadline_at(clock.monotonic()), pytest.raises(DeadlineExceeded):
        list(guarded(1))


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_a_timeout_of_no_time_is_refused(seconds):
    with pytest.raises(ValueError, match="seconds"):
        Timeout(seconds)
