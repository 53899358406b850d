"""The frame for aiohttp servers: ids in and out, metrics, errors and one log line per request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from exai_sre.clock import Clock, SystemClock
from exai_sre.context import Inbound, extract, unit_of_work
from exai_sre.extras import require
from exai_sre.metrics import OTHER
from exai_sre.metrics.families import HttpServerMetrics
from exai_sre.middleware.error_handling import error_body, error_type, status_outcome
from exai_sre.middleware.request_logging import RequestLogger, milliseconds, write_line
from exai_sre.names import Attribute, CarrierKey, Event, LabelName, LogField
from exai_sre.outcome import Outcome
from exai_sre.resilience.classify import outcome_of
from exai_sre.tracing import Span, Tracing

if TYPE_CHECKING:
    from aiohttp import web

__all__ = ["QUIET_ROUTES", "HttpInstruments", "instrument_app", "instrumented_app"]

QUIET_ROUTES: Final = frozenset({"/health", "/metrics", "/ready"})
"""Routes that machines poll: a request that ends well is logged at level debug."""

_STATE: Final = "exai_sre_exchange"
_CLIENT_CLOSED: Final = 499
_SWITCHING: Final = 101
_STATUS_OF: Final = {Outcome.TIMEOUT: 504, Outcome.UPSTREAM_ERROR: 502, Outcome.OVERLOAD: 503}
_REPLACED: Final = frozenset({"content-type", "content-length", "content-encoding"})


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
    """

    metrics: HttpServerMetrics | None = None
    logger: RequestLogger | None = None
    tracing: Tracing | None = None
    rejected: Callable[[Inbound], None] | None = None
    quiet: Collection[str] = QUIET_ROUTES
    clock: Clock = field(default_factory=SystemClock)


@dataclass(slots=True)
class _Exchange:
    """One request in progress."""

    correlation_id: str
    start: float
    method: str
    route: str
    started: int = 0
    """Status of a response whose head is on the wire; 0 before."""


def instrumented_app(instruments: HttpInstruments | None = None, **app_kwargs: Any) -> web.Application:
    """An ``aiohttp.web.Application`` made with ``app_kwargs`` and instrumented.

    Raises:
        MissingExtraError: aiohttp is not installed.
    """
    app: web.Application = require("aiohttp.web", package="aiohttp", extra="aiohttp").Application(**app_kwargs)
    instrument_app(app, instruments)
    return app


def instrument_app(app: web.Application, instruments: HttpInstruments | None = None) -> None:
    """Instrument an ``aiohttp.web.Application`` that is not frozen yet.

    Every response carries ``x-request-id`` once, also errors, streams and the 101 of a
    WebSocket. Errors reach the caller as one JSON shape. The duration of a WebSocket is not
    recorded: it says nothing about a request.
    """
    frame = _Frame(instruments or HttpInstruments(), require("aiohttp.web", package="aiohttp", extra="aiohttp"))
    app.middlewares.insert(0, frame.middleware())
    app.on_response_prepare.append(frame.prepare)


def _route(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else OTHER


class _Frame:
    def __init__(self, instruments: HttpInstruments, web: Any) -> None:
        self._use = instruments
        self._web = web
        self._key = web.RequestKey(_STATE, _Exchange) if hasattr(web, "RequestKey") else _STATE

    def middleware(self) -> Any:
        """The middleware in the form that this version of aiohttp asks for."""

        async def exai_sre_middleware(request: Any, handler: Callable[[Any], Awaitable[Any]]) -> Any:
            return await self._serve(request, handler)

        return self._web.middleware(exai_sre_middleware)

    async def prepare(self, request: Any, response: Any) -> None:
        """Before the head of a response goes out; also for those that no handler made."""
        exchange = request.get(self._key)
        if exchange is not None:
            response.headers[CarrierKey.REQUEST_ID] = exchange.correlation_id
            exchange.started = response.status

    async def _serve(self, request: Any, handler: Callable[[Any], Awaitable[Any]]) -> Any:
        arrived = extract(request.headers)
        if self._use.rejected is not None:
            self._use.rejected(arrived)
        with unit_of_work(arrived.correlation_id, arrived.trace, arrived.baggage) as unit:
            exchange = _Exchange(unit, self._use.clock.monotonic(), request.method, _route(request))
            request[self._key] = exchange
            if self._use.tracing is None:
                return await self._answer(request, handler, exchange, None)
            name = f"{exchange.method} {exchange.route}"
            attributes = {Attribute.HTTP_METHOD: exchange.method, Attribute.HTTP_ROUTE: exchange.route}
            with self._use.tracing.start(name, "server", arrived.trace, attributes=attributes) as span:
                return await self._answer(request, handler, exchange, span)

    async def _answer(
        self, request: Any, handler: Callable[[Any], Awaitable[Any]], exchange: _Exchange, span: Span | None
    ) -> Any:
        try:
            response = await handler(request)
        except asyncio.CancelledError:
            self._leave(exchange, span, _CLIENT_CLOSED, Outcome.CANCELLED)
            raise
        except self._web.HTTPException as error:
            self._leave(exchange, span, error.status, status_outcome(error.status))
            return self._shaped(error, exchange)
        except Exception as error:
            return self._failed(error, exchange, span)
        self._leave(exchange, span, response.status, status_outcome(response.status))
        return response

    def _failed(self, error: Exception, exchange: _Exchange, span: Span | None) -> Any:
        if exchange.started and isinstance(error, ConnectionError):
            self._leave(exchange, span, _CLIENT_CLOSED, Outcome.CANCELLED)
            raise error
        outcome = outcome_of(error)
        status = _STATUS_OF.get(outcome, 400 if outcome is Outcome.CLIENT_ERROR else 500)
        self._leave(exchange, span, exchange.started or status, outcome, error)
        if exchange.started:
            # The head is on the wire: closing the connection is the only way left to say so.
            raise error
        return self._web.json_response(error_body(status, exchange.correlation_id), status=status)

    def _shaped(self, error: Any, exchange: _Exchange) -> Any:
        """An HTTP exception in the one shape of errors; a redirect stays what it is."""
        if error.status < HTTPStatus.BAD_REQUEST or exchange.started:
            raise error
        message = error.text if error.text and error.text != f"{error.status}: {error.reason}" else ""
        kept = {name: value for name, value in error.headers.items() if name.lower() not in _REPLACED}
        body = error_body(error.status, exchange.correlation_id, message)
        return self._web.json_response(body, status=error.status, headers=kept)

    def _leave(
        self, exchange: _Exchange, span: Span | None, status: int, outcome: Outcome, error: Exception | None = None
    ) -> None:
        """Write what one request leaves behind."""
        use, seconds = self._use, self._use.clock.monotonic() - exchange.start
        if use.metrics is not None and _SWITCHING not in (exchange.started, status):
            use.metrics.duration.labels(
                **{
                    LabelName.HTTP_METHOD: exchange.method,
                    LabelName.ROUTE: exchange.route,
                    LabelName.STATUS_CODE: str(status),
                }
            ).observe(seconds)
        kind = error_type(error) if error is not None else None
        if span is not None:
            span.set(Attribute.HTTP_STATUS, status)
            if outcome.bad:
                span.fail(kind or str(status))
            else:
                span.excuse()
        if use.logger is None:
            return
        fields: dict[str, object] = {
            LogField.METHOD: exchange.method,
            LogField.ROUTE: exchange.route,
            LogField.STATUS: status,
            LogField.OUTCOME: outcome.value,
            LogField.DURATION_MS: milliseconds(seconds),
            LogField.ERROR_TYPE: kind,
            LogField.EXCEPTION_OBJECT: error if outcome is Outcome.ERROR else None,
        }
        write_line(use.logger, Event.HTTP_REQUEST, outcome, fields, quiet=exchange.route in use.quiet)
