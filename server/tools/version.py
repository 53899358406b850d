"""``version``: what is running."""

from __future__ import annotations

import platform
from typing import Final

from exai_sre.version import __version__
from server.services import Services
from server.tools.base import Arguments, ToolCall, ToolResult, ToolSpec
from server.tools.schema import NO_ARGUMENTS, open_object

__all__ = ["SPEC"]


async def _run(services: Services, _arguments: Arguments, _call: ToolCall) -> ToolResult:
    structured = {
        "server": services.version,
        "library": __version__,
        "python": platform.python_version(),
        "replica": services.replica,
        "uptime_seconds": round(services.clock.time() - services.started_at, 3),
    }
    text = "EX-AI MCP server {server}, exai_sre {library}, Python {python}, replica {replica}".format(**structured)
    return ToolResult(text, structured)


SPEC: Final = ToolSpec(
    name="version",
    title="Version",
    description="Show the versions of the server, its library and Python, the replica's id and its uptime.",
    input_schema=NO_ARGUMENTS,
    output_schema=open_object(
        {
            "server": {"type": "string"},
            "library": {"type": "string"},
            "python": {"type": "string"},
            "replica": {"type": "string"},
            "uptime_seconds": {"type": "number"},
        }
    ),
    handler=_run,
)
"""The declaration of ``version``."""
