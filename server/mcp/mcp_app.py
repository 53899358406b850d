"""The MCP application: both transports of the MCP port behind one guard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiohttp import web

from server.mcp.http import MCP_PATH, McpHttp
from server.mcp.websocket import WS_PATH, McpWebSocket

__all__ = ["mcp_app"]


def mcp_app(http: McpHttp, socket: McpWebSocket, *, middlewares: Sequence[Any] = ()) -> web.Application:
    """The application of the MCP port.

    Args:
        http: serves ``/mcp``.
        socket: serves ``/ws``.
        middlewares: aiohttp middlewares, outermost first.
    """
    app = web.Application(middlewares=middlewares)
    app.router.add_route("*", MCP_PATH, http.handle)
    app.router.add_get(WS_PATH, socket.handle)
    return app
