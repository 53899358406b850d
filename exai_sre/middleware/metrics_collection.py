"""The metric sets of an MCP and of an HTTP request, bound once per series and written at the end."""

from __future__ import annotations

from http import HTTPMethod
from typing import Final

from exai_sre.metrics import OTHER
from exai_sre.metrics.bound import BoundCounter, BoundGauge, BoundHistogram
from exai_sre.metrics.families import HttpServerMetrics, McpMetrics
from exai_sre.metrics.families.mcp import MCP_METHODS, TRANSPORTS
from exai_sre.names import LabelName
from exai_sre.outcome import Outcome

__all__ = ["HttpMeter", "McpMeter", "known_method"]

_METHODS: Final = frozenset(map(str, HTTPMethod))

_KEPT = 4096
"""Bound series that are kept: with an open label the keys are the caller's choice, and what overflows is looked up."""


def known_method(method: str) -> str:
    """An HTTP method as labels and spans hold it: any text that is none, which a caller may send, is ``_OTHER``."""
    return method if method in _METHODS else OTHER


class HttpMeter:
    """Writes the families of :class:`HttpServerMetrics`.

    Args:
        metrics: the families.
    """

    def __init__(self, metrics: HttpServerMetrics) -> None:
        self._metrics = metrics
        self._bound: dict[tuple[str, str, int], BoundHistogram] = {}

    def record(self, method: str, route: str, status: int, seconds: float) -> None:
        """Write what one request took.

        Args:
            method: HTTP method; one that is unknown counts as ``_OTHER``.
            route: template of the route, never the path that was asked for.
            status: status code.
            seconds: from the head of the request to the end of the response.
        """
        method = known_method(method)
        bound = self._bound.get((method, route, status))
        if bound is None:
            labels = {LabelName.HTTP_METHOD: method, LabelName.ROUTE: route, LabelName.STATUS_CODE: str(status)}
            bound = self._metrics.duration.labels(**labels)
            if len(self._bound) < _KEPT:
                self._bound[method, route, status] = bound
        bound.observe(seconds)


class McpMeter:
    """Writes the families of :class:`McpMetrics`.

    Args:
        metrics: the families.
    """

    def __init__(self, metrics: McpMetrics) -> None:
        self._metrics = metrics
        self._bound: dict[tuple[str, str, Outcome], tuple[BoundHistogram, BoundHistogram]] = {}
        self._in_flight = {name: self._gauge(name) for name in TRANSPORTS}
        self._cancellations = {name: self._counter(name) for name in TRANSPORTS}

    def _gauge(self, transport: str) -> BoundGauge:
        return self._metrics.in_flight.labels(**{LabelName.TRANSPORT: transport})

    def _counter(self, transport: str) -> BoundCounter:
        return self._metrics.cancellations.labels(**{LabelName.TRANSPORT: transport})

    def begin(self, transport: str) -> None:
        """A request has arrived."""
        (self._in_flight.get(transport) or self._gauge(transport)).inc()

    def end(self, transport: str) -> None:
        """A request that had arrived is done, however it ended."""
        (self._in_flight.get(transport) or self._gauge(transport)).dec()

    def record(self, method: str, tool: str, transport: str, outcome: Outcome, seconds: float, waited: float) -> None:
        """Write what one request took.

        Args:
            method: MCP method; one that is unknown counts as ``_OTHER``.
            tool: tool label; of bounded variety.
            transport: one of :data:`TRANSPORTS`; any other counts as ``_OTHER``.
            outcome: how it ended.
            seconds: from request to result.
            waited: of these, seconds spent waiting for an upstream.
        """
        key = (method if method in MCP_METHODS else OTHER, tool, outcome)
        bound = self._bound.get(key)
        if bound is None:
            bound = self._bind(*key)
        bound[0].observe(seconds)
        bound[1].observe(max(0.0, seconds - waited))
        if outcome is Outcome.CANCELLED:
            (self._cancellations.get(transport) or self._counter(transport)).inc()

    def _bind(self, method: str, tool: str, outcome: Outcome) -> tuple[BoundHistogram, BoundHistogram]:
        labels = {LabelName.MCP_METHOD: method, LabelName.OUTCOME: outcome.value}
        bound = (
            self._metrics.operation_duration.labels(**labels, **{LabelName.TOOL: tool}),
            self._metrics.added_latency.labels(**labels),
        )
        if len(self._bound) < _KEPT:
            self._bound[method, tool, outcome] = bound
        return bound
