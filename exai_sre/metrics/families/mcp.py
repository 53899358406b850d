"""Metric families of an MCP server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from exai_sre.metrics.catalog import Catalog
from exai_sre.metrics.families.buckets import LATENCY, MCP_DURATION
from exai_sre.metrics.family import Counter, Gauge, Histogram
from exai_sre.metrics.instrument import OTHER, OUTCOME_VALUES, Chart, Label, NotCharted
from exai_sre.names import LabelName, Metric

__all__ = ["MCP_METHODS", "NO_TOOL", "TRANSPORTS", "McpMetrics"]

MCP_METHODS: Final = (
    "completion/complete",
    "initialize",
    "logging/setLevel",
    "ping",
    "prompts/get",
    "prompts/list",
    "resources/list",
    "resources/read",
    "resources/subscribe",
    "resources/templates/list",
    "resources/unsubscribe",
    "server/discover",
    "subscriptions/listen",
    "tools/call",
    "tools/list",
)
"""Request methods of the MCP revisions 2025-11-25 and 2026-07-28."""

TRANSPORTS: Final = ("http", "pipe", "websocket")
"""Values of ``network_transport``: ``pipe`` is stdio in the conventions' words."""

NO_TOOL: Final = ""
"""Value of the tool label for operations that call no tool."""


@dataclass(frozen=True, slots=True)
class McpMetrics:
    """Bound to one catalog: what every MCP operation leaves behind.

    Attributes:
        operation_duration: time from request to result, seconds.
        added_latency: the same without the time spent waiting for an upstream, seconds.
        session_duration: life of a connection or session, seconds.
        in_flight: requests being served.
        cancellations: requests that their caller withdrew.
    """

    operation_duration: Histogram
    added_latency: Histogram
    session_duration: Histogram
    in_flight: Gauge
    cancellations: Counter

    @classmethod
    def declare(cls, catalog: Catalog, tools: Sequence[str] = ()) -> McpMetrics:
        """Declare the families in ``catalog``.

        Args:
            catalog: where to declare them.
            tools: names of the server's tools; calls of others are counted as ``_OTHER``. With
                no names given, the first 50 tool names seen get a series of their own.
        """
        tool = Label(LabelName.TOOL, values=(NO_TOOL, *sorted(tools))) if tools else Label(LabelName.TOOL, bound=51)
        method = Label(LabelName.MCP_METHOD, values=MCP_METHODS)
        outcome = Label(LabelName.OUTCOME, values=OUTCOME_VALUES)
        transport = Label(LabelName.TRANSPORT, values=TRANSPORTS)
        metrics = cls(
            operation_duration=catalog.histogram(
                Metric.MCP_OPERATION_DURATION,
                "Duration of an MCP operation from request to result, by outcome.",
                labels=(method, tool, outcome),
                buckets=MCP_DURATION,
                chart=Chart("overview", "MCP operations", "rate", by=(LabelName.OUTCOME,)),
            ),
            added_latency=catalog.histogram(
                Metric.MCP_ADDED_LATENCY,
                "Duration of an MCP operation without the time spent waiting for an upstream.",
                labels=(method, outcome),
                buckets=LATENCY,
                chart=Chart("overview", "Server-added latency", "quantiles"),
            ),
            session_duration=catalog.histogram(
                Metric.MCP_SESSION_DURATION,
                "Life of an MCP connection.",
                labels=(transport,),
                buckets=MCP_DURATION,
                chart=NotCharted("sessions end rarely; the open connections panel shows their state"),
            ),
            in_flight=catalog.gauge(
                Metric.MCP_IN_FLIGHT,
                "MCP requests being served.",
                labels=(transport,),
                chart=Chart("overview", "Requests in flight", "value", by=(LabelName.TRANSPORT,)),
            ),
            cancellations=catalog.counter(
                Metric.MCP_CANCELLATIONS,
                "MCP requests that their caller withdrew, by notification or by closing the connection.",
                labels=(transport,),
                chart=Chart("overview", "Cancellations", "rate", by=(LabelName.TRANSPORT,)),
            ),
        )
        metrics._start_at_zero(tools)
        return metrics

    def _start_at_zero(self, tools: Sequence[str]) -> None:
        for name in (*sorted(tools), OTHER):
            self.operation_duration.ensure(**{LabelName.MCP_METHOD: ("tools/call",), LabelName.TOOL: (name,)})
        self.added_latency.ensure(**{LabelName.MCP_METHOD: ("tools/call",)})
        self.in_flight.ensure()
        self.cancellations.ensure()
