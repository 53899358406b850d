"""What a request to an HTTP server runs under and leaves behind, whichever frame it came through."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Final

from exai_sre.clock import Clock, SystemClock
from exai_sre.context import Inbound, current_baggage
from exai_sre.context.carriers import NOTHING
from exai_sre.context.connection import connection_id
from exai_sre.context.ids import DEFAULT_ID_RULE, IdRule
from exai_sre.metrics.families import HttpServerMetrics
from exai_sre.middleware.correlation_id import NO_IDS, RequestIds, ids_of_request
from exai_sre.middleware.error_handling import error_type
from exai_sre.middleware.metrics_collection import HttpMeter, known_method
from exai_sre.middleware.request_logging import RequestLogger, milliseconds, write_line
from exai_sre.names import Attribute, Event, LogField
from exai_sre.outcome import Outcome
from exai_sre.tracing import AttributeValue, Span, Tracing

__all__ = ["CLIENT_CLOSED", "FOREIGN", "QUIET_ROUTES", "HttpExchange", "HttpFrame", "HttpInstruments"]

QUIET_ROUTES: Final = frozenset({"/health", "/metrics", "/ready"})
"""Routes that machines poll: a request that ends well is logged at level debug."""

CLIENT_CLOSED: Final = 499
"""Status under which a request counts whose caller went away; it is never sent."""

FOREIGN: Final = "opentelemetry."
"""Where the parts come from that OpenTelemetry's own instrumentation adds to an application."""

_SWITCHING: Final = 101


@dataclass(frozen=True, slots=True)
class HttpInstruments:
    """What an application's requests leave behind; every part may be left out.

    Attributes:
        metrics: family of the request durations.
        logger: where each request leaves its line.
        tracing: makes a server span per request; without it the caller's position stays the
            running one, so that one span per call is made further inside.
        rejected: told what was refused of the ids that arrived.
        quiet: routes whose good requests are logged at level debug; add a route here whose
            requests are logged further inside.
        clock: for durations.
        id_rule: which correlation ids are taken over.
        public: whether callers are strangers. Their trace is then only linked to, so that they
            choose neither our trace ids nor what is sampled, and their baggage is dropped.
        trust_limits: whether callers are services of our own, whose deadline and attempts are taken over.
        log_baggage: keys of the baggage entries that may stand in log lines.
    """

    metrics: HttpServerMetrics | None = None
    logger: RequestLogger | None = None
    tracing: Tracing | None = None
    rejected: Callable[[Inbound], None] | None = None
    quiet: Collection[str] = QUIET_ROUTES
    clock: Clock = field(default_factory=SystemClock)
    id_rule: IdRule = DEFAULT_ID_RULE
    public: bool = False
    trust_limits: bool = False
    log_baggage: Collection[str] = ()


@dataclass(slots=True)
class HttpExchange:
    """One request in progress.

    Attributes:
        correlation_id: the id that the response carries.
        start: monotonic time of its arrival, seconds.
        method: HTTP method.
        route: template of its route.
        span: its span, where one of ours was made.
        started: status of a response whose head is on the wire; 0 before.
        ended: monotonic time at which the response was complete; ``None`` before.
        gone: whether the caller went away before the response was complete.
        left: whether metrics and log line are written.
    """

    correlation_id: str
    start: float = 0.0
    method: str = ""
    route: str = ""
    span: Span | None = None
    started: int = 0
    ended: float | None = None
    gone: bool = False
    left: bool = False


class HttpFrame:
    """The part of a server frame that knows no HTTP library.

    Args:
        instruments: what requests leave behind.

    Attributes:
        use: the same.
        silent: whether requests leave nothing behind, and are given ids alone.
    """

    def __init__(self, instruments: HttpInstruments) -> None:
        self.use = instruments
        self._meter = HttpMeter(instruments.metrics) if instruments.metrics is not None else None
        self.silent = instruments.metrics is None and instruments.logger is None and instruments.tracing is None

    def arrive(self, arrived: Inbound) -> RequestIds:
        """What a request runs under that brought these ids."""
        if arrived is NOTHING:
            return NO_IDS
        if arrived.rejected and self.use.rejected is not None:
            self.use.rejected(arrived)
        return ids_of_request(arrived, public=self.use.public)

    def span(self, ids: RequestIds, exchange: HttpExchange) -> AbstractContextManager[Span | None]:
        """A context manager around the request, which yields its span; ``None`` without tracing.

        Where the route is known by the end of the request alone, the span is named by the method.
        """
        if self.use.tracing is None:
            return nullcontext()
        name = method = known_method(exchange.method)
        attributes: dict[str, AttributeValue] = {Attribute.HTTP_METHOD: method}
        if exchange.route:
            name = f"{name} {exchange.route}"
            attributes[Attribute.HTTP_ROUTE] = exchange.route
        links = () if ids.link is None else (ids.link,)
        # What surrounds the request in this process is where the server was started, not its caller.
        return self.use.tracing.start(name, "server", ids.parent, links, attributes, root=ids.parent is None)

    def leave(self, exchange: HttpExchange, status: int, outcome: Outcome, error: BaseException | None = None) -> None:
        """Write what one request leaves behind, once.

        Args:
            exchange: the request.
            status: status code that its caller saw, or would have.
            outcome: how it ended.
            error: what it failed with, where that is known.
        """
        if exchange.left:
            return
        exchange.left = True
        if self.silent:
            return
        ended = exchange.ended if exchange.ended is not None else self.use.clock.monotonic()
        seconds = ended - exchange.start
        if self._meter is not None and _SWITCHING not in (exchange.started, status):
            self._meter.record(exchange.method, exchange.route, status, seconds)
        if exchange.span is not None:
            self._judge(exchange.span, exchange, status, outcome, error)
        if self.use.logger is not None:
            fields = self._fields(exchange, status, outcome, seconds, error)
            write_line(self.use.logger, Event.HTTP_REQUEST, outcome, fields, quiet=exchange.route in self.use.quiet)

    def late_error(self, exchange: HttpExchange, error: BaseException) -> None:
        """Note an error of work that went on after the response, such as a background task."""
        if exchange.span is not None:
            exchange.span.fail(error_type(error))
        if self.use.logger is not None:
            fields: dict[str, object] = {
                LogField.ROUTE: exchange.route,
                LogField.ERROR_TYPE: error_type(error),
                LogField.EXCEPTION_OBJECT: error,
            }
            write_line(self.use.logger, Event.UNHANDLED_ERROR, Outcome.ERROR, fields)

    def _judge(
        self, span: Span, exchange: HttpExchange, status: int, outcome: Outcome, error: BaseException | None
    ) -> None:
        span.set(Attribute.HTTP_STATUS, status)
        span.set(Attribute.HTTP_ROUTE, exchange.route)
        if outcome.bad:
            span.fail(error_type(error) if error is not None else str(status))
        else:
            span.excuse()
        span.tell()

    def _fields(
        self, exchange: HttpExchange, status: int, outcome: Outcome, seconds: float, error: BaseException | None
    ) -> dict[str, object]:
        kept = current_baggage.get().only(self.use.log_baggage).members if self.use.log_baggage else ()
        return {
            LogField.METHOD: exchange.method,
            LogField.ROUTE: exchange.route,
            LogField.STATUS: status,
            LogField.OUTCOME: outcome.value,
            LogField.DURATION_MS: milliseconds(seconds),
            LogField.ERROR_TYPE: error_type(error) if error is not None else None,
            LogField.CONNECTION_ID: connection_id.get(),
            LogField.BAGGAGE: {member.key: member.value for member in kept} or None,
            LogField.EXCEPTION_OBJECT: error if outcome is Outcome.ERROR else None,
        }
