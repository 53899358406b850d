"""The frame for aiohttp servers: ids in and out, metrics, errors and one log line per request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from exai_sre.context import extract
from exai_sre.context.hop_limits import extract_limits, limits_of_hop
from exai_sre.extras import require
from exai_sre.metrics import OTHER
from exai_sre.middleware.error_handling import error_body, error_headers, error_status, status_outcome
from exai_sre.middleware.http_server import (
    CLIENT_CLOSED,
    FOREIGN,
    QUIET_ROUTES,
    HttpExchange,
    HttpFrame,
    HttpInstruments,
)
from exai_sre.names import CarrierKey
from exai_sre.outcome import Outcome
from exai_sre.resilience.classify import outcome_of

if TYPE_CHECKING:
    from aiohttp import web

__all__ = ["QUIET_ROUTES", "HttpInstruments", "instrument_app", "instrumented_app"]

_STATE: Final = "exai_sre_exchange"
_REPLACED: Final = frozenset({"content-type", "content-length", "content-encoding"})


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
    recorded: it says nothing about a request. A second call changes nothing.
    """
    if any(getattr(one, _STATE, False) for one in app.middlewares):
        return
    frame = _AiohttpFrame(instruments or HttpInstruments(), require("aiohttp.web", package="aiohttp", extra="aiohttp"))
    # Within OpenTelemetry's own middleware, where its instrumentation is in force: its span is then ours too.
    theirs = sum(getattr(one, "__module__", "").startswith(FOREIGN) for one in app.middlewares)
    app.middlewares.insert(theirs, frame.middleware())
    app.on_response_prepare.append(frame.prepare)


def _route(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else OTHER


class _AiohttpFrame:
    def __init__(self, instruments: HttpInstruments, web: Any) -> None:
        self._frame = HttpFrame(instruments)
        self._web = web
        self._key = web.RequestKey(_STATE, HttpExchange) if hasattr(web, "RequestKey") else _STATE

    def middleware(self) -> Any:
        """The middleware in the form that this version of aiohttp asks for."""

        async def exai_sre_middleware(request: Any, handler: Callable[[Any], Awaitable[Any]]) -> Any:
            return await self._serve(request, handler)

        made = self._web.middleware(exai_sre_middleware)
        setattr(made, _STATE, True)
        return made

    async def prepare(self, request: Any, response: Any) -> None:
        """Before the head of a response goes out; also for those that no handler made."""
        exchange = request.get(self._key)
        if exchange is not None:
            response.headers[CarrierKey.REQUEST_ID] = exchange.correlation_id
            exchange.started = response.status

    async def _serve(self, request: Any, handler: Callable[[Any], Awaitable[Any]]) -> Any:
        frame, use = self._frame, self._frame.use
        ids = frame.arrive(extract(request.headers, use.id_rule))
        with ids.open() as unit:
            exchange = HttpExchange(unit)
            request[self._key] = exchange
            if not frame.silent or use.trust_limits:
                exchange.start, exchange.method = use.clock.monotonic(), request.method
                exchange.route = _route(request)
            if use.tracing is None and not use.trust_limits:
                return await self._answer(request, handler, exchange)
            limits = extract_limits(request.headers if use.trust_limits else None)
            with limits_of_hop(limits, exchange.start), frame.span(ids, exchange) as exchange.span:
                return await self._answer(request, handler, exchange)

    async def _answer(self, request: Any, handler: Callable[[Any], Awaitable[Any]], exchange: HttpExchange) -> Any:
        leave = self._frame.leave
        try:
            response = await handler(request)
            status: int = response.status
        except asyncio.CancelledError:
            leave(exchange, CLIENT_CLOSED, Outcome.CANCELLED)
            raise
        except self._web.HTTPException as error:
            seen = exchange.started or error.status
            leave(exchange, seen, status_outcome(error.status), error if exchange.started else None)
            return self._shaped(error, exchange)
        except Exception as error:
            return self._failed(request, error, exchange)
        leave(exchange, status, status_outcome(status))
        return response

    def _failed(self, request: Any, error: Exception, exchange: HttpExchange) -> Any:
        leave = self._frame.leave
        # The same error comes from an upstream: only the caller's own connection tells who went away.
        if isinstance(error, ConnectionError) and (request.transport is None or request.transport.is_closing()):
            leave(exchange, CLIENT_CLOSED, Outcome.CANCELLED)
            raise error
        # A body that cannot be decoded is its sender's fault.
        outcome = Outcome.CLIENT_ERROR if isinstance(error, self._web.RequestPayloadError) else outcome_of(error)
        status = error_status(outcome)
        leave(exchange, exchange.started or status, outcome, error)
        if exchange.started:
            # The head is on the wire: closing the connection is the only way left to say so.
            raise error
        body = error_body(status, exchange.correlation_id)
        return self._web.json_response(body, status=status, headers=error_headers(error))

    def _shaped(self, error: Any, exchange: HttpExchange) -> Any:
        """An HTTP exception in the one shape of errors; a redirect stays what it is."""
        if error.status < HTTPStatus.BAD_REQUEST or exchange.started:
            raise error
        text = None
        with suppress(Exception):
            # A body in bytes need not be text.
            text = error.text
        message = text if text and text != f"{error.status}: {error.reason}" else ""
        kept = [(name, value) for name, value in error.headers.items() if name.lower() not in _REPLACED]
        body = error_body(error.status, exchange.correlation_id, message)
        response = self._web.json_response(body, status=error.status, headers=kept)
        response.cookies.update(error.cookies)
        return response
