"""Existing pybreaker listeners on our breaker: told the same, shown the same, and harmless."""

from __future__ import annotations

import asyncio
import pickle
import threading
import time

import pybreaker
import pytest

from exai_sre.context.correlation import correlation_id
from exai_sre.resilience.breaker import CircuitBreaker
from exai_sre.resilience.breaker_open import BreakerOpen
from exai_sre.resilience.interop import BreakerFacade, Courier, FailedResult, ListenerBridge, ReadOnlyBreaker, inline
from exai_sre.resilience.pipeline import Pipeline
from exai_sre.testing import VirtualClock
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
    outcome_of_await,
    outcome_of_call,
    small_breaker,
    stream,
)

PATIENCE = 30.0


class Recorder(pybreaker.CircuitBreakerListener):
    """What a listener is told, in order, as text."""

    def __init__(self):
        self.told = []

    def before_call(self, cb, func, *args, **kwargs):
        self.told.append(f"before {func.__name__}{args}{kwargs or ''} on {cb.name} {cb.current_state}")

    def success(self, cb):
        self.told.append("success")

    def failure(self, cb, exc):
        self.told.append(f"failure {type(exc).__name__}")

    def state_change(self, cb, old_state, new_state):
        self.told.append(f"{old_state.name} -> {new_state.name}, {cb.current_state} after {cb.fail_counter}")


def bridged(clock, *listeners, **options):
    breaker = small_breaker(clock, **options)
    return breaker, Pipeline("p", breaker, ListenerBridge(breaker, *listeners, deliver=inline), clock=clock)


def test_a_listener_is_told_what_pybreaker_would_tell_it():
    """The same outage through both: each listener hears the same, where both have a word for it."""
    clock = VirtualClock()
    ours, theirs = Recorder(), Recorder()
    _, pipeline = bridged(clock, ours)
    original = pybreaker.CircuitBreaker(fail_max=2, reset_timeout=0, listeners=[theirs], name="upstream")
    for call in (fail, fail):
        outcome_of_call(lambda call=call: pipeline.call(call))
        outcome_of_call(lambda call=call: original.call(call))
    clock.advance(30.0)
    assert (pipeline.call(answer), original.call(answer)) == ("ok", "ok")
    plain = [[line.split(",")[0] for line in recorder.told] for recorder in (ours, theirs)]
    # pybreaker closes first and tells of the success afterwards; ours tells of the call, then of what follows
    assert plain[0][:7] == plain[1][:7]
    assert sorted(plain[0]) == sorted(plain[1])
    assert ours.told[2:5] == [
        "before fail() on upstream closed",
        "failure Down",
        "closed -> open, open after 2",
    ]


def test_the_arguments_of_a_call_are_shown_whatever_they_are_called():
    recorder = Recorder()
    _, pipeline = bridged(VirtualClock(), recorder)

    def load(*args, **kwargs):
        return len(args) + len(kwargs)

    assert pipeline.call(load, 1, hook=2, listener=3) == 3
    assert recorder.told[0] == "before load(1,){'hook': 2, 'listener': 3} on upstream closed"


async def test_every_form_tells_the_same():
    recorder = Recorder()
    _, pipeline = bridged(VirtualClock(), recorder, minimum_calls=100)
    pipeline.call(answer)
    await pipeline.call_async(answer_async)
    list(pipeline(items)(1))
    await collect(pipeline.stream(stream, 1))
    assert [line.split()[0] for line in recorder.told] == ["before", "success"] * 4
    recorder.told.clear()
    outcome_of_call(lambda: pipeline.call(fail))
    await outcome_of_await(pipeline.call_async(fail_async))
    outcome_of_call(lambda: list(pipeline(items)(1, Down)))
    await outcome_of_await(collect(pipeline.stream(stream, 1, Down)))
    assert [line.split()[0] for line in recorder.told] == ["before", "failure"] * 4


async def test_neutral_calls_are_neither_success_nor_failure():
    recorder = Recorder()
    _, pipeline = bridged(VirtualClock(), recorder, ignore=Wrong)
    outcome_of_call(lambda: pipeline.call(fail, Wrong))
    outcome_of_call(lambda: pipeline.call(fail, KeyboardInterrupt))
    task = asyncio.ensure_future(pipeline.call_async(hang))
    await asyncio.sleep(0)
    task.cancel()
    await outcome_of_await(task)
    source = pipeline.stream(stream, 1, 2)
    await anext(source)
    await source.aclose()
    assert [line.split()[0] for line in recorder.told] == ["before"] * 4


async def test_a_result_that_counts_as_a_failure_is_told_as_one():
    recorder = Recorder()
    _, pipeline = bridged(VirtualClock(), recorder, failure_if=lambda result: result in ("ok", 2), minimum_calls=100)
    assert pipeline.call(answer) == "ok"
    assert await pipeline.call_async(answer_async) == "ok"
    assert list(pipeline(items)(1, 2, 3)) == [1, 2, 3]
    assert await collect(pipeline.stream(stream, 1, 2, 3)) == [1, 2, 3]
    source = pipeline.stream(stream, 2, 3)
    await anext(source)
    await source.aclose()
    told = [line.split(" ", 1) for line in recorder.told]
    assert [line[0] for line in told] == ["before", "failure"] * 5
    assert {line[1] for line in told if line[0] == "failure"} == {"FailedResult"}
    assert FailedResult().outcome == "upstream_error"


def test_hooks_that_a_listener_does_not_have_cost_nothing():
    class Quiet(pybreaker.CircuitBreakerListener):
        def state_change(self, cb, old_state, new_state):
            delivered.append(f"{old_state.name} -> {new_state.name}")

    delivered = []
    breaker = small_breaker(VirtualClock())
    bridge = ListenerBridge(breaker, Quiet(), deliver=lambda job: delivered.append("job") or job())
    pipeline = Pipeline("p", breaker, bridge)
    pipeline.call(answer)
    for _ in range(2):
        outcome_of_call(lambda: pipeline.call(fail))
    assert delivered == ["job", "closed -> open"]


def test_refused_calls_are_told_to_nobody():
    clock, recorder = VirtualClock(), Recorder()
    breaker, pipeline = bridged(clock, recorder)
    breaker.force_open()
    assert recorder.told == ["closed -> open, open after 0"]
    with pytest.raises(pybreaker.CircuitBreakerError) as caught:
        pipeline.call(answer)
    assert isinstance(caught.value, BreakerOpen)
    assert len(recorder.told) == 1


def test_states_that_pybreaker_has_no_word_for_are_named_after_what_they_do():
    recorder = Recorder()
    breaker, _ = bridged(VirtualClock(), recorder)
    breaker.disable()
    breaker.metrics_only()
    assert recorder.told == []
    breaker.force_open()
    assert recorder.told == ["closed -> open, open after 0"]


class Hostile(pybreaker.CircuitBreakerListener):
    """Raises wherever it is asked."""

    def before_call(self, cb, func, *args, **kwargs):
        raise RuntimeError("before")

    def success(self, cb):
        cb.open()

    def failure(self, cb, exc):
        raise pybreaker.CircuitBreakerError("failure")

    def state_change(self, cb, old_state, new_state):
        raise ValueError("state change")


async def test_a_listener_that_raises_changes_no_result_and_stops_no_other(caplog):
    recorder = Recorder()
    breaker, pipeline = bridged(VirtualClock(), Hostile(), recorder)
    assert pipeline.call(answer) == "ok"
    assert await pipeline.call_async(answer_async) == "ok"
    for _ in range(2):
        assert outcome_of_call(lambda: pipeline.call(fail)) == "Down"
    assert breaker.state == "open"
    assert outcome_of_call(lambda: pipeline.call(fail)) == "BreakerOpen"
    assert len([line for line in recorder.told if line == "success"]) == 2
    assert len(caplog.records) >= 7


async def test_a_slow_listener_delays_no_call_on_the_real_clock():
    held, told = threading.Event(), []

    class Slow(Recorder):
        def before_call(self, cb, func, *args, **kwargs):
            told.append((threading.current_thread().name, correlation_id.get()))
            held.wait(PATIENCE)

    breaker = CircuitBreaker("upstream")
    bridge = ListenerBridge(breaker, Slow())
    pipeline = Pipeline("p", breaker, bridge)
    token = correlation_id.set("call-1")
    began = time.monotonic()
    for _ in range(20):
        assert await pipeline.call_async(answer_async) == "ok"
    took = time.monotonic() - began
    correlation_id.reset(token)
    held.set()
    bridge.deliver.drain()
    assert took < PATIENCE / 3
    assert told == [("listeners of upstream", "call-1")] * 20


def test_the_facade_is_a_pybreaker_breaker_to_look_at():
    clock = VirtualClock()
    breaker = small_breaker(clock, failure_rate=0.5, minimum_calls=10, half_open_calls=2, ignore=(Wrong, KeyError))
    recorder = Recorder()
    facade = BreakerFacade(breaker, (recorder,))
    assert isinstance(facade, pybreaker.CircuitBreaker)
    assert (facade.name, facade.fail_max, facade.reset_timeout, facade.success_threshold) == ("upstream", 5, 30.0, 2)
    assert (facade.listeners, facade.excluded_exceptions) == ((recorder,), (Wrong, KeyError))
    assert (facade.is_system_error(Down()), facade.is_system_error(Wrong())) == (True, False)
    for _ in range(4):
        outcome_of_call(lambda: breaker.call(fail))
    assert (facade.current_state, facade.fail_counter, facade.success_counter) == ("closed", 4, 0)
    for _ in range(6):
        outcome_of_call(lambda: breaker.call(fail))
    assert isinstance(facade.state, pybreaker.CircuitOpenState)
    clock.advance(30.0)
    assert isinstance(facade.state, pybreaker.CircuitHalfOpenState)
    breaker.reset()
    assert isinstance(facade.state, pybreaker.CircuitClosedState)
    assert recorder.told == []


@pytest.mark.parametrize(("ignore", "shown"), [(Wrong, (Wrong,)), (lambda error: True, ()), ((), ())])
def test_the_facade_shows_the_ignored_types(ignore, shown):
    assert BreakerFacade(CircuitBreaker("b", ignore=ignore)).excluded_exceptions == shown


@pytest.mark.parametrize(
    "change",
    [
        lambda facade: facade.open(),
        lambda facade: facade.close(),
        lambda facade: facade.half_open(),
        lambda facade: facade.call(answer),
        lambda facade: facade(answer),
        lambda facade: facade.calling(),
        lambda facade: facade.add_listener(Recorder()),
        lambda facade: facade.add_excluded_exception(Wrong),
        lambda facade: setattr(facade, "state", "open"),
        lambda facade: setattr(facade, "fail_max", 1),
        lambda facade: setattr(facade, "name", "x"),
    ],
)
def test_the_facade_changes_nothing(change):
    breaker = CircuitBreaker("b")
    with pytest.raises(ReadOnlyBreaker, match="breaker 'b' is shown to listeners read-only") as caught:
        change(BreakerFacade(breaker))
    assert breaker.state == "closed"
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_a_courier_does_jobs_in_order_and_outlives_what_they_raise(caplog):
    courier, done = Courier("jobs"), []
    for number in range(50):
        courier(lambda number=number: done.append(number))
        courier(lambda: fail(Wrong))
    courier.drain()
    assert done == list(range(50))
    assert len(caplog.records) == 50


def test_a_courier_drops_what_finds_its_queue_full():
    courier, inside, held, done = Courier("jobs", capacity=2), threading.Event(), threading.Event(), []

    def hold():
        inside.set()
        held.wait(PATIENCE)

    courier(hold)
    assert inside.wait(PATIENCE)
    for number in range(5):
        courier(lambda number=number: done.append(number))
    held.set()
    courier.drain()
    assert (done, courier.dropped) == ([0, 1], 3)


def test_threads_that_hand_over_the_first_job_at_once_start_one_thread():
    courier, lock_taken = Courier("only one"), threading.Barrier(8)

    def work():
        lock_taken.wait(PATIENCE)
        courier(lambda: None)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    courier.drain()
    assert [thread.name for thread in threading.enumerate()].count("only one") == 1
