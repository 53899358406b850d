"""C3, C6, C8 to C12: probes of a half-open breaker, and results that come late."""

from __future__ import annotations

import asyncio
import threading
from contextvars import copy_context

import pytest

from exai_sre.testing import VirtualClock
from tests.unit.resilience.cases.calls import FORMS, each_form, one_call, trip_by
from tests.unit.resilience.rig import Down, Wrong, outcome_of_await, outcome_of_call, small_breaker, trip

PROBES = 3


@pytest.fixture
def clock():
    return VirtualClock()


@pytest.fixture
def breaker(clock):
    return small_breaker(clock)


@each_form
async def test_c03_of_20_calls_at_half_open_exactly_k_run(clock, form):
    breaker = small_breaker(clock, half_open_calls=PROBES)
    trip(breaker)
    clock.advance(30)
    calls = [await FORMS[form](breaker) for _ in range(20)]
    running = [call for call in calls if not call.refused]
    assert len(running) == PROBES
    assert running == calls[:PROBES]
    assert [await call.end() for call in running] == ["ok"] * PROBES
    assert breaker.state == "closed"


async def hold_until(release):
    await release.wait()
    return "ok"


async def hold_within(breaker, release):
    async with breaker:
        return await hold_until(release)


async def hold_in_stream(breaker, release):
    async def one():
        yield await hold_until(release)

    [item] = [item async for item in breaker.stream(one)]
    return item


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(lambda breaker, release: breaker.call_async(hold_until, release), id="async"),
        pytest.param(lambda breaker, release: breaker(hold_until)(release), id="async_decorated"),
        pytest.param(hold_within, id="async_context"),
        pytest.param(hold_in_stream, id="async_generator"),
    ],
)
async def test_c03_of_10_000_tasks_at_half_open_exactly_k_run(clock, form):
    breaker = small_breaker(clock, half_open_calls=PROBES)
    trip(breaker)
    clock.advance(30)
    release = asyncio.Event()
    tasks = [asyncio.ensure_future(outcome_of_await(form(breaker, release))) for _ in range(10_000)]
    for _ in range(3):
        await asyncio.sleep(0)
    assert sum(not task.done() for task in tasks) == PROBES
    release.set()
    seen = await asyncio.gather(*tasks)
    assert seen.count("ok") == PROBES
    assert seen.count("BreakerOpen") == 10_000 - PROBES
    assert breaker.state == "closed"


def test_c03_of_10_000_generators_at_half_open_exactly_k_run(clock):
    breaker = small_breaker(clock, half_open_calls=PROBES)
    trip(breaker)
    clock.advance(30)

    @breaker
    def one():
        yield 1

    running = [one() for _ in range(10_000)]
    assert [outcome_of_call(lambda call=call: next(call)) for call in running].count("1") == PROBES
    assert [list(call) for call in running[:PROBES]] == [[]] * PROBES
    assert breaker.state == "closed"


def test_c03_of_10_000_with_blocks_at_half_open_exactly_k_run(clock):
    breaker = small_breaker(clock, half_open_calls=PROBES)
    trip(breaker)
    clock.advance(30)
    contexts = [copy_context() for _ in range(10_000)]
    seen = [outcome_of_call(lambda own=own: own.run(breaker.__enter__) is breaker) for own in contexts]
    assert [number for number, result in enumerate(seen) if result == "True"] == list(range(PROBES))
    for own in contexts[:PROBES]:
        own.run(breaker.__exit__, None, None, None)
    assert breaker.state == "closed"


def test_c03_of_64_threads_at_half_open_exactly_k_run(clock):
    breaker = small_breaker(clock, half_open_calls=PROBES)
    trip(breaker)
    clock.advance(30)
    decided, start = threading.Semaphore(0), threading.Barrier(64)
    release, seen = threading.Event(), []

    def hold():
        decided.release()
        assert release.wait(20)
        return "ok"

    def one():
        start.wait(20)
        seen.append(outcome_of_call(lambda: breaker.call(hold)))
        decided.release()

    threads = [threading.Thread(target=one) for _ in range(64)]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert decided.acquire(timeout=20)
    assert seen == ["BreakerOpen"] * (64 - PROBES)
    release.set()
    for thread in threads:
        thread.join(20)
    assert seen.count("ok") == PROBES
    assert breaker.state == "closed"


@each_form
async def test_c06_a_cancelled_probe_neither_closes_nor_opens_and_gives_its_permit_back(breaker, clock, form):
    await trip_by(form, breaker)
    clock.advance(30)
    probe = await FORMS[form](breaker)
    assert (await FORMS[form](breaker)).refused
    assert await probe.end(asyncio.CancelledError) == "CancelledError"
    assert breaker.state == "half_open"
    assert await one_call(form, breaker) == "ok"
    assert breaker.state == "closed"


@each_form
async def test_c08_an_ignored_exception_at_half_open_does_not_close_and_does_not_wedge(clock, form):
    breaker = small_breaker(clock, ignore=Wrong)
    await trip_by(form, breaker)
    clock.advance(30)
    for _ in range(3):
        assert await one_call(form, breaker, Wrong) == "Wrong"
        assert breaker.state == "half_open"
    assert await one_call(form, breaker) == "ok"
    assert breaker.state == "closed"


@each_form
async def test_c09_a_late_success_from_before_the_trip_does_not_close(breaker, clock, form):
    late = [await FORMS[form](breaker) for _ in range(2)]
    await trip_by(form, breaker)
    assert await late[0].end() == "ok"
    assert breaker.state == "open"
    clock.advance(30)
    assert await late[1].end() == "ok"
    assert breaker.state == "half_open"


@each_form
async def test_c10_late_failures_do_not_end_a_probe_nor_extend_the_open_time(breaker, clock, form):
    late = [await FORMS[form](breaker) for _ in range(4)]
    await trip_by(form, breaker)
    clock.advance(20)
    assert [await call.end(Down) for call in late[:2]] == ["Down", "Down"]
    assert breaker.snapshot.retry_after == 10.0
    clock.advance(10)
    probe = await FORMS[form](breaker)
    assert [await call.end(Down) for call in late[2:]] == ["Down", "Down"]
    assert breaker.state == "half_open"
    assert await probe.end() == "ok"
    assert breaker.state == "closed"


@each_form
@pytest.mark.parametrize("how", [Wrong, asyncio.CancelledError])
async def test_c11_a_late_neutral_call_of_an_old_state_adds_no_half_open_permit(clock, form, how):
    breaker = small_breaker(clock, ignore=Wrong)
    late = [await FORMS[form](breaker) for _ in range(3)]
    await trip_by(form, breaker)
    clock.advance(30)
    probe = await FORMS[form](breaker)
    for call in late:
        await call.end(how)
    assert (await FORMS[form](breaker)).refused
    await probe.end()
    assert breaker.state == "closed"


@each_form
async def test_c12_a_probe_that_hangs_ends_half_open_after_the_limit(breaker, clock, form):
    await trip_by(form, breaker)
    clock.advance(30)
    probe = await FORMS[form](breaker)
    clock.advance(59)
    assert breaker.state == "half_open"
    assert (await FORMS[form](breaker)).refused
    clock.advance(1)
    assert breaker.state == "open"
    clock.advance(30)
    assert await one_call(form, breaker) == "ok"
    assert breaker.state == "closed"
    assert await probe.end(Down) == "Down"
    assert (breaker.state, breaker.snapshot.calls) == ("closed", 0)
