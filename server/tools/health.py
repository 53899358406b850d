"""``health``: readiness of this server and of what it depends on."""

from __future__ import annotations

from typing import Final

from server.services import Services
from server.tools.base import Arguments, ToolCall, ToolResult, ToolSpec
from server.tools.schema import NO_ARGUMENTS, open_object

__all__ = ["SPEC"]


async def _run(services: Services, _arguments: Arguments, _call: ToolCall) -> ToolResult:
    report = await services.health.ready()
    lines = [f"{report.status.value}: {'takes traffic' if report.ready else 'takes no traffic'}"]
    for component in report.components:
        state = "healthy" if component.healthy else "unhealthy"
        lines.append(f"{component.name}: {state}{f' ({component.detail})' if component.detail else ''}")
    return ToolResult("\n".join(lines), report.to_json())


SPEC: Final = ToolSpec(
    name="health",
    title="Health",
    description="Check whether this server takes traffic, and the health of each of its components.",
    input_schema=NO_ARGUMENTS,
    output_schema=open_object(
        {
            "ready": {"type": "boolean"},
            "status": {"type": "string"},
            "components": {"type": "array", "items": {"type": "object"}},
        }
    ),
    handler=_run,
)
"""The declaration of ``health``."""
