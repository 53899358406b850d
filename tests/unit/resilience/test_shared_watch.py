"""The limits of one clock share one wheel and one timer, and let go of both."""

from __future__ import annotations

import asyncio
import gc
from weakref import ref

import pytest

from exai_sre.resilience import Timeout
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


def test_limits_of_the_system_clock_are_watched_together():
    assert Timeout(5)._watch is Timeout(7)._watch
