"""What only the fused path can get wrong: exact counts without locks, nothing left behind, the way back to nested."""

from __future__ import annotations

import asyncio
import gc
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from exai_sre.context import attempts_left, current_deadline
from exai_sre.context.limits import current_limits
from exai_sre.metrics import Catalog
from exai_sre.metrics.families import ResilienceMetrics
from exai_sre.resilience import (
    BreakerOpen,
    Bulkhead,
    CircuitBreaker,
    Decision,
    Pipeline,
    Retry,
    RetryBudget,
    Timeout,
    UnsupportedForm,
)
from exai_sre.resilience.fallback import Fallback
from exai_sre.resilience.ledger import NOTED_AT_MOST
from exai_sre.testing import VirtualClock
from tests.unit.resilience.rig import Down, answer, answer_async, fail, fail_async, hang, outcome_of_await

PATIENCE = 30.0


@pytest.fixture
def clock():
    return VirtualClock()


def full(clock=None, **options):
    return Pipeline(
        "p",
        Timeout(60, total=True),
        Bulkhead(100),
        Retry(wait=1.0, budget=RetryBudget(0.5, per_second=0, reserve=0, cap=10_000, clock=clock)),
        CircuitBreaker("b", minimum_calls=10**9),
        Timeout(5),
        clock=clock,
        **options,
    )


async def at_once(value="ok"):
    return value


async def test_durations_are_sorted_before_they_are_many(clock):
    """They wait for the next reader without a lock, but no more of them than a page of memory holds."""
    metrics = ResilienceMetrics.declare(Catalog())
    pipeline = full(clock, metrics=metrics)
    refused = Pipeline("r", CircuitBreaker("r"), metrics=metrics, clock=clock)
    refused.strategies[0].force_open()
    for _ in range(3000):
        await pipeline.call_async(at_once)
        with pytest.raises(BreakerOpen):
            await refused.call_async(at_once)
    counted = {
        name: [metrics.decisions.labels(pipeline=name, strategy=kind, decision=decision) for kind in kinds]
        for name, decision, kinds in (("p", "succeeded", ["pipeline"]), ("r", "rejected", ["breaker", "pipeline"]))
    }
    for series in metrics.duration.series():
        counters = counted[series.values[0]]
        waiting = len(series.notes(*counters).values)
        assert 0 < waiting <= NOTED_AT_MOST + 1
        assert [counter.value for counter in counters] == [3000] * len(counters)
        assert series.count == 3000


def test_64_threads_lose_no_count(clock):
    """Success takes no lock, yet window, budget, slots and decisions are exact."""
    told = []
    pipeline = full(clock, on_decision=lambda *decision: told.append(decision))
    _, bulkhead, retry, breaker, _ = pipeline.strategies
    start = threading.Barrier(64)

    def work(_):
        start.wait(PATIENCE)
        for _ in range(100):
            pipeline.call(answer)

    with ThreadPoolExecutor(64) as pool:
        list(pool.map(work, range(64)))
    assert breaker.snapshot.calls == 6400
    assert bulkhead.running == 0
    assert retry.options.budget.balance == 3200
    assert told == [("p", "pipeline", Decision.SUCCEEDED)] * 6400


def test_threads_that_fail_and_succeed_together_are_counted_exactly(clock):
    pipeline = Pipeline("p", CircuitBreaker("b", minimum_calls=10**9), clock=clock)

    def work(number):
        for turn in range(200):
            try:
                pipeline.call(fail if (number + turn) % 4 == 0 else answer)
            except Down:
                continue

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, range(16)))
    shot = pipeline.strategies[0].snapshot
    assert (shot.calls, shot.failures) == (3200, 800)


async def test_a_failed_call_leaves_no_cycle_and_no_limits(clock):
    pipeline = Pipeline("p", Timeout(9, total=True), Retry(2, wait=0), CircuitBreaker("b"), Timeout(5), clock=clock)
    await outcome_of_await(pipeline.call_async(fail_async))
    gc.collect()
    gc.disable()
    try:
        for _ in range(5):
            assert await outcome_of_await(pipeline.call_async(fail_async)) == "Down"
        assert gc.collect() == 0
    finally:
        gc.enable()
    assert current_limits.get() is None


async def test_a_call_hands_its_deadline_and_its_attempts_down(clock):
    async def look():
        return attempts_left.get(), current_deadline.get()

    assert await full(clock).call_async(look) == (3, 1060.0)
    assert await Pipeline("p", Bulkhead(1), clock=clock).call_async(look) == (None, None)


async def test_a_retry_within_a_retry_makes_one_attempt(clock):
    made = []

    async def leaf():
        made.append(attempts_left.get())
        raise Down

    inner, outer = full(clock), Pipeline("outer", Retry(2, wait=0), CircuitBreaker("o"), clock=clock)
    assert await outcome_of_await(outer.call_async(inner.call_async, leaf)) == "Down"
    assert made == [2, 1]


async def test_short_limits_are_exact(clock):
    pipeline = Pipeline("p", Timeout(0.033, total=True), Bulkhead(1), clock=clock)
    task = asyncio.ensure_future(outcome_of_await(pipeline.call_async(hang)))
    await clock.elapse(0.032)
    assert not task.done()
    await clock.elapse(0.001)
    assert await task == "DeadlineExceeded"
    assert pipeline.strategies[1].running == 0


async def test_keywords_and_other_awaitables_get_through(clock):
    pipeline = full(clock)
    ready = asyncio.get_running_loop().create_future()
    ready.set_result("future")
    assert await pipeline.call_async(at_once, value="named") == "named"
    assert await pipeline.call_async(lambda: ready) == "future"
    unlimited = Pipeline("p", Bulkhead(1), clock=clock)
    assert await unlimited.call_async(at_once, value="named") == "named"
    assert await clock.run(Pipeline("p", Retry(wait=1), clock=clock).call_async(second_time([]))) == "ok"


def second_time(made):
    async def call():
        made.append(1)
        if len(made) == 1:
            raise Down
        return "ok"

    return call


def test_a_coroutine_function_in_the_synchronous_form_is_refused(clock):
    with pytest.raises(UnsupportedForm):
        full(clock).call(answer_async)


async def test_a_run_inside_other_strategies_is_fused_too(clock):
    made = []
    pipeline = Pipeline("p", Fallback("instead"), Retry(2, wait=0), CircuitBreaker("b"), Fallback("never", on=KeyError))
    assert await pipeline.call_async(second_time(made)) == "ok"
    assert await pipeline.call_async(fail_async) == "instead"
    assert pipeline.strategies[2].snapshot.failures == 3


@pytest.mark.parametrize("form", ["sync", "async"])
async def test_an_open_breaker_refuses_at_once_with_its_counts(clock, form):
    metrics = ResilienceMetrics.declare(Catalog())
    breaker, bulkhead = CircuitBreaker("b", open_for=30), Bulkhead(1)
    pipeline = Pipeline("p", bulkhead, Retry(1), breaker, metrics=metrics, clock=clock)
    breaker.force_open()

    async def refused():
        try:
            return pipeline.call(answer) if form == "sync" else await pipeline.call_async(answer_async)
        except BreakerOpen as error:
            return error

    first, second = await refused(), await refused()
    assert (first.name, first.retry_after) == ("b", 30)
    assert first is not second
    blocked = await bulkhead.call_async(lambda: outcome_of_await(pipeline.call_async(answer_async)))
    assert blocked == "BulkheadFull"
    counted = {series.values[1:]: series.value for series in metrics.decisions.series() if series.value}
    assert counted == {
        ("pipeline", "rejected"): 3,
        ("breaker", "rejected"): 2,
        ("bulkhead", "rejected"): 1,
        ("retry", "gave_up"): 2,
    }
    assert metrics.duration.labels(pipeline="p").count == 3


async def test_a_strategy_with_a_clock_of_its_own_is_nested(clock):
    breaker = CircuitBreaker("b", minimum_calls=1, clock=VirtualClock())
    pipeline = Pipeline("p", Retry(1), breaker, clock=clock)
    assert await outcome_of_await(pipeline.call_async(fail_async)) == "Down"
    assert breaker.state == "open"


async def test_a_hook_that_raises_changes_nothing(clock, caplog):
    def broken(_pipeline, _strategy, _decision):
        raise ValueError("broken hook")

    assert await full(clock, on_decision=broken).call_async(at_once) == "ok"
    assert "broken hook" in caplog.text


async def test_two_loops_share_a_pipeline_each_with_its_own_wheel():
    pipeline = full()
    assert await pipeline.call_async(asyncio.sleep, 0.001, "mine") == "mine"
    theirs = await asyncio.to_thread(lambda: asyncio.run(pipeline.call_async(asyncio.sleep, 0.001, "theirs")))
    assert theirs == "theirs"
    assert await pipeline.call_async(asyncio.sleep, 0.001, "again") == "again"


@pytest.mark.parametrize("form", ["sync", "async"])
async def test_an_open_breaker_whose_time_is_over_lets_a_probe_through(clock, form):
    pipeline = Pipeline("p", CircuitBreaker("b", minimum_calls=1, open_for=30, half_open_calls=1), clock=clock)
    assert await outcome_of_await(pipeline.call_async(fail_async)) == "Down"
    assert await outcome_of_await(pipeline.call_async(answer_async)) == "BreakerOpen"
    clock.advance(30)
    assert (pipeline.call(answer) if form == "sync" else await pipeline.call_async(answer_async)) == "ok"
    assert pipeline.strategies[0].state == "closed"
