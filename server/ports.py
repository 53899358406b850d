"""The two ports: which applications they serve, behind which guard, with which instruments."""

from __future__ import annotations

import socket
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from exai_sre.logs import get_logger
from exai_sre.middleware.aiohttp_server import QUIET_ROUTES, HttpInstruments, instrument_app
from exai_sre.middleware.correlation_id import count_rejections
from exai_sre.middleware.websocket import WebSocketRequest
from exai_sre.outcome import Outcome
from exai_sre.slo import slo_report
from exai_sre.version import __version__
from server.app import Application
from server.guard import HostGuard
from server.mcp.http import MCP_PATH, McpHttp
from server.mcp.mcp_app import mcp_app
from server.mcp.websocket import WS_PATH, McpWebSocket, WebSocketLimits
from server.monitoring.http_server import MonitoringEndpoints
from server.monitoring.monitoring_server import monitoring_app
from server.monitoring.websocket_handler import EVENTS_PATH, EventsSocket
from server.sockets import TakenPorts, url_of

__all__ = ["serve_ports"]

_WEB: Final = Path(__file__).parent / "monitoring" / "web"
_LINGER: Final = 1.0
"""Seconds that open requests get to end when the server stops; calls have been waited for before."""


async def serve_ports(stack: AsyncExitStack, app: Application, taken: TakenPorts) -> None:
    """Serve both ports until ``stack`` is unwound."""
    http = McpHttp(
        app.core,
        gate=app.gate,
        max_body_bytes=app.settings.max_message_bytes,
        max_sessions=app.settings.max_connections,
    )
    await stack.enter_async_context(http.running())
    mcp_socket = _mcp_socket(app)
    events = EventsSocket(app.broadcaster, app.watch.metrics.websocket)
    app.goodbyes = (mcp_socket.close_all, events.close_all)

    def refused(request: web.Request) -> None:
        if request.path == WS_PATH:
            mcp_socket.count(Outcome.CLIENT_ERROR)
        elif request.path == EVENTS_PATH:
            events.count(Outcome.CLIENT_ERROR)

    hosts, origins = (*app.settings.allowed_hosts, app.settings.host), app.settings.allowed_origins
    calls = HostGuard(hosts, origins).middleware(refused)
    pages = HostGuard(hosts, origins, same_origin=True).middleware(refused)
    await _serve(stack, app, monitoring_app(_endpoints(app), events, middlewares=[pages]), taken.monitoring)
    await _serve(stack, app, mcp_app(http, mcp_socket, middlewares=[calls]), taken.mcp)
    app.mcp_url, app.monitoring_url = url_of(taken.mcp), url_of(taken.monitoring)


def _mcp_socket(app: Application) -> McpWebSocket:
    settings = app.settings
    return McpWebSocket(
        app.core,
        gate=app.gate,
        metrics=app.watch.metrics.websocket,
        clock=app.clock,
        limits=WebSocketLimits(settings.max_connections, settings.connection_calls, settings.max_message_bytes),
        request_context=lambda request: WebSocketRequest(request.headers),
        on_closed=lambda seconds: app.session_closed("websocket", seconds),
    )


def _endpoints(app: Application) -> MonitoringEndpoints:
    async def ready() -> tuple[bool, dict[str, Any]]:
        report = await app.health.ready()
        return report.ready, {**report.to_json(), "replica": app.settings.replica, "version": __version__}

    def live() -> dict[str, Any]:
        return {"status": "alive", "uptime_seconds": app.clock.time() - app.started_at, "version": __version__}

    return MonitoringEndpoints(
        web_dir=_WEB,
        catalog=app.watch.metrics.catalog,
        live=live,
        ready=ready,
        slo_report=lambda: slo_report(app.watch.tracker, now=app.clock.time()),
    )


async def _serve(stack: AsyncExitStack, app: Application, served: web.Application, listening: socket.socket) -> None:
    """Serve an application on a socket; each request leaves a metric, and a line unless calls leave one."""
    instruments = HttpInstruments(
        metrics=app.watch.metrics.http,
        logger=get_logger("server.http"),
        rejected=count_rejections(app.watch.metrics.telemetry),
        quiet=QUIET_ROUTES | {MCP_PATH},
        clock=app.clock,
    )
    instrument_app(served, instruments)
    runner = web.AppRunner(served, handler_cancellation=True, access_log=None, shutdown_timeout=_LINGER)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.SockSite(runner, listening).start()
