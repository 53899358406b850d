"""What counts for a breaker, what against it, and what not at all."""

from __future__ import annotations

import asyncio

import pybreaker
import pytest

from exai_sre import ExaiSreError
from exai_sre.context import deadline_at
from exai_sre.outcome import Outcome
from exai_sre.resilience import BreakerOpen, Bulkhead, DeadlineExceeded, Pipeline, Timeout
from exai_sre.testing import VirtualClock
from tests.unit.resilience.rig import (
    Down,
    Wrong,
    answer,
    answer_async,
    fail,
    hang,
    outcome_of_await,
    outcome_of_call,
    small_breaker,
    trip,
)


@pytest.fixture
def clock():
    return VirtualClock()


@pytest.fixture
def breaker(clock):
    return small_breaker(clock)


def test_an_error_of_the_caller_is_neutral_without_being_listed(breaker):
    """C7: four bad requests do not open the breaker for everybody."""

    class BadRequest(Exception):
        outcome = Outcome.CLIENT_ERROR

    for _ in range(4):
        outcome_of_call(lambda: breaker.call(fail, BadRequest))
    assert breaker.snapshot.calls == 0


def test_failure_on_replaces_what_counts_and_the_rest_is_neutral(clock):
    class Refused(Exception):
        outcome = Outcome.CLIENT_ERROR

    breaker = small_breaker(clock, failure_on=(KeyError, Refused))
    for error in (Down, Wrong):
        outcome_of_call(lambda error=error: breaker.call(fail, error))
    assert breaker.snapshot.calls == 0
    for error in (KeyError, Refused):
        outcome_of_call(lambda error=error: breaker.call(fail, error))
    assert breaker.snapshot.failures == 2


def test_an_overload_that_failure_on_does_not_name_stays_what_it_is(clock):
    class Shed(Exception):
        outcome = Outcome.OVERLOAD

    breaker = small_breaker(clock, failure_on=lambda error: isinstance(error, KeyError))
    outcome_of_call(lambda: breaker.call(fail, Shed))
    assert breaker.snapshot.calls == 0


def test_the_open_error_says_who_refused_and_when_to_come_back(breaker, clock):
    """C19: name and retry_after, in a class that existing except clauses catch."""
    trip(breaker)
    clock.advance(12)
    with pytest.raises(pybreaker.CircuitBreakerError) as caught:
        breaker.call(answer)
    error = caught.value
    assert isinstance(error, BreakerOpen)
    assert isinstance(error, ExaiSreError)
    assert (error.name, error.retry_after) == ("upstream", 18.0)
    assert str(error) == "circuit breaker 'upstream' is open; try again in 18 s"


async def test_a_cancellation_after_the_deadline_is_a_failure(breaker, clock):
    """C20: someone else enforces the deadline of the context; the dependency was too slow for it."""
    with deadline_at(clock.monotonic() + 5):
        task = asyncio.ensure_future(breaker.call_async(hang))
    await asyncio.sleep(0)
    clock.advance(5)
    task.cancel()
    await outcome_of_await(task)
    assert breaker.snapshot.failures == 1


async def test_a_call_that_was_not_begun_before_its_deadline_is_neutral(breaker, clock):
    """The dependency was not touched, whoever refused the call."""
    timeout = Timeout(5, clock=clock)
    with deadline_at(clock.monotonic()):
        for _ in range(3):
            assert await outcome_of_await(breaker.call_async(timeout.call_async, answer_async)) == "DeadlineExceeded"
            assert outcome_of_call(lambda: breaker.call(timeout.call, answer)) == "DeadlineExceeded"
    assert breaker.state == "closed"
    assert breaker.snapshot.calls == 0


def test_a_wait_for_a_slot_that_outlasts_the_deadline_is_neutral(clock):
    """As above, refused by a bulkhead; failure_on does not make a call of it."""
    breaker = small_breaker(clock, failure_on=DeadlineExceeded)
    bulkhead = Bulkhead(1, queue=1, clock=clock)

    def second():
        with deadline_at(clock.monotonic()):
            return outcome_of_call(lambda: breaker.call(bulkhead.call, answer))

    assert bulkhead.call(second) == "DeadlineExceeded"
    assert breaker.snapshot.calls == 0


async def test_a_probe_that_was_not_begun_gives_its_permit_back(breaker, clock):
    """Half open, a caller out of time neither opens the breaker again nor wedges it."""
    timeout = Timeout(5, clock=clock)
    trip(breaker)
    clock.advance(30)
    with deadline_at(clock.monotonic()):
        assert await outcome_of_await(breaker.call_async(timeout.call_async, answer_async)) == "DeadlineExceeded"
    assert breaker.state == "half_open"
    assert await breaker.call_async(timeout.call_async, answer_async) == "ok"
    assert breaker.state == "closed"


async def test_an_attempt_that_the_wait_for_a_slot_left_no_time_for_is_neutral(breaker, clock):
    """In a pipeline: the deadline passes between the breaker and the time limit of the attempt."""

    class Slow(Bulkhead):
        def _around_async(self, inner, counts):
            async def step(fn, args, kwargs):
                await clock.sleep(3)
                return await inner(fn, args, kwargs)

            return step

    pipeline = Pipeline("p", breaker, Slow(1), Timeout(5), clock=clock)
    with deadline_at(clock.monotonic() + 2):
        assert await clock.run(outcome_of_await(pipeline.call_async(answer_async))) == "DeadlineExceeded"
    assert breaker.snapshot.calls == 0


async def test_a_call_that_began_and_ran_out_of_time_is_a_failure(breaker, clock):
    pipeline = Pipeline("p", breaker, Timeout(5), clock=clock)
    assert await clock.run(outcome_of_await(pipeline.call_async(hang))) == "DeadlineExceeded"
    assert breaker.snapshot.failures == 1
