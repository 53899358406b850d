"""Hedge: another attempt beside a slow one, within a budget; the losers are cancelled and awaited."""

from __future__ import annotations

import asyncio

import pytest

from exai_sre.context.attempt import resend_count
from exai_sre.context.deadline import deadline_at
from exai_sre.resilience.breaker import CircuitBreaker
from exai_sre.resilience.budget import RetryBudget
from exai_sre.resilience.errors import OptionError, UnsupportedForm
from exai_sre.resilience.hedge import Hedge
from exai_sre.resilience.hedge_engine import HedgeEngine, HedgeOptions
from exai_sre.resilience.pipeline import Pipeline
from exai_sre.resilience.timeout import Timeout
from exai_sre.testing import VirtualClock
from tests.unit.resilience.counting import tallied
from tests.unit.resilience.rig import Down, Wrong, answer, answer_async, collect, fail_async, items, stream

IMPORTED = Hedge(0.5, idempotent=True)
"""C29: made without a loop, at import time."""


class Upstream:
    """Attempts that take given seconds, then return their number or raise."""

    def __init__(self, clock, *plan):
        self.clock, self.plan = clock, plan
        self.begun, self.resent, self.cancelled, self.closed = [], [], [], []

    async def __call__(self):
        number = len(self.begun)
        self.begun.append(self.clock.monotonic() - 1000)
        self.resent.append(resend_count.get())
        seconds, error = self.plan[number] if isinstance(self.plan[number], tuple) else (self.plan[number], None)
        try:
            await self.clock.sleep(seconds)
        except asyncio.CancelledError:
            self.cancelled.append(number)
            await asyncio.sleep(0)
            self.closed.append(number)
            raise
        if error is not None:
            raise error
        return number


def hedged(clock, **options):
    budget = RetryBudget(1.0, clock=clock)
    return Hedge(1.0, idempotent=True, clock=clock, **{"budget": budget, **options})


@pytest.mark.parametrize(
    ("option", "value"), [("after", 0.0), ("idempotent", False), ("quantile", 1.0), ("quantile", 0.0), ("extra", 0)]
)
def test_an_option_that_makes_no_sense_is_refused(option, value):
    with pytest.raises(OptionError, match=option):
        Hedge(**{"after": 1.0, "idempotent": True, option: value})


async def test_a_quick_answer_is_not_hedged():
    clock = VirtualClock()
    upstream = Upstream(clock, 0.9)
    forms, tally = tallied(hedged(clock))
    assert await clock.run(forms.async_(upstream, (), {})) == 0
    assert (upstream.begun, tally) == ([0.0], {})
    assert clock.pending == 0


async def test_a_slow_answer_is_hedged_and_the_loser_cancelled_and_awaited():
    clock = VirtualClock()
    upstream = Upstream(clock, 5.0, 0.5)
    forms, tally = tallied(hedged(clock))
    assert await clock.run(forms.async_(upstream, (), {})) == 1
    assert clock.monotonic() == 1001.5
    assert (upstream.begun, upstream.cancelled, upstream.closed) == ([0.0, 1.0], [0], [0])
    assert upstream.resent == [0, 1]
    assert tally == {"hedged": 1, "hedge_won": 1}


async def test_the_first_attempt_may_still_win():
    clock = VirtualClock()
    upstream = Upstream(clock, 1.2, 5.0)
    forms, tally = tallied(hedged(clock))
    assert await clock.run(forms.async_(upstream, (), {})) == 0
    assert (upstream.closed, tally) == ([1], {"hedged": 1})


async def test_no_more_than_the_extra_attempts_are_begun():
    clock = VirtualClock()
    upstream = Upstream(clock, 9.0, 9.0, 9.0)
    forms, tally = tallied(hedged(clock, extra=2))
    assert await clock.run(forms.async_(upstream, (), {})) == 0
    assert (upstream.begun, tally) == ([0.0, 1.0, 2.0], {"hedged": 2})
    assert sorted(upstream.closed) == [1, 2]


async def test_a_failed_attempt_leaves_the_other_running():
    clock = VirtualClock()
    upstream = Upstream(clock, (1.5, Down()), 2.0)
    assert await clock.run(hedged(clock).call_async(upstream)) == 1
    assert clock.monotonic() == 1003


async def test_a_failed_attempt_does_not_hold_up_the_next():
    clock = VirtualClock()
    upstream = Upstream(clock, (1.5, Down()), 9.0, 0.5)
    assert await clock.run(hedged(clock, extra=2).call_async(upstream)) == 2
    assert (upstream.begun, upstream.closed, clock.monotonic()) == ([0.0, 1.0, 2.0], [1], 1002.5)


async def test_if_all_attempts_fail_the_error_of_the_first_is_raised():
    clock = VirtualClock()
    upstream = Upstream(clock, (3.0, Down()), (0.5, Wrong()))
    with pytest.raises(Down):
        await clock.run(hedged(clock).call_async(upstream))
    assert clock.monotonic() == 1003


async def test_a_first_attempt_that_fails_early_is_left_to_the_retry():
    clock = VirtualClock()
    upstream = Upstream(clock, (0.5, Down()))
    forms, tally = tallied(hedged(clock))
    with pytest.raises(Down):
        await clock.run(forms.async_(upstream, (), {}))
    assert (upstream.begun, tally, clock.pending) == ([0.0], {}, 0)


async def test_an_attempt_that_cancels_itself_is_no_answer():
    clock = VirtualClock()
    with pytest.raises(asyncio.CancelledError):
        await hedged(clock).call_async(fail_async, asyncio.CancelledError)
    upstream = Upstream(clock, (1.5, asyncio.CancelledError()), 2.0)
    assert await clock.run(hedged(clock).call_async(upstream)) == 1


async def test_cancelling_the_call_cancels_and_awaits_all_attempts():
    clock = VirtualClock()
    upstream = Upstream(clock, 9.0, 9.0)
    task = asyncio.ensure_future(hedged(clock).call_async(upstream))
    await clock.elapse(1.0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (sorted(upstream.closed), clock.pending) == ([0, 1], 0)


async def test_a_time_limit_around_the_hedge_ends_all_attempts():
    clock = VirtualClock()
    upstream = Upstream(clock, 9.0, 9.0)
    pipeline = Pipeline("p", Timeout(3), hedged(clock), clock=clock)
    with pytest.raises(TimeoutError):
        await clock.run(pipeline.call_async(upstream))
    assert sorted(upstream.closed) == [0, 1]


async def test_attempts_that_lose_are_neutral_to_a_breaker_inside():
    clock = VirtualClock()
    breaker = CircuitBreaker("b", minimum_calls=1, clock=clock)
    upstream = Upstream(clock, 5.0, 0.5)
    pipeline = Pipeline("p", hedged(clock), breaker, clock=clock)
    assert await clock.run(pipeline.call_async(upstream)) == 1
    assert (breaker.state, breaker.snapshot.calls, breaker.snapshot.failures) == ("closed", 1, 0)


async def test_the_budget_bounds_the_extra_load():
    clock = VirtualClock()
    budget = RetryBudget(0.1, per_second=0.0, reserve=2.0, clock=clock)
    forms, tally = tallied(hedged(clock, budget=budget))
    upstream = Upstream(clock, *[2.5] * 200)
    for _ in range(100):
        await clock.run(forms.async_(upstream, (), {}))
    assert 11 <= tally["hedged"] <= 12
    assert len(upstream.begun) == 100 + tally["hedged"]
    assert tally["budget_empty"] == 100 - tally["hedged"]


def test_there_is_a_budget_without_being_asked():
    assert IMPORTED.budget.options.share == 0.1
    assert Hedge(1.0, idempotent=True, budget=(own := RetryBudget())).budget is own


async def test_only_calls_that_may_be_made_twice_are_hedged():
    clock = VirtualClock()

    async def send(method):
        sent.append(method)
        await clock.sleep(3.0)

    hedge = Hedge(1.0, idempotent=lambda method: method == "GET", clock=clock)
    sent = []
    await clock.run(hedge.call_async(send, "POST"))
    assert sent == ["POST"]
    await clock.run(hedge.call_async(send, "GET"))
    assert sent == ["POST", "GET", "GET"]


async def test_nothing_is_begun_after_the_deadline():
    clock = VirtualClock()
    upstream = Upstream(clock, 2.0)
    forms, tally = tallied(hedged(clock))
    with deadline_at(clock.monotonic() + 0.5):
        assert await clock.run(forms.async_(upstream, (), {})) == 0
    assert (len(upstream.begun), tally) == (1, {})


async def test_an_answer_that_comes_with_the_alarm_needs_no_other_attempt():
    clock = VirtualClock()
    answered = asyncio.get_running_loop().create_future()
    forms, tally = tallied(hedged(clock))
    call = asyncio.ensure_future(forms.async_(lambda: answered, (), {}))
    await clock.settle()
    answered.set_result("ok")
    await asyncio.sleep(0)
    clock.advance(1.0)
    assert await call == "ok"
    assert not tally


async def test_the_delay_follows_the_latencies():
    clock = VirtualClock()
    hedge = hedged(clock, quantile=0.9)
    for tenth in range(1, 20):
        await clock.run(hedge.call_async(Upstream(clock, tenth / 100)))
    assert hedge.delay == 1.0
    await clock.run(hedge.call_async(Upstream(clock, 0.2)))
    assert hedge.delay == pytest.approx(0.18)
    upstream = Upstream(clock, 9.0, 0.1)
    assert await clock.run(hedge.call_async(upstream)) == 1
    assert upstream.begun[1] - upstream.begun[0] == pytest.approx(0.18)


def test_the_quantile_is_that_of_the_last_256_latencies():
    engine = HedgeEngine(HedgeOptions(1.0, idempotent=True, quantile=0.5))
    for seconds in range(1000):
        engine.record(float(seconds))
    assert engine.delay == 744 + 127


def test_a_fixed_delay_remembers_nothing():
    engine = HedgeEngine(HedgeOptions(1.0, idempotent=True))
    engine.record(5.0)
    assert engine.delay == 1.0


async def test_other_forms_are_refused():
    for fn in (answer, items, stream):
        with pytest.raises(UnsupportedForm, match="no coroutine function"):
            IMPORTED(fn)
    with pytest.raises(UnsupportedForm):
        IMPORTED.call(answer)
    with pytest.raises(UnsupportedForm):
        list(Pipeline("p", IMPORTED)(items)(1))
    with pytest.raises(UnsupportedForm):
        await collect(IMPORTED.stream(stream, 1))
    assert await IMPORTED(answer_async)() == "ok"


def test_one_hedge_serves_two_loops():
    for _ in range(2):
        assert asyncio.run(IMPORTED.call_async(answer_async)) == "ok"
