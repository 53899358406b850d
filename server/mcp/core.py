"""The protocol core: the server's tools behind the SDK's low-level server, free of any transport."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import mcp_types as types
from mcp.server.caching import CacheHint
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError

from exai_sre.context import correlation_id, current_operation, report_outcome
from exai_sre.names import LogField
from exai_sre.outcome import Outcome
from server.gate import CallGate
from server.tools import Tool, ToolCall, ToolError, ToolResult

__all__ = ["ERROR_META", "SERVER_NAME", "build_server"]

SERVER_NAME: Final = "exai-mcp"
"""Name under which the server introduces itself."""

ERROR_META: Final = "exai-sre/error"
"""Key in ``_meta`` of a failed call: its outcome, error type and, where known, ``retry_after`` in seconds."""

_TOOLS_TTL_MS: Final = 300_000
_Context = ServerRequestContext[Any]


def build_server(
    tools: Mapping[str, Tool],
    *,
    gate: CallGate,
    version: str,
    instructions: str = "",
    on_call: Callable[[Any], None] | None = None,
) -> Server[Any]:
    """The MCP server over ``tools``.

    Args:
        tools: tools by name, in the order in which clients see them.
        gate: admits each call.
        version: version of the server.
        instructions: what clients tell their model about the server.
        on_call: told of each call of a tool that exists, by the SDK's context of its request.
    """
    declared = [_declared(tool) for tool in tools.values()]
    schemas = {name: tool.spec.input_schema for name, tool in tools.items()}

    async def list_tools(_context: _Context, _params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return types.ListToolsResult(tools=declared)

    async def call_tool(context: _Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        tool = tools.get(params.name)
        if tool is None:
            raise MCPError(types.INVALID_PARAMS, f"Unknown tool: {params.name[:80]}")
        if on_call is not None:
            on_call(context)
        try:
            with gate.admitted():
                result = await tool.run(params.arguments or {}, ToolCall(_progress_sink(context)))
        except ToolError as error:
            return _failed(tool.marked(error))
        except Exception as error:  # the boundary: a defect becomes an answer, never a broken connection
            return _failed(tool.marked(_defect()), error)
        report_outcome(Outcome.OK)
        return _succeeded(result)

    return Server(
        SERVER_NAME,
        version=version,
        title="EX-AI MCP server",
        instructions=instructions or None,
        cache_hints={"tools/list": CacheHint(ttl_ms=_TOOLS_TTL_MS, scope="public")},
        get_tool_input_schema=schemas.get,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def _declared(tool: Tool) -> types.Tool:
    spec = tool.spec
    return types.Tool(
        name=spec.name,
        title=spec.title,
        description=spec.description,
        input_schema=spec.input_schema,
        output_schema=spec.output_schema,
        annotations=types.ToolAnnotations(read_only_hint=spec.read_only, open_world_hint=spec.open_world),
    )


def _progress_sink(context: _Context) -> Callable[[float, float | None, str | None], Any] | None:
    """Where progress of this call goes; ``None`` when the caller asked for none."""
    meta = context.meta
    if not meta or meta.get("progress_token") is None:
        return None
    return context.session.report_progress


def _defect() -> ToolError:
    where = f" (correlation id {correlation_id.get()})" if correlation_id.get() else ""
    return ToolError(Outcome.ERROR, f"the server failed on this call{where}", "internal_error")


def _succeeded(result: ToolResult) -> types.CallToolResult:
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=result.text)], structured_content=result.structured
    )


def _failed(error: ToolError, defect: Exception | None = None) -> types.CallToolResult:
    """The answer to a failed call; the log line of the call learns more than its caller."""
    report_outcome(error.outcome)
    operation = current_operation.get()
    if operation is not None:
        operation.fields[LogField.ERROR_TYPE] = error.error_type
        operation.fields[LogField.EXCEPTION_OBJECT] = defect
    about: dict[str, object] = {"outcome": error.outcome.value, "type": error.error_type}
    if error.retry_after is not None:
        about = {**about, "retry_after": error.retry_after}
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=str(error))], is_error=True, _meta={ERROR_META: about}
    )
