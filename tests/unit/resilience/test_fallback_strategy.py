"""Fallback: a value, what is made of the error, or another function; never in place of a cancellation."""

from __future__ import annotations

import asyncio

import pytest

from exai_sre.outcome import Outcome
from exai_sre.resilience.breaker import CircuitBreaker
from exai_sre.resilience.breaker_open import BreakerOpen
from exai_sre.resilience.errors import (
    BulkheadFull,
    DeadlineExceeded,
    OptionError,
    RateLimited,
    Shed,
    UnsupportedForm,
)
from exai_sre.resilience.fallback import Fallback
from exai_sre.resilience.pipeline import Pipeline
from exai_sre.resilience.timeout import Timeout
from exai_sre.resilience.unavailable import is_unavailable
from exai_sre.testing import VirtualClock
from tests.unit.resilience.counting import tallied
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
    small_breaker,
    stream,
    trip,
)


def test_exactly_one_answer_is_given():
    for arguments in ({}, {"value": 1, "of": str}, {"of": str, "to": answer}, {"value": None, "to": answer}):
        with pytest.raises(OptionError, match="exactly one of value, of and to"):
            Fallback(**arguments)


@pytest.mark.parametrize("value", [None, 0, "saved"])
async def test_a_value_stands_in_for_an_error(value):
    forms, tally = tallied(Fallback(value))
    assert forms.sync(fail, (), {}) == value
    assert await forms.async_(fail_async, (), {}) == value
    assert tally == {"fell_back": 2}


async def test_what_succeeds_is_left_alone():
    forms, tally = tallied(Fallback(value=None))
    assert forms.sync(answer, (), {}) == "ok"
    assert await forms.async_(answer_async, (), {}) == "ok"
    assert await collect(forms.stream(stream, (1, 2), {})) == [1, 2]
    assert not tally


async def test_an_answer_can_be_made_of_the_error():
    async def explain(error):
        await asyncio.sleep(0)
        return repr(error)

    assert Fallback(of=repr).call(fail) == "Down()"
    assert await Fallback(of=explain).call_async(fail_async) == "Down()"


async def test_another_guarded_function_gets_the_same_arguments():
    def other(name, *, size):
        return f"other {name} {size}"

    async def other_async(name, *, size):
        await asyncio.sleep(0)
        return other(name, size=size)

    def load(name, *, size):
        raise Down

    async def load_async(name, *, size):
        raise Down

    breaker = CircuitBreaker("other")
    assert Fallback(to=breaker(other))(load)("a", size=1) == "other a 1"
    assert await Fallback(to=breaker(other_async))(load_async)("a", size=1) == "other a 1"


def test_an_open_breaker_is_answered_and_the_caller_never_hears_of_it():
    clock = VirtualClock()
    breaker = small_breaker(clock)
    trip(breaker)
    assert Pipeline("p", Fallback("saved"), breaker).call(answer) == "saved"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (Down(), True),
        (TimeoutError(), True),
        (OSError("unreachable"), True),
        (BreakerOpen("b", 1.0), True),
        (BulkheadFull(1, 0), True),
        (RateLimited("r", 1.0), True),
        (Shed("s", 1), True),
        (DeadlineExceeded(1.0), True),
        (Wrong(), False),
        (KeyError("defect"), False),
        (FileNotFoundError(), False),
        (asyncio.CancelledError(), False),
    ],
)
def test_only_what_cannot_be_had_now_is_answered_by_default(error, expected):
    assert is_unavailable(error) is expected


async def test_other_errors_are_raised_as_they_are():
    fallback = Fallback("saved")
    with pytest.raises(Wrong):
        fallback.call(fail, Wrong)
    with pytest.raises(Wrong):
        await fallback.call_async(fail_async, Wrong)
    with pytest.raises(Wrong):
        list(fallback(items)(Wrong))
    with pytest.raises(Wrong):
        await collect(fallback.stream(stream, Wrong))


@pytest.mark.parametrize("on", [Wrong, (Wrong, KeyError), frozenset({Outcome.ERROR}), lambda error: True])
def test_what_is_answered_can_be_chosen(on):
    assert Fallback("saved", on=on).call(fail, Wrong) == "saved"


class GaveUp(Exception):
    """An error of the caller's own making that means that it gave up."""

    outcome = Outcome.CANCELLED


async def test_cancellation_is_never_answered():
    fallback = Fallback("saved", on=lambda error: True)
    task = asyncio.ensure_future(fallback.call_async(hang))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(GaveUp):
        fallback.call(fail, GaveUp)
    with pytest.raises(KeyboardInterrupt):
        fallback.call(fail, KeyboardInterrupt)


async def test_a_timeout_inside_is_answered():
    clock = VirtualClock()
    pipeline = Pipeline("p", Fallback("saved"), Timeout(5), clock=clock)
    assert await clock.run(pipeline.call_async(hang)) == "saved"


async def test_the_error_of_the_other_answer_is_raised_with_the_first_as_its_context():
    with pytest.raises(Wrong) as caught:
        Fallback(to=lambda: fail(Wrong)).call(fail)
    assert isinstance(caught.value.__context__, Down)
    with pytest.raises(Wrong):
        await Fallback(to=lambda: fail_async(Wrong)).call_async(fail_async)


def test_a_plain_call_does_not_take_a_coroutine_for_an_answer():
    with pytest.raises(UnsupportedForm, match="nobody would await"):
        Fallback(to=answer_async).call(fail)


async def test_a_generator_that_fails_before_its_first_item_is_answered():
    def others(*_):
        yield 7
        return "other end"

    def collected(*values):
        return (yield from Fallback(to=others)(items)(*values))

    running = collected(Down)
    assert next(running) == 7
    with pytest.raises(StopIteration, match="other end"):
        next(running)
    assert list(Fallback([8, 9])(items)(Down)) == [8, 9]


async def test_a_stream_that_fails_before_its_first_item_is_answered():
    closed = []

    async def others(*_):
        try:
            yield 7
            yield 8
        finally:
            closed.append(True)

    class Bare:
        """Asynchronously iterable, and nothing to close."""

        def __init__(self):
            self._left = [5]

        def __aiter__(self):
            return self

        async def __anext__(self):
            if self._left:
                return self._left.pop()
            raise StopAsyncIteration

    forms, tally = tallied(Fallback(to=others))
    assert await collect(forms.stream(stream, (Down,), {})) == [7, 8]
    assert tally == {"fell_back": 1}
    abandoned = Fallback(to=others).stream(stream, Down)
    assert await anext(abandoned) == 7
    await abandoned.aclose()
    assert closed == [True, True]
    assert await collect(Fallback([8, 9]).stream(stream, Down)) == [8, 9]
    assert await collect(Fallback(of=lambda _: Bare()).stream(stream, Down)) == [5]


async def test_items_that_were_given_out_cannot_be_taken_back():
    fallback = Fallback([7])
    running = fallback(items)(1, Down)
    assert next(running) == 1
    with pytest.raises(Down):
        next(running)
    source = fallback.stream(stream, 1, Down)
    assert await anext(source) == 1
    with pytest.raises(Down):
        await anext(source)


def test_what_is_sent_and_thrown_reaches_the_generator():
    heard = []

    def echo():
        while True:
            try:
                heard.append((yield len(heard)))
            except Down as error:
                heard.append(error)

    running = Fallback([7])(echo)()
    assert next(running) == 0
    assert running.send("a") == 1
    assert running.throw(Down()) == 2
    running.close()
    assert heard[0] == "a"
    assert isinstance(heard[1], Down)
