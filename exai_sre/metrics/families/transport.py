"""Metric families of HTTP servers, WebSocket endpoints and databases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from exai_sre.metrics.catalog import Catalog
from exai_sre.metrics.families.buckets import DB_DURATION, HTTP_DURATION
from exai_sre.metrics.family import Counter, Gauge, Histogram
from exai_sre.metrics.instrument import OUTCOME_VALUES, Chart, Label
from exai_sre.names import LabelName, Metric

__all__ = ["DatabaseMetrics", "HttpServerMetrics", "WebSocketMetrics"]

_METHODS = ("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE")


@dataclass(frozen=True, slots=True)
class HttpServerMetrics:
    """Bound to one catalog: what every HTTP request leaves behind.

    Attributes:
        duration: from request line to the end of the response, seconds.
    """

    duration: Histogram

    @classmethod
    def declare(cls, catalog: Catalog, routes: Sequence[str]) -> HttpServerMetrics:
        """Declare the families in ``catalog``; requests to other routes count as ``_OTHER``."""
        return cls(
            catalog.histogram(
                Metric.HTTP_SERVER_DURATION,
                "Duration of an HTTP request.",
                labels=(
                    Label(LabelName.HTTP_METHOD, values=_METHODS),
                    Label(LabelName.ROUTE, values=tuple(sorted(routes))),
                    Label(LabelName.STATUS_CODE, bound=30),
                ),
                buckets=HTTP_DURATION,
                chart=Chart("overview", "HTTP requests", "rate", by=(LabelName.ROUTE, LabelName.STATUS_CODE)),
            )
        )


@dataclass(frozen=True, slots=True)
class WebSocketMetrics:
    """Bound to one catalog: WebSocket connections by endpoint.

    Attributes:
        connections: connection attempts by outcome: ``ok`` accepted, ``overload`` refused for want of
            room, ``client_error`` refused for the client's fault, ``error`` failed by ours.
        open: connections open now.
    """

    connections: Counter
    open: Gauge

    @classmethod
    def declare(cls, catalog: Catalog, endpoints: Sequence[str]) -> WebSocketMetrics:
        """Declare the families in ``catalog`` for these endpoint paths."""
        endpoint = Label(LabelName.ENDPOINT, values=tuple(sorted(endpoints)))
        metrics = cls(
            catalog.counter(
                Metric.WEBSOCKET_CONNECTIONS,
                "WebSocket connection attempts by outcome.",
                labels=(endpoint, Label(LabelName.OUTCOME, values=OUTCOME_VALUES)),
                chart=Chart("overview", "WebSocket connections", "rate", by=(LabelName.ENDPOINT, LabelName.OUTCOME)),
            ),
            catalog.gauge(
                Metric.WEBSOCKET_OPEN,
                "WebSocket connections open now.",
                labels=(endpoint,),
                chart=Chart("overview", "Open WebSocket connections", "value", by=(LabelName.ENDPOINT,)),
            ),
        )
        metrics.connections.ensure()
        metrics.open.ensure()
        return metrics


@dataclass(frozen=True, slots=True)
class DatabaseMetrics:
    """Bound to one catalog: what every storage query leaves behind.

    Attributes:
        duration: one query, seconds.
    """

    duration: Histogram

    @classmethod
    def declare(cls, catalog: Catalog, systems: Sequence[str], operations: Sequence[str]) -> DatabaseMetrics:
        """Declare the families in ``catalog`` for these database systems and operation names."""
        metrics = cls(
            catalog.histogram(
                Metric.DB_OPERATION_DURATION,
                "Duration of a storage query.",
                labels=(
                    Label(LabelName.DB_SYSTEM, values=tuple(sorted(systems))),
                    Label(LabelName.DB_OPERATION, values=tuple(sorted(operations))),
                    Label(LabelName.OUTCOME, values=OUTCOME_VALUES),
                ),
                buckets=DB_DURATION,
                chart=Chart("overview", "Storage queries", "quantiles", by=(LabelName.DB_OPERATION,)),
            )
        )
        metrics.duration.ensure()
        return metrics
