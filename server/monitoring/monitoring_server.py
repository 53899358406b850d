"""The monitoring application: endpoints, live page socket, guard and security headers in one place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiohttp import web

from server.monitoring.http_server import MonitoringEndpoints, add_security_headers
from server.monitoring.websocket_handler import EVENTS_PATH, EventsSocket

__all__ = ["monitoring_app"]


def monitoring_app(
    endpoints: MonitoringEndpoints, events: EventsSocket, *, middlewares: Sequence[Any] = ()
) -> web.Application:
    """The application of the monitoring port.

    Args:
        endpoints: handlers of the plain requests.
        events: the live page's socket.
        middlewares: aiohttp middlewares, outermost first.
    """
    app = web.Application(middlewares=middlewares)
    app.on_response_prepare.append(add_security_headers)
    app.add_routes(
        [
            web.get("/", endpoints.page),
            web.get("/assets/{name}", endpoints.asset),
            web.get("/health", endpoints.health),
            web.get("/ready", endpoints.ready),
            web.get("/metrics", endpoints.metrics),
            web.get("/slo", endpoints.slo),
            web.get(EVENTS_PATH, events.handle),
        ]
    )
    return app
