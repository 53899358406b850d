"""One call with its span, beside the same call under OpenTelemetry's SDK alone: CPU time, in one run.

Both export to nowhere through the same processor. Ours does more: it chooses ids and decides before a span
exists, mirrors the position for logs and exemplars, times the call, and leaves a late span where it fails.

``python benchmarks/bench_tracing.py [ROUNDS]``
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Final

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

from exai_sre.context import TraceContext
from exai_sre.names import Attribute
from exai_sre.tracing import Tracing, configure_tracing

CALLS: Final = 3000
ATTRIBUTES: Final = {Attribute.MCP_METHOD: "tools/call", Attribute.TOOL: "chat", Attribute.TRANSPORT: "http"}
RATIOS: Final = (0.0, 0.1, 1.0)


class Nowhere(SpanExporter):
    """Takes spans and forgets them."""

    def export(self, spans: Any) -> SpanExportResult:  # noqa: ARG002 - the exporter's signature
        """Forget ``spans``."""
        return SpanExportResult.SUCCESS


def ours(ratio: float) -> Callable[[], AbstractContextManager[Any]]:
    """Starts a call with this library, on a provider of its own."""
    tracing = configure_tracing(
        service="bench", exporter=Nowhere(), batch=False, share=False, environ={}, sampler_ratio=ratio
    )
    return lambda: tracing.start("tools/call chat", "server", attributes=ATTRIBUTES)


def theirs(ratio: float) -> Callable[[], AbstractContextManager[Any]]:
    """Starts a call with OpenTelemetry's SDK."""
    provider = TracerProvider(sampler=ParentBased(TraceIdRatioBased(ratio)), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(Nowhere()))
    tracer = provider.get_tracer("bench")
    return lambda: tracer.start_as_current_span("tools/call chat", attributes=ATTRIBUTES)


def ids_alone() -> Callable[[], AbstractContextManager[Any]]:
    """Starts a call with this library where nothing is exported."""
    tracing, parent = Tracing(), TraceContext("a" * 32, "b" * 16, sampled=False)
    return lambda: tracing.start("tools/call chat", "server", parent, attributes=ATTRIBUTES)


def cost(start: Callable[[], AbstractContextManager[Any]]) -> float:
    """Microseconds of CPU time per call."""
    begun = time.process_time()
    for _ in range(CALLS):
        with start():
            pass
    return (time.process_time() - begun) / CALLS * 1e6


def main(rounds: int) -> None:
    """Print one row per share of recorded traces; every round runs everything once."""
    subjects = {("theirs", ratio): theirs(ratio) for ratio in RATIOS} | {
        ("ours", ratio): ours(ratio) for ratio in RATIOS
    }
    subjects["ours", -1.0] = ids_alone()
    costs: dict[tuple[str, float], list[float]] = {key: [] for key in subjects}
    for _ in range(rounds):
        for key, start in subjects.items():
            costs[key].append(cost(start))
    middle = {key: statistics.median(found) for key, found in costs.items()}
    print(f"{'recorded':>10} {'OpenTelemetry us':>17} {'ours us':>9} {'ratio':>6}")
    for ratio in RATIOS:
        ratios = [a / b for a, b in zip(costs["ours", ratio], costs["theirs", ratio], strict=True)]
        print(
            f"{ratio:>10.0%} {middle['theirs', ratio]:>17.1f} {middle['ours', ratio]:>9.1f}"
            f" {statistics.median(ratios):>6.2f}"
        )
    print(f"{'no exporter':>10} {'':>16} {middle['ours', -1.0]:>9.1f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 9)
