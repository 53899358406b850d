"""Cost of metrics that many processes share, ours beside prometheus_client's multiprocess mode, in one run.

Prints CPU nanoseconds per write (median of interleaved rounds) and the ratio to the peer, and CPU
milliseconds of a scrape over four processes, with all series changed since the last one and with none.
Exemplars are in ours only: the peer's mode has none.
"""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

_SHARED = Path("/dev/shm")
_FOLDER = tempfile.mkdtemp(dir=_SHARED if _SHARED.is_dir() else None)
# It chooses its mode when it is imported.
os.environ["PROMETHEUS_MULTIPROC_DIR"] = _FOLDER

from prometheus_client import CollectorRegistry, Counter, Histogram  # noqa: E402
from prometheus_client.exposition import generate_latest  # noqa: E402
from prometheus_client.multiprocess import MultiProcessCollector  # noqa: E402

from exai_sre.context import TraceContext, current_trace  # noqa: E402
from exai_sre.metrics import Label, NotCharted, exposition  # noqa: E402
from exai_sre.metrics.families.buckets import MCP_DURATION  # noqa: E402
from exai_sre.metrics.multiprocess import Workers  # noqa: E402

ROUNDS, CALLS, SCRAPES = 15, 5_000, 7
PROCESSES, ROUTES = 4, 100
WHY_NOT = NotCharted("a benchmark")


def cost(call: Callable[[], object], times: int) -> float:
    """CPU nanoseconds of one call."""
    begin = time.thread_time_ns()
    for _ in range(times):
        call()
    return (time.thread_time_ns() - begin) / times


class Bench:
    """The same two families in each library, with a series per route."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        their_counter = Counter("theirs", "Help.", ["route"], registry=self.registry)
        their_histogram = Histogram("theirs_seconds", "Help.", ["route"], registry=self.registry, buckets=MCP_DURATION)
        self.workers = Workers(f"{_FOLDER}/ours")
        label = Label("route", bound=ROUTES)
        our_counter = self.workers.catalog.counter("ours_total", "Help.", labels=(label,), chart=WHY_NOT)
        our_histogram = self.workers.catalog.histogram(
            "ours_seconds", "Help.", labels=(label,), buckets=MCP_DURATION, chart=WHY_NOT
        )
        routes = [f"/route/{number}" for number in range(ROUTES)]
        self.theirs = [(their_counter.labels(route), their_histogram.labels(route)) for route in routes]
        self.ours = [(our_counter.labels(route=route), our_histogram.labels(route=route)) for route in routes]

    def touch(self) -> None:
        """Change every series of both."""
        for counter, histogram in self.ours:
            counter.inc()
            histogram.observe(0.03)
        for their_counter, their_histogram in self.theirs:
            their_counter.inc()
            their_histogram.observe(0.03)

    def scrape_ours(self) -> bytes:
        """One scrape."""
        return exposition(self.workers.merged)[0]

    def scrape_theirs(self) -> bytes:
        """One scrape, as its documentation shows it."""
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)

    def print_writes(self) -> None:
        """Nanoseconds of each write, and the ratio to the peer's."""
        counter, histogram = self.ours[0]
        their_counter, their_histogram = self.theirs[0]
        cases: dict[str, Callable[[], object]] = {
            "counter": counter.inc,
            "counter, prometheus_client": their_counter.inc,
            "histogram": lambda: histogram.observe(0.03),
            "histogram, prometheus_client": lambda: their_histogram.observe(0.03),
        }
        current_trace.set(None)
        samples: dict[str, list[float]] = {name: [] for name in (*cases, "histogram, exemplar")}
        for number in range(ROUNDS):
            for name, call in cases.items():
                samples[name].append(cost(call, CALLS))
            token = current_trace.set(TraceContext(f"{number + 1:032x}", f"{number + 1:016x}", sampled=True))
            samples["histogram, exemplar"].append(cost(cases["histogram"], CALLS))
            current_trace.reset(token)
        medians = {name: statistics.median(values) for name, values in samples.items()}
        for name, value in medians.items():
            peer = medians.get(f"{name.partition(',')[0]}, prometheus_client", value)
            print(f"{name:32} {value:8.0f} ns {value / peer:6.2f} of the peer's")

    def print_scrapes(self) -> None:
        """Milliseconds of a scrape over all processes."""
        for name, scrape in (("ours", self.scrape_ours), ("prometheus_client", self.scrape_theirs)):
            scrape()
            busy, idle = [], []
            for _ in range(SCRAPES):
                self.touch()
                busy.append(cost(scrape, 1) / 1e6)
                idle.append(cost(scrape, 1) / 1e6)
            series = PROCESSES * ROUTES * 2
            print(
                f"scrape of {series} series in {PROCESSES} processes, {name:18}"
                f" {statistics.median(busy):7.1f} ms all changed {statistics.median(idle):7.1f} ms none changed"
            )


def main() -> None:
    """Print the tables."""
    bench = Bench()
    bench.touch()
    ready, tell = os.pipe()
    end, keep = os.pipe()
    children = []
    for _ in range(PROCESSES - 1):
        child = os.fork()
        if child == 0:
            os.close(keep)
            bench.touch()
            os.write(tell, b"x")
            os.read(end, 1)
            os._exit(0)
        children.append(child)
    for _ in children:
        os.read(ready, 1)
    bench.print_writes()
    bench.print_scrapes()
    os.close(keep)
    for child in children:
        os.waitpid(child, 0)
    shutil.rmtree(_FOLDER)


if __name__ == "__main__":
    main()
