"""The frame for ASGI applications, Starlette and FastAPI among them: ids in and out, metrics, errors, a log line.

It needs no package: an ASGI application is a callable.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Final

from exai_sre.context import correlation_id, new_correlation_id
from exai_sre.context.carriers import extract_fields
from exai_sre.context.connection import connection_id
from exai_sre.context.hop_limits import extract_limits, limits_of_hop
from exai_sre.context.unit import enter_unit, leave_unit
from exai_sre.middleware.asgi_routes import route_template
from exai_sre.middleware.correlation_id import RequestIds
from exai_sre.middleware.error_handling import error_body, error_headers, error_status, status_outcome
from exai_sre.middleware.http_server import CLIENT_CLOSED, FOREIGN, HttpExchange, HttpFrame, HttpInstruments
from exai_sre.names import CarrierKey
from exai_sre.outcome import Outcome
from exai_sre.resilience.classify import outcome_of

__all__ = ["AsgiMiddleware", "instrument_asgi"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_ID_FIELD: Final = CarrierKey.REQUEST_ID.encode()
_START: Final = "http.response.start"
_HEADS: Final = frozenset({_START, "websocket.accept", "websocket.http.response.start"})
_BODIES: Final = frozenset({"http.response.body", "websocket.http.response.body"})
_MARK: Final = "exai_sre_instrumented"
_SWITCHING: Final = 101
_FORBIDDEN: Final = 403
_UNANSWERED: Final = 500
_DISCONNECTED: Final = "WebSocketDisconnect"
"""What Starlette raises in whoever waits for a message of a caller that has left: the usual end of a connection."""


def instrument_asgi(app: Any, instruments: HttpInstruments | None = None) -> Any:
    """Instrument an ASGI application; returns what is to be served.

    A Starlette or FastAPI application is instrumented in place and returned: around its whole
    stack, so that the error page of an unhandled exception carries the id as well, and whatever
    is added to it later lies inside. A second call changes nothing. Any other application is
    wrapped.

    Args:
        app: the application.
        instruments: what requests leave behind; ids alone by default.
    """
    build = getattr(app, "build_middleware_stack", None)
    if build is None:
        return AsgiMiddleware(app, instruments)
    if getattr(app.state, _MARK, False):
        return app
    setattr(app.state, _MARK, True)
    if _instrumented_by_others(app):
        _add_within(app, instruments)
    elif app.middleware_stack is not None:
        app.middleware_stack = AsgiMiddleware(app.middleware_stack, instruments)
    else:
        app.build_middleware_stack = lambda: AsgiMiddleware(build(), instruments)
    return app


def _instrumented_by_others(app: Any) -> bool:
    marked = getattr(app, "_is_instrumented_by_opentelemetry", False)
    return app.middleware_stack is None and (marked or _theirs(app) > 0)


def _theirs(app: Any) -> int:
    """How many of the application's middlewares are OpenTelemetry's or lie around it."""
    places = [at for at, one in enumerate(app.user_middleware) if one.cls.__module__.startswith(FOREIGN)]
    return places[-1] + 1 if places else 0


def _add_within(app: Any, instruments: HttpInstruments | None) -> None:
    """Stand directly within OpenTelemetry's instrumentation: its span of the request is then ours too."""
    at = _theirs(app)
    app.add_middleware(AsgiMiddleware, instruments=instruments)
    app.user_middleware.insert(at, app.user_middleware.pop(0))


class AsgiMiddleware:
    """An ASGI application around another one.

    Every response carries ``x-request-id`` once, also errors, streams and the acceptance of a
    WebSocket. Each message that a WebSocket brings gets an id of its own, with the connection's
    as ``connection_id``. An exception passes through; where nothing has answered it and no
    framework is left to do so, the caller gets the one JSON shape of errors first.

    Args:
        app: the application inside.
        instruments: what requests leave behind; ids alone by default.
    """

    def __init__(self, app: App, instruments: HttpInstruments | None = None) -> None:
        self.app = app
        self._frame = HttpFrame(instruments or HttpInstruments())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        kind = scope["type"]
        if kind not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        frame, use = self._frame, self._frame.use
        ids = frame.arrive(extract_fields(scope["headers"], use.id_rule))
        if not frame.silent or kind == "websocket" or use.trust_limits:
            await self._observed(ids, scope, receive, send)
            return
        # A request that leaves nothing behind: a third of the way that others take, and no call more than it needs.
        unit = ids.correlation_id or new_correlation_id()
        started = False

        def respond(message: Message) -> Awaitable[None]:
            nonlocal started
            if message["type"] == _START:
                started = True
                message = _carrying(message, unit)
            return send(message)

        tokens = enter_unit(unit, ids.parent, ids.baggage)
        try:
            await self.app(scope, receive, respond)
        except Exception as error:
            if not started and "app" not in scope:
                await _answer(respond, unit, error_status(outcome_of(error)), error)
            raise
        finally:
            leave_unit(tokens, ids.parent, ids.baggage)

    async def _observed(self, ids: RequestIds, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a connection that leaves something behind, or brings limits, or brings many messages."""
        frame, use = self._frame, self._frame.use
        with ids.open() as unit:
            exchange = HttpExchange(unit, use.clock.monotonic(), scope.get("method", "GET"))
            call = _Call(frame, exchange, scope, receive, send)
            if use.tracing is None and not use.trust_limits:
                await call.run(self.app)
                return
            # What a caller allows for an upgrade request says nothing about the messages that follow.
            trusted = use.trust_limits and scope["type"] == "http"
            limits = extract_limits(_texts(scope["headers"]) if trusted else None)
            with limits_of_hop(limits, exchange.start), frame.span(ids, exchange) as exchange.span:
                await call.run(self.app)


def _carrying(message: Message, unit: str) -> Message:
    """The head of a response with the id, in place of any other."""
    fields = [pair for pair in message.get("headers") or () if pair[0].lower() != _ID_FIELD]
    fields.append((_ID_FIELD, unit.encode()))
    return {**message, "headers": fields}


async def _answer(send: Send, unit: str, status: int, error: Exception) -> None:
    """Tell the caller of an error that nobody else tells it of."""
    body = json.dumps(error_body(status, unit)).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    headers += [(name.lower().encode(), value.encode()) for name, value in error_headers(error).items()]
    await send({"type": _START, "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _says_disconnected(error: BaseException) -> bool:
    """Whether this is the usual end of a connection, also where a task group brings it."""
    if isinstance(error, BaseExceptionGroup):
        return all(_says_disconnected(each) for each in error.exceptions)
    return type(error).__name__ == _DISCONNECTED


def _texts(fields: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in fields}


class _Call:
    """One connection in progress: what the application inside receives and sends goes through here."""

    __slots__ = ("_exchange", "_frame", "_receive", "_scope", "_send", "_socket")

    def __init__(self, frame: HttpFrame, exchange: HttpExchange, scope: Scope, receive: Receive, send: Send) -> None:
        self._frame = frame
        self._exchange = exchange
        self._scope = scope
        self._receive = receive
        self._send = send
        self._socket = scope["type"] == "websocket"

    async def run(self, app: App) -> None:
        """Run the application inside, and write what the request leaves behind."""
        if self._socket:
            token = connection_id.set(self._exchange.correlation_id)
            try:
                await self._guarded(app, self.receive_message)
            finally:
                connection_id.reset(token)
        else:
            await self._guarded(app, self.receive)

    async def _guarded(self, app: App, receive: Receive) -> None:
        try:
            await app(self._scope, receive, self.send)
        except asyncio.CancelledError:
            self._withdrawn()
            raise
        except Exception as error:
            await self._failed(error)
            raise
        if not self._exchange.left:
            self._unfinished()

    def _withdrawn(self) -> None:
        exchange = self._exchange
        if exchange.ended is None:
            self._leave(CLIENT_CLOSED, Outcome.CANCELLED)
        else:
            # The response was complete: what was withdrawn is work behind it.
            self._leave(exchange.started, status_outcome(exchange.started))

    def _unfinished(self) -> None:
        """The application is done, and either its response is not complete or it says that something failed."""
        exchange = self._exchange
        if exchange.gone:
            self._leave(CLIENT_CLOSED, Outcome.CANCELLED)
            return
        status = exchange.started or _UNANSWERED
        self._leave(status, status_outcome(status))

    async def _failed(self, error: Exception) -> None:
        exchange = self._exchange
        if exchange.left:
            self._frame.late_error(exchange, error)
        elif exchange.gone:
            self._leave(CLIENT_CLOSED, Outcome.CANCELLED)
        elif self._socket and _says_disconnected(error):
            if exchange.started:
                self._leave(exchange.started, Outcome.OK)
            else:
                self._leave(CLIENT_CLOSED, Outcome.CANCELLED)
        else:
            await self._own_fault(error)

    async def _own_fault(self, error: Exception) -> None:
        exchange, outcome = self._exchange, outcome_of(error)
        if exchange.started:
            self._leave(exchange.started, outcome, error)
        elif self._socket or "app" in self._scope:
            # Inside a framework its own answer to errors is yet to come: it is not taken away from it.
            self._leave(_UNANSWERED, outcome, error)
        else:
            status = error_status(outcome)
            try:
                await _answer(self.send, exchange.correlation_id, status, error)
            finally:
                # A caller who has left, or who is slow to read, does not undo the error.
                self._leave(status, outcome, error)

    async def receive(self) -> Message:
        """The next message from the server; one that says that the caller is gone is remembered."""
        message = await self._receive()
        if message["type"] == "http.disconnect" and self._exchange.ended is None:
            self._exchange.gone = True
        return message

    async def receive_message(self) -> Message:
        """The next message from the server; what a caller sends starts a unit of work of its own.

        The id holds in the task that receives, until the next message or the end of the connection.
        """
        message = await self._receive()
        if message["type"] == "websocket.receive":
            correlation_id.set(new_correlation_id())
        return message

    def send(self, message: Message) -> Awaitable[None]:
        """Pass a message on to the server; the head of a response gets the id, in place of any other."""
        kind = message["type"]
        if kind in _HEADS:
            self._exchange.started = message.get("status", _SWITCHING)
            return self._send(_carrying(message, self._exchange.correlation_id))
        if kind in _BODIES and not message.get("more_body", False):
            return self._send_last(message)
        if kind == "websocket.close" and not self._exchange.started:
            # Closed before it was accepted: the server answers with 403.
            self._exchange.started = _FORBIDDEN
        return self._send(message)

    async def _send_last(self, message: Message) -> None:
        # Counted before the last byte is out: what a client has seen is never missing, whatever ends the process next.
        exchange = self._exchange
        exchange.ended = self._frame.use.clock.monotonic()
        # An error of ours is written when its cause arrives, behind its answer.
        if exchange.gone:
            # What stands between may end a response that its caller has not waited for.
            self._leave(CLIENT_CLOSED, Outcome.CANCELLED)
        elif exchange.started < _UNANSWERED:
            self._leave(exchange.started, status_outcome(exchange.started))
        await self._send(message)

    def _leave(self, status: int, outcome: Outcome, error: Exception | None = None) -> None:
        exchange = self._exchange
        if exchange.left:
            return
        exchange.route = route_template(self._scope)
        if self._socket:
            # The last unit of work was a message's; the line is about the connection.
            correlation_id.set(exchange.correlation_id)
        self._frame.leave(exchange, status, outcome, error)
