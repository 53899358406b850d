"""All tools of the server, in the order in which clients see them."""

from __future__ import annotations

from server.services import Services
from server.tools import chat, health, listmodels, slo_status, status, version
from server.tools.arguments import compile_check
from server.tools.base import ToolSpec
from server.tools.tool import Tool

__all__ = ["build_tools", "tool_specs"]


def tool_specs() -> tuple[ToolSpec, ...]:
    """The declarations of all tools, ordered by name."""
    modules = (chat, health, listmodels, slo_status, status, version)
    return tuple(sorted((module.SPEC for module in modules), key=lambda spec: spec.name))


def build_tools(services: Services) -> dict[str, Tool]:
    """All tools bound to ``services``, by name, in the order of :func:`tool_specs`.

    Raises:
        MissingExtraError: jsonschema is not installed.
    """
    return {spec.name: Tool(spec, services, compile_check(spec.name, spec.input_schema)) for spec in tool_specs()}
