"""Cost of one guarded call: our pipeline against a stack of known libraries, in the same run.

    python benchmarks/bench_resilience.py [--rounds 9] [--scale 1.0]

Both guard the same coroutine with a breaker, retries, a timeout and metrics. The naive stack is what
tutorials compose: pybreaker's ``calling()`` (its ``call`` cannot guard a coroutine), tenacity's
decorator, ``asyncio.timeout`` and prometheus_client. Every round runs every case once; the figures
are medians over rounds of thread CPU time, which other work on the machine disturbs least. Trust the
ratios more than the nanoseconds.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import statistics
import time
from collections.abc import Awaitable, Callable

import prometheus_client
import pybreaker
import tenacity

from exai_sre.metrics import Catalog
from exai_sre.metrics.families import ResilienceMetrics
from exai_sre.resilience import BreakerOpen, Bulkhead, CircuitBreaker, Pipeline, Retry, RetryBudget, Timeout

Call = Callable[[], Awaitable[object]]


async def answers() -> int:
    """A dependency that answers at once."""
    return 1


async def suspends() -> int:
    """A dependency that makes its caller wait one turn of the event loop."""
    await asyncio.sleep(0)
    return 1


def pipeline() -> Pipeline:
    """Ours, with everything in it."""
    return Pipeline(
        "bench",
        Timeout(30, total=True),
        Bulkhead(100),
        Retry(budget=RetryBudget()),
        CircuitBreaker("bench", slow_after=10),
        metrics=ResilienceMetrics.declare(Catalog()),
    )


def naive(inner: Call) -> Call:
    """The stack of known libraries."""
    registry = prometheus_client.CollectorRegistry()
    calls = prometheus_client.Counter("calls", "c", ["dependency", "outcome"], registry=registry)
    duration = prometheus_client.Histogram("duration", "d", ["dependency"], registry=registry)
    running = prometheus_client.Gauge("running", "r", ["dependency"], registry=registry)
    breaker = pybreaker.CircuitBreaker()

    @tenacity.retry(
        stop=tenacity.stop_after_attempt(3),
        wait=tenacity.wait_random_exponential(max=10),
        retry=tenacity.retry_if_exception_type(OSError),
        reraise=True,
    )
    async def guarded() -> object:
        with breaker.calling():
            return await inner()

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
    guard = pipeline()
    return lambda: guard.call_async(inner)


def rejection() -> Call:
    """Our breaker when it is open, with its metric."""
    breaker = CircuitBreaker("open")
    guard = Pipeline("open", breaker, metrics=ResilienceMetrics.declare(Catalog()))
    breaker.force_open()

    async def call() -> object:
        try:
            return await guard.call_async(answers)
        except BreakerOpen:
            return None

    return call


def naive_rejection() -> Call:
    """pybreaker when it is open, with a counter."""
    breaker = pybreaker.CircuitBreaker(reset_timeout=9999)
    breaker.open()
    registry = prometheus_client.CollectorRegistry()
    calls = prometheus_client.Counter("calls", "c", ["dependency", "outcome"], registry=registry)

    async def call() -> object:
        try:
            with breaker.calling():
                return await answers()
        except pybreaker.CircuitBreakerError:
            calls.labels("d", "rejected").inc()
            return None

    return call


CASES: dict[str, tuple[int, Callable[[], Call]]] = {
    "bare": (50_000, lambda: answers),
    "bare, suspends": (5_000, lambda: suspends),
    "ours": (5_000, lambda: ours(answers)),
    "ours, suspends": (3_000, lambda: ours(suspends)),
    "ours, open": (5_000, rejection),
    "naive": (1_000, lambda: naive(answers)),
    "naive, suspends": (1_000, lambda: naive(suspends)),
    "naive, open": (5_000, naive_rejection),
}

RATIOS = (
    ("naive / ours", "naive", "ours"),
    ("naive / ours, suspends", "naive, suspends", "ours, suspends"),
    ("naive / ours, open", "naive, open", "ours, open"),
    ("ours / bare", "ours", "bare"),
)


async def measure(call: Call, times: int) -> float:
    """Nanoseconds of thread CPU time per call."""
    began = time.thread_time_ns()
    for _ in range(times):
        await call()
    return (time.thread_time_ns() - began) / times


async def run(rounds: int, scale: float) -> dict[str, float]:
    """Medians per case, all cases interleaved; the first round only warms up."""
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
    return {name: statistics.median(values) for name, values in figures.items()}


def main() -> None:
    """Run and print one line per case, then the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--scale", type=float, default=1.0)
    options = parser.parse_args()
    medians = asyncio.run(run(options.rounds, options.scale))
    for name, figure in medians.items():
        print(f"{name:<24}{figure:>10.0f} ns")
    for name, above, below in RATIOS:
        print(f"{name:<24}{medians[above] / medians[below]:>10.1f} x")
    added = medians["ours, suspends"] - medians["bare, suspends"]
    print(f"{'added to a call that suspends':<30}{added:>4.0f} ns")


if __name__ == "__main__":
    main()
