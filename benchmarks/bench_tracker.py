"""One tick of the SLO tracker over 20 SLOs of 30 series each: median and minimum in microseconds.

Three shapes: counters, histograms judged by outcome, histograms judged by a bucket bound. No two
SLOs share an instrument, so nothing is read once for two. *busy*: every one of the 600 series
counted an event since the last tick; *idle*: none did.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from statistics import median
from typing import Literal

from exai_sre.clock import SystemClock
from exai_sre.metrics import Catalog, Label, Matcher, NotCharted
from exai_sre.metrics.families import TrackerMetrics
from exai_sre.metrics.families.buckets import MCP_DURATION
from exai_sre.slo import EventsIndicator, Slo, SloTracker, make_slo

SLOS = 20
TICKS = 500
Shape = Literal["counter", "outcome", "bound"]

_LABELS = (
    Label("tool", values=tuple("abcdef")),
    Label("outcome", values=("ok", "error", "timeout", "overload", "late")),
)


def tracker_of(shape: Shape) -> tuple[SloTracker, Callable[[], None]]:
    """A tracker over 20 SLOs of 30 series each with its gauges exported, and one event for each series."""
    catalog = Catalog()
    slos: list[Slo] = []
    events: list[Callable[[], None]] = []
    chart = NotCharted("a benchmark")
    for number in range(SLOS):
        name = f"bench_{number}_total" if shape == "counter" else f"bench_{number}_seconds"
        if shape == "counter":
            counter = catalog.counter(name, "Events.", labels=_LABELS, chart=chart)
            counter.ensure()
            events += [series.inc for series in counter.series()]
        else:
            histogram = catalog.histogram(name, "Events.", labels=_LABELS, buckets=MCP_DURATION, chart=chart)
            histogram.ensure()
            events += [partial(series.observe, 0.3) for series in histogram.series()]
        slos.append(make_slo(f"slo-{number}", "bench", Decimal("0.999"), _indicator(name, shape)))
    metrics = TrackerMetrics.declare(catalog)
    tracker = SloTracker(slos, catalog, clock=SystemClock(), replica="bench", metrics=metrics)
    return tracker, lambda: [event() for event in events].clear()


def _indicator(name: str, shape: Shape) -> EventsIndicator:
    if shape == "bound":
        return EventsIndicator(name, good=(), within=0.5)
    return EventsIndicator(name, good=(Matcher("outcome", ("ok",)),))


def tick_seconds(shape: Shape, *, busy: bool, ticks: int = TICKS) -> list[float]:
    """Durations of that many ticks."""
    tracker, traffic = tracker_of(shape)
    durations = []
    for _ in range(ticks):
        if busy:
            traffic()
        began = time.perf_counter()
        tracker.tick()
        durations.append(time.perf_counter() - began)
    return durations


def main() -> None:
    """Print one line per shape."""
    shapes: tuple[Shape, ...] = ("counter", "outcome", "bound")
    for shape in shapes:
        for busy in (False, True):
            durations = sorted(tick_seconds(shape, busy=busy))
            figures = f"median {median(durations) * 1e6:5.0f} us  min {durations[0] * 1e6:5.0f} us"
            print(f"tick, 20 SLOs x 30 series, {shape:7} {'busy' if busy else 'idle'}: {figures}")


if __name__ == "__main__":
    main()
