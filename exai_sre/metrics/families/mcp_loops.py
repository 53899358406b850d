"""Metric families of agents that go round in circles."""

from __future__ import annotations

from dataclasses import dataclass

from exai_sre.metrics.catalog import Catalog
from exai_sre.metrics.family import Counter
from exai_sre.metrics.instrument import Chart
from exai_sre.names import Metric

__all__ = ["McpLoopMetrics"]


@dataclass(frozen=True, slots=True)
class McpLoopMetrics:
    """Bound to one catalog: the same failing tool call again and again.

    Attributes:
        loops: loops found; one more is found only after the old one has ended.
        calls: calls within loops, the one by which a loop was found included.
    """

    loops: Counter
    calls: Counter

    @classmethod
    def declare(cls, catalog: Catalog) -> McpLoopMetrics:
        """Declare the families in ``catalog``."""
        metrics = cls(
            loops=catalog.counter(
                Metric.MCP_AGENT_LOOPS,
                "Agent loops: one client made the same failing tool call with the same arguments again and again.",
                chart=Chart("overview", "Agent loops found", "rate"),
            ),
            calls=catalog.counter(
                Metric.MCP_AGENT_LOOP_CALLS,
                "Tool calls within agent loops: load that helps nobody.",
                chart=Chart("overview", "Calls in agent loops", "rate"),
            ),
        )
        metrics.loops.ensure()
        metrics.calls.ensure()
        return metrics
