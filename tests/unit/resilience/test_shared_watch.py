"""The limits of one clock share one wheel and one timer, and let go of both."""

from __future__ import annotations

import asyncio
import gc
import threading
from contextvars import copy_context
from weakref import ref

import pytest

from exai_sre.resilience import Bulkhead, CircuitBreaker, Pipeline, Retry, Timeout
from exai_sre.testing import VirtualClock
from tests.unit.resilience.rig import hang, outcome_of_await


@pytest.fixture
def clock():
    return VirtualClock()


async def started(clock, awaitable):
    task = asyncio.ensure_future(outcome_of_await(awaitable))
    await clock.settle()
    return task


async def test_all_limits_of_one_clock_share_one_timer(clock):
    calls = [await started(clock, Timeout(5 + extra, clock=clock).call_async(hang)) for extra in range(20)]
    assert clock.pending == 1
    await clock.elapse(30)
    assert [await call for call in calls] == ["DeadlineExceeded"] * 20
    assert clock.pending == 0


async def test_limits_that_end_together_fire_in_the_order_of_their_calls(clock):
    ended = []

    async def call(name, timeout):
        await outcome_of_await(timeout.call_async(hang))
        ended.append(name)

    timeouts = [Timeout(5, clock=clock), Timeout(5, clock=clock)]
    calls = [asyncio.ensure_future(call(name, timeouts[name % 2])) for name in range(6)]
    await clock.elapse(5.02)
    await asyncio.gather(*calls)
    assert ended == [0, 1, 2, 3, 4, 5]


async def test_limits_of_two_clocks_have_nothing_in_common(clock):
    other = VirtualClock()
    mine = await started(clock, Timeout(5, clock=clock).call_async(hang))
    theirs = await started(other, Timeout(5, clock=other).call_async(hang))
    await clock.elapse(6)
    assert (mine.done(), theirs.done()) == (True, False)
    await other.elapse(6)
    assert await theirs == "DeadlineExceeded"


async def test_a_clock_is_let_go_with_its_limits():
    clock = VirtualClock()
    timeout = Timeout(5, clock=clock)
    await clock.run(timeout.call_async(clock.sleep, 1))
    gone = ref(clock)
    del clock, timeout
    gc.collect()
    assert gone() is None


def test_a_closed_loop_is_forgotten_with_what_hung_in_it():
    class Argument:
        """Something large."""

    async def hangs(_argument):
        await asyncio.get_running_loop().create_future()

    async def leave_behind():
        argument = Argument()
        gone.append(ref(argument))
        behind.append(asyncio.ensure_future(Timeout(60).call_async(hangs, argument)))
        await asyncio.sleep(0)

    kept, gone, behind = Timeout(60), [], []
    for _ in range(3):
        loop = asyncio.new_event_loop()
        loop.set_exception_handler(lambda *_: None)
        loop.run_until_complete(leave_behind())
        loop.close()
        behind.clear()
    asyncio.run(kept.call_async(asyncio.sleep, 0.001))
    gc.collect()
    assert [argument() for argument in gone] == [None] * 3


def test_a_call_that_is_closed_from_outside_gives_its_slot_back():
    """The garbage collector closes what hangs in a closed loop, in whatever context it runs."""

    async def hangs():
        await asyncio.get_running_loop().create_future()

    bulkhead, parts = Bulkhead(2), (Timeout(60, total=True), Retry(), CircuitBreaker("b"), Timeout(5))
    total, *others = parts
    guards = [Pipeline("p", total, bulkhead, *others), Pipeline("q", bulkhead, Retry(), CircuitBreaker("c"))]
    calls = [guard.call_async(hangs) for guard in guards]
    loop = asyncio.new_event_loop()

    async def begin():
        tasks = [asyncio.ensure_future(call) for call in calls]
        await asyncio.sleep(0)
        assert bulkhead.running == 2
        for task in tasks:
            task._log_destroy_pending = False

    loop.run_until_complete(begin())
    for call in calls:
        copy_context().run(call.close)
    loop.close()
    assert bulkhead.running == 0


def test_threads_that_come_first_together_get_one_watch():
    for _ in range(50):
        clock, start, made = VirtualClock(), threading.Barrier(4), []

        def make(clock=clock, start=start, made=made):
            start.wait(10)
            made.append(Timeout(5, clock=clock))

        threads = [threading.Thread(target=make) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len({id(timeout._watch) for timeout in made}) == 1


def test_limits_of_the_system_clock_are_watched_together():
    assert Timeout(5)._watch is Timeout(7)._watch
