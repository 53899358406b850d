"""Retry: tenacity's strategies in our own loop, within deadline and budget."""

from __future__ import annotations

import asyncio
import gc

import pytest
import tenacity

from exai_sre.context import deadline_at
from exai_sre.outcome import Outcome
from exai_sre.resilience import BreakerOpen, Pipeline, Retry
from exai_sre.testing import VirtualClock
from tests.unit.resilience.rig import (
    Down,
    Wrong,
    collect,
    fail_async,
    hang,
    items,
    outcome_of_await,
    outcome_of_call,
    small_breaker,
    stream,
)


@pytest.fixture
def clock():
    return VirtualClock()


class Script:
    """Calls that raise the given errors in turn, and then answer."""

    def __init__(self, *errors):
        self.errors = list(errors)
        self.calls = 0

    def __call__(self):
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "ok"

    async def wait(self):
        await asyncio.sleep(0)
        return self()


class Busy(Exception):
    """A 429 with a Retry-After header."""

    outcome = Outcome.UPSTREAM_ERROR

    def __init__(self, retry_after):
        self.retry_after = retry_after
        super().__init__(retry_after)


async def in_virtual_time(clock, awaitable):
    """Result of an awaitable, and the virtual seconds that it took."""
    began = clock.monotonic()
    result = await clock.run(outcome_of_await(awaitable))
    return result, clock.monotonic() - began


async def test_it_calls_again_until_it_succeeds(clock):
    script = Script(Down(), Down())
    assert await in_virtual_time(clock, Retry(wait=1.0, clock=clock).call_async(script.wait)) == ("ok", 2.0)
    assert script.calls == 3


async def test_the_last_error_is_raised_as_it_is(clock):
    errors = [Down("1"), Down("2"), Down("3")]
    with pytest.raises(Down, match="3") as caught:
        await Retry(wait=0, clock=clock).call_async(Script(*errors).wait)
    assert caught.value is errors[2]


def test_the_synchronous_form_blocks_with_its_own_sleep(clock):
    script = Script(Down())
    began = clock.monotonic()
    assert Retry(wait=2.0, clock=clock, sleep=clock.advance)(script)() == "ok"
    assert clock.monotonic() - began == 2.0
    assert script.calls == 2


def test_the_synchronous_form_gives_up_too(clock):
    script = Script(*[Down()] * 9)
    assert outcome_of_call(lambda: Retry(wait=2.0, clock=clock, sleep=clock.advance).call(script)) == "Down"
    assert script.calls == 3


@pytest.mark.parametrize(
    ("error", "calls"),
    [
        (Down(), 3),
        (TimeoutError(), 3),
        (OSError(), 3),
        (Wrong(), 1),
        (Busy(None), 3),
        (type("Final", (Down,), {"retryable": False})(), 1),
        (type("Shed", (Exception,), {"outcome": Outcome.OVERLOAD})(), 1),
        (type("BadRequest", (OSError,), {"outcome": Outcome.CLIENT_ERROR})(), 1),
    ],
)
async def test_only_what_may_pass_upstream_is_repeated_by_default(clock, error, calls):
    script = Script(*[error] * 9)
    await outcome_of_await(Retry(wait=0, clock=clock).call_async(script.wait))
    assert script.calls == calls


@pytest.mark.parametrize(
    "on",
    [
        Wrong,
        (KeyError, Wrong),
        frozenset({Outcome.ERROR}),
        lambda error: isinstance(error, Wrong),
        tenacity.retry_if_exception_type(Wrong),
    ],
)
async def test_what_is_repeated_can_be_told_in_several_ways(clock, on):
    script = Script(Wrong(), Down())
    assert await outcome_of_await(Retry(wait=0, on=on, clock=clock).call_async(script.wait)) == "Down"
    assert script.calls == 2


async def test_an_error_that_forbids_repetition_is_not_repeated_whatever_on_says(clock):
    final = type("Final", (Wrong,), {"retryable": False})
    script = Script(final())
    assert await outcome_of_await(Retry(wait=0, on=Exception, clock=clock).call_async(script.wait)) == "Final"
    assert script.calls == 1


async def test_a_stop_strategy_replaces_the_number_of_attempts(clock):
    script = Script(*[Down()] * 9)
    retry = Retry(stop=tenacity.stop_after_attempt(5), wait=0, clock=clock)
    await outcome_of_await(retry.call_async(script.wait))
    assert script.calls == 5


async def test_strategies_by_time_see_the_clock_of_the_retry(clock):
    script = Script(*[Down()] * 99)
    retry = Retry(stop=tenacity.stop_after_delay(10), wait=tenacity.wait_fixed(3), clock=clock)
    assert await in_virtual_time(clock, retry.call_async(script.wait)) == ("Down", 12.0)
    before = Retry(stop=tenacity.stop_before_delay(10), wait=tenacity.wait_fixed(3), clock=clock)
    assert await in_virtual_time(clock, before.call_async(script.wait)) == ("Down", 9.0)


async def test_wait_strategies_see_attempts_and_the_error(clock):
    seen = []

    def wait(state):
        seen.append((state.attempt_number, type(state.outcome.exception()), state.idle_for))
        return 2.0

    await in_virtual_time(clock, Retry(wait=wait, clock=clock).call_async(Script(Down(), TimeoutError()).wait))
    assert seen == [(1, Down, 0.0), (2, TimeoutError, 2.0)]


async def test_the_default_wait_is_full_jitter(clock):
    waits = []
    for _ in range(40):
        retry = Retry(clock=clock)
        _, took = await in_virtual_time(clock, retry.call_async(Script(Down()).wait))
        waits.append(took)
    assert max(waits) <= 0.2
    assert len(set(waits)) > 1


async def test_a_retry_after_is_honoured(clock):
    script = Script(Busy(7), Busy(0))
    assert await in_virtual_time(clock, Retry(wait=1.0, clock=clock).call_async(script.wait)) == ("ok", 8.0)


async def test_a_peer_that_asks_to_wait_too_long_is_not_asked_again(clock):
    script = Script(Busy(61))
    assert await in_virtual_time(clock, Retry(clock=clock).call_async(script.wait)) == ("Busy", 0.0)
    assert script.calls == 1


async def test_a_retry_after_beyond_the_deadline_is_not_waited_for(clock):
    with deadline_at(clock.monotonic() + 4):
        assert await in_virtual_time(clock, Retry(clock=clock).call_async(Script(Busy(5)).wait)) == ("Busy", 0.0)


async def test_a_cancelled_call_is_cancelled_while_it_runs_and_while_it_waits(clock):
    """C21, with the task itself cancelled."""
    for fn in (hang, fail_async):
        task = asyncio.ensure_future(Retry(wait=5.0, on=BaseException, clock=clock).call_async(fn))
        await clock.settle()
        task.cancel()
        assert await outcome_of_await(task) == "CancelledError"
    assert clock.pending == 0


async def test_in_a_pipeline_a_stream_is_retried_before_its_first_item_only(clock):
    calls = []

    async def source(*values):
        calls.append(1)
        async for item in stream(*(values if len(calls) > 1 else (Down,))):
            yield item

    pipeline = Pipeline("p", Retry(wait=0), clock=clock)
    assert await collect(pipeline.stream(source, 1, 2)) == [1, 2]
    assert len(calls) == 2
    assert await outcome_of_await(collect(pipeline.stream(source, 1, Down))) == "Down"
    assert len(calls) == 3
    assert await collect(pipeline.stream(source)) == []


async def test_a_stream_that_never_starts_is_given_up(clock):
    pipeline = Pipeline("p", Retry(wait=0), clock=clock)
    assert await outcome_of_await(collect(pipeline.stream(stream, Down))) == "Down"


def test_in_a_pipeline_a_generator_is_retried_before_its_first_item_only(clock):
    calls = []

    def source(*values):
        calls.append(1)
        return (yield from items(*(values if len(calls) > 1 else (Down,))))

    guarded = Pipeline("p", Retry(wait=0, sleep=clock.advance), clock=clock)(source)

    def returned(*values):
        got = []
        result = yield from guarded(*values)
        got.append(result)
        yield got

    assert list(returned(1, 2)) == [1, 2, ["end"]]
    assert list(returned()) == [["end"]]
    assert len(calls) == 3
    assert outcome_of_call(lambda: list(guarded(1, Down))) == "Down"
    assert len(calls) == 4


def states_alive():
    return sum(type(found) is tenacity.RetryCallState for found in gc.get_objects())


async def test_a_call_that_was_given_up_leaves_no_cycle(clock):
    """The error holds the frames and the frames the error; nothing may wait for the collector."""
    script = Script(Down(), Down(), Down())
    retry = Retry(wait=0, clock=clock)
    gc.collect()
    gc.disable()
    try:
        before = states_alive()
        await outcome_of_await(retry.call_async(script.wait))
        assert states_alive() == before
    finally:
        gc.enable()


def test_the_breakers_error_is_its_own_even_when_it_ends_the_retries(clock):
    breaker = small_breaker(clock)
    pipeline = Pipeline("p", Retry(attempts=5, wait=0.0, sleep=clock.advance), breaker, clock=clock)
    script = Script(Down(), Down(), Down())
    with pytest.raises(BreakerOpen):
        pipeline.call(script)
    assert script.calls == 2


@pytest.mark.parametrize(
    ("option", "value"), [("attempts", 0), ("wait", -1.0), ("longest_wait", -1.0), ("wait", float("nan"))]
)
def test_retry_options_that_make_no_sense_are_refused(option, value):
    with pytest.raises(ValueError, match=option):
        Retry(**{option: value})
