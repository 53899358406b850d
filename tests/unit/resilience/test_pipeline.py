"""Pipelines: order, counting, clocks, and what newcomers do with them."""

from __future__ import annotations

import asyncio

import pytest

from exai_sre.context import deadline_at
from exai_sre.metrics import Catalog
from exai_sre.metrics.families import ResilienceMetrics
from exai_sre.metrics.families.protection import BREAKER_STATES, DECISIONS, STRATEGIES
from exai_sre.outcome import Outcome
from exai_sre.resilience import (
    BreakerState,
    Bulkhead,
    CircuitBreaker,
    Decision,
    Pipeline,
    Retry,
    RetryBudget,
    Timeout,
)
from exai_sre.testing import VirtualClock
from tests.unit.resilience.rig import (
    Down,
    Wrong,
    answer,
    answer_async,
    collect,
    fail,
    fail_async,
    hang,
    items,
    outcome_of_await,
    outcome_of_call,
    small_breaker,
    stream,
)

IMPORTED = Pipeline("imported", Timeout(30, total=True), Bulkhead(5, queue=5), Retry(), CircuitBreaker("b"), Timeout(5))
"""C29: a whole pipeline, made without a loop, at import time."""


@pytest.fixture
def clock():
    return VirtualClock()


@pytest.fixture
def metrics():
    return ResilienceMetrics.declare(Catalog())


def counted(metrics, kind=None):
    """Decisions that were made, by strategy and decision."""
    return {
        f"{series.values[1]} {series.values[2]}": series.value
        for series in metrics.decisions.series()
        if series.value and kind in (None, series.values[1])
    }


def full(clock, metrics, **breaker):
    return Pipeline(
        "p",
        Timeout(60, total=True),
        Bulkhead(2),
        Retry(wait=1.0, budget=RetryBudget(0, per_second=0, reserve=2, clock=clock)),
        small_breaker(clock, **{"minimum_calls": 4, **breaker}),
        Timeout(5),
        metrics=metrics,
        clock=clock,
    )


async def test_a_call_that_passes_is_counted_once(clock, metrics):
    assert await full(clock, metrics).call_async(answer_async) == "ok"
    assert counted(metrics) == {"pipeline succeeded": 1}


async def test_every_step_that_is_taken_is_counted(clock, metrics):
    pipeline = full(clock, metrics)
    assert await clock.run(outcome_of_await(pipeline.call_async(fail_async))) == "Down"
    assert counted(metrics) == {"pipeline failed": 1, "retry retried": 2, "retry gave_up": 1, "breaker failed": 3}
    assert await clock.run(outcome_of_await(pipeline.call_async(hang))) == "DeadlineExceeded"
    assert counted(metrics, "retry") == {"retry retried": 2, "retry gave_up": 1, "retry budget_empty": 1}
    assert counted(metrics, "timeout") == {"timeout timed_out": 1}
    assert await outcome_of_await(pipeline.call_async(answer_async)) == "BreakerOpen"
    assert counted(metrics, "pipeline") == {"pipeline failed": 1, "pipeline timed_out": 1, "pipeline rejected": 1}
    assert counted(metrics, "breaker") == {"breaker failed": 4, "breaker rejected": 1}


async def test_neutral_ends_and_refusals_are_counted_as_such(clock, metrics):
    pipeline = Pipeline("p", Bulkhead(1), Retry(), small_breaker(clock, ignore=Wrong), metrics=metrics, clock=clock)
    task = asyncio.ensure_future(pipeline.call_async(hang))
    await clock.settle()
    assert await outcome_of_await(pipeline.call_async(answer_async)) == "BulkheadFull"
    task.cancel()
    assert await outcome_of_await(task) == "CancelledError"
    with deadline_at(clock.monotonic()):
        assert await outcome_of_await(pipeline.call_async(answer_async)) == "DeadlineExceeded"
    assert await outcome_of_await(pipeline.call_async(fail_async, Wrong)) == "Wrong"
    assert counted(metrics) == {
        "bulkhead rejected": 1,
        "breaker neutral": 2,
        "pipeline rejected": 1,
        "pipeline neutral": 1,
        "pipeline expired": 1,
        "pipeline failed": 1,
        "retry failed": 1,
    }


async def test_our_own_limit_around_a_pipeline_is_a_timeout_to_it(clock, metrics):
    pipeline = Pipeline("p", metrics=metrics, clock=clock)
    outer = Timeout(5, clock=clock)
    assert await clock.run(outcome_of_await(outer.call_async(pipeline.call_async, hang))) == "DeadlineExceeded"
    assert counted(metrics) == {"pipeline timed_out": 1}


async def test_the_ends_of_all_forms_are_counted(clock, metrics):
    class Shed(Exception):
        outcome = Outcome.OVERLOAD

    pipeline = Pipeline("p", metrics=metrics, clock=clock)
    assert pipeline.call(answer) == "ok"
    assert outcome_of_call(lambda: pipeline.call(fail, Shed)) == "Shed"
    assert await collect(pipeline.stream(stream, 1)) == [1]
    assert await outcome_of_await(collect(pipeline.stream(stream, 1, Down))) == "Down"
    assert list(pipeline(items)(1)) == [1]
    assert outcome_of_call(lambda: list(pipeline(items)(Down))) == "Down"
    abandoned = pipeline.stream(stream, 1, 2)
    await anext(abandoned)
    await abandoned.aclose()
    assert counted(metrics) == {
        "pipeline succeeded": 3,
        "pipeline failed": 2,
        "pipeline rejected": 1,
        "pipeline neutral": 1,
    }


@pytest.mark.parametrize("form", ["sync", "items", "stream"])
async def test_no_form_begins_after_the_deadline(clock, form):
    pipeline = Pipeline("p", clock=clock)
    with deadline_at(clock.monotonic()):
        if form == "stream":
            result = await outcome_of_await(collect(pipeline.stream(stream, 1)))
        else:
            result = outcome_of_call(lambda: pipeline.call(answer) if form == "sync" else list(pipeline(items)(1)))
    assert result == "DeadlineExceeded"


def test_a_deadline_ahead_lets_calls_through(clock):
    with deadline_at(clock.monotonic() + 1):
        assert Pipeline("p", clock=clock).call(answer) == "ok"


async def test_a_decorated_function_goes_through_the_pipeline(clock, metrics):
    pipeline = full(clock, metrics)
    assert await pipeline(answer_async)() == "ok"
    assert pipeline(answer)() == "ok"
    assert await collect(pipeline(stream)(1, 2)) == [1, 2]
    assert counted(metrics) == {"pipeline succeeded": 3}


async def test_a_stream_through_all_strategies_is_retried_only_before_its_first_item(clock, metrics):
    pipeline = full(clock, metrics)
    attempts = []

    async def source():
        attempts.append(1)
        if len(attempts) == 1:
            await hang()
        yield "token"
        raise Down

    reader = pipeline.stream(source)
    assert await clock.run(anext(reader)) == "token"
    assert await outcome_of_await(anext(reader)) == "Down"
    assert len(attempts) == 2
    assert counted(metrics) == {
        "timeout timed_out": 1,
        "breaker failed": 2,
        "retry retried": 1,
        "pipeline failed": 1,
    }


def test_the_outermost_strategy_is_asked_first(clock):
    breaker = small_breaker(clock)
    breaker.force_open()
    bulkhead = Bulkhead(1)
    pipeline = Pipeline("p", breaker, bulkhead)
    assert pipeline.strategies == (breaker, bulkhead)
    assert bulkhead.call(lambda: outcome_of_call(lambda: pipeline.call(answer))) == "BreakerOpen"


def test_the_gauge_follows_the_breaker(clock, metrics):
    pipeline = full(clock, metrics, minimum_calls=1)
    gauge = metrics.breaker_state.labels(breaker="upstream")
    assert gauge.value == BREAKER_STATES.index("closed")
    outcome_of_call(lambda: pipeline.call(fail, Wrong))
    assert gauge.value == BREAKER_STATES.index("open")
    clock.advance(30)
    pipeline.call(answer)
    assert gauge.value == BREAKER_STATES.index("closed")


def test_strategies_take_over_the_clock_of_the_pipeline_unless_they_have_one(clock):
    own = VirtualClock()
    free, bound = CircuitBreaker("free", minimum_calls=1), CircuitBreaker("bound", minimum_calls=1, clock=own)
    Pipeline("p", free, bound, clock=clock)
    Pipeline("q", free, clock=own)
    for breaker in (free, bound):
        outcome_of_call(lambda breaker=breaker: breaker.call(fail))
        assert breaker.state == "open"
    clock.advance(30)
    assert (free.state, bound.state) == ("half_open", "open")


def test_the_tables_of_states_decisions_and_kinds_are_those_of_the_metrics():
    assert tuple(BreakerState) == BREAKER_STATES
    assert tuple(Decision) == DECISIONS
    kinds = {kind.kind: kind.decisions for kind in (Bulkhead, CircuitBreaker, Pipeline, Retry, Timeout)}
    assert set(kinds) <= set(STRATEGIES)
    assert all(tuple(sorted(decisions)) == decisions for decisions in kinds.values())


def test_series_stand_at_zero_from_the_start(clock, metrics):
    full(clock, metrics)
    kinds = (Bulkhead, CircuitBreaker, Pipeline, Retry, Timeout)
    assert metrics.decisions.size == sum(len(kind.decisions) for kind in kinds)


def test_a_pipeline_made_at_import_serves_two_loops():
    """C29: nothing in it belongs to a loop."""

    async def both():
        return await asyncio.gather(*(IMPORTED.call_async(answer_async) for _ in range(8)))

    assert [asyncio.run(both()) for _ in range(2)] == [["ok"] * 8] * 2
