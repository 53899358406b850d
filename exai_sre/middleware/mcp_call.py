"""What an MCP request is about and how it ended; knows the protocol, not the SDK."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from traceback import walk_tb
from types import MappingProxyType
from typing import Any, Final, Protocol

from exai_sre.context import Inbound, correlation_id, current_baggage, current_trace, extract, extract_meta
from exai_sre.context.carriers import NOTHING
from exai_sre.metrics import OTHER
from exai_sre.metrics.families.mcp import MCP_METHODS, NO_TOOL, TRANSPORTS
from exai_sre.middleware.websocket import WebSocketRequest
from exai_sre.names import Attribute
from exai_sre.outcome import Outcome
from exai_sre.resilience.classify import outcome_of
from exai_sre.tracing import AttributeValue

__all__ = [
    "CallContext",
    "McpCall",
    "carrier_of",
    "code_outcome",
    "connection_of",
    "error_outcome",
    "identifier",
    "is_error",
    "malformed_request",
    "message_ids",
    "params_of",
    "sdk_refused",
    "transport_of",
]

_CALL_TOOL: Final = "tools/call"
_TOOL_NAME = re.compile(r"[A-Za-z0-9_./-]{1,128}", re.ASCII)
_BAD_ARGUMENTS = re.compile(r": [0-9]+ validation errors? for \w+Arguments\n")
_ID_LENGTH: Final = 64
_NO_PARAMS: Final[Mapping[str, Any]] = MappingProxyType({})
_SDK_PACKAGES: Final = frozenset({"mcp", "mcp_types"})
# JSON-RPC 2.0, section 5.1, and the MCP specification's own codes (revision 2026-07-28).
_TIMED_OUT: Final = -32001
_CONNECTION_CLOSED: Final = -32000
_CLIENT_CODES: Final = frozenset({-32700, -32600, -32601, -32602, -32002, -32020, -32021, -32022, -32042})


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


@dataclass(frozen=True, slots=True)
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
    """

    method: str
    tool: str
    transport: str
    request_id: str | int | None
    progress_token: str | int | None
    known_tool: bool

    @classmethod
    def read(cls, ctx: CallContext, tools: Collection[str], transport: str) -> McpCall:
        """Read a request; ``tools`` are the server's tool names, empty where they are not known."""
        params = params_of(ctx)
        tool, known = NO_TOOL, True
        if ctx.method == _CALL_TOOL:
            name = params.get("name")
            valid = isinstance(name, str) and _TOOL_NAME.fullmatch(name) is not None
            known = valid and (not tools or name in tools)
            tool = str(name) if known else OTHER
        meta = params.get("_meta")
        token = meta.get("progressToken") if isinstance(meta, Mapping) else None
        method = ctx.method if ctx.method in MCP_METHODS else OTHER
        return cls(method, tool, transport, identifier(ctx.request_id), identifier(token), known)

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


def message_ids(ctx: CallContext) -> Inbound:
    """The ids in the message's own ``_meta``."""
    return extract_meta(params_of(ctx).get("_meta"))


def code_outcome(code: int) -> Outcome:
    """How a request ended that was answered with this JSON-RPC error code."""
    if code in _CLIENT_CODES:
        return Outcome.CLIENT_ERROR
    if code == _TIMED_OUT:
        return Outcome.TIMEOUT
    return Outcome.CANCELLED if code == _CONNECTION_CLOSED else Outcome.ERROR


def is_error(result: object) -> bool:
    """Whether a result, serialised or not, is one with ``isError``."""
    if type(result) is dict or isinstance(result, Mapping):
        return result.get("isError") is True
    return getattr(result, "is_error", False) is True


def sdk_refused(result: object, name: object) -> bool:
    """Whether ``MCPServer`` itself refused the call: no such tool, or arguments against its schema.

    It says so by text alone, which a contract test compares with the SDK that is installed.
    """
    content = result.get("content") if isinstance(result, Mapping) else getattr(result, "content", None)
    first = content[0] if isinstance(content, list) and len(content) == 1 else None
    text = first.get("text") if isinstance(first, Mapping) else getattr(first, "text", None)
    if not isinstance(text, str):
        return False
    return text == f"Unknown tool: {name}" or (
        text.startswith(f"Error executing tool {name}: ") and _BAD_ARGUMENTS.search(text[:512]) is not None
    )


def malformed_request(error: BaseException) -> bool:
    """Whether the SDK refused the request's own params.

    A pydantic ``ValidationError`` may also come out of a tool that trips over its own data. The
    SDK checks params in its own frames, so the innermost frame outside pydantic tells the two
    apart.
    """
    if type(error).__name__ != "ValidationError" or not type(error).__module__.startswith("pydantic"):
        return False
    packages = [frame.f_globals.get("__name__", "").partition(".")[0] for frame, _ in walk_tb(error.__traceback__)]
    outside = [package for package in packages if package != "pydantic"]
    return bool(outside) and outside[-1] in _SDK_PACKAGES


def error_outcome(error: BaseException) -> tuple[Outcome, str]:
    """How a request ended that raised ``error``, and the class of the error."""
    code = getattr(error, "code", None)
    if isinstance(getattr(error, "outcome", None), Outcome):
        return outcome_of(error), type(error).__qualname__
    if isinstance(code, int) and hasattr(error, "error"):
        return code_outcome(code), str(code)
    if malformed_request(error):
        return Outcome.CLIENT_ERROR, str(-32602)
    return outcome_of(error), type(error).__qualname__
