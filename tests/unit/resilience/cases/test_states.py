"""C13, C14, C17, C19 and the states that people set: one engine behind all forms."""

from __future__ import annotations

import asyncio
import logging

import pybreaker
import pytest

from exai_sre.resilience import BreakerOpen
from exai_sre.testing import VirtualClock
from tests.unit.resilience.cases.calls import FORMS, each_form, one_call, trip_by
from tests.unit.resilience.rig import Down, Wrong, small_breaker


@pytest.fixture
def clock():
    return VirtualClock()


@pytest.fixture
def breaker(clock):
    return small_breaker(clock)


SCRIPT = [None, Down, Wrong, Down, None, Down, None, 31.0, asyncio.CancelledError, Wrong, Down, 31.0, None, None]


async def trace(form):
    """What the caller saw and the state of the breaker, after each step of the script."""
    clock = VirtualClock()
    breaker = small_breaker(clock, minimum_calls=4, ignore=Wrong)
    seen = []
    for step in SCRIPT:
        if isinstance(step, float):
            clock.advance(step)
        else:
            seen.append(await one_call(form, breaker, step))
        seen.append(str(breaker.state))
    return seen


@each_form
async def test_c13_every_form_gives_the_same_state_trace(form):
    seen = await trace(form)
    assert seen == await trace("sync")
    assert {"closed", "open", "half_open", "ok", "Down", "Wrong", "BreakerOpen", "CancelledError"} == set(seen)


@each_form
@pytest.mark.parametrize("jump", [-3600.0, 3600.0])
async def test_c14_a_jump_of_the_wall_clock_leaves_the_open_time_unchanged(breaker, clock, form, jump):
    await trip_by(form, breaker)
    clock.set_time(clock.time() + jump)
    clock.advance(29.9)
    assert await one_call(form, breaker) == "BreakerOpen"
    clock.advance(0.1)
    assert await one_call(form, breaker) == "ok"


@each_form
async def test_c17_a_raising_listener_never_changes_a_calls_result(breaker, caplog, form):
    def broken(*_):
        raise RuntimeError("broken listener")

    breaker.on_transition(broken)
    with caplog.at_level(logging.ERROR):
        assert [await one_call(form, breaker, Down) for _ in range(3)] == ["Down", "Down", "BreakerOpen"]
    assert "broken listener" in caplog.text


@each_form
async def test_c17_a_slow_listener_never_changes_a_calls_result(breaker, clock, form):
    breaker.on_transition(lambda *_: clock.advance(5))
    assert [await one_call(form, breaker, Down) for _ in range(3)] == ["Down", "Down", "BreakerOpen"]
    clock.advance(25)
    assert await one_call(form, breaker) == "ok"
    assert breaker.state == "closed"


@each_form
async def test_c19_the_open_error_carries_name_and_retry_after(breaker, clock, form):
    await trip_by(form, breaker)
    clock.advance(12)
    refused = await FORMS[form](breaker)
    assert isinstance(refused.error, BreakerOpen)
    assert isinstance(refused.error, pybreaker.CircuitBreakerError)
    assert (refused.error.name, refused.error.retry_after) == ("upstream", 18.0)


@each_form
async def test_a_breaker_that_is_forced_open_refuses_every_form_until_reset(breaker, clock, form):
    running = await FORMS[form](breaker)
    breaker.force_open()
    clock.advance(600)
    assert await one_call(form, breaker) == "BreakerOpen"
    assert await running.end() == "ok"
    assert breaker.state == "forced_open"
    breaker.reset()
    assert await one_call(form, breaker) == "ok"


@each_form
async def test_a_breaker_that_is_disabled_admits_every_form_and_counts_nothing(breaker, form):
    breaker.disable()
    assert [await one_call(form, breaker, Down) for _ in range(5)] == ["Down"] * 5
    assert (breaker.state, breaker.snapshot.calls) == ("disabled", 0)


@each_form
async def test_a_breaker_for_metrics_only_counts_every_form_and_never_opens(breaker, form):
    breaker.metrics_only()
    assert [await one_call(form, breaker, Down) for _ in range(5)] == ["Down"] * 5
    assert (breaker.state, breaker.snapshot.failures) == ("metrics_only", 5)


@each_form
async def test_a_call_that_was_running_when_someone_set_the_state_counts_nowhere(breaker, form):
    running = [await FORMS[form](breaker) for _ in range(3)]
    breaker.reset()
    for call in running:
        await call.end(Down)
    assert (breaker.state, breaker.snapshot.calls) == ("closed", 0)
