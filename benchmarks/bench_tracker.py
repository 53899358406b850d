"""One tick of the SLO tracker over 20 SLOs of 30 series each: median and minimum in microseconds.

Three shapes: counters, histograms judged by outcome, histograms judged by a bucket bound. No two
SLOs share an instrument, so nothing is read once for two.
"""

from __future__ import annotations

import gc
import time
from decimal import Decimal
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


def tracker_of(shape: Shape) -> SloTracker:
    """A tracker over 20 SLOs of 30 series each, with its gauges exported."""
    catalog = Catalog()
    slos: list[Slo] = []
    for number in range(SLOS):
        name = f"bench_{number}_total" if shape == "counter" else f"bench_{number}_seconds"
        if shape == "counter":
            catalog.counter(name, "Events.", labels=_LABELS[:], chart=NotCharted("a benchmark")).ensure()
        else:
            histogram = catalog.histogram(
                name, "Events.", labels=_LABELS, buckets=MCP_DURATION, chart=NotCharted("a benchmark")
            )
            histogram.ensure()
        indicator = (
            EventsIndicator(name, good=(), within=0.5)
            if shape == "bound"
            else EventsIndicator(name, good=(Matcher("outcome", ("ok",)),))
        )
        slos.append(make_slo(f"slo-{number}", "bench", Decimal("0.999"), indicator))
    return SloTracker(slos, catalog, clock=SystemClock(), replica="bench", metrics=TrackerMetrics.declare(catalog))


def tick_seconds(shape: Shape, ticks: int = TICKS) -> list[float]:
    """Durations of that many ticks."""
    tracker = tracker_of(shape)
    durations = []
    gc.collect()
    for _ in range(ticks):
        began = time.perf_counter()
        tracker.tick()
        durations.append(time.perf_counter() - began)
    return durations


def main() -> None:
    """Print one line per shape."""
    shapes: tuple[Shape, ...] = ("counter", "outcome", "bound")
    for shape in shapes:
        durations = tick_seconds(shape)
        print(
            f"tick, 20 SLOs x 30 series, {shape:8} median {median(durations) * 1e6:6.0f} us  min {min(durations) * 1e6:6.0f} us"
        )


if __name__ == "__main__":
    main()
