"""MCP over standard input and output: one client, no port; people are spoken to on stderr."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

from exai_sre.clock import Clock
from exai_sre.middleware.server_messages import CarryingStream

__all__ = ["serve_stdio"]


async def serve_stdio(server: Server[Any], *, clock: Clock, on_closed: Callable[[float], None]) -> None:
    """Serve the client at the other end of the pipes until it closes its end.

    Args:
        server: the protocol core.
        clock: measures the life of the connection.
        on_closed: gets the life of the connection in seconds.
    """
    opened = clock.monotonic()
    try:
        async with stdio_server() as (from_client, to_client):
            await server.run(from_client, CarryingStream(to_client), server.create_initialization_options())
    finally:
        on_closed(clock.monotonic() - opened)
