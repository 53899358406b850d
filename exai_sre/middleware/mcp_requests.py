"""What happens around one MCP request, whatever frame brought it: ids, metrics, span, log line, loops."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from exai_sre.clock import Clock, SystemClock, reading
from exai_sre.context import Operation, TraceContext, correlation_id, current_operation, unit_of_work
from exai_sre.context.carriers import NOTHING
from exai_sre.metrics import Catalog
from exai_sre.metrics.bound import BoundCounter
from exai_sre.metrics.families import McpMetrics, TelemetryMetrics
from exai_sre.metrics.families.mcp_loops import McpLoopMetrics
from exai_sre.middleware.correlation_id import choose_ids, count_rejections, distrust
from exai_sre.middleware.mcp_arguments import argument_text
from exai_sre.middleware.mcp_call import (
    CALL_TOOL,
    CallContext,
    McpCall,
    carrier_of,
    client_of,
    connection_of,
    identifier,
    message_ids,
    params_of,
    transport_of,
)
from exai_sre.middleware.mcp_endings import Ending, ending_of_error, ending_of_result
from exai_sre.middleware.mcp_loops import AgentLoop, AgentLoops, LoopOptions
from exai_sre.middleware.metrics_collection import McpMeter
from exai_sre.middleware.request_logging import (
    RequestLogger,
    SupportsRedaction,
    milliseconds,
    write_line,
)
from exai_sre.names import Attribute, Event, LogField
from exai_sre.outcome import Outcome
from exai_sre.tracing import Span, Tracing

__all__ = ["Classify", "McpOptions", "McpRequests"]

Classify = Callable[[Any], Outcome | None]
"""Judges what nothing inside judged: a result with ``isError``, or FastMCP's ``ToolError``; ``None``, or to
raise, is no opinion."""

_CANCELLED_NOTIFICATION: Final = "notifications/cancelled"
_MOST_PROVEN: Final = 512
_MOST_REFUSED: Final = 100
_MOST_UNPROVEN: Final = 25


@dataclass(frozen=True, slots=True)
class McpOptions:
    """What requests leave behind, and how they are judged.

    Attributes:
        tools: the server's tool names; calls of others count as ``_OTHER``.
        logger: where each request leaves its line; ``None`` for no lines.
        tracing: starts the spans.
        sanitizer: redacts the arguments in log lines; without one only their shape is logged.
        logger_redacts: whether the logger takes secrets out of all texts, as those of
            ``configure_logging`` do: arguments are then looked at as a structure alone.
        classify: judges what nothing inside judged.
        clock: for durations.
        transport: tells the transport of a request.
        client: tells who sent a request, for agent loops; ``None`` for who is unknown.
        loops: when equal failing calls are a loop; ``None`` to look for none.
        public: whether callers are strangers: the trace in their messages is then only linked to, and their baggage
            is dropped, as ``HttpInstruments.public`` does for headers.
    """

    tools: Collection[str] = ()
    logger: RequestLogger | None = None
    tracing: Tracing = field(default_factory=Tracing)
    sanitizer: SupportsRedaction | None = None
    logger_redacts: bool = False
    classify: Classify | None = None
    clock: Clock = field(default_factory=SystemClock)
    transport: Callable[[CallContext], str] = transport_of
    client: Callable[[CallContext], str | None] = client_of
    loops: LoopOptions | None = field(default_factory=LoopOptions)
    public: bool = False


@dataclass(slots=True)
class _Request:
    """One request in progress."""

    ctx: CallContext
    call: McpCall
    operation: Operation
    span: Span
    start: float


@dataclass(slots=True)
class _Judged:
    """How a request ended, once everybody has been asked."""

    outcome: Outcome
    error_type: str | None
    error: BaseException | None = None
    repeats: int = 0


@dataclass(frozen=True, slots=True)
class _Watch:
    """What looks for agent loops, and counts them."""

    loops: AgentLoops
    found: BoundCounter
    calls: BoundCounter

    @classmethod
    def over(cls, catalog: Catalog, options: LoopOptions) -> _Watch:
        metrics = McpLoopMetrics.declare(catalog)
        return cls(AgentLoops(options), metrics.loops.labels(), metrics.calls.labels())


class McpRequests:
    """Serves the messages of one server.

    Args:
        catalog: where the families are declared.
        options: what requests leave behind.
    """

    def __init__(self, catalog: Catalog, options: McpOptions) -> None:
        self.metrics = McpMetrics.declare(catalog, tuple(options.tools))
        self._use = options
        self._tools = frozenset(options.tools)
        self._meter = McpMeter(self.metrics)
        self._rejected = count_rejections(TelemetryMetrics.declare(catalog))
        self._watch = _Watch.over(catalog, options.loops) if options.loops else None
        self._now = reading(options.clock)
        # By the class, for a stand-in of a logger may answer to any name.
        self._logs_info: Callable[[Any, int], bool] | None = getattr(type(options.logger), "is_enabled_for", None)
        self._proven: set[str] = set()
        self._unproven: set[str] = set()
        self._refused = 0

    async def serve(self, ctx: CallContext, answer: Callable[[], Awaitable[Any]]) -> Any:
        """Run one message; ``answer`` is the rest of the server."""
        transport = self._use.transport(ctx)
        message, carrier = message_ids(ctx), carrier_of(ctx, transport)
        strangers: tuple[TraceContext, ...] = ()
        if self._use.public:
            judged = correlation_id.get() is not None
            message, carrier, strangers = distrust(message, carrier, judged=judged)
        if message is NOTHING and carrier is NOTHING:
            parent, link, unit = None, None, unit_of_work()
        else:
            ids = choose_ids(message, carrier, shared=transport == "websocket")
            parent, link, unit = ids.parent, ids.link, ids.open()
        with unit:
            self._rejected(message)
            # An upgrade request brings many messages: each of them would count it anew.
            if transport != "websocket":
                self._rejected(carrier)
            if ctx.request_id is None:
                self._note(ctx)
                return await answer()
            call = McpCall.read(ctx, self._tools, transport)
            tracing = self._use.tracing
            attributes = call.attributes(ctx.protocol_version) if tracing.recording else None
            # Only over HTTP is what surrounds a message the request that brought it.
            links, root = (link, *strangers) if link else strangers, transport != "http"
            with tracing.start(self._span_name(call), "server", parent, links, attributes, root=root) as span:
                return await self._run(ctx, call, span, answer)

    def _span_name(self, call: McpCall) -> str:
        """The name of the span; once many names were none of the server's, a tool must have answered to be named."""
        known = call.tool in self._proven or call.tool in self._unproven
        named = self._tools or not call.tool or known or self._refused < _MOST_REFUSED
        return call.span_name if named else call.method

    async def _run(self, ctx: CallContext, call: McpCall, span: Span, answer: Callable[[], Awaitable[Any]]) -> Any:
        operation = Operation(self._use.clock)
        request = _Request(ctx, call, operation, span, self._now())
        token = current_operation.set(operation)
        self._meter.begin(call.transport)
        try:
            result = await answer()
        except asyncio.CancelledError:
            self._finish(request, _Judged(Outcome.CANCELLED, None))
            raise
        except BaseException as error:
            self._finish(request, self._judge(request, ending_of_error(error, call.name), error))
            raise
        else:
            ending = ending_of_result(result, call.name)
            self._finish(request, self._judge(request, ending, result))
            return result
        finally:
            self._meter.end(call.transport)
            current_operation.reset(token)

    def _judge(self, request: _Request, ending: Ending, found: object) -> _Judged:
        """The inside goes first, then what the ending shows, then whoever was asked to judge."""
        call = request.call
        if ending.unknown_tool and call.tool:
            call.refuse_tool()
        if ending.code is not None:
            request.span.set(Attribute.RPC_STATUS_CODE, str(ending.code))
        outcome = request.operation.outcome or ending.outcome
        if outcome is None and not call.known_tool:
            outcome = Outcome.CLIENT_ERROR
        if outcome is None and self._use.classify is not None:
            # A judgement that fails is no opinion: it must not cost the caller the result.
            with suppress(Exception):
                outcome = self._use.classify(found)
        # Without a look at its cause an error is ours: a fault must not hide among the callers'.
        judged = _Judged(outcome or Outcome.ERROR, ending.error_type, ending.error)
        if self._watch is not None and request.ctx.method == CALL_TOOL:
            judged.repeats = self._look_for_loop(self._watch, request, judged.outcome)
        return judged

    def _look_for_loop(self, watch: _Watch, request: _Request, outcome: Outcome) -> int:
        if outcome is Outcome.OK and not watch.loops:
            return 0
        # Who sent it and what it holds are a caller's choice: no surprise in them may cost the answer.
        with suppress(Exception):
            client = self._use.client(request.ctx)
            if client is not None:
                arguments = params_of(request.ctx).get("arguments")
                name = request.call.name
                named = name[:128] if isinstance(name, str) else ""
                return watch.loops.note(client, named, arguments, outcome, self._now())
        return 0

    def _finish(self, request: _Request, judged: _Judged) -> None:
        call, operation, span, outcome = request.call, request.operation, request.span, judged.outcome
        seconds, waited = self._now() - request.start, operation.waited
        if not self._tools and call.tool and call.known_tool:
            self._admit(call, outcome)
        self._meter.record(call.method, call.tool, call.transport, outcome, seconds, waited)
        span.set(Attribute.OUTCOME, outcome.value)
        if judged.error_type is not None:
            span.set(Attribute.ERROR_TYPE, judged.error_type)
        if not call.known_tool:
            span.set(Attribute.TOOL, call.tool)
            self._refused += 1
        if outcome.bad:
            span.fail(judged.error_type or outcome.value)
        else:
            span.excuse()
        if judged.repeats and self._watch is not None:
            self._tell_loop(self._watch, request, judged)
        logger = self._use.logger
        if logger is not None and (outcome.bad or self._logs_info is None or self._logs_info(logger, logging.INFO)):
            self._write(logger, request, judged, seconds, waited)

    def _admit(self, call: McpCall, outcome: Outcome) -> None:
        """Without a list of tools, names that have only failed have few places: a caller may make them up."""
        if call.tool in self._proven:
            return
        if outcome is Outcome.OK:
            if len(self._proven) < _MOST_PROVEN:
                self._proven.add(call.tool)
        elif call.tool not in self._unproven:
            if len(self._unproven) < _MOST_UNPROVEN:
                self._unproven.add(call.tool)
            else:
                call.refuse_tool()

    def _tell_loop(self, watch: _Watch, request: _Request, judged: _Judged) -> None:
        tool, repeats = request.call.tool, judged.repeats
        request.span.set(Attribute.REPEATS, repeats)
        watch.calls.inc()
        if watch.loops.is_new(repeats):
            watch.found.inc()
        logger = self._use.logger
        if logger is not None and watch.loops.is_telling(repeats):
            fields = {LogField.TOOL: tool, LogField.REPEATS: repeats, LogField.OUTCOME: judged.outcome.value}
            # A logger that fails loses the line, never the caller's answer.
            with suppress(Exception):
                logger.warning(Event.MCP_AGENT_LOOP, **fields)
        watch.loops.tell(AgentLoop(tool, repeats, judged.outcome))

    def _write(self, logger: RequestLogger, request: _Request, judged: _Judged, seconds: float, waited: float) -> None:
        call, ctx = request.call, request.ctx
        fields: dict[str, object] = {
            LogField.METHOD: call.method,
            LogField.TOOL: call.tool or None,
            LogField.OUTCOME: judged.outcome.value,
            LogField.DURATION_MS: milliseconds(seconds),
            LogField.WAITED_MS: milliseconds(waited),
            LogField.ERROR_TYPE: judged.error_type,
            LogField.REQUEST_ID: call.request_id,
            LogField.PROGRESS_TOKEN: call.progress_token,
            LogField.TRANSPORT: call.transport,
            LogField.CONNECTION_ID: connection_of(ctx),
            LogField.ARGUMENTS: argument_text(
                params_of(ctx).get("arguments"), self._use.sanitizer, scanned_later=self._use.logger_redacts
            ),
            LogField.REPEATS: judged.repeats or None,
            **request.operation.fields,
        }
        if judged.error is not None and judged.outcome is Outcome.ERROR:
            fields[LogField.EXCEPTION_OBJECT] = judged.error
        write_line(logger, Event.MCP_OPERATION, judged.outcome, fields)

    def _note(self, ctx: CallContext) -> None:
        """Log which request a cancellation withdraws; the server carries it out."""
        if ctx.method != _CANCELLED_NOTIFICATION or self._use.logger is None:
            return
        fields = {
            LogField.REQUEST_ID: identifier(params_of(ctx).get("requestId")),
            LogField.CONNECTION_ID: connection_of(ctx),
        }
        write_line(self._use.logger, Event.MCP_CANCELLED, Outcome.CANCELLED, fields, quiet=True)
