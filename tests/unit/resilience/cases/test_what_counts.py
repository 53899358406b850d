"""C1, C2, C4, C5, C7, C16, C18, C31: which calls count for a breaker, which against it, and which not at all."""

from __future__ import annotations

import asyncio
from abc import ABCMeta

import pytest

from exai_sre.testing import VirtualClock
from tests.unit.resilience.cases.calls import FORMS, each_form, in_tasks, one_call
from tests.unit.resilience.rig import (
    Down,
    Wrong,
    answer_async,
    collect,
    fail_async,
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
    return small_breaker(clock)


@in_tasks
async def test_c01_awaited_failures_of_a_coroutine_function_count(breaker, form):
    assert [await one_call(form, breaker, Down) for _ in range(3)] == ["Down", "Down", "BreakerOpen"]
    assert breaker.snapshot.failures == 2


async def test_c01_a_decorator_counts_the_end_of_the_coroutine_and_not_its_making(breaker):
    made = [breaker(fail_async)() for _ in range(2)]
    assert breaker.snapshot.calls == 0
    assert [await outcome_of_await(call) for call in made] == ["Down", "Down"]
    assert breaker.state == "open"


def streams_of(breaker, *values):
    return {"stream": lambda: breaker.stream(stream, *values), "decorated": lambda: breaker(stream)(*values)}


@pytest.mark.parametrize("form", ["stream", "decorated"])
async def test_c02_a_failure_while_a_stream_is_iterated_counts(breaker, form):
    for _ in range(2):
        assert await outcome_of_await(collect(streams_of(breaker, 1, 2, Down)[form]())) == "Down"
    assert breaker.state == "open"


def test_c02_a_failure_while_a_generator_is_iterated_counts(breaker):
    for _ in range(2):
        assert outcome_of_call(lambda: list(breaker(items)(1, 2, Down))) == "Down"
    assert breaker.state == "open"


@pytest.mark.parametrize("form", ["stream", "decorated"])
async def test_c02_an_abandoned_stream_is_neutral(breaker, form):
    for _ in range(3):
        source = streams_of(breaker, 1, 2)[form]()
        assert await anext(source) == 1
        await source.aclose()
    assert (breaker.state, breaker.snapshot.calls) == ("closed", 0)


@pytest.mark.parametrize("form", ["stream", "decorated"])
async def test_c02_a_stream_that_is_left_by_break_is_neutral(breaker, clock, form):
    for _ in range(3):
        async for _item in streams_of(breaker, 1, 2)[form]():
            break
        await clock.settle()
    assert (breaker.state, breaker.snapshot.calls) == ("closed", 0)


def test_c02_an_abandoned_generator_is_neutral(breaker):
    for _ in range(3):
        source = breaker(items)(1, 2)
        assert next(source) == 1
        source.close()
    assert (breaker.state, breaker.snapshot.calls) == ("closed", 0)


@each_form
async def test_c04_a_cancelled_call_is_no_failure(breaker, form):
    for _ in range(3):
        assert await one_call(form, breaker, asyncio.CancelledError) == "CancelledError"
    assert (breaker.state, breaker.snapshot.calls) == ("closed", 0)


@each_form
async def test_c05_fail_cancel_fail_opens_at_threshold_two(clock, form):
    breaker = small_breaker(clock, failure_rate=1.0)
    await one_call(form, breaker, Down)
    await one_call(form, breaker, asyncio.CancelledError)
    assert breaker.state == "closed"
    await one_call(form, breaker, Down)
    assert breaker.state == "open"


@each_form
async def test_c07_an_ignored_exception_is_neutral_while_closed(clock, form):
    breaker = small_breaker(clock, failure_rate=1.0, ignore=(Wrong,))
    for error in (Down, Wrong, Wrong):
        assert await one_call(form, breaker, error) == error.__name__
    assert (breaker.state, breaker.snapshot.calls) == ("closed", 1)
    await one_call(form, breaker, Down)
    assert breaker.state == "open"


@each_form
@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit])
async def test_c16_an_interrupt_passes_unchanged_and_is_not_counted(clock, form, interrupt):
    breaker = small_breaker(clock, failure_rate=0.3, minimum_calls=1)
    for _ in range(3):
        assert await one_call(form, breaker, interrupt) == interrupt.__name__
    assert (breaker.state, breaker.snapshot.calls) == ("closed", 0)


class Abstract(Exception, metaclass=ABCMeta):
    """An exception class that is an instance of a metaclass."""


@each_form
async def test_c18_excluding_a_class_with_a_metaclass_excludes_that_class_only(clock, form):
    breaker = small_breaker(clock, ignore=(Abstract,))
    for _ in range(2):
        await one_call(form, breaker, Abstract)
    assert (breaker.state, breaker.snapshot.calls) == ("closed", 0)
    for _ in range(2):
        await one_call(form, breaker, Down)
    assert breaker.state == "open"


@each_form
async def test_c31_half_of_100_alternating_calls_failing_opens_the_breaker(clock, form):
    breaker = small_breaker(clock, minimum_calls=20, failure_rate=0.5)
    seen = [await one_call(form, breaker, None if number % 2 else Down) for number in range(100)]
    assert breaker.state == "open"
    assert seen[:20] == ["Down", "ok"] * 10
    assert set(seen[20:]) == {"BreakerOpen"}


@each_form
async def test_an_answer_counts_in_each_form(breaker, form):
    assert await one_call(form, breaker) == "ok"
    assert (breaker.snapshot.calls, breaker.snapshot.failures) == (1, 0)
    assert len(FORMS) == 14


async def test_c01_an_answer_that_is_awaited_is_handed_on(breaker):
    assert await breaker(answer_async)() == "ok"
