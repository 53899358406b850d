"""Instrumenting an MCP server of the official SDK: metrics, span, log line and ids per request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from exai_sre.clock import Clock, SystemClock
from exai_sre.context import Operation, current_operation
from exai_sre.errors import ExaiSreError
from exai_sre.extras import require
from exai_sre.metrics import Catalog
from exai_sre.metrics.families import McpMetrics, TelemetryMetrics
from exai_sre.middleware.correlation_id import RequestIds, choose_ids, count_rejections
from exai_sre.middleware.mcp_call import (
    CallContext,
    McpCall,
    carrier_of,
    connection_of,
    error_outcome,
    identifier,
    is_error,
    message_ids,
    params_of,
    sdk_refused,
    transport_of,
)
from exai_sre.middleware.metrics_collection import McpMeter
from exai_sre.middleware.request_logging import (
    RequestLogger,
    SupportsRedaction,
    milliseconds,
    summarise,
    write_line,
)
from exai_sre.names import Attribute, Event, LogField
from exai_sre.outcome import Outcome
from exai_sre.tracing import Span, Tracing

__all__ = ["Classify", "Instrumentation", "McpMiddleware", "UnsupportedServerError", "instrument"]

Classify = Callable[[Any], Outcome | None]
"""Judges a result with ``isError`` that nothing inside judged; ``None``, or to raise, is no opinion."""

_SDK_SPANS: Final = "OpenTelemetryMiddleware"
_TOOL_ERROR: Final = "tool_error"
_CANCELLED_NOTIFICATION: Final = "notifications/cancelled"


class UnsupportedServerError(ExaiSreError, TypeError):
    """An object that is no server of the official SDK, so that nothing public can be hooked into."""


@dataclass(frozen=True, slots=True)
class Instrumentation:
    """What :func:`instrument` put into a server.

    Attributes:
        catalog: where the metric families are declared.
        metrics: the families that each request writes.
        middleware: the one middleware in the server's list.
    """

    catalog: Catalog
    metrics: McpMetrics
    middleware: McpMiddleware


def instrument(
    server: Any,
    *,
    catalog: Catalog | None = None,
    tools: Collection[str] = (),
    logger: RequestLogger | None = None,
    tracing: Tracing | None = None,
    sanitizer: SupportsRedaction | None = None,
    classify: Classify | None = None,
    clock: Clock | None = None,
    transport: Callable[[CallContext], str] | None = None,
) -> Instrumentation:
    """Give every request of ``server`` a metric set, a span, a log line and its ids.

    One middleware is put into the server's public ``middleware`` list, outermost, in place of
    the SDK's own that makes spans. A second call changes nothing and returns the first result.

    Args:
        server: the SDK's low-level ``Server`` or its ``MCPServer``.
        catalog: where to declare the metric families; a new one by default.
        tools: the server's tool names; calls of others count as ``_OTHER``. With none given, the
            first 50 names seen get series of their own.
        logger: where each request leaves its line; none by default, as standard output may be
            the transport.
        tracing: starts the spans; by default calls carry ids alone.
        sanitizer: redacts the arguments in log lines; without one only their shape is logged.
        classify: judges a result with ``isError`` that nothing inside judged.
        clock: for durations.
        transport: tells the transport of a request; by default its own word, else ``http`` where
            it has headers, else ``pipe``.

    Raises:
        UnsupportedServerError: ``server`` is no server of the official SDK.
        MissingExtraError: the SDK is not installed.
        CatalogError: the catalog holds the families with other tool names.
    """
    chain = _middleware_list(server)
    present = next((each for each in chain if isinstance(each, McpMiddleware)), None)
    if present is not None:
        return present.instrumentation
    catalog = catalog or Catalog()
    middleware = McpMiddleware(
        catalog,
        tools=tuple(tools),
        logger=logger,
        tracing=tracing or Tracing(),
        sanitizer=sanitizer,
        classify=classify,
        clock=clock or SystemClock(),
        transport=transport or transport_of,
    )
    # Outermost, so that what other middleware refuses is measured too.
    chain[:] = [middleware, *(each for each in chain if not _makes_sdk_spans(each))]
    return middleware.instrumentation


def _middleware_list(server: Any) -> list[Any]:
    lowlevel = require("mcp.server", package="mcp", extra="mcp").Server
    high_level = require("mcp.server.mcpserver", package="mcp", extra="mcp").MCPServer
    if not isinstance(server, lowlevel | high_level):
        kind = type(server)
        raise UnsupportedServerError(
            f"{kind.__module__}.{kind.__qualname__} is no server of the official MCP SDK",
            remedy="pass an mcp.server.Server or an mcp.server.mcpserver.MCPServer",
        )
    chain: list[Any] = server.middleware
    return chain


def _makes_sdk_spans(middleware: object) -> bool:
    """Whether this is the SDK's span maker, whose class has no public name to import."""
    kind = type(middleware)
    return kind.__name__ == _SDK_SPANS and kind.__module__.partition(".")[0] == "mcp"


@dataclass(frozen=True, slots=True)
class Request:
    """One request in progress.

    Attributes:
        call: what it is about.
        operation: what the code inside found out.
        span: its span.
        start: monotonic time at which it arrived, seconds.
    """

    call: McpCall
    operation: Operation
    span: Span
    start: float


class McpMiddleware:
    """One entry of the SDK's ``Server.middleware``; made by :func:`instrument`.

    Attributes:
        instrumentation: the result of :func:`instrument` that it belongs to.
    """

    def __init__(
        self,
        catalog: Catalog,
        *,
        tools: Collection[str],
        logger: RequestLogger | None,
        tracing: Tracing,
        sanitizer: SupportsRedaction | None,
        classify: Classify | None,
        clock: Clock,
        transport: Callable[[CallContext], str],
    ) -> None:
        metrics = McpMetrics.declare(catalog, tuple(tools))
        self.instrumentation = Instrumentation(catalog, metrics, self)
        self._meter = McpMeter(metrics)
        self._rejected = count_rejections(TelemetryMetrics.declare(catalog))
        self._tools = frozenset(tools)
        self._logger = logger
        self._tracing = tracing
        self._sanitizer = sanitizer
        self._classify = classify
        self._clock = clock
        self._transport = transport

    async def __call__(self, ctx: CallContext, call_next: Callable[[Any], Any]) -> Any:
        """Run one message through the rest of the server's chain."""
        transport = self._transport(ctx)
        message, carrier = message_ids(ctx), carrier_of(ctx, transport)
        ids = choose_ids(message, carrier, shared=transport == "websocket")
        with ids.open():
            self._rejected(message)
            # An upgrade request brings many messages: each of them would count it anew.
            if transport != "websocket":
                self._rejected(carrier)
            if ctx.request_id is None:
                self._note(ctx)
                return await call_next(ctx)
            return await self._serve(ctx, call_next, ids, McpCall.read(ctx, self._tools, transport))

    async def _serve(self, ctx: CallContext, call_next: Callable[[Any], Any], ids: RequestIds, call: McpCall) -> Any:
        operation = Operation(self._clock)
        token = current_operation.set(operation)
        self._meter.begin(call.transport)
        links = (ids.link,) if ids.link else ()
        attributes = call.attributes(ctx.protocol_version)
        # Only over HTTP is what surrounds a message the request that brought it.
        root = call.transport != "http"
        try:
            with self._tracing.start(call.span_name, "server", ids.parent, links, attributes, root=root) as span:
                return await self._run(ctx, call_next, Request(call, operation, span, self._clock.monotonic()))
        finally:
            self._meter.end(call.transport)
            current_operation.reset(token)

    async def _run(self, ctx: CallContext, call_next: Callable[[Any], Any], request: Request) -> Any:
        try:
            result = await call_next(ctx)
        except asyncio.CancelledError:
            self._finish(ctx, request, Outcome.CANCELLED, None)
            raise
        except BaseException as error:
            self._finish(ctx, request, *self._judge_error(request, error), error)
            raise
        self._finish(ctx, request, *self._judge_result(ctx, request, result))
        return result

    def _judge_error(self, request: Request, error: BaseException) -> tuple[Outcome, str]:
        outcome, kind = error_outcome(error)
        if isinstance(code := getattr(error, "code", None), int):
            request.span.set(Attribute.RPC_STATUS_CODE, str(code))
        return request.operation.outcome or outcome, kind

    def _judge_result(self, ctx: CallContext, request: Request, result: object) -> tuple[Outcome, str | None]:
        said = request.operation.outcome
        if not is_error(result):
            return said or Outcome.OK, None
        if said is None and not request.call.known_tool:
            said = Outcome.CLIENT_ERROR
        if said is None and self._classify is not None:
            # A judgement that fails is no opinion: it must not cost the caller the result.
            with suppress(Exception):
                said = self._classify(result)
        if said is None and sdk_refused(result, params_of(ctx).get("name")):
            said = Outcome.CLIENT_ERROR
        # Without a look at its cause an error is ours: a fault must not hide among the callers'.
        return said or Outcome.ERROR, _TOOL_ERROR

    def _finish(
        self,
        ctx: CallContext,
        request: Request,
        outcome: Outcome,
        error_type: str | None,
        error: BaseException | None = None,
    ) -> None:
        call, operation, span = request.call, request.operation, request.span
        seconds, waited = self._clock.monotonic() - request.start, operation.waited
        self._meter.record(call.method, call.tool, call.transport, outcome, seconds, waited)
        span.set(Attribute.OUTCOME, outcome.value)
        if error_type is not None:
            span.set(Attribute.ERROR_TYPE, error_type)
        if outcome.bad:
            span.fail(error_type or outcome.value)
        else:
            span.excuse()
        if self._logger is not None:
            fields = self._fields(ctx, request, outcome, seconds, waited, error_type)
            if error is not None and outcome is Outcome.ERROR:
                fields[LogField.EXCEPTION_OBJECT] = error
            write_line(self._logger, Event.MCP_OPERATION, outcome, fields)

    def _fields(
        self,
        ctx: CallContext,
        request: Request,
        outcome: Outcome,
        seconds: float,
        waited: float,
        error_type: str | None,
    ) -> dict[str, object]:
        call = request.call
        arguments = params_of(ctx).get("arguments")
        return {
            LogField.METHOD: call.method,
            LogField.TOOL: call.tool or None,
            LogField.OUTCOME: outcome.value,
            LogField.DURATION_MS: milliseconds(seconds),
            LogField.WAITED_MS: milliseconds(waited),
            LogField.ERROR_TYPE: error_type,
            LogField.REQUEST_ID: call.request_id,
            LogField.PROGRESS_TOKEN: call.progress_token,
            LogField.TRANSPORT: call.transport,
            LogField.CONNECTION_ID: connection_of(ctx),
            LogField.ARGUMENTS: summarise(arguments, self._sanitizer),
            **request.operation.fields,
        }

    def _note(self, ctx: CallContext) -> None:
        """Log which request a cancellation withdraws; the SDK carries it out."""
        if ctx.method != _CANCELLED_NOTIFICATION or self._logger is None:
            return
        fields = {
            LogField.REQUEST_ID: identifier(params_of(ctx).get("requestId")),
            LogField.CONNECTION_ID: connection_of(ctx),
        }
        write_line(self._logger, Event.MCP_CANCELLED, Outcome.CANCELLED, fields, quiet=True)
