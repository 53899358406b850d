"""Fused and nested pipelines are one: same results, decisions, states, windows and budgets, whatever happens."""

from __future__ import annotations

import asyncio
from itertools import count

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exai_sre.context import attempts_left, current_deadline, deadline_at
from exai_sre.resilience import Bulkhead, CircuitBreaker, Pipeline, Retry, RetryBudget, Timeout
from exai_sre.resilience import fused as fusing
from exai_sre.resilience.errors import Refused
from exai_sre.resilience.fused_run import Strategies
from exai_sre.testing import VirtualClock

CHANCES = ["ok", "ok", "down", "wrong", "refused", "stubborn"]

CALLS = st.lists(
    st.tuples(
        st.lists(
            st.tuples(st.sampled_from(CHANCES), st.sampled_from([0, 0, 0.3, 1.3, 3.3, 6.3])), min_size=1, max_size=4
        ),
        st.integers(0, 4),  # seconds before the call begins
        st.sampled_from([None, None, None, 0.7, 2.9]),  # seconds after which the caller gives up
        st.sampled_from([None, None, 0, 4]),  # seconds to a deadline around the call
    ),
    min_size=1,
    max_size=8,
)

SHAPES = st.fixed_dictionaries(
    {
        "total": st.sampled_from([None, 5, 9]),
        "limit": st.sampled_from([None, 1, 2]),
        "queue": st.integers(0, 2),
        "attempts": st.sampled_from([None, 1, 3]),
        "wait": st.sampled_from([0, 1.1, 2.1]),
        "share": st.sampled_from([0.0, 0.5]),
        "breaker": st.booleans(),
        "slow_after": st.sampled_from([None, 2.0]),
        "attempt": st.sampled_from([None, 2, 4]),
        "inside": st.booleans(),
    }
)


class Rig:
    """One pipeline in virtual time, with everything about it written down."""

    def __init__(self, shape):
        self.clock = VirtualClock()
        self.seen = []
        self.budget = RetryBudget(shape["share"], per_second=0.25, reserve=1, clock=self.clock)
        self.breaker = CircuitBreaker(
            "b", minimum_calls=2, open_for=3.0, half_open_calls=1, half_open_limit=4.0, slow_after=shape["slow_after"]
        )
        self.bulkhead = Bulkhead(shape["limit"] or 1, shape["queue"])
        self.told = []
        retry = Retry(
            shape["attempts"] or 1, wait=shape["wait"], budget=self.budget, sleep=self.clock.advance, clock=self.clock
        )
        parts = [
            Timeout(shape["total"] or 1, total=True) if shape["total"] else None,
            self.bulkhead if shape["limit"] else None,
            retry if shape["attempts"] else None,
            self.breaker if shape["breaker"] else None,
            Timeout(shape["attempt"] or 1) if shape["attempt"] else None,
        ]
        strategies = [part for part in parts if part is not None]
        if shape["inside"]:
            strategies.insert(0, Bulkhead(50))
        self.pipeline = Pipeline("p", *strategies, on_decision=self.tell, clock=self.clock)

    def tell(self, _pipeline, kind, decision):
        self.told.append(f"{kind} {decision}")

    def look(self):
        breaker = self.breaker.snapshot
        return (
            self.clock.monotonic(),
            breaker.state,
            (breaker.calls, breaker.failures, breaker.slow),
            self.budget.balance,
            (self.bulkhead.running, self.bulkhead.waiting),
        )

    def note_limits(self):
        deadline = current_deadline.get()
        self.seen.append((attempts_left.get(), None if deadline is None else round(deadline, 9)))

    def end(self, chance):
        if chance == "down":
            raise ConnectionError("down")
        if chance == "wrong":
            raise ValueError("wrong")
        if chance == "refused":
            raise Refused("refused")
        return chance

    async def work(self, plan, attempt):
        chance, seconds = plan[min(next(attempt), len(plan) - 1)]
        self.note_limits()
        if seconds:
            try:
                await self.clock.sleep(seconds)
            except asyncio.CancelledError:
                if chance == "stubborn":
                    raise ConnectionError("stubborn") from None
                raise
        return self.end(chance)

    def work_now(self, plan, attempt):
        chance, seconds = plan[min(next(attempt), len(plan) - 1)]
        self.note_limits()
        self.clock.advance(seconds)
        return self.end(chance)

    async def call(self, plan, after, patience, deadline):
        await self.clock.sleep(after)
        within = deadline_at(self.clock.monotonic() + (1e9 if deadline is None else deadline))
        if deadline is None:
            task = asyncio.ensure_future(self.pipeline.call_async(self.work, plan, count()))
        else:
            with within:
                task = asyncio.ensure_future(self.pipeline.call_async(self.work, plan, count()))
        if patience is not None:
            await self.clock.sleep(patience)
            task.cancel()
        await asyncio.wait([task])
        return "cancelled" if task.cancelled() else repr(task.exception() or task.result())

    async def run(self, plans):
        results = await self.clock.run(asyncio.gather(*(self.call(*plan) for plan in plans)))
        return results, self.look(), self.seen, sorted(self.told)

    def run_now(self, plans):
        results = []
        for plan, after, _, deadline in plans:
            self.clock.advance(after)
            try:
                if deadline is None:
                    results.append(self.pipeline.call(self.work_now, plan, count()))
                else:
                    with deadline_at(self.clock.monotonic() + deadline):
                        results.append(self.pipeline.call(self.work_now, plan, count()))
            except Exception as error:
                results.append(repr(error))
            results.append(self.look())
        return results, self.seen, self.told


def nothing_fused(_strategies, _now):
    return Strategies(), 0


def both(shape, run):
    fused = run(Rig(shape))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(fusing, "strategies_of", nothing_fused)
        nested = run(Rig(shape))
    return fused, nested


TWO_AT_ONCE = {
    "shape": {
        "total": 5,
        "limit": None,
        "queue": 0,
        "attempts": 3,
        "wait": 0,
        "share": 0.0,
        "breaker": False,
        "slow_after": None,
        "attempt": 2,
        "inside": False,
    },
    "plans": [
        ([("ok", 0)], 0, None, None),
        ([("ok", 1.3)], 1, None, None),
        ([("ok", 3.3)], 2, None, None),
        ([("down", 0), ("ok", 3.3)], 2, None, None),
    ],
}
"""Attempts of two calls that time out in the same instant, with one retry left for both."""


@settings(max_examples=150, deadline=None)
@example(**TWO_AT_ONCE)
@given(shape=SHAPES, plans=CALLS)
def test_async_calls_end_alike(shape, plans):
    fused, nested = both(shape, lambda rig: asyncio.run(rig.run(plans)))
    assert fused == nested


@settings(max_examples=150, deadline=None)
@given(shape=SHAPES, plans=CALLS)
def test_sync_calls_end_alike(shape, plans):
    fused, nested = both(shape, lambda rig: rig.run_now(plans))
    assert fused == nested
