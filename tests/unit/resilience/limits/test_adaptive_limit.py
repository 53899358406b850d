"""Adaptive limit: who is let in, and what the end of a call says, in four forms."""

from __future__ import annotations

import asyncio
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from exai_sre.outcome import Outcome
from exai_sre.resilience import DeadlineExceeded, LimitReached, Pipeline, Timeout, outcome_of
from exai_sre.resilience.adaptive_limit import AdaptiveLimit
from exai_sre.resilience.aimd import Aimd
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
    outcome_of_call,
    stream,
)

IMPORTED = AdaptiveLimit("imported", initial=5)
"""C29: made without a loop, at import time."""


@pytest.fixture
def clock():
    return VirtualClock()


def one_by_one(clock, **options):
    """A limit of one call that learns from each."""
    settings = {"initial": 1, "minimum": 1, "window": 0.0, "samples": 1, "clock": clock}
    return AdaptiveLimit("dependency", **{**settings, **options})


async def start(*awaitables):
    tasks = [asyncio.ensure_future(outcome_of_await(awaitable)) for awaitable in awaitables]
    for _ in range(5):
        await asyncio.sleep(0)
    return tasks


async def test_no_more_than_the_limit_run_and_the_rest_is_refused():
    limit = AdaptiveLimit("dependency", initial=6)
    running = await start(*(limit.call_async(hang) for _ in range(6)))
    assert (limit.limit, limit.running, limit.utilisation) == (6, 6, 1.0)
    with pytest.raises(LimitReached, match="6 calls are running") as caught:
        await limit.call_async(answer_async)
    assert (caught.value.name, caught.value.limit) == ("dependency", 6)
    assert outcome_of(caught.value) == "overload"
    assert pickle.loads(pickle.dumps(caught.value)).limit == 6
    for task in running:
        task.cancel()
    await asyncio.gather(*running)
    assert limit.running == 0


async def test_every_form_holds_a_slot_and_gives_it_back(clock):
    limit = one_by_one(clock, maximum=1)
    for _ in range(2):
        assert limit.call(answer) == "ok"
        assert await limit.call_async(answer_async) == "ok"
        assert list(limit(items)(1, 2)) == [1, 2]
        assert await collect(limit.stream(stream, 1, 2)) == [1, 2]
        assert await collect(limit.stream(stream)) == []
        assert outcome_of_call(lambda: limit.call(fail)) == "Down"
        assert await outcome_of_await(limit.call_async(fail_async)) == "Down"
        assert outcome_of_call(lambda: list(limit(items)(1, ConnectionError))) == "ConnectionError"
        assert await outcome_of_await(collect(limit.stream(stream, 1, ConnectionError))) == "ConnectionError"
    assert limit.running == 0


async def test_streams_and_generators_hold_their_slot_until_they_are_closed(clock):
    limit = one_by_one(clock, maximum=1)
    source = limit.stream(stream, 1, 2)
    assert await anext(source) == 1
    assert await outcome_of_await(collect(limit.stream(stream, 1))) == "LimitReached"
    await source.aclose()
    generator = limit(items)(1, 2)
    next(generator)
    assert outcome_of_call(lambda: next(limit(items)(1))) == "LimitReached"
    generator.close()
    assert limit.running == 0


def test_latency_is_sampled_and_shown(clock):
    limit = one_by_one(clock, samples=2)
    limit.call(clock.advance, 0.2)
    assert limit.snapshot.latency == 0.0
    limit.call(clock.advance, 0.4)
    assert limit.latency == pytest.approx(0.3)
    assert limit.snapshot.baseline is None
    clock.advance(1)
    limit.call(clock.advance, 0.1)
    limit.call(clock.advance, 0.3)
    seen = limit.snapshot
    assert (seen.name, seen.running, seen.limit) == ("dependency", 0, 1)
    assert (seen.latency, seen.minimum_latency, seen.baseline) == tuple(map(pytest.approx, (0.2, 0.1, 0.2)))


async def test_the_sample_of_a_stream_is_its_first_item(clock):
    limit = one_by_one(clock)
    source = limit.stream(stream, 1, 2)
    clock.advance(0.25)
    await anext(source)
    clock.advance(100)
    await anext(source)
    with pytest.raises(StopAsyncIteration):
        await anext(source)
    assert limit.latency == 0.0


async def test_a_generator_gives_no_sample(clock):
    limit = one_by_one(clock)
    for _ in limit(items)(1, 2):
        clock.advance(100)
    assert limit.latency == 0.0


@pytest.mark.parametrize(
    ("outcome", "counts"),
    [
        (Outcome.TIMEOUT, True),
        (Outcome.OVERLOAD, True),
        (Outcome.ERROR, False),
        (Outcome.UPSTREAM_ERROR, False),
        (Outcome.CLIENT_ERROR, False),
        (Outcome.CANCELLED, False),
    ],
)
def test_timeouts_and_overloads_lower_the_limit_and_other_ends_say_nothing(clock, outcome, counts):
    class Ended(Exception):
        def __init__(self):
            self.outcome = outcome

    limit = one_by_one(clock, initial=100, algorithm=Aimd())
    assert outcome_of_call(lambda: limit.call(fail, Ended)) == "Ended"
    assert limit.limit == (90 if counts else 100)
    assert limit.running == 0


def test_a_burst_of_losses_is_one_sign_of_overload(clock):
    limit = one_by_one(clock, initial=100, window=1.0, algorithm=Aimd())
    for _ in range(5):
        assert outcome_of_call(lambda: limit.call(fail, TimeoutError)) == "TimeoutError"
    assert limit.limit == 90
    clock.advance(1)
    assert outcome_of_call(lambda: limit.call(fail, TimeoutError)) == "TimeoutError"
    assert limit.limit == 81


async def test_a_timeout_around_the_limit_counts_and_a_callers_cancellation_does_not(clock):
    limit = one_by_one(clock, initial=100, algorithm=Aimd())
    bounded = Pipeline("p", Timeout(1), limit, clock=clock)
    (late,) = await start(bounded.call_async(hang))
    await clock.elapse(1.1)
    assert await late == "DeadlineExceeded"
    assert limit.limit == 90
    (given_up,) = await start(bounded.call_async(hang))
    given_up.cancel()
    assert await given_up == "CancelledError"
    assert (limit.limit, limit.running) == (90, 0)


def test_a_call_that_was_not_begun_says_nothing(clock):
    limit = one_by_one(clock, initial=100, algorithm=Aimd())

    def expired():
        raise DeadlineExceeded(0.0, started=False)

    assert outcome_of_call(lambda: limit.call(expired)) == "DeadlineExceeded"
    assert (limit.limit, limit.running) == (100, 0)


def test_the_limit_stays_within_its_bounds(clock):
    limit = one_by_one(clock, initial=10, minimum=8, maximum=12, algorithm=Aimd(timeout=1))

    def nested(depth):
        return limit.call(nested, depth - 1) if depth else clock.advance(2)

    for _ in range(10):
        limit.call(nested, 5)
    assert limit.limit == 8
    limit = one_by_one(clock, initial=10, minimum=8, maximum=12, algorithm=Aimd())
    for _ in range(10):
        limit.call(nested, 6)
    assert limit.limit == 12


def test_threads_never_run_more_than_the_limit():
    limit = AdaptiveLimit("dependency", initial=5, minimum=5, maximum=5)
    together, most, lock = threading.Barrier(16), [0, 0], threading.Lock()

    def inside():
        with lock:
            most[0] += 1
            most[1] = max(most)
        with lock:
            most[0] -= 1

    def work(_):
        together.wait()
        return [outcome_of_call(lambda: limit.call(inside)) for _ in range(200)]

    with ThreadPoolExecutor(16) as pool:
        ends = {end for found in pool.map(work, range(16)) for end in found}
    assert ends <= {"None", "LimitReached"}
    assert most[1] <= 5
    assert limit.running == 0


def test_a_limit_made_at_import_serves_two_loops():
    """C29: nothing in it belongs to a loop."""

    async def both():
        return await asyncio.gather(*(IMPORTED.call_async(answer_async) for _ in range(3)))

    assert [asyncio.run(both()) for _ in range(2)] == [["ok"] * 3] * 2


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"minimum": 0}, "minimum"),
        ({"minimum": 10, "maximum": 9}, "maximum"),
        ({"initial": 4}, "initial"),
        ({"initial": 201}, "initial"),
        ({"window": -1}, "window"),
        ({"samples": 0}, "samples"),
    ],
)
def test_adaptive_limit_options_that_make_no_sense_are_refused(options, named):
    with pytest.raises(ValueError, match=named):
        AdaptiveLimit("dependency", **options)
