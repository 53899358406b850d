"""Other options for a breaker that is in use: its state and what it counted stay."""

from __future__ import annotations

import pytest

from exai_sre.resilience.breaker_options import BreakerOptions
from exai_sre.testing import VirtualClock
from tests.unit.resilience.rig import Down, Wrong, answer, fail, outcome_of_call, small_breaker, trip


@pytest.fixture
def clock():
    return VirtualClock()


def fails(breaker, times=1, error=Down):
    for _ in range(times):
        assert outcome_of_call(lambda: breaker.call(fail, error)) == error.__name__


def test_the_calls_counted_so_far_are_judged_by_the_new_rates_at_the_next_call(clock):
    breaker = small_breaker(clock, minimum_calls=9)
    fails(breaker, 3)
    breaker.adopt(BreakerOptions(minimum_calls=4))
    assert (breaker.state, breaker.snapshot.failures) == ("closed", 3)
    breaker.call(answer)
    assert breaker.state == "open"


def test_an_open_breaker_stays_open_for_its_time_and_the_next_opening_has_the_new_one(clock):
    breaker = small_breaker(clock)
    trip(breaker)
    breaker.adopt(BreakerOptions(open_for=7.0, half_open_calls=1))
    assert breaker.snapshot.retry_after == 30.0
    clock.advance(30)
    fails(breaker)
    assert breaker.snapshot.retry_after == 7.0


def test_a_growing_open_time_goes_on_growing(clock):
    breaker = small_breaker(clock)
    trip(breaker)
    breaker.adopt(BreakerOptions(open_for=lambda openings: 10.0 * openings, half_open_calls=1))
    clock.advance(30)
    fails(breaker)
    assert breaker.snapshot.retry_after == 20.0


def test_a_window_of_another_length_begins_empty(clock):
    breaker = small_breaker(clock, minimum_calls=9)
    fails(breaker, 3)
    breaker.adopt(BreakerOptions(window=20.0, minimum_calls=2))
    assert breaker.snapshot.calls == 0
    breaker.call(answer)
    fails(breaker)
    assert (breaker.state, breaker.snapshot.calls) == ("open", 2)


def test_a_quick_success_that_was_running_counts_in_the_new_window(clock):
    breaker = small_breaker(clock, minimum_calls=9)
    breaker.call(answer)
    with breaker:
        breaker.adopt(BreakerOptions(window=20.0))
    assert breaker.snapshot.calls == 1


def test_what_counts_as_a_failure_and_as_slow_can_change(clock):
    breaker = small_breaker(clock, minimum_calls=9, failure_if=lambda result: result == "busy")
    breaker.adopt(BreakerOptions(minimum_calls=9, failure_on=Wrong, ignore=KeyError, slow_after=1.0))
    fails(breaker, 2)
    fails(breaker, 1, KeyError)
    assert breaker.snapshot.calls == 0
    fails(breaker, 1, Wrong)
    breaker.call(clock.advance, 2.0)
    breaker.call(lambda: "busy")
    shot = breaker.snapshot
    assert (shot.calls, shot.failures, shot.slow) == (3, 2, 1)
