"""Retry by result, and every kind of tenacity object in our own loop."""

from __future__ import annotations

import logging

import pytest
import tenacity
from tenacity.asyncio import retry as asynchronous

from exai_sre.context import deadline_at, resend_count
from exai_sre.resilience import Pipeline, Retry, RetryBudget
from exai_sre.testing import VirtualClock
from tests.unit.resilience.cases.retries import Script, each_retried_form, retried
from tests.unit.resilience.rig import Down, Wrong, collect, items, outcome_of_await, stream


@pytest.fixture
def clock():
    return VirtualClock()


def retry(clock, **options):
    return Pipeline("p", Retry(**{"wait": 0, **options}, sleep=clock.advance), clock=clock)


def is_busy(result):
    return result == "busy"


@each_retried_form
async def test_a_result_can_be_worth_another_attempt(clock, form):
    began, script = clock.monotonic(), Script("busy", Down(), "busy")
    assert await retried(form, clock, retry(clock, wait=1.0, attempts=9, retry_if=is_busy), script) == "ok"
    assert (script.calls, clock.monotonic() - began) == (4, 3.0)


@each_retried_form
async def test_the_last_result_is_returned_as_it_is(clock, form):
    script = Script(answer="busy")
    assert await retried(form, clock, retry(clock, retry_if=is_busy), script) == "busy"
    assert script.calls == 3


@each_retried_form
async def test_a_result_is_repeated_within_budget_and_deadline_only(clock, form):
    broke = retry(clock, retry_if=is_busy, budget=RetryBudget(0, per_second=0, reserve=0, clock=clock))
    assert await retried(form, clock, broke, Script("busy")) == "busy"
    with deadline_at(clock.monotonic() + 1):
        assert await retried(form, clock, retry(clock, wait=1.0, retry_if=is_busy), Script("busy")) == "busy"


@each_retried_form
async def test_a_retry_inside_another_returns_the_result_for_the_outer_one_to_judge(clock, form):
    script = Script(answer="busy")
    guard = Pipeline("p", Retry(wait=0, retry_if=is_busy, sleep=clock.advance), Retry(retry_if=is_busy), clock=clock)
    assert await retried(form, clock, guard, script) == "busy"
    assert script.calls == 3


async def test_a_stream_that_is_begun_again_for_its_first_item_is_closed_first(clock):
    log = []

    async def source():
        log.append("begun")
        try:
            yield "busy" if len(log) == 1 else "fine"
            yield "more"
        finally:
            log.append("closed")

    assert await collect(retry(clock, retry_if=is_busy).stream(source)) == ["fine", "more"]
    assert log == ["begun", "closed", "begun", "closed"]


def test_a_generator_that_is_begun_again_for_its_first_item_is_closed_first(clock):
    log = []

    def source():
        log.append("begun")
        try:
            yield "busy" if len(log) == 1 else "fine"
            yield "more"
        finally:
            log.append("closed")

    assert list(retry(clock, retry_if=is_busy)(source)()) == ["fine", "more"]
    assert log == ["begun", "closed", "begun", "closed"]


async def test_what_has_no_items_is_not_judged(clock):
    guard = retry(clock, retry_if=lambda _: True)
    assert await collect(guard.stream(stream)) == []
    assert list(guard(items)()) == []


FAILED_OR_BUSY = tenacity.retry_if_exception_type(Wrong) | tenacity.retry_if_result(is_busy)

STRATEGIES = {
    "exception_type": (tenacity.retry_if_exception_type(Wrong), [Wrong()], 2),
    "exception_or_result": (FAILED_OR_BUSY, [Wrong(), "busy", Wrong()], 4),
    "exception_or_result_stops_at_others": (FAILED_OR_BUSY, [Down()], 1),
    "all": (tenacity.retry_if_exception_type(Wrong) & tenacity.retry_if_exception_message("x"), [Wrong("x")], 2),
    "all_not": (tenacity.retry_if_exception_type(Wrong) & tenacity.retry_if_exception_message("x"), [Wrong("y")], 1),
    "not_result": (tenacity.retry_if_not_result(lambda result: result == "ok"), ["busy", None], 3),
    "unless_exception": (tenacity.retry_unless_exception_type(Wrong), ["again", Wrong()], 2),
    "not_message": (tenacity.retry_if_not_exception_message("done"), ["again", Wrong("done")], 2),
    "cause": (tenacity.retry_if_exception_cause_type(KeyError), [Wrong()], 1),
    "never": (tenacity.retry_never, [Down()], 1),
    "nested": ((tenacity.retry_if_result(is_busy) | tenacity.retry_never) & tenacity.retry_always, ["busy"], 2),
    "plain_callable_within": (tenacity.retry_never | (lambda state: state.attempt_number < 3), [Down(), Down()], 3),
}


@each_retried_form
@pytest.mark.parametrize(("on", "ends", "calls"), STRATEGIES.values(), ids=STRATEGIES)
async def test_every_retry_strategy_of_tenacity_decides(clock, form, on, ends, calls):
    script = Script(*ends)
    await retried(form, clock, retry(clock, attempts=9, on=on), script)
    assert script.calls == calls


def test_a_strategy_that_looks_at_errors_only_is_not_asked_about_results(clock):
    asked = []

    class Watched(tenacity.retry_if_exception):
        def __call__(self, retry_state):
            asked.append(retry_state.outcome.failed)
            return super().__call__(retry_state)

    assert retry(clock, on=Watched(lambda _: True)).call(Script().sync) == "ok"
    assert asked == [False]
    assert retry(clock, on=tenacity.retry_if_exception(asked.append)).call(Script().sync) == "ok"
    assert asked == [False]


STOPS = {
    "any": (tenacity.stop_after_attempt(4) | tenacity.stop_after_delay(100), 4),
    "all": (tenacity.stop_after_attempt(2) & tenacity.stop_after_delay(4), 5),
    "plain": (lambda state: state.attempt_number == 6, 6),
}


@pytest.mark.parametrize(("stop", "calls"), STOPS.values(), ids=STOPS)
async def test_every_stop_strategy_of_tenacity_decides(clock, stop, calls):
    script = Script(answer=Down())
    await retried("async", clock, retry(clock, stop=stop, wait=1.0), script)
    assert script.calls == calls


WAITS = {
    "sum": (tenacity.wait_fixed(1) + tenacity.wait_fixed(0.5), 4.5),
    "chain": (tenacity.wait_chain(tenacity.wait_fixed(1), tenacity.wait_fixed(2)), 5.0),
    "exponential": (tenacity.wait_exponential(multiplier=1), 7.0),
    "incrementing": (tenacity.wait_incrementing(1, 2), 9.0),
    "exception": (tenacity.wait_exception(lambda _: 3.0), 9.0),
}


@pytest.mark.parametrize(("wait", "took"), WAITS.values(), ids=WAITS)
async def test_every_wait_strategy_of_tenacity_decides(clock, wait, took):
    began = clock.monotonic()
    await retried("async", clock, retry(clock, attempts=4, wait=wait), Script(answer=Down()))
    assert clock.monotonic() - began == took


async def test_strategies_see_the_function_and_the_arguments_of_the_call(clock):
    seen = []

    def wait(state):
        seen.append((state.fn, state.args, state.kwargs))
        return 0.0

    script = Script(Down())
    await retried("async_generator", clock, retry(clock, wait=wait), script, 1, two=2)
    assert seen == [(script.stream, (1,), {"two": 2})]


@pytest.mark.parametrize(
    "on",
    [
        asynchronous.retry_if_exception(stream),
        asynchronous.retry_if_result(stream) | tenacity.retry_always,
        tenacity.retry_any(tenacity.retry_always, asynchronous.retry_if_result(stream)),
        outcome_of_await,
    ],
)
def test_an_asynchronous_predicate_is_refused(on):
    with pytest.raises(ValueError, match="asynchronous"):
        Retry(on=on)


@each_retried_form
async def test_a_hook_is_called_before_each_sleep_in_the_form_that_tenacity_logs(clock, caplog, form):
    hook = tenacity.before_sleep_log(logging.getLogger("retries"), logging.WARNING)
    script = Script(Down("no route"), "busy")
    with caplog.at_level(logging.WARNING):
        await retried(form, clock, retry(clock, wait=2.0, retry_if=is_busy, before_sleep=hook), script)
    assert [message.split(" in ")[1] for message in caplog.messages] == [
        "2 seconds as it raised Down: no route.",
        "2 seconds as it returned busy.",
    ]


async def test_a_hook_that_raises_changes_no_result(clock, caplog):
    def broken(_):
        raise RuntimeError("broken hook")

    with caplog.at_level(logging.ERROR):
        assert await retried("async", clock, retry(clock, before_sleep=broken), Script(Down())) == "ok"
    assert "broken hook" in caplog.text


class Busy(Down):
    """A refusal that says when to come back."""

    retry_after = 7.0


@each_retried_form
async def test_a_retry_after_is_honoured_in_each_form(clock, form):
    began = clock.monotonic()
    assert await retried(form, clock, retry(clock, wait=1.0), Script(Busy(), Down())) == "ok"
    assert clock.monotonic() - began == 8.0


@each_retried_form
async def test_what_sends_knows_how_often_it_sent_before(clock, form):
    seen = []
    script = Script(answer=Down(), on_call=lambda: seen.append(resend_count.get()))
    await retried(form, clock, retry(clock), script)
    assert seen == [0, 1, 2]
    assert resend_count.get() == 0
