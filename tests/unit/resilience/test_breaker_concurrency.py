"""Threads and many tasks on one breaker: exact permits, and nobody waits for another's call."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from exai_sre.testing import VirtualClock
from tests.unit.resilience.rig import answer, outcome_of_await, outcome_of_call, small_breaker, trip

PATIENCE = 30.0
"""Seconds after which a test that hangs gives up; a passing one never waits that long."""


@pytest.fixture
def clock():
    return VirtualClock()


@pytest.mark.parametrize(("callers", "permits"), [(1_000, 1), (10_000, 3)])
async def test_of_many_tasks_at_half_open_exactly_the_permits_run(clock, callers, permits):
    """C3: up to 10 000 callers, k probes."""
    breaker = small_breaker(clock, half_open_calls=permits)
    trip(breaker)
    clock.advance(30)
    release = asyncio.Event()
    running = []

    async def probe():
        running.append(1)
        await release.wait()
        return "ok"

    tasks = [asyncio.ensure_future(outcome_of_await(breaker.call_async(probe))) for _ in range(callers)]
    await asyncio.sleep(0)
    assert len(running) == permits
    release.set()
    results = await asyncio.gather(*tasks)
    assert results.count("ok") == permits
    assert results.count("BreakerOpen") == callers - permits
    assert breaker.state == "closed"


@pytest.mark.parametrize("permits", [1, 5])
def test_of_64_threads_at_half_open_exactly_the_permits_run(clock, permits):
    """C3, on threads that all start at once."""
    breaker = small_breaker(clock, half_open_calls=permits)
    trip(breaker)
    clock.advance(30)
    start = threading.Barrier(64)
    meeting = threading.Barrier(permits)
    all_refused = threading.Event()
    refused, running = [], []

    def probe():
        running.append(1)
        meeting.wait(PATIENCE)
        assert all_refused.wait(PATIENCE)
        return "ok"

    def caller(_):
        start.wait(PATIENCE)
        result = outcome_of_call(lambda: breaker.call(probe))
        if result == "BreakerOpen":
            refused.append(1)
            if len(refused) == 64 - permits:
                all_refused.set()
        return result

    with ThreadPoolExecutor(64) as pool:
        results = list(pool.map(caller, range(64)))
    assert len(running) == permits
    assert (results.count("ok"), results.count("BreakerOpen")) == (permits, 64 - permits)
    assert breaker.state == "closed"


def test_calls_on_threads_overlap(clock):
    """C15: pybreaker.call holds a lock for the whole call; here all eight meet inside."""
    breaker = small_breaker(clock)
    meeting = threading.Barrier(8)
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: breaker.call(meeting.wait, PATIENCE), range(8)))
    assert sorted(results) == list(range(8))


async def test_a_call_on_a_thread_does_not_stall_the_event_loop(clock):
    """C15: the loop finishes calls through a breaker that a thread is inside of."""
    breaker = small_breaker(clock)
    inside, release = threading.Event(), threading.Event()

    def block():
        inside.set()
        return release.wait(PATIENCE)

    thread = asyncio.ensure_future(asyncio.to_thread(breaker.call, block))
    await asyncio.to_thread(inside.wait, PATIENCE)
    for _ in range(10):
        assert await breaker.call_async(asyncio.sleep, 0) is None
    assert not release.is_set()
    release.set()
    assert await thread is True


def test_no_count_is_lost_among_threads(clock):
    breaker = small_breaker(clock, minimum_calls=10_000_000)

    def work(_):
        for _ in range(500):
            breaker.call(answer)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert breaker.snapshot.calls == 4000
