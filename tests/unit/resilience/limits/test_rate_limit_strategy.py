"""Rate limit: the same refusals and waits in four forms, never past a deadline."""

from __future__ import annotations

import asyncio
import pickle

import pytest

from exai_sre.context import deadline_at
from exai_sre.metrics import Catalog
from exai_sre.metrics.families import ResilienceMetrics
from exai_sre.resilience import Pipeline, RateLimited, outcome_of
from exai_sre.resilience.rate_limit import RateLimit
from exai_sre.testing import VirtualClock
from tests.unit.resilience.rig import answer, answer_async, collect, items, outcome_of_await, stream

IMPORTED = RateLimit(1, per=3600, burst=2)
"""C29: made without a loop, at import time."""


@pytest.fixture
def clock():
    return VirtualClock()


async def each_form(limit):
    """What a call ends with in each of the four forms."""
    sync = await outcome_of_await(asyncio.to_thread(limit.call, answer))
    coroutine = await outcome_of_await(limit.call_async(answer_async))
    generator = await outcome_of_await(asyncio.to_thread(lambda: list(limit(items)(1, 2))))
    flow = await outcome_of_await(collect(limit.stream(stream, 1, 2)))
    return [sync, coroutine, generator, flow]


async def test_every_form_takes_one_call_and_is_refused_above_the_rate(clock):
    limit = RateLimit(4, per=60, clock=clock, name="quota")
    assert limit.available == 4
    assert await each_form(limit) == ["ok", "ok", "[1, 2]", "[1, 2]"]
    assert limit.available == 0
    assert await each_form(limit) == ["RateLimited"] * 4
    clock.advance(30)
    assert limit.available == 2


def test_a_refusal_says_who_and_when_to_come_back(clock):
    limit = RateLimit(1, per=10, clock=clock, name="quota")
    limit.call(answer)
    clock.advance(4)
    with pytest.raises(RateLimited, match="'quota'") as caught:
        limit.call(answer)
    assert (caught.value.name, caught.value.retry_after) == ("quota", pytest.approx(6))
    assert outcome_of(caught.value) == "overload"
    assert pickle.loads(pickle.dumps(caught.value)).retry_after == caught.value.retry_after
    clock.advance(caught.value.retry_after)
    assert limit.call(answer) == "ok"


async def test_calls_wait_for_their_turn_in_the_order_in_which_they_came(clock):
    limit = RateLimit(1, per=2, wait=10, clock=clock)
    began = []

    async def work(number):
        began.append((number, clock.monotonic() - 1000))

    tasks = [asyncio.ensure_future(outcome_of_await(limit.call_async(work, number))) for number in range(7)]
    await clock.elapse(20)
    assert began == [(number, pytest.approx(2 * number)) for number in range(6)]
    assert await tasks[6] == "RateLimited"


async def test_streams_wait_too(clock):
    limit = RateLimit(1, per=2, wait=10, clock=clock)
    assert await collect(limit.stream(stream, 1)) == [1]
    assert await clock.run(collect(limit.stream(stream, 1, 2))) == [1, 2]
    assert clock.monotonic() == pytest.approx(1002)


def test_threads_wait_by_the_sleep_they_are_given(clock):
    limit = RateLimit(1, per=2, wait=10, clock=clock, sleep=clock.advance)
    assert [limit.call(answer) for _ in range(3)] == ["ok"] * 3
    assert list(limit(items)(1, 2)) == [1, 2]
    assert clock.monotonic() == pytest.approx(1006)


@pytest.mark.parametrize(("left", "ends"), [(1.9, "RateLimited"), (2.1, "ok")])
async def test_no_call_waits_past_its_deadline(clock, left, ends):
    limit = RateLimit(1, per=2, wait=10, clock=clock)
    limit.call(answer)
    with deadline_at(clock.monotonic() + left):
        assert await clock.run(outcome_of_await(limit.call_async(answer_async))) == ends
    assert clock.monotonic() == pytest.approx(1002 if ends == "ok" else 1000)


async def test_a_call_refused_for_its_deadline_takes_nothing_from_the_others(clock):
    limit = RateLimit(1, per=2, wait=10, clock=clock)
    limit.call(answer)
    with deadline_at(clock.monotonic() + 1):
        for _ in range(5):
            assert await outcome_of_await(limit.call_async(answer_async)) == "RateLimited"
    assert await clock.run(limit.call_async(answer_async)) == "ok"
    assert clock.monotonic() == pytest.approx(1002)


async def test_each_key_has_a_rate_of_its_own(clock):
    limit = RateLimit(1, per=60, clock=clock, key=lambda args, kwargs: f"{args[0]}/{kwargs.get('tenant')}")

    async def work(user, tenant=None):
        return user

    calls = [("a", None), ("b", None), ("a", None), ("a", 1), ("a", 1)]
    ends = [await outcome_of_await(limit.call_async(work, user, tenant=tenant)) for user, tenant in calls]
    assert ends == ["a", "b", "RateLimited", "a", "RateLimited"]
    assert limit.keys == 3


def test_the_number_of_keys_is_bounded(clock):
    limit = RateLimit(1, per=60, clock=clock, key=lambda args, _: str(args[0]), keys=5)
    ends = []
    for number in range(10):
        try:
            ends.append(limit.call(abs, number))
        except RateLimited:
            ends.append(None)
    assert ends == [0, 1, 2, 3, 4, 5, None, None, None, None]
    assert limit.keys == 5


def test_refusals_are_counted_in_a_pipeline(clock):
    metrics = ResilienceMetrics.declare(Catalog())
    pipeline = Pipeline("p", RateLimit(1, per=60), metrics=metrics, clock=clock)
    assert pipeline.call(answer) == "ok"
    with pytest.raises(RateLimited):
        pipeline.call(answer)
    counted = {series.values: series.value for series in metrics.decisions.series()}
    assert counted["p", "rate_limit", "rejected"] == 1


def test_a_limit_made_at_import_serves_two_loops():
    """C29: nothing in it belongs to a loop."""

    async def one():
        return await outcome_of_await(IMPORTED.call_async(answer_async))

    assert [asyncio.run(one()) for _ in range(3)] == ["ok", "ok", "RateLimited"]


@pytest.mark.parametrize(("rate", "at_once"), [(0.5, 1), (1, 1), (2.9, 2), (100, 100)])
def test_the_burst_is_a_whole_periods_worth_by_default(rate, at_once):
    assert RateLimit(rate).options.at_once == at_once


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"rate": 0}, "rate"),
        ({"rate": float("inf")}, "rate"),
        ({"rate": float("nan")}, "rate"),
        ({"rate": 1, "per": -1}, "per"),
        ({"rate": 1, "burst": 0}, "burst"),
        ({"rate": 1, "wait": -1}, "wait"),
        ({"rate": 1, "wait": float("inf")}, "wait"),
        ({"rate": 1, "keys": 0}, "keys"),
    ],
)
def test_rate_limit_options_that_make_no_sense_are_refused(options, named):
    with pytest.raises(ValueError, match=named):
        RateLimit(**options)
