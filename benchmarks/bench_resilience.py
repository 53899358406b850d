"""Cost of one guarded call: our pipeline against a stack of known libraries, in the same run.

    python benchmarks/bench_resilience.py [--rounds 9] [--scale 1.0]

Both guard the same coroutine with a breaker, retries, a timeout and metrics. The naive stack is what
tutorials compose: aiobreaker, tenacity's decorator, ``asyncio.timeout`` and prometheus_client with a
counter, a histogram and a gauge. Every round runs every case once; the figures are medians over
rounds of thread CPU time, which other work on the machine disturbs least. A ratio is the median of the
ratios within each round, whose cases ran next to each other; trust these more than the nanoseconds.
The floor is what no such pipeline can do without: the frame of the wrapper, two readings of the clock,
and a write to one counter and one histogram.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import statistics
import time
from collections.abc import Awaitable, Callable
from functools import partial
from operator import sub, truediv

import aiobreaker
import prometheus_client
import tenacity

from exai_sre.metrics import Catalog
from exai_sre.metrics.families import ResilienceMetrics
from exai_sre.resilience import BreakerOpen, Bulkhead, CircuitBreaker, Pipeline, Retry, RetryBudget, Timeout
from exai_sre.testing import VirtualClock

Call = Callable[[], Awaitable[object]]


async def answers() -> int:
    """A dependency that answers at once."""
    return 1


async def suspends() -> int:
    """A dependency that makes its caller wait one turn of the event loop."""
    await asyncio.sleep(0)
    return 1


def pipeline(clock: VirtualClock | None = None) -> Pipeline:
    """Ours, with everything in it."""
    return Pipeline(
        "bench",
        Timeout(30, total=True),
        Bulkhead(100),
        Retry(budget=RetryBudget()),
        CircuitBreaker("bench", slow_after=10),
        Timeout(10),
        metrics=ResilienceMetrics.declare(Catalog()),
        clock=clock,
    )


def naive(inner: Call) -> Call:
    """The stack of known libraries."""
    registry = prometheus_client.CollectorRegistry()
    calls = prometheus_client.Counter("calls", "c", ["dependency", "outcome"], registry=registry)
    duration = prometheus_client.Histogram("duration", "d", ["dependency"], registry=registry)
    running = prometheus_client.Gauge("running", "r", ["dependency"], registry=registry)
    breaker = aiobreaker.CircuitBreaker()

    @tenacity.retry(
        stop=tenacity.stop_after_attempt(3),
        wait=tenacity.wait_random_exponential(max=10),
        retry=tenacity.retry_if_exception_type(OSError),
        reraise=True,
    )
    async def guarded() -> object:
        return await breaker.call_async(inner)

    async def call() -> object:
        running.labels("d").inc()
        began = time.perf_counter()
        try:
            async with asyncio.timeout(30):
                result = await guarded()
            calls.labels("d", "ok").inc()
            return result
        except BaseException:
            calls.labels("d", "error").inc()
            raise
        finally:
            duration.labels("d").observe(time.perf_counter() - began)
            running.labels("d").dec()

    return call


def ours(inner: Call) -> Call:
    """Our pipeline around ``inner``."""
    return partial(pipeline().call_async, inner)


def decorated(inner: Call) -> Call:
    """Our pipeline as a decorator."""
    return pipeline()(inner)


def floor() -> Call:
    """A wrapper that reads the clock twice and writes to a counter and a histogram."""
    catalog = Catalog()
    metrics = ResilienceMetrics.declare(catalog)
    count = metrics.decisions.labels(pipeline="p", strategy="pipeline", decision="succeeded").inc
    now = time.monotonic

    async def call(*args: object, **kwargs: object) -> object:
        began = now()
        try:
            result = await answers(*args, **kwargs)
        except BaseException:
            count()
            raise
        count(now() - began)
        return result

    return call


def rejection(guard: Pipeline, breaker: CircuitBreaker) -> Call:
    """A pipeline whose breaker is open, with its metrics."""
    breaker.force_open()

    async def call() -> object:
        try:
            return await guard.call_async(answers)
        except BreakerOpen:
            return None

    return call


def rejection_alone() -> Call:
    """A breaker and nothing else."""
    breaker = CircuitBreaker("open")
    return rejection(Pipeline("open", breaker, metrics=ResilienceMetrics.declare(Catalog())), breaker)


def rejection_full() -> Call:
    """The breaker in the full pipeline."""
    guard = pipeline()
    (breaker,) = (part for part in guard.strategies if isinstance(part, CircuitBreaker))
    return rejection(guard, breaker)


def naive_rejection() -> Call:
    """aiobreaker when it is open, with a counter."""
    breaker = aiobreaker.CircuitBreaker()
    breaker.open()
    registry = prometheus_client.CollectorRegistry()
    calls = prometheus_client.Counter("calls", "c", ["dependency", "outcome"], registry=registry)

    async def call() -> object:
        try:
            return await breaker.call_async(answers)
        except aiobreaker.CircuitBreakerError:
            calls.labels("d", "rejected").inc()
            return None

    return call


CASES: dict[str, tuple[int, Callable[[], Call]]] = {
    "bare": (50_000, lambda: answers),
    "bare, suspends": (5_000, lambda: suspends),
    "floor": (20_000, floor),
    "ours, decorator": (10_000, lambda: decorated(answers)),
    "ours": (10_000, lambda: ours(answers)),
    "naive": (1_000, lambda: naive(answers)),
    "ours, suspends": (5_000, lambda: ours(suspends)),
    "naive, suspends": (1_000, lambda: naive(suspends)),
    "ours, open": (5_000, rejection_alone),
    "ours, open in full": (2_000, rejection_full),
    "naive, open": (3_000, naive_rejection),
}

RATIOS = (
    ("naive / ours", "naive", "ours"),
    ("naive / ours, suspends", "naive, suspends", "ours, suspends"),
    ("naive / ours, open", "naive, open", "ours, open"),
    ("ours / bare", "ours", "bare"),
    ("ours, decorator / bare", "ours, decorator", "bare"),
    ("ours, open / bare", "ours, open", "bare"),
    ("floor / bare", "floor", "bare"),
    ("naive / bare", "naive", "bare"),
)


async def measure(call: Call, times: int) -> float:
    """Nanoseconds of thread CPU time per call."""
    began = time.thread_time_ns()
    for _ in range(times):
        await call()
    return (time.thread_time_ns() - began) / times


async def run(rounds: int, scale: float) -> dict[str, list[float]]:
    """Nanoseconds per case and round, all cases interleaved; the first round only warms up and is left out."""
    cases = {name: (max(50, int(times * scale)), make()) for name, (times, make) in CASES.items()}
    figures: dict[str, list[float]] = {name: [] for name in cases}
    for number in range(rounds + 1):
        for name, (times, call) in cases.items():
            gc.collect()
            gc.disable()
            try:
                figure = await measure(call, times)
            finally:
                gc.enable()
            if number:
                figures[name].append(figure)
    return figures


def ratio(above: list[float], below: list[float]) -> float:
    """Median over rounds of the ratio within a round."""
    ratios: list[float] = list(map(truediv, above, below))
    return statistics.median(ratios)


class CountingClock(VirtualClock):
    """Counts how often it is read."""

    reads = 0

    def monotonic(self) -> float:
        """See :meth:`VirtualClock.monotonic`."""
        self.reads += 1
        return super().monotonic()


async def readings() -> int:
    """Clock reads of one call that does not suspend, in the full pipeline."""
    clock = CountingClock()
    guard = pipeline(clock)
    await guard.call_async(answers)
    before = clock.reads
    await guard.call_async(answers)
    return clock.reads - before


def main() -> None:
    """Run and print one line per case, then the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--scale", type=float, default=1.0)
    options = parser.parse_args()
    figures = asyncio.run(run(options.rounds, options.scale))
    for name, rounds in figures.items():
        print(f"{name:<28}{statistics.median(rounds):>10.0f} ns{ratio(rounds, figures['bare']):>9.1f} x bare")
    for name, above, below in RATIOS:
        print(f"{name:<28}{ratio(figures[above], figures[below]):>10.1f} x")
    added = list(map(sub, figures["ours, suspends"], figures["bare, suspends"]))
    name = "added to one that suspends"
    print(f"{name:<28}{statistics.median(added):>10.0f} ns{ratio(added, figures['bare']):>9.1f} x bare")
    print(f"{'clock reads per call':<28}{asyncio.run(readings()):>10}")


if __name__ == "__main__":
    main()
