"""How an MCP request ended: by its result, by what was raised; knows the protocol and two frameworks' words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from traceback import walk_tb
from typing import Final

from exai_sre.outcome import Outcome
from exai_sre.resilience.classify import outcome_of

__all__ = [
    "TOOL_ERROR",
    "Ending",
    "code_outcome",
    "ending_of_error",
    "ending_of_result",
    "error_outcome",
    "fastmcp_error",
    "is_error",
    "malformed_request",
    "sdk_refused",
]

TOOL_ERROR: Final = "tool_error"
"""Error type of a result with ``isError`` (MCP semantic conventions)."""

_BAD_ARGUMENTS = re.compile(r": [0-9]+ validation errors? for \w+Arguments\n")
_SDK_PACKAGES: Final = frozenset({"mcp", "mcp_types"})
_FASTMCP_ERRORS: Final = "fastmcp.exceptions"
# JSON-RPC 2.0, section 5.1, and the MCP specification's own codes (revision 2026-07-28).
_TIMED_OUT: Final = -32001
_CONNECTION_CLOSED: Final = -32000
_INVALID_PARAMS: Final = -32602
_CLIENT_CODES: Final = frozenset({-32700, -32600, -32601, -32602, -32002, -32020, -32021, -32022, -32042})
_MISSING: Final = frozenset({"DisabledError", "NotFoundError"})
_REFUSED: Final = frozenset({"AuthorizationError", "ValidationError"})
_NO_SUCH_TOOL: Final = "Unknown tool: "


@dataclass(frozen=True, slots=True)
class Ending:
    """How a request ended, as far as its result or its error tells.

    Attributes:
        outcome: the outcome; ``None`` for an error whose cause nothing here knows.
        error_type: class of the error, or its code; ``None`` where there was none.
        unknown_tool: whether the server said that it has no such tool.
        error: what went wrong, where an exception is known.
        code: JSON-RPC code of the error, where it has one.
    """

    outcome: Outcome | None
    error_type: str | None = None
    unknown_tool: bool = False
    error: BaseException | None = None
    code: int | None = None


_WELL: Final = Ending(Outcome.OK)


def ending_of_result(result: object, name: object) -> Ending:
    """How a request ended that was answered with ``result``.

    Args:
        result: the result, serialised or not.
        name: name of the tool that was called, or ``None``.
    """
    if not is_error(result):
        return _WELL
    text = _only_text(result)
    unknown = text in (f"{_NO_SUCH_TOOL}{name}", f"{_NO_SUCH_TOOL}{name!r}")
    return Ending(Outcome.CLIENT_ERROR if sdk_refused(result, name) else None, TOOL_ERROR, unknown)


def ending_of_error(error: BaseException, name: object = None) -> Ending:
    """How a request ended that raised ``error``."""
    if (found := fastmcp_error(error)) is not None:
        return found
    outcome, kind = error_outcome(error)
    code = getattr(error, "code", None)
    if not isinstance(code, int) or not hasattr(error, "error"):
        return Ending(outcome, kind, error=error)
    # With the name behind it: an upstream may say the same of a tool of its own.
    unknown = code == _INVALID_PARAMS and str(error) in (f"{_NO_SUCH_TOOL}{name}", f"{_NO_SUCH_TOOL}{name!r}")
    return Ending(outcome, kind, unknown, error, code)


def fastmcp_error(error: BaseException) -> Ending | None:
    """How a request to a FastMCP server ended that raised ``error``; ``None`` for an error that is not FastMCP's.

    FastMCP wraps what a tool raises into a ``ToolError``: the cause tells then. One without a
    cause is a tool's own word for a result with ``isError``.
    """
    kinds = {kind.__name__ for kind in type(error).__mro__ if kind.__module__ == _FASTMCP_ERRORS}
    if not kinds:
        return None
    if kinds & _MISSING:
        return Ending(Outcome.CLIENT_ERROR, str(_INVALID_PARAMS), unknown_tool=True, error=error, code=_INVALID_PARAMS)
    if kinds & _REFUSED:
        return Ending(Outcome.CLIENT_ERROR, type(error).__qualname__, error=error)
    cause = error.__cause__
    if cause is None:
        return Ending(None, TOOL_ERROR)
    if getattr(cause, "code", None) == _CONNECTION_CLOSED:
        # FastMCP's own word for a tool that exceeded its time: no connection was closed.
        return Ending(Outcome.TIMEOUT, TimeoutError.__qualname__, error=cause)
    outcome, kind = error_outcome(cause)
    return Ending(outcome, kind, error=cause)


def _only_text(result: object) -> str | None:
    """The text of a result that holds nothing else."""
    content = result.get("content") if isinstance(result, Mapping) else getattr(result, "content", None)
    first = content[0] if isinstance(content, list) and len(content) == 1 else None
    text = first.get("text") if isinstance(first, Mapping) else getattr(first, "text", None)
    return text if isinstance(text, str) else None


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
    text = _only_text(result)
    if text is None:
        return False
    return text == f"{_NO_SUCH_TOOL}{name}" or (
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
        return Outcome.CLIENT_ERROR, str(_INVALID_PARAMS)
    return outcome_of(error), type(error).__qualname__
