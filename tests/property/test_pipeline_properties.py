"""Whatever a call does: its end is counted once, nothing outlives the deadline, nothing is kept."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from exai_sre.context import deadline_at
from exai_sre.metrics import Catalog
from exai_sre.metrics.families import ResilienceMetrics
from exai_sre.resilience import Bulkhead, CircuitBreaker, Pipeline, Retry, RetryBudget, Timeout
from exai_sre.testing import VirtualClock

PLANS = st.lists(
    st.tuples(st.sampled_from(["ok", "down", "wrong", "cancel"]), st.integers(0, 12), st.integers(0, 6)),
    min_size=1,
    max_size=12,
)


class Rig:
    """A pipeline in virtual time and calls that follow a plan."""

    def __init__(self, *, total, attempts, wait, limit, queue, share):
        self.clock = VirtualClock()
        self.metrics = ResilienceMetrics.declare(Catalog())
        self.bulkhead = Bulkhead(limit, queue)
        self.deadline = self.clock.monotonic() + total
        self.pipeline = Pipeline(
            "p",
            Timeout(total, total=True),
            self.bulkhead,
            Retry(attempts, wait=wait, budget=RetryBudget(share, reserve=2, clock=self.clock)),
            CircuitBreaker("b", minimum_calls=3, open_for=4.0),
            Timeout(4.0),
            metrics=self.metrics,
            clock=self.clock,
        )
        self.begun = []

    async def work(self, end, seconds):
        self.begun.append(self.clock.monotonic())
        await self.clock.sleep(seconds)
        if end == "down":
            raise ConnectionError
        if end == "wrong":
            raise ValueError

    async def call(self, end, seconds, after):
        await self.clock.sleep(after)
        task = asyncio.ensure_future(self.pipeline.call_async(self.work, end, seconds))
        if end == "cancel":
            await self.clock.sleep(min(seconds, 1))
            task.cancel()
        await asyncio.wait([task])
        return task.cancelled() or task.exception()

    async def run(self, plan):
        with deadline_at(self.deadline):
            return await asyncio.gather(*(self.call(*step) for step in plan))

    def counted(self, kind):
        return {s.values[2]: s.value for s in self.metrics.decisions.series() if s.values[1] == kind and s.value}


@settings(max_examples=60, deadline=None)
@given(
    plan=PLANS,
    total=st.integers(1, 15),
    attempts=st.integers(1, 4),
    wait=st.integers(0, 3),
    limit=st.integers(1, 4),
    queue=st.integers(0, 4),
    share=st.sampled_from([0.0, 0.1, 1.0]),
)
def test_each_end_is_counted_once_and_nothing_outlives_the_deadline(plan, **options):
    """G7, G10: decisions of the pipeline add up to its calls; no work begins after the deadline."""
    rig, ended = Rig(**options), []

    async def main():
        await rig.clock.run(rig.run(plan))
        ended.append(rig.clock.monotonic())
        rig.clock.advance(1)
        assert rig.clock.pending == 0

    asyncio.run(main())
    assert sum(rig.counted("pipeline").values()) == len(plan)
    assert all(begun < rig.deadline for begun in rig.begun)
    assert ended[0] <= max(rig.deadline, rig.deadline - options["total"] + 7)
    assert (rig.bulkhead.running, rig.bulkhead.waiting) == (0, 0)
    assert len(rig.begun) <= len(plan) + rig.counted("retry").get("retried", 0)


@settings(max_examples=40, deadline=None)
@given(
    calls=st.integers(1, 300),
    attempts=st.integers(1, 6),
    share=st.sampled_from([0.0, 0.05, 0.1, 0.5]),
    reserve=st.integers(0, 20),
)
def test_retries_never_exceed_their_share_and_the_reserve(calls, attempts, share, reserve):
    """G6: a dead dependency gets at most calls * (1 + share) + reserve attempts."""
    clock = VirtualClock()
    made = 0

    def dead():
        nonlocal made
        made += 1
        raise ConnectionError

    budget = RetryBudget(share, per_second=0, reserve=reserve, clock=clock)
    retry = Retry(attempts, wait=0, budget=budget, sleep=clock.advance, clock=clock)
    for _ in range(calls):
        try:
            retry.call(dead)
        except ConnectionError:
            continue
    assert made <= calls * (1 + share) + reserve + 1e-6
    assert made <= calls * attempts
