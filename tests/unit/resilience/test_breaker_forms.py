"""Every form of the breaker drives one engine and judges alike."""

from __future__ import annotations

import asyncio
import logging

import pytest

from exai_sre.resilience import CircuitBreaker, UnsupportedForm
from exai_sre.testing import VirtualClock
from tests.unit.resilience.rig import (
    Down,
    answer,
    answer_async,
    collect,
    fail,
    fail_async,
    items,
    outcome_of_await,
    outcome_of_call,
    small_breaker,
    stream,
    trip,
)


@pytest.fixture
def clock():
    return VirtualClock()


@pytest.fixture
def breaker(clock):
    return small_breaker(clock)


def test_a_coroutine_function_in_the_synchronous_form_is_refused(breaker):
    """C1: it would guard nothing."""
    with pytest.raises(UnsupportedForm, match="call_async"):
        breaker.call(answer_async)


async def test_an_abandoned_probe_stream_gives_its_permit_back(breaker, clock):
    """C2, C6: a stream that is closed early frees the half-open breaker."""
    trip(breaker)
    clock.advance(30)
    source = breaker.stream(stream, 1, 2)
    await anext(source)
    assert await outcome_of_await(breaker.call_async(answer_async)) == "BreakerOpen"
    await source.aclose()
    assert await breaker.call_async(answer_async) == "ok"
    assert breaker.state == "closed"


async def test_a_stream_is_timed_to_its_first_item(clock):
    breaker = small_breaker(clock, slow_after=1.0)

    async def flows(before, after):
        clock.advance(before)
        yield 1
        clock.advance(after)
        yield 2

    assert await collect(breaker.stream(flows, 0.5, 60.0)) == [1, 2]
    assert breaker.snapshot.slow == 0
    await collect(breaker.stream(flows, 1.5, 0.0))
    assert breaker.snapshot.slow == 1


def test_a_generator_keeps_values_sent_in_and_its_result(breaker):
    @breaker
    def echo():
        got = yield "first"
        yield got
        return "end"

    def outer():
        result = yield from echo()
        yield result

    running = outer()
    assert next(running) == "first"
    assert running.send("second") == "second"
    assert next(running) == "end"


def test_a_generator_that_fails_counts_and_one_that_is_closed_does_not(breaker):
    guarded = breaker(items)
    for _ in range(3):
        abandoned = guarded(1, 2)
        next(abandoned)
        abandoned.close()
    assert breaker.snapshot.calls == 0
    assert list(guarded(1, 2)) == [1, 2]
    assert outcome_of_call(lambda: list(guarded(1, Down))) == "Down"
    assert breaker.state == "open"


def test_decorated_functions_stay_what_they_are(breaker):
    import inspect

    assert inspect.iscoroutinefunction(breaker(answer_async))
    assert inspect.isasyncgenfunction(breaker(stream))
    assert inspect.isgeneratorfunction(breaker(items))
    assert breaker(answer).__name__ == "answer"


async def test_callable_objects_and_partials_are_guarded_in_their_form(breaker):
    from functools import partial

    class Client:
        async def __call__(self):
            raise Down

    await outcome_of_await(breaker(Client())())
    await outcome_of_await(breaker(partial(fail_async, Down))())
    assert breaker.state == "open"


async def test_one_task_can_be_inside_twice_and_many_tasks_at_once(breaker):
    async def enter(error):
        async with breaker:
            await asyncio.sleep(0)
            with breaker:
                if error:
                    raise error

    await asyncio.gather(*(outcome_of_await(enter(None)) for _ in range(3)))
    assert breaker.snapshot.calls == 6
    assert breaker.snapshot.failures == 0


def test_leaving_a_breaker_that_was_not_entered_is_refused(breaker, clock):
    with pytest.raises(UnsupportedForm, match="another task"):
        breaker.__exit__(None, None, None)
    with small_breaker(clock), pytest.raises(UnsupportedForm, match="another order"):
        breaker.__exit__(None, None, None)


def test_a_listener_that_raises_changes_no_result(clock, caplog):
    """C17: its fault is logged and goes no further."""
    told = []

    def broken(*_):
        raise RuntimeError("listener")

    breaker = small_breaker(clock, on_transition=broken)
    breaker.on_transition(lambda *change: told.append(change))
    with caplog.at_level(logging.ERROR):
        trip(breaker)
    assert told == [("upstream", "closed", "open")]
    assert "listener" in caplog.text


def test_a_snapshot_shows_state_since_when_and_what_was_counted(breaker, clock):
    breaker.call(answer)
    clock.advance(1)
    outcome_of_call(lambda: breaker.call(fail))
    clock.advance(4)
    shot = breaker.snapshot
    assert (shot.name, shot.state, shot.calls, shot.failures, shot.slow) == ("upstream", "open", 2, 1, 0)
    assert shot.since == clock.time() - 4
    assert shot.retry_after == pytest.approx(26.0)


def test_it_takes_the_system_clock_by_default():
    breaker = CircuitBreaker("real")
    assert breaker.call(answer) == "ok"
    assert breaker.state == "closed"
