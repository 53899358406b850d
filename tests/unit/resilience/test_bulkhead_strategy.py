"""Bulkhead: slots, a fair queue, and refusal; the same for tasks and threads."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from exai_sre.context import deadline_at
from exai_sre.resilience import Bulkhead, BulkheadFull, DeadlineExceeded, Pipeline, Timeout, outcome_of
from exai_sre.resilience.bulkhead_engine import BulkheadEngine
from exai_sre.testing import VirtualClock
from tests.unit.resilience.rig import (
    answer,
    answer_async,
    collect,
    fail,
    fail_async,
    hang,
    items,
    outcome_of_await,
    stream,
)

IMPORTED = Bulkhead(1, queue=2)
"""C29: made without a loop, at import time."""

PATIENCE = 30.0


def until_waiting(bulkhead):
    """Until a call stands in the queue, or the test has lost its patience."""
    ends = time.monotonic() + PATIENCE
    while not bulkhead.waiting and time.monotonic() < ends:
        time.sleep(0)
    assert bulkhead.waiting


async def start(*awaitables):
    tasks = [asyncio.ensure_future(outcome_of_await(awaitable)) for awaitable in awaitables]
    for _ in range(5):
        await asyncio.sleep(0)
    return tasks


async def test_no_more_than_the_limit_run_and_the_rest_is_refused():
    bulkhead = Bulkhead(2)
    running = await start(*(bulkhead.call_async(hang) for _ in range(2)))
    with pytest.raises(BulkheadFull, match="2 calls are running") as caught:
        await bulkhead.call_async(answer_async)
    assert (caught.value.limit, caught.value.queue) == (2, 0)
    assert outcome_of(caught.value) == "overload"
    running[0].cancel()
    await running[0]
    assert await bulkhead.call_async(answer_async) == "ok"
    running[1].cancel()
    await running[1]
    assert bulkhead.running == 0


async def test_those_that_wait_run_in_order_of_arrival():
    bulkhead = Bulkhead(1, queue=3)
    gate, order = asyncio.Event(), []

    async def work(number):
        order.append(number)
        await gate.wait()

    tasks = await start(*(bulkhead.call_async(work, number) for number in range(5)))
    assert (order, bulkhead.running, bulkhead.waiting) == ([0], 1, 3)
    assert await tasks[4] == "BulkheadFull"
    gate.set()
    await asyncio.gather(*tasks)
    assert order == [0, 1, 2, 3]
    assert (bulkhead.running, bulkhead.waiting) == (0, 0)


async def test_a_waiting_call_that_is_cancelled_leaves_the_queue():
    bulkhead = Bulkhead(1, queue=1)
    first, second = await start(bulkhead.call_async(hang), bulkhead.call_async(answer_async))
    second.cancel()
    assert await second == "CancelledError"
    assert (bulkhead.running, bulkhead.waiting) == (1, 0)
    first.cancel()
    await first
    assert bulkhead.running == 0


async def test_a_call_cancelled_while_its_slot_is_handed_over_gives_it_on():
    bulkhead = Bulkhead(1, queue=2)
    gate = asyncio.Event()
    first, second, third = await start(
        bulkhead.call_async(gate.wait), bulkhead.call_async(hang), bulkhead.call_async(answer_async)
    )
    gate.set()
    await first
    second.cancel()
    assert await second == "CancelledError"
    assert await third == "ok"
    assert (bulkhead.running, bulkhead.waiting) == (0, 0)


async def test_a_call_cancelled_before_it_hears_of_its_slot_gives_it_on():
    bulkhead = Bulkhead(1, queue=1)
    holder = bulkhead(items)(1, 2)
    next(holder)
    (waiting,) = await start(bulkhead.call_async(hang))
    holder.close()
    waiting.cancel()
    assert await waiting == "CancelledError"
    await asyncio.sleep(0)
    assert (bulkhead.running, bulkhead.waiting) == (0, 0)


async def test_a_wait_is_bounded_by_the_limits_around_it():
    clock = VirtualClock()
    bulkhead = Bulkhead(1, queue=1)
    pipeline = Pipeline("p", Timeout(5), bulkhead, clock=clock)
    (first,) = await start(bulkhead.call_async(hang))
    (second,) = await start(pipeline.call_async(answer_async))
    await clock.elapse(5)
    assert await second == "DeadlineExceeded"
    assert bulkhead.waiting == 0
    first.cancel()
    await first


async def test_failures_give_their_slot_back_in_every_form():
    bulkhead = Bulkhead(1)
    for _ in range(2):
        assert await outcome_of_await(bulkhead.call_async(fail_async)) == "Down"
        with pytest.raises(ConnectionError):
            bulkhead.call(fail)
        assert bulkhead.call(answer) == "ok"
        assert list(bulkhead(items)(1, 2)) == [1, 2]
        assert await collect(bulkhead.stream(stream, 1, 2)) == [1, 2]
    assert bulkhead.running == 0


async def test_a_stream_holds_its_slot_until_it_is_closed():
    bulkhead = Bulkhead(1)
    source = bulkhead.stream(stream, 1, 2)
    await anext(source)
    assert await outcome_of_await(collect(bulkhead.stream(stream, 1))) == "BulkheadFull"
    await source.aclose()
    assert await collect(bulkhead.stream(stream, 1)) == [1]


def test_a_generator_holds_its_slot_until_it_is_closed():
    bulkhead = Bulkhead(1)
    first = bulkhead(items)(1, 2)
    next(first)
    with pytest.raises(BulkheadFull):
        next(bulkhead(items)(1))
    first.close()
    assert bulkhead.running == 0


def test_threads_wait_for_each_other():
    bulkhead = Bulkhead(1, queue=7)
    most, inside, lock = [0], [0], threading.Lock()

    def work(_):
        with lock:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        with lock:
            inside[0] -= 1
        return "ok"

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda number: bulkhead.call(work, number), range(64)))
    assert results == ["ok"] * 64
    assert (most[0], bulkhead.running, bulkhead.waiting) == (1, 0, 0)


def test_a_thread_waits_until_the_slot_is_handed_over():
    bulkhead = Bulkhead(1, queue=1)
    inside, release = threading.Event(), threading.Event()

    def block():
        inside.set()
        return release.wait(PATIENCE)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(bulkhead.call, block)
        inside.wait(PATIENCE)
        second = pool.submit(bulkhead.call, answer)
        until_waiting(bulkhead)
        release.set()
        assert (first.result(PATIENCE), second.result(PATIENCE)) == (True, "ok")


def test_a_thread_whose_deadline_has_passed_leaves_the_queue():
    clock = VirtualClock()
    bulkhead = Bulkhead(1, queue=1, clock=clock)

    def nested():
        with deadline_at(clock.monotonic()), pytest.raises(DeadlineExceeded):
            bulkhead.call(answer)
        return bulkhead.waiting

    assert bulkhead.call(nested) == 0
    assert bulkhead.running == 0


def test_an_interrupt_while_a_thread_waits_takes_it_out_of_the_queue(monkeypatch):
    class Interrupted(threading.Event):
        def wait(self, timeout=None):
            raise KeyboardInterrupt

    bulkhead = Bulkhead(1, queue=1)

    def nested():
        monkeypatch.setattr("exai_sre.resilience.bulkhead.threading.Event", Interrupted)
        with pytest.raises(KeyboardInterrupt):
            bulkhead.call(answer)
        return bulkhead.waiting

    assert bulkhead.call(nested) == 0


def test_a_slot_freed_before_the_caller_queues_is_taken_at_once(monkeypatch):
    """Between the look at the slots and the queue another thread may have finished."""
    bulkhead = Bulkhead(1, queue=1)
    monkeypatch.setattr(BulkheadEngine, "admit", lambda _: False)
    assert bulkhead.call(answer) == "ok"
    assert asyncio.run(bulkhead.call_async(answer_async)) == "ok"
    assert bulkhead.running == 0


def test_who_queues_when_a_slot_is_free_and_nobody_waits_takes_it():
    engine, woken = BulkheadEngine(1, 1), []
    assert engine.enqueue(lambda: woken.append(1)).granted
    assert not engine.enqueue(lambda: woken.append(2)).granted
    assert engine.enqueue(lambda: woken.append(3)) is None
    engine.release()
    assert (woken, engine.running, engine.waiting) == ([2], 1, 0)


def test_a_bulkhead_made_at_import_serves_two_loops():
    """C29: nothing in it belongs to a loop."""

    async def both():
        return await asyncio.gather(*(IMPORTED.call_async(answer_async) for _ in range(3)))

    assert [asyncio.run(both()) for _ in range(2)] == [["ok"] * 3] * 2


def test_a_slot_can_be_handed_from_one_loop_to_another():
    """C29: two loops at the same time."""
    bulkhead = Bulkhead(1, queue=1)
    inside, release = threading.Event(), threading.Event()

    async def block():
        inside.set()
        return await asyncio.to_thread(release.wait, PATIENCE)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(lambda: asyncio.run(bulkhead.call_async(block)))
        inside.wait(PATIENCE)
        second = pool.submit(lambda: asyncio.run(bulkhead.call_async(answer_async)))
        until_waiting(bulkhead)
        release.set()
        assert (first.result(PATIENCE), second.result(PATIENCE)) == (True, "ok")


@pytest.mark.parametrize(("options", "named"), [({"limit": 0}, "limit"), ({"limit": 1, "queue": -1}, "queue")])
def test_bulkhead_options_that_make_no_sense_are_refused(options, named):
    with pytest.raises(ValueError, match=named):
        Bulkhead(**options)
