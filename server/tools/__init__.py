"""Tools: one module each, declared by a ``ToolSpec`` and bound to the server in ``registry``."""

from server.tools.base import ToolCall, ToolError, ToolResult, ToolSpec
from server.tools.registry import build_tools, tool_specs
from server.tools.tool import Tool

__all__ = ["Tool", "ToolCall", "ToolError", "ToolResult", "ToolSpec", "build_tools", "tool_specs"]
