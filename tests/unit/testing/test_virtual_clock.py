"""The virtual clock: time passes when the test says so, and wakes sleepers in order."""

from __future__ import annotations

import asyncio

import pytest

from exai_sre.clock import Clock
from exai_sre.testing import VirtualClock


@pytest.fixture
def clock():
    return VirtualClock(monotonic=100.0, epoch=5000.0)


def accepts(clock: Clock) -> float:
    return clock.monotonic()


def test_it_stands_still_until_it_is_advanced(clock):
    assert accepts(clock) == 100.0
    clock.advance(2.5)
    assert (clock.monotonic(), clock.time()) == (102.5, 5002.5)


def test_the_wall_clock_can_jump_alone(clock):
    clock.set_time(1.0)
    clock.advance(1)
    assert (clock.monotonic(), clock.time()) == (101.0, 2.0)


async def test_sleepers_wake_in_the_order_of_their_times(clock):
    order = []

    async def sleeper(seconds, name):
        await clock.sleep(seconds)
        order.append((name, clock.monotonic()))

    tasks = [asyncio.ensure_future(sleeper(*pair)) for pair in ((3, "c"), (1, "a"), (2, "b"), (1, "a2"))]
    await clock.settle()
    assert clock.pending == 4
    await clock.elapse(2)
    assert order == [("a", 101.0), ("a2", 101.0), ("b", 102.0)]
    clock.advance(10)
    await asyncio.gather(*tasks)
    assert order[-1] == ("c", 112.0)


async def test_a_sleeper_that_sleeps_again_does_not_drift_under_elapse(clock):
    times = []

    async def ticker():
        while True:
            await clock.sleep(1)
            times.append(clock.monotonic())

    task = asyncio.ensure_future(ticker())
    await clock.elapse(3)
    assert times == [101.0, 102.0, 103.0]
    task.cancel()
    await clock.settle()
    assert clock.pending == 0


async def test_sleeping_for_no_time_lets_others_run_once(clock):
    task = asyncio.ensure_future(clock.sleep(0))
    await clock.settle()
    assert task.done()
    assert clock.monotonic() == 100.0


async def test_a_sleeper_cancelled_in_the_instant_it_wakes_is_cancelled(clock):
    task = asyncio.ensure_future(clock.sleep(1))
    await clock.settle()
    task.cancel()
    clock.advance(1)
    with pytest.raises(asyncio.CancelledError):
        await task


def test_timers_run_once_in_order_at_their_time_and_not_when_cancelled(clock):
    ran = []
    clock.call_later(2, lambda: ran.append(("b", clock.monotonic())))
    clock.call_later(1, lambda: ran.append(("a", clock.monotonic())))
    clock.call_later(1.5, lambda: ran.append(("never", 0))).cancel()
    clock.advance(2)
    clock.advance(2)
    assert ran == [("a", 101.0), ("b", 102.0)]


def test_a_timer_set_by_a_timer_runs_in_the_same_advance(clock):
    ran = []
    clock.call_later(1, lambda: clock.call_later(1, lambda: ran.append(clock.monotonic())))
    clock.advance(5)
    assert ran == [102.0]


async def test_run_lets_just_enough_time_pass(clock):
    async def work():
        await clock.sleep(7)
        await clock.sleep(5)
        return "done"

    assert await clock.run(work()) == "done"
    assert clock.monotonic() == 112.0


async def test_run_says_when_time_alone_will_not_help(clock):
    never = asyncio.get_running_loop().create_future()
    with pytest.raises(TimeoutError, match="virtual time"):
        await clock.run(never)
    assert never.cancelled()


async def test_time_does_not_go_back(clock):
    with pytest.raises(ValueError, match="-1"):
        clock.advance(-1)
    with pytest.raises(ValueError, match="nan"):
        await clock.elapse(float("nan"))
