"""C21 to C26: what a retry repeats, how often, and how long it waits."""

from __future__ import annotations

import asyncio
import functools

import pytest
import tenacity

from exai_sre.context import attempts_left, deadline_at
from exai_sre.outcome import Outcome
from exai_sre.resilience import Bulkhead, CircuitBreaker, Pipeline, Retry, RetryBudget, Timeout, UnsupportedForm
from exai_sre.resilience.config.order import order_findings
from exai_sre.testing import VirtualClock
from tests.unit.resilience.cases.retries import Script, each_retried_form, retried, retried_at_once
from tests.unit.resilience.rig import Down, items, outcome_of_await, small_breaker, stream, trip


@pytest.fixture
def clock():
    return VirtualClock()


def retry(clock, *others, **options):
    """A pipeline of a retry and ``others`` inside it."""
    return Pipeline("p", Retry(**{"wait": 0, **options}, sleep=clock.advance), *others, clock=clock)


PREDICATES = {
    "types": BaseException,
    "outcomes": frozenset(Outcome),
    "predicate": lambda _: True,
    "tenacity_if_type": tenacity.retry_if_exception_type(BaseException),
    "tenacity_if_not_type": tenacity.retry_if_not_exception_type(ValueError),
    "tenacity_always": tenacity.retry_always,
}


@each_retried_form
@pytest.mark.parametrize("on", PREDICATES.values(), ids=PREDICATES)
async def test_c21_a_cancellation_is_never_retried_by_any_predicate(clock, form, on):
    for error in (asyncio.CancelledError, KeyboardInterrupt, GeneratorExit):
        script = Script(error(), error())
        assert await retried(form, clock, retry(clock, attempts=5, on=on), script) == error.__name__
        assert script.calls == 1


@pytest.mark.parametrize("function", [stream, items, functools.partial(stream, 1)])
def test_c22_a_retry_on_a_generator_function_is_refused_at_decoration(function):
    with pytest.raises(UnsupportedForm, match="generator function"):
        Retry()(function)


def test_c22_a_retry_on_a_callable_object_that_streams_is_refused_at_decoration():
    class Source:
        async def __call__(self):
            yield 1

    with pytest.raises(UnsupportedForm, match="Pipeline"):
        Retry()(Source())


@each_retried_form
@pytest.mark.parametrize(
    ("options", "took"),
    [
        ({"wait": 2.0}, 4.0),
        ({"wait": 10.0}, 0.0),
        ({"wait": tenacity.wait_fixed(3), "stop": tenacity.stop_after_delay(5)}, 3.0),
    ],
    ids=["within", "past", "tenacity"],
)
async def test_c23_no_sleep_passes_the_deadline(clock, form, options, took):
    script = Script(answer=Down())
    began = clock.monotonic()
    with deadline_at(began + 5):
        assert await retried(form, clock, retry(clock, **{"attempts": 9, **options}), script) == "Down"
    assert clock.monotonic() - began == took


async def test_c23_no_sleep_passes_a_total_timeout_around_the_retry(clock):
    pipeline = Pipeline("p", Timeout(5, total=True), Retry(attempts=9, wait=2.0), clock=clock)
    began = clock.monotonic()
    script = Script(answer=Down())
    assert await clock.run(outcome_of_await(pipeline.call_async(script.wait))) == "Down"
    assert clock.monotonic() - began == 4.0
    assert script.calls == 3


@each_retried_form
async def test_c24_three_layers_of_three_attempts_make_three_leaf_calls(clock, form):
    script = Script(answer=Down())
    inner = [Retry(wait=0, sleep=clock.advance) for _ in range(2)]
    assert await retried(form, clock, retry(clock, *inner), script) == "Down"
    assert script.calls == 3
    assert attempts_left.get() is None


async def test_c24_layers_in_functions_of_their_own_make_three_leaf_calls(clock):
    script = Script(answer=Down())

    @Retry(wait=0, clock=clock)
    async def storage():
        return await script.wait()

    @Retry(wait=0, clock=clock, sleep=clock.advance)
    def mapper():
        return script.sync()

    async def service():
        await outcome_of_await(asyncio.to_thread(mapper))
        return await storage()

    handler = retry(clock)
    assert await outcome_of_await(handler.call_async(service)) == "Down"
    assert script.calls == 3 * 2


async def test_c24_an_attempt_knows_how_many_are_left(clock):
    seen = []
    script = Script(answer=Down(), on_call=lambda: seen.append(attempts_left.get()))
    await retried("async", clock, retry(clock, attempts=3), script)
    await retried("async", clock, retry(clock, stop=tenacity.stop_after_attempt(2)), script)
    assert seen == [3, 2, 1, 0, 0]


async def test_c24_once_a_stream_has_begun_to_flow_a_retry_within_may_repeat(clock):
    script = Script(Down(), "page 2")

    async def pages():
        yield "page 1"
        yield await Retry(wait=0, clock=clock).call_async(script.wait)

    assert [page async for page in retry(clock).stream(pages)] == ["page 1", "page 2"]


async def test_c24_an_inner_retry_earns_and_spends_no_budget(clock):
    budget = RetryBudget(1.0, per_second=0, reserve=5, clock=clock)
    await retried("async", clock, retry(clock, Retry(wait=0, budget=budget)), Script(answer=Down()))
    assert budget.balance == 5


@each_retried_form
async def test_c25_a_dead_dependency_gets_at_most_a_tenth_more_load_and_the_reserve(clock, form):
    script = Script(answer=Down())
    guard = retry(clock, budget=RetryBudget(0.1, per_second=0, reserve=10, clock=clock))
    for _ in range(1000):
        assert await retried_at_once(form, guard, script) == "Down"
    assert 1100 <= script.calls <= 1110


@each_retried_form
async def test_c26_an_open_breaker_inside_a_retry_ends_it_at_once(clock, form):
    breaker = small_breaker(clock)
    trip(breaker)
    script = Script()
    began = clock.monotonic()
    assert await retried(form, clock, retry(clock, breaker, attempts=5, wait=1.0), script) == "BreakerOpen"
    assert (clock.monotonic() - began, script.calls) == (0.0, 0)


@each_retried_form
async def test_c26_a_retry_that_would_wait_for_longer_comes_when_the_breaker_lets_it(clock, form):
    breaker = small_breaker(clock)
    trip(breaker)
    began = clock.monotonic()
    assert await retried(form, clock, retry(clock, breaker, wait=100.0), Script()) == "ok"
    assert clock.monotonic() - began == 30.0


@each_retried_form
async def test_c26_a_retry_does_not_wait_for_a_breaker_beyond_the_deadline(clock, form):
    breaker = small_breaker(clock)
    trip(breaker)
    began = clock.monotonic()
    with deadline_at(began + 30):
        assert await retried(form, clock, retry(clock, breaker, wait=100.0), Script()) == "BreakerOpen"
    assert clock.monotonic() == began


@each_retried_form
async def test_c27_a_breaker_outside_a_retry_counts_attempts(clock, form):
    breaker = CircuitBreaker("upstream", minimum_calls=5, clock=clock)
    guard = Pipeline("p", breaker, Retry(attempts=5, wait=0, sleep=clock.advance), clock=clock)
    script = Script(answer=Down())
    assert await retried(form, clock, guard, script) == "Down"
    assert (script.calls, breaker.state) == (5, "open")


async def test_c27_a_breaker_around_a_call_that_retries_counts_its_attempts(clock):
    breaker = CircuitBreaker("upstream", minimum_calls=5, clock=clock)
    inner = Retry(attempts=5, wait=0, sleep=clock.advance, clock=clock)
    with pytest.raises(Down), breaker:
        inner.call(Script(answer=Down()).sync)
    assert breaker.state == "open"


async def test_c27_an_error_that_was_not_repeated_counts_once(clock):
    breaker = CircuitBreaker("upstream", minimum_calls=5, clock=clock)
    guard = Pipeline("p", breaker, Retry(attempts=5, wait=0), clock=clock)
    await retried("async", clock, guard, Script(answer=ValueError()))
    assert breaker.snapshot.failures == 1


async def test_c27_a_retried_probe_counts_once(clock):
    breaker = small_breaker(clock)
    trip(breaker)
    clock.advance(30)
    guard = Pipeline("p", breaker, Retry(wait=0), clock=clock)
    await retried("async", clock, guard, Script(answer=Down()))
    assert breaker.snapshot.retry_after == 30.0


async def test_c27_an_error_object_that_is_raised_again_without_a_retry_counts_once(clock):
    breaker = CircuitBreaker("upstream", minimum_calls=9, clock=clock)
    error = Down()
    guard = Pipeline("p", breaker, Retry(attempts=2, wait=0), clock=clock)
    await retried("async", clock, guard, Script(answer=error))
    single = Pipeline("p", breaker, Retry(attempts=1), clock=clock)
    await retried("async", clock, single, Script(answer=error))
    assert breaker.snapshot.failures == 3


def codes(*strategies):
    return [finding.code for finding in order_findings(strategies)]


def test_c20_the_linter_refuses_an_order_in_which_no_timeout_is_inside_the_breaker():
    assert "timeout-outside-breaker" in codes(Retry(wait=0.0), Timeout(1.0), CircuitBreaker("b"))


def test_c26_the_linter_passes_a_retry_outside_a_breaker():
    assert codes(Timeout(9.0, total=True), Bulkhead(9), Retry(wait=0.1), CircuitBreaker("b"), Timeout(1.0)) == []


def test_c27_the_linter_refuses_a_breaker_outside_a_retry():
    [finding] = order_findings([CircuitBreaker("b"), Retry(wait=0.1), Timeout(1.0)])
    assert (finding.code, finding.severity, finding.at) == ("breaker-outside-retry", "error", 0)
