"""JSON-RPC codes of MCP as a client gets them, and the causes behind ``isError``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from exai_sre.resilience.classifiers.verdict import FAULT, LATE, REFUSED, TRANSIENT, Verdict

__all__ = ["CALLER_CODES", "JSON_RPC_CODES", "TOOL_ERROR_CAUSES", "read_mcp_error", "tool_failed", "tool_verdict"]

CALLER_CODES: Final = frozenset({-32700, -32600, -32601, -32602, -32002, -32020, -32021, -32022, -32042})
"""JSON-RPC codes that say that the request was wrong."""

JSON_RPC_CODES: Final[Mapping[int, Verdict]] = {
    **dict.fromkeys(CALLER_CODES, REFUSED),
    -32603: FAULT,
    -32001: LATE,
    # The connection closed before the answer came.
    -32000: TRANSIENT,
}
"""Verdicts by JSON-RPC code; any other code is a :data:`FAULT` of the server.

Source: JSON-RPC 2.0, section 5.1, and the MCP specification's own codes (revision 2026-07-28).
"""

TOOL_ERROR_CAUSES: Final[tuple[tuple[str, Verdict], ...]] = (
    (r"Unknown tool: ", REFUSED),
    (r"Error executing tool \S+: [0-9]+ validation errors? for \w+", REFUSED),
    (r"Input validation error: ", REFUSED),
)
"""How MCP servers begin the text of an ``isError`` result that the caller caused; any other is the server's."""

_CAUSES: Final = tuple((re.compile(pattern, re.ASCII), verdict) for pattern, verdict in TOOL_ERROR_CAUSES)


def read_mcp_error(error: BaseException, _now: float) -> Verdict | None:
    """What an MCP client's error means, of any SDK: one whose ``error`` has a JSON-RPC ``code``.

    Returns:
        The verdict; ``None`` for an exception of something else.
    """
    code = getattr(getattr(error, "error", None), "code", None)
    if not isinstance(code, int) or isinstance(code, bool):
        return None
    return JSON_RPC_CODES.get(code, FAULT)


def tool_verdict(result: object) -> Verdict | None:
    """What a tool's result with ``isError`` means, by a look at its cause; ``None`` for a good result.

    Args:
        result: a ``CallToolResult`` or its JSON.
    """
    if not _of(result, "isError", "is_error"):
        return None
    content = _of(result, "content", "content")
    first = content[0] if isinstance(content, (list, tuple)) and content else None
    text = str(_of(first, "text", "text") or "")
    return next((verdict for pattern, verdict in _CAUSES if pattern.match(text)), FAULT)


def tool_failed(result: object) -> bool:
    """Whether a tool's result tells of a fault of its server: for ``CircuitBreaker(failure_if=...)``."""
    verdict = tool_verdict(result)
    return verdict is not None and verdict.outcome.bad


def _of(holder: Any, key: str, attribute: str) -> Any:
    return holder.get(key) if isinstance(holder, Mapping) else getattr(holder, attribute, None)
