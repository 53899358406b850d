"""Cost of one metric write, ours beside prometheus_client's, in one run.

Prints CPU nanoseconds per operation (median of interleaved rounds) and the ratio to the peer.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Histogram

from exai_sre.context import TraceContext, current_trace
from exai_sre.metrics import Catalog, Label, NotCharted
from exai_sre.metrics.families.buckets import MCP_DURATION

ROUNDS, CALLS = 15, 20_000


def cases() -> dict[str, tuple[Callable[[], object], Callable[[], object]]]:
    """Pairs of ours and the peer's way to do the same."""
    registry, catalog, label = CollectorRegistry(), Catalog(), Label("outcome", values=("ok", "error"))
    theirs = Counter("theirs", "Help.", ["outcome"], registry=registry)
    theirs_histogram = Histogram("theirs_seconds", "Help.", ["outcome"], registry=registry, buckets=MCP_DURATION)
    ours = catalog.counter("ours_total", "Help.", labels=(label,), chart=NotCharted("a benchmark"))
    ours_histogram = catalog.histogram(
        "ours_seconds", "Help.", labels=(label,), buckets=MCP_DURATION, chart=NotCharted("a benchmark")
    )
    bound, their_bound = ours.labels(outcome="ok"), theirs.labels("ok")
    observe, their_observe = ours_histogram.labels(outcome="ok"), theirs_histogram.labels("ok")
    exemplar = {"trace_id": "0af7651916cd43dd8448eb211c80319c"}
    return {
        "bound counter": (bound.inc, their_bound.inc),
        "bound histogram": (lambda: observe.observe(0.03), lambda: their_observe.observe(0.03)),
        "labels(...).inc()": (lambda: ours.labels(outcome="ok").inc(), lambda: theirs.labels(outcome="ok").inc()),
        "histogram in a sampled trace": (
            lambda: observe.observe(0.03),
            lambda: their_observe.observe(0.03, exemplar=exemplar),
        ),
    }


def cost(call: Callable[[], object]) -> float:
    """CPU nanoseconds of one call."""
    begin = time.thread_time_ns()
    for _ in range(CALLS):
        call()
    return (time.thread_time_ns() - begin) / CALLS


def main() -> None:
    """Print the table."""
    trace = TraceContext("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", sampled=True)
    print(f"{'':32}{'ours ns':>10}{'peer ns':>10}{'ratio':>8}")
    for name, (ours, theirs) in cases().items():
        token = current_trace.set(trace if "sampled" in name else None)
        rounds = [(cost(ours), cost(theirs)) for _ in range(ROUNDS)]
        current_trace.reset(token)
        mine, peer = (statistics.median(side) for side in zip(*rounds, strict=True))
        print(f"{name:32}{mine:10.0f}{peer:10.0f}{mine / peer:8.2f}")


if __name__ == "__main__":
    main()
