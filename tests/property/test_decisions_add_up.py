"""G10: whatever a pipeline is made of, the decisions that are its own add up to the calls made through it."""

from __future__ import annotations

import asyncio
from collections import Counter

from hypothesis import example, given, settings
from hypothesis import strategies as st

from exai_sre.metrics import Catalog
from exai_sre.metrics.families import ResilienceMetrics
from exai_sre.resilience import Bulkhead, CircuitBreaker, Pipeline, Retry, Timeout
from exai_sre.resilience.fallback import Fallback
from exai_sre.resilience.rate_limit import RateLimit
from exai_sre.testing import VirtualClock

KINDS = {
    "total": lambda: Timeout(4, total=True),
    "bulkhead": lambda: Bulkhead(2, 1),
    "retry": lambda: Retry(2, wait=0.5),
    "breaker": lambda: CircuitBreaker("b", minimum_calls=2, open_for=2.0, half_open_calls=1),
    "attempt": lambda: Timeout(2),
    "fallback": lambda: Fallback(None, on=KeyError),
    "rate": lambda: RateLimit(1.0, burst=3),
}

ENDS = st.sampled_from(["ok", "down", "wrong", "cancel"])
CALLS = st.lists(
    st.tuples(ENDS, st.sampled_from([0, 0.3, 1.3, 5.3]), st.integers(0, 3)),
    min_size=1,
    max_size=10,
)


@settings(max_examples=100, deadline=None)
@given(kinds=st.lists(st.sampled_from(sorted(KINDS)), max_size=5, unique=True), calls=CALLS, hooked=st.booleans())
@example(kinds=["retry", "breaker"], calls=[("down", 0, 0)] * 10, hooked=False)
def test_the_decisions_of_a_pipeline_add_up_to_its_calls(kinds, calls, hooked):
    """With a hook they are counted one by one, without one some of them together."""
    clock, told = VirtualClock(), Counter()
    metrics = ResilienceMetrics.declare(Catalog())
    pipeline = Pipeline(
        "p",
        *(KINDS[kind]() for kind in kinds),
        metrics=metrics,
        on_decision=(lambda name, kind, decision: told.update([(name, kind, str(decision))])) if hooked else None,
        clock=clock,
    )

    async def work(end, seconds):
        if seconds:
            await clock.sleep(seconds)
        if end == "down":
            raise ConnectionError
        if end == "wrong":
            raise KeyError

    async def call(end, seconds, after):
        await clock.sleep(after)
        task = asyncio.ensure_future(pipeline.call_async(work, end, seconds))
        if end == "cancel":
            await clock.sleep(0.2)
            task.cancel()
        await asyncio.wait([task])
        return task.cancelled() or task.exception()

    async def main():
        await clock.run(asyncio.gather(*(call(*each) for each in calls)))

    asyncio.run(main())
    counted = Counter({series.values: series.value for series in metrics.decisions.series() if series.value})
    assert counted == told or not hooked
    assert sum(times for (_, kind, _), times in counted.items() if kind == "pipeline") == len(calls)
    assert metrics.duration.labels(pipeline="p").count == len(calls)
