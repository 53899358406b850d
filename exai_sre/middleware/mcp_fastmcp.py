"""The frame for FastMCP servers: one entry of their public middleware list."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from exai_sre.middleware.mcp_requests import McpRequests

__all__ = ["FastMcpRequest", "fastmcp_middleware", "is_fastmcp", "leave_spans_to_us"]

_SERVER: Final = "fastmcp.server.server"
_MIDDLEWARE: Final = "fastmcp.server.middleware"

_served: ContextVar[object] = ContextVar("exai_sre_served_fastmcp_request", default=None)
"""FastMCP's context of the request that is being served."""


@dataclass(slots=True)
class FastMcpRequest:
    """A request to a FastMCP server as the instrumentation reads it.

    Attributes:
        method: JSON-RPC method.
        params: its params; of a validated message what the instrumentation reads.
        request_id: JSON-RPC id; ``None`` for a notification.
        request: the HTTP request that brought it, or ``None``.
        protocol_version: MCP revision in force.
    """

    method: str
    params: Mapping[str, Any]
    request_id: str | int | None
    request: Any
    protocol_version: str


def is_fastmcp(server: object) -> bool:
    """Whether ``server`` is a ``FastMCP``; who holds one has imported FastMCP, so this imports nothing."""
    kind = getattr(sys.modules.get(_SERVER), "FastMCP", None)
    return kind is not None and isinstance(server, kind)


def leave_spans_to_us() -> None:
    """Tell FastMCP to make no spans of its own: each request has one already."""
    settings = sys.modules["fastmcp"].settings
    if settings.telemetry_mode == "native":
        settings.telemetry_mode = "propagation_only"


def fastmcp_middleware(requests: McpRequests) -> Any:
    """A FastMCP middleware around ``requests``; its attribute ``instrumentation`` is the caller's to set."""
    base: Any = sys.modules[_MIDDLEWARE].Middleware

    class FastMcpMiddleware(base):  # type: ignore[misc]
        async def __call__(self, context: Any, call_next: Callable[[Any], Any]) -> Any:
            # One override for all messages: FastMCP runs it once for each of them.
            return await _serve(requests, context, call_next)

    return FastMcpMiddleware()


async def _serve(requests: McpRequests, context: Any, call_next: Callable[[Any], Any]) -> Any:
    around = context.fastmcp_context.request_context if context.fastmcp_context is not None else None
    # Code of the service that calls its own tool, or a mounted server's, is inside a request of the
    # client or outside of any: neither is another request.
    if around is None or _served.get() is around:
        return await call_next(context)
    token = _served.set(around)
    try:
        return await requests.serve(_read(context, around), partial(call_next, context))
    finally:
        _served.reset(token)


def _read(context: Any, around: Any) -> FastMcpRequest:
    notified = context.type == "notification"
    request_id = None if notified else around.request_id
    return FastMcpRequest(
        context.method or "", _params(context.message, around.meta), request_id, around.request, around.protocol_version
    )


def _params(message: Any, meta: object) -> Mapping[str, Any]:
    if isinstance(message, Mapping):
        return message
    return {"name": getattr(message, "name", None), "arguments": getattr(message, "arguments", None), "_meta": meta}
