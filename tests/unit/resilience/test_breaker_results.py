"""Failure by result, and open times that grow."""

from __future__ import annotations

import logging
import math

import pytest

from exai_sre.resilience import Pipeline
from exai_sre.resilience.breaker_options import BreakerOptions
from exai_sre.testing import VirtualClock
from tests.unit.resilience.cases.retries import Script, each_retried_form, retried
from tests.unit.resilience.rig import (
    Down,
    collect,
    fail,
    items,
    outcome_of_await,
    outcome_of_call,
    small_breaker,
    stream,
)


@pytest.fixture
def clock():
    return VirtualClock()


@pytest.fixture
def breaker(clock):
    return small_breaker(clock, failure_if=lambda result: result == "busy")


@each_retried_form
@pytest.mark.parametrize("in_pipeline", [False, True])
async def test_a_result_that_is_a_failure_counts_and_is_returned(breaker, clock, form, in_pipeline):
    guard = Pipeline("p", breaker, clock=clock) if in_pipeline else breaker
    script = Script("ok", answer="busy")
    seen = [await retried(form, clock, guard, script) for _ in range(3)]
    assert seen == ["ok", "busy", "BreakerOpen"]
    assert breaker.snapshot.failures == 1


@each_retried_form
async def test_a_probe_whose_result_is_a_failure_opens_the_breaker_again(breaker, clock, form):
    for _ in range(2):
        outcome_of_call(lambda: breaker.call(fail))
    clock.advance(30)
    assert await retried(form, clock, breaker, Script("busy")) == "busy"
    assert breaker.state == "open"


@each_retried_form
async def test_what_failure_if_raises_ends_the_call(clock, form):
    breaker = small_breaker(clock, failure_if=lambda result: result.no_such_attribute)
    assert await retried(form, clock, breaker, Script()) == "AttributeError"
    assert breaker.snapshot.failures == 1


async def test_one_item_that_is_a_failure_makes_a_stream_a_failure_however_it_ends(breaker):
    assert await collect(breaker.stream(stream, 1, "busy", 2)) == [1, "busy", 2]
    abandoned = breaker.stream(stream, "busy", 2)
    await anext(abandoned)
    await abandoned.aclose()
    assert (breaker.state, breaker.snapshot.failures) == ("open", 2)


def test_one_item_that_is_a_failure_makes_a_generator_a_failure_however_it_ends(breaker):
    guarded = breaker(items)
    assert list(guarded(1, "busy", 2)) == [1, "busy", 2]
    abandoned = guarded("busy", 2)
    next(abandoned)
    abandoned.close()
    assert (breaker.state, breaker.snapshot.failures) == ("open", 2)


async def test_a_failed_item_and_an_error_count_once(breaker):
    await outcome_of_await(collect(breaker.stream(stream, "busy", Down)))
    outcome_of_call(lambda: list(breaker(items)("busy", Down)))
    assert breaker.snapshot.calls == 2


def test_a_judged_generator_takes_what_is_sent_and_thrown(breaker):
    heard = []

    @breaker
    def talk():
        heard.append((yield "name"))
        try:
            yield "age"
        except Down as error:
            heard.append(error)
        yield "busy"
        return "end"

    running = talk()
    assert next(running) == "name"
    assert running.send("Ada") == "age"
    error = Down()
    assert running.throw(error) == "busy"
    with pytest.raises(StopIteration) as ended:
        next(running)
    assert ended.value.value == "end"
    assert heard == ["Ada", error]
    assert breaker.snapshot.failures == 1


def open_again(breaker):
    """One failed probe."""
    assert outcome_of_call(lambda: breaker.call(fail)) == "Down"
    return breaker.snapshot.retry_after


def test_the_open_time_can_grow_with_each_opening_in_a_row_and_starts_anew_after_closing(clock):
    breaker = small_breaker(clock, open_for=lambda openings: min(50.0, 10.0 * 2 ** (openings - 1)))
    waits = []
    for _ in range(2):
        outcome_of_call(lambda: breaker.call(fail))
        waits.append(open_again(breaker))
        for _ in range(3):
            clock.advance(waits[-1])
            waits.append(open_again(breaker))
        clock.advance(waits[-1])
        assert breaker.call(lambda: "ok") == "ok"
    assert waits == [10.0, 20.0, 40.0, 50.0] * 2


def test_an_open_time_is_a_number_or_told_by_a_function():
    assert BreakerOptions(open_for=7.0).open_seconds(3) == 7.0
    assert BreakerOptions(open_for=lambda openings: openings * 2.0).open_seconds(3) == 6.0


@pytest.mark.parametrize("later", [0.0, -1.0, math.nan, None])
def test_a_function_that_later_tells_no_time_opens_for_30_seconds_and_is_logged(caplog, later):
    options = BreakerOptions(open_for=lambda openings: 1.0 if openings == 1 else later)
    with caplog.at_level(logging.ERROR):
        assert options.open_seconds(2) == 30.0
    assert "open_for" in caplog.text or "TypeError" in caplog.text


@pytest.mark.parametrize("open_for", [0.0, -1.0, math.nan, lambda openings: openings - 1.0])
def test_an_open_time_that_makes_no_sense_is_refused(clock, open_for):
    with pytest.raises(ValueError, match="open_for"):
        small_breaker(clock, open_for=open_for)
