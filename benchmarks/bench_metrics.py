"""Cost of metric writes and scrapes, ours beside prometheus_client's and the OpenTelemetry SDK's, in one run.

Prints CPU nanoseconds per write (median of interleaved rounds) and the ratio to the peer, what a million
label sets do to one instrument, and how long a scrape of 5,000 series keeps an event loop from its timers.
"""

from __future__ import annotations

import asyncio
import gc
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from itertools import cycle
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import generate_latest

from exai_sre.context import TraceContext, current_trace
from exai_sre.metrics import Catalog, CatalogCollector, Label, NotCharted
from exai_sre.metrics.exposition import exposition_in_steps
from exai_sre.metrics.families.buckets import MCP_DURATION

ROUNDS, CALLS = 15, 5_000
LABEL_SETS, SERIES = 1_000_000, 5_000
WHY_NOT = NotCharted("a benchmark")
Call = Callable[[], object]


def writes() -> dict[str, Call]:
    """The same write in each library, by name."""
    registry, catalog, label = CollectorRegistry(), Catalog(), Label("outcome", values=("ok", "error"))
    theirs = Counter("theirs", "Help.", ["outcome"], registry=registry)
    their_histogram = Histogram("theirs_seconds", "Help.", ["outcome"], registry=registry, buckets=MCP_DURATION)
    ours = catalog.counter("ours_total", "Help.", labels=(label,), chart=WHY_NOT)
    our_histogram = catalog.histogram("ours_seconds", "Help.", labels=(label,), buckets=MCP_DURATION, chart=WHY_NOT)
    meter = MeterProvider([InMemoryMetricReader()], shutdown_on_exit=False).get_meter("bench")
    otel = meter.create_counter("otel")
    otel_histogram = meter.create_histogram("otel_seconds", explicit_bucket_boundaries_advisory=MCP_DURATION)
    bound, their_bound = ours.labels(outcome="ok"), theirs.labels("ok")
    observe, their_observe = our_histogram.labels(outcome="ok").observe, their_histogram.labels("ok").observe
    attributes = {"outcome": "ok"}
    return {
        "counter": bound.inc,
        "counter, prometheus_client": their_bound.inc,
        "counter, OpenTelemetry": lambda: otel.add(1, attributes),
        "histogram": lambda: observe(0.03),
        "histogram, prometheus_client": lambda: their_observe(0.03),
        "histogram, OpenTelemetry": lambda: otel_histogram.record(0.03, attributes),
        "labels(...).inc()": lambda: ours.labels(outcome="ok").inc(),
        "labels(...).inc(), prometheus_client": lambda: theirs.labels("ok").inc(),
    }


def in_traces(call: Call, each: int, *, sampled: bool) -> Call:
    """The call within traces that change after ``each`` calls, as those of requests do."""
    traces = [TraceContext(f"{number:032x}", f"{number:016x}", sampled=sampled) for number in range(1, 200)]
    turns = cycle([one for one in traces for _ in range(each)])
    enter = current_trace.set

    def run() -> None:
        enter(next(turns))
        call()

    return run


def cost(call: Call) -> float:
    """CPU nanoseconds of one call."""
    begin = time.thread_time_ns()
    for _ in range(CALLS):
        call()
    return (time.thread_time_ns() - begin) / CALLS


def measured(cases: Mapping[str, Call], rounds: int) -> dict[str, list[float]]:
    """Nanoseconds of each case in each of the interleaved rounds."""
    costs = []
    for _ in range(rounds):
        token = current_trace.set(None)
        costs.append({name: cost(call) for name, call in cases.items()})
        current_trace.reset(token)
    return {name: [each[name] for each in costs] for name in cases}


def medians(cases: Mapping[str, Call], rounds: int = ROUNDS) -> dict[str, float]:
    """Nanoseconds of each case, the median of interleaved rounds."""
    return {name: statistics.median(costs) for name, costs in measured(cases, rounds).items()}


def exemplar_ratio(call: Call, each: int, rounds: int = ROUNDS) -> float:
    """What a write in a sampled trace costs, as a multiple of one in a trace that is not; ``each`` writes a trace."""
    parts: dict[str, Call] = {
        "with": in_traces(call, each, sampled=True),
        "without": in_traces(call, each, sampled=False),
        "entering": in_traces(int, each, sampled=True),
        "int": int,
    }
    # The least of all rounds: differences of medians would show what else the machine does.
    costs = {name: min(rounds_of) for name, rounds_of in measured(parts, rounds).items()}
    entering = costs["entering"] - costs["int"]
    return (costs["with"] - entering) / (costs["without"] - entering)


def print_writes() -> None:
    """What a write costs beside the peers, and what an exemplar adds to it."""
    cases = writes()
    plain = medians(cases)
    for name in ("counter", "histogram"):
        prometheus, otel = plain[f"{name}, prometheus_client"], plain[f"{name}, OpenTelemetry"]
        print(
            f"bound {name:10}{plain[name]:7.0f} ns   {plain[name] / prometheus:5.2f} of prometheus_client "
            f"({prometheus:.0f} ns)   {otel / plain[name]:5.1f}x cheaper than OpenTelemetry ({otel:.0f} ns)"
        )
    mine, peer = plain["labels(...).inc()"], plain["labels(...).inc(), prometheus_client"]
    print(f"labels(...).inc(){mine:6.0f} ns   {mine / peer:5.2f} of prometheus_client ({peer:.0f} ns)")
    for each in (4, 1):
        for name in ("counter", "histogram"):
            ratio = exemplar_ratio(cases[name], each)
            print(f"{name:10} with exemplar, {each} writes a trace: {ratio:5.2f} of without")


def size_of(root: object) -> int:
    """Bytes of everything that is reached from an object, but for code and what it shares with all others."""
    shared = (type, ModuleType, FunctionType, BuiltinFunctionType, CodeType)
    seen: set[int] = set()
    waiting, size = [root], 0
    while waiting:
        here = waiting.pop()
        if id(here) not in seen and not isinstance(here, shared):
            seen.add(id(here))
            size += sys.getsizeof(here)
            waiting += gc.get_referents(here)
    return size


def print_label_sets() -> None:
    """A million label sets thrown at one instrument of each kind."""
    labels = (Label("user", bound=10_000), Label("path", bound=10_000), Label("outcome", values=("ok", "error")))
    counter, histogram = Catalog(), Catalog()
    family = counter.counter("x_total", "H.", labels=labels, chart=WHY_NOT)
    timed = histogram.histogram("x_seconds", "H.", labels=labels, buckets=MCP_DURATION, chart=WHY_NOT)

    def count(number: int) -> None:
        family.labels(user=f"user-{number}", path=f"/path/{number % 997}", outcome="ok").inc()

    def observe(number: int) -> None:
        timed.labels(user=f"user-{number}", path=f"/path/{number % 997}", outcome="ok").observe(0.1)

    for catalog, write in ((counter, count), (histogram, observe)):
        for number in range(LABEL_SETS):
            write(number)
        reading = next(iter(catalog.readings()))
        points = list(reading.points)
        kind = reading.instrument.kind
        total = sum(sum(point.numbers[:-1]) if kind == "histogram" else point.numbers[0] for point in points)
        print(
            f"{LABEL_SETS:,} label sets at one {kind}: {len(points)} series, {size_of(catalog) / 1e6:.2f} MB, "
            f"total {total:,.0f}"
        )


def filled() -> Catalog:
    """A catalog of 5,000 series: counters, and histograms that make seventeen lines each."""
    catalog = Catalog()
    label = (Label("number", bound=2_000),)
    for at in range(2):
        family = catalog.counter(f"many_{at}_total", "H.", labels=label, chart=WHY_NOT)
        for number in range(2_000):
            family.labels(number=str(number)).inc(number)
    timed = catalog.histogram("timed_seconds", "H.", labels=label, buckets=MCP_DURATION, chart=WHY_NOT)
    token = current_trace.set(TraceContext("f" * 32, "f" * 16, sampled=True))
    for number in range(1_000):
        timed.labels(number=str(number)).observe(0.1)
    current_trace.reset(token)
    return catalog


async def held(work: Callable[[], Awaitable[object]]) -> tuple[float, float, float]:
    """Longest time between two turns of the event loop during ``work``: CPU and wall; and its length. Milliseconds."""
    cpu: list[float] = []
    wall: list[float] = []
    done = False

    async def watch() -> None:
        last = time.thread_time(), time.perf_counter()
        while not done:
            await asyncio.sleep(0)
            now = time.thread_time(), time.perf_counter()
            cpu.append((now[0] - last[0]) * 1e3)
            wall.append((now[1] - last[1]) * 1e3)
            last = now

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0)
    begin = time.perf_counter()
    await work()
    length = (time.perf_counter() - begin) * 1e3
    done = True
    await watching
    return max(cpu), max(wall), length


async def print_scrape() -> None:
    """How long the loop is held by our scrape, and by prometheus_client's in a thread."""
    catalog = filled()
    registry = CollectorRegistry()
    registry.register(CatalogCollector(catalog))
    accept = "application/openmetrics-text; version=1.0.0"

    async def ours() -> None:
        await exposition_in_steps(catalog, accept)

    async def theirs() -> None:
        await asyncio.to_thread(generate_latest, registry)

    for name, work in (("in steps", ours), ("prometheus_client in a thread", theirs)):
        runs = [await held(work) for _ in range(9)]
        cpu, wall, length = (statistics.median(side) for side in zip(*runs, strict=True))
        print(
            f"scrape of {SERIES:,} series, {name}: holds the loop for {cpu:.2f} ms of CPU, {wall:.2f} ms by the clock, "
            f"at most; takes {length:.0f} ms"
        )


def main() -> None:
    """Print the figures."""
    print_writes()
    asyncio.run(print_scrape())
    print_label_sets()


if __name__ == "__main__":
    main()
