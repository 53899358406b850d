"""Instrumenting an MCP server of the official SDK or of FastMCP: metrics, span, log line and ids per request."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from exai_sre.clock import Clock, SystemClock
from exai_sre.errors import ExaiSreError
from exai_sre.extras import require
from exai_sre.metrics import Catalog
from exai_sre.metrics.families import McpMetrics
from exai_sre.middleware.mcp_call import CallContext, client_of, transport_of
from exai_sre.middleware.mcp_fastmcp import fastmcp_middleware, is_fastmcp, leave_spans_to_us
from exai_sre.middleware.mcp_loops import LoopOptions
from exai_sre.middleware.mcp_requests import Classify, McpOptions, McpRequests
from exai_sre.middleware.request_logging import RequestLogger, SupportsRedaction
from exai_sre.tracing import Tracing

__all__ = ["Classify", "Instrumentation", "McpMiddleware", "UnsupportedServerError", "instrument"]

_SDK_SPANS: Final = "OpenTelemetryMiddleware"


class UnsupportedServerError(ExaiSreError, TypeError):
    """An object that is no server of the official SDK or of FastMCP, so that nothing public can be hooked into."""


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
    middleware: Any


def instrument(
    server: Any,
    *,
    catalog: Catalog | None = None,
    tools: Collection[str] = (),
    logger: RequestLogger | None = None,
    tracing: Tracing | None = None,
    sanitizer: SupportsRedaction | None = None,
    logger_redacts: bool = False,
    classify: Classify | None = None,
    clock: Clock | None = None,
    transport: Callable[[CallContext], str] | None = None,
    client: Callable[[CallContext], str | None] | None = None,
    loops: LoopOptions | None = LoopOptions(),  # noqa: B008 - frozen
    public: bool = False,
) -> Instrumentation:
    """Give every request of ``server`` a metric set, a span, a log line and its ids.

    One middleware is put into the server's public ``middleware`` list, outermost, in place of
    the SDK's own that makes spans. FastMCP's spans are switched off by its setting
    ``telemetry_mode`` (``native`` becomes ``propagation_only``) where ``tracing`` records. A
    second call changes nothing and returns the first result.

    Args:
        server: the SDK's low-level ``Server`` or its ``MCPServer``, or a ``FastMCP``.
        catalog: where to declare the metric families; a new one by default.
        tools: the server's tool names; calls of others count as ``_OTHER``. With none given, the
            first 50 names seen get series of their own, at most 25 of them names that only failed; what
            the server calls unknown is ``_OTHER``.
        logger: where each request leaves its line; none by default, as standard output may be
            the transport.
        tracing: starts the spans; by default calls carry ids alone.
        sanitizer: redacts the arguments in log lines; without one only their shape is logged.
        logger_redacts: whether the logger redacts all texts, as those of ``configure_logging`` do.
        classify: judges what nothing inside judged: a result with ``isError``, or FastMCP's ``ToolError``.
        clock: for durations.
        transport: tells the transport; by default its own word, else ``http`` with headers, else ``pipe``.
        client: tells who sent a request, for agent loops; by default its connection, session or trace.
        loops: when equal failing calls of one client are an agent loop; ``None`` looks for none.
        public: whether callers are strangers: their trace is then only linked to, and their baggage dropped.

    Raises:
        UnsupportedServerError: ``server`` is of neither kind.
        MissingExtraError: the SDK is not installed.
        CatalogError: the catalog holds the families with other tool names.
    """
    fast = is_fastmcp(server)
    chain: list[Any] = server.middleware if fast else _middleware_list(server)
    if (present := _present(chain)) is not None:
        return present
    # An empty catalog is false: it is the caller's all the same.
    catalog = Catalog() if catalog is None else catalog
    tracing = tracing or Tracing()
    options = McpOptions(
        tuple(tools), logger, tracing, sanitizer, logger_redacts, classify, clock or SystemClock(),
        transport or transport_of, client or client_of, loops, public,
    )  # fmt: skip
    if fast and tracing.may_record:
        leave_spans_to_us()
    return _put_into(chain, catalog, McpRequests(catalog, options), fast=fast)


def _present(chain: list[Any]) -> Instrumentation | None:
    found = (getattr(each, "instrumentation", None) for each in chain)
    return next((each for each in found if isinstance(each, Instrumentation)), None)


def _put_into(chain: list[Any], catalog: Catalog, requests: McpRequests, *, fast: bool) -> Instrumentation:
    middleware = fastmcp_middleware(requests) if fast else McpMiddleware(requests)
    made = middleware.instrumentation = Instrumentation(catalog, requests.metrics, middleware)
    # Outermost, so that what other middleware refuses is measured too.
    chain[:] = [middleware, *(each for each in chain if not _makes_sdk_spans(each))]
    return made


def _middleware_list(server: Any) -> list[Any]:
    lowlevel = require("mcp.server", package="mcp", extra="mcp").Server
    high_level = require("mcp.server.mcpserver", package="mcp", extra="mcp").MCPServer
    if not isinstance(server, lowlevel | high_level):
        kind = type(server)
        raise UnsupportedServerError(
            f"{kind.__module__}.{kind.__qualname__} is no server of the official MCP SDK or of FastMCP",
            remedy="pass an mcp.server.Server, an mcp.server.mcpserver.MCPServer or a fastmcp.FastMCP",
        )
    chain: list[Any] = server.middleware
    return chain


def _makes_sdk_spans(middleware: object) -> bool:
    """Whether this is the SDK's span maker, whose class has no public name to import."""
    kind = type(middleware)
    return kind.__name__ == _SDK_SPANS and kind.__module__.partition(".")[0] == "mcp"


class McpMiddleware:
    """One entry of the SDK's ``Server.middleware``; made by :func:`instrument`.

    Args:
        requests: what happens around each message.

    Attributes:
        instrumentation: the result of :func:`instrument` that it belongs to.
    """

    instrumentation: Instrumentation

    def __init__(self, requests: McpRequests) -> None:
        self._serve = requests.serve

    async def __call__(self, ctx: CallContext, call_next: Callable[[Any], Any]) -> Any:
        """Run one message through the rest of the server's chain."""
        return await self._serve(ctx, partial(call_next, ctx))
