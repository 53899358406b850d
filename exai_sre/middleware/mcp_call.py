"""What an MCP request is about; knows the protocol, not the SDK."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Protocol

from exai_sre.context import Inbound, correlation_id, current_baggage, current_trace, extract, extract_meta
from exai_sre.context.carriers import NOTHING
from exai_sre.metrics import OTHER
from exai_sre.metrics.families.mcp import MCP_METHODS, NO_TOOL, TRANSPORTS
from exai_sre.middleware.websocket import WebSocketRequest
from exai_sre.names import Attribute
from exai_sre.tracing import AttributeValue

__all__ = [
    "CALL_TOOL",
    "CallContext",
    "McpCall",
    "carrier_of",
    "client_of",
    "connection_of",
    "identifier",
    "message_ids",
    "params_of",
    "transport_of",
]

CALL_TOOL: Final = "tools/call"
"""The method whose requests name a tool."""

_METHODS: Final = frozenset(MCP_METHODS)
_TOOL_NAME = re.compile(r"[A-Za-z0-9_./-]{1,128}", re.ASCII)
_ID_LENGTH: Final = 64
_SESSION_HEADER: Final = "mcp-session-id"
_LONGEST_SESSION: Final = 256
_NO_PARAMS: Final[Mapping[str, Any]] = MappingProxyType({})


class CallContext(Protocol):
    """What is read of the SDK's ``ServerRequestContext``."""

    @property
    def method(self) -> str:
        """JSON-RPC method."""
        ...

    @property
    def params(self) -> Mapping[str, Any] | None:
        """JSON-RPC params, not validated."""
        ...

    @property
    def request_id(self) -> str | int | None:
        """JSON-RPC id; ``None`` for a notification."""
        ...

    @property
    def request(self) -> Any:
        """What brought the message, as its transport sees it."""
        ...

    @property
    def protocol_version(self) -> str:
        """MCP revision in force."""
        ...


@dataclass(slots=True)
class McpCall:
    """One MCP request, in words of bounded variety.

    Attributes:
        method: method as a label: known, or ``_OTHER``.
        tool: tool as a label: its name, ``_OTHER`` for one that is unknown or no name at all, empty
            for a method that calls no tool.
        transport: ``http``, ``pipe`` or ``websocket``, else ``_OTHER``.
        request_id: JSON-RPC id, a text cut to 64 characters.
        progress_token: the caller's progress token, under the same rule, or ``None``.
        known_tool: whether the tool is one of the server's; true where these are not known.
        name: the name that was called, as it came; of any kind and length.
    """

    method: str
    tool: str
    transport: str
    request_id: str | int | None
    progress_token: str | int | None
    known_tool: bool
    name: object = None

    @classmethod
    def read(cls, ctx: CallContext, tools: Collection[str], transport: str) -> McpCall:
        """Read a request; ``tools`` are the server's tool names, empty where they are not known."""
        params = params_of(ctx)
        tool, known, name = NO_TOOL, True, None
        if ctx.method == CALL_TOOL:
            name = params.get("name")
            # A name on the list needs no look: only where there is none must it be one at all.
            known = isinstance(name, str) and (name in tools if tools else _TOOL_NAME.fullmatch(name) is not None)
            tool = str(name) if known else OTHER
        meta = params.get("_meta")
        token = meta.get("progressToken") if meta and isinstance(meta, Mapping) else None
        method = ctx.method if ctx.method in _METHODS else OTHER
        return cls(method, tool, transport, identifier(ctx.request_id), identifier(token), known, name)

    def refuse_tool(self) -> None:
        """Take note that the server has no tool of that name."""
        self.tool, self.known_tool = OTHER, False

    @property
    def span_name(self) -> str:
        """Name of the span: method, and tool where there is one (MCP semantic conventions)."""
        return f"{self.method} {self.tool}" if self.tool else self.method

    def attributes(self, protocol_version: str) -> dict[str, AttributeValue]:
        """Span attributes known at the start."""
        found: dict[str, AttributeValue] = {
            Attribute.MCP_METHOD: self.method,
            Attribute.MCP_PROTOCOL_VERSION: protocol_version,
            Attribute.TRANSPORT: self.transport,
        }
        if self.request_id is not None:
            found[Attribute.REQUEST_ID] = str(self.request_id)
        if self.tool:
            found[Attribute.TOOL] = self.tool
            found[Attribute.GEN_AI_OPERATION] = "execute_tool"
        return found


def params_of(ctx: CallContext) -> Mapping[str, Any]:
    """The params of a message; an empty mapping where they are none or no mapping."""
    params = ctx.params
    # The plain type first: asking the abstract one costs a tenth of the whole middleware.
    if type(params) is dict or isinstance(params, Mapping):
        return params
    return _NO_PARAMS


def identifier(value: object) -> str | int | None:
    """A JSON-RPC id or progress token as logs hold it: a text cut to 64 characters, or a whole number."""
    if isinstance(value, str):
        return value[:_ID_LENGTH]
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def transport_of(ctx: CallContext) -> str:
    """The transport that brought a request: what it says itself, else ``http``, else ``pipe``."""
    if ctx.request is None:
        return "pipe"
    said = getattr(ctx.request, "transport", None)
    if isinstance(said, str):
        return said if said in TRANSPORTS else OTHER
    return "http" if hasattr(ctx.request, "headers") else OTHER


def carrier_of(ctx: CallContext, transport: str) -> Inbound:
    """The ids of what brought the message: the running ones where an HTTP middleware set them."""
    if isinstance(ctx.request, WebSocketRequest):
        return ctx.request.carrier
    if transport != "http":
        return NOTHING
    running = correlation_id.get()
    if running is not None:
        return Inbound(running, current_trace.get(), current_baggage.get())
    return extract(getattr(ctx.request, "headers", None))


def connection_of(ctx: CallContext) -> str | None:
    """The id of the WebSocket connection that brought the message."""
    return ctx.request.connection_id if isinstance(ctx.request, WebSocketRequest) else None


def client_of(ctx: CallContext) -> str | None:
    """Who sent a request, as far as the protocol tells: an id to compare, never to show.

    The connection of a WebSocket, the only client of stdio, the session of an HTTP request; where
    the protocol has no sessions, the caller's trace: an agent's run is one as a rule.
    """
    if isinstance(ctx.request, WebSocketRequest):
        return ctx.request.connection_id
    if ctx.request is None:
        return "pipe"
    headers = getattr(ctx.request, "headers", None)
    session = headers.get(_SESSION_HEADER) if headers is not None else None
    if isinstance(session, str):
        return session[:_LONGEST_SESSION]
    trace = current_trace.get()
    return trace.trace_id if trace is not None else None


def message_ids(ctx: CallContext) -> Inbound:
    """The ids in the message's own ``_meta``."""
    return extract_meta(params_of(ctx).get("_meta"))
