"""The WebSocket ``/events``: sends a live page what the broadcaster has for it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from aiohttp import WSCloseCode, web

from exai_sre.metrics.families import WebSocketMetrics
from exai_sre.names import LabelName
from exai_sre.outcome import Outcome
from server.monitoring.dashboard_broadcaster import DashboardBroadcaster, PageClient, TooManyPages

__all__ = ["EVENTS_PATH", "EventsSocket"]

EVENTS_PATH: Final = "/events"
"""Path of the endpoint."""

_HEARTBEAT: Final = 20.0
_SMALLEST_MESSAGE: Final = 1024


class EventsSocket:
    """The endpoint as an aiohttp handler.

    Args:
        broadcaster: what to send.
        metrics: counts connections.
    """

    def __init__(self, broadcaster: DashboardBroadcaster, metrics: WebSocketMetrics) -> None:
        self._broadcaster = broadcaster
        self._connections = metrics.connections
        self._open = metrics.open.labels(**{LabelName.ENDPOINT: EVENTS_PATH})
        self._sockets: set[web.WebSocketResponse] = set()

    def count(self, outcome: Outcome) -> None:
        """Count a connection attempt that ended so."""
        self._connections.labels(**{LabelName.ENDPOINT: EVENTS_PATH, LabelName.OUTCOME: outcome.value}).inc()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Upgrade, then send until the page leaves; what a page sends is ignored."""
        if request.headers.get("Upgrade", "").lower() != "websocket":
            self.count(Outcome.CLIENT_ERROR)
            return web.Response(status=426, text="This is a WebSocket endpoint.", headers={"Upgrade": "websocket"})
        try:
            client = self._broadcaster.connect()
        except TooManyPages as error:
            self.count(Outcome.OVERLOAD)
            return web.Response(status=503, text=str(error), headers={"Retry-After": "5"})
        socket = web.WebSocketResponse(heartbeat=_HEARTBEAT, max_msg_size=_SMALLEST_MESSAGE, compress=False)
        self._sockets.add(socket)
        try:
            await socket.prepare(request)
            self.count(Outcome.OK)
            await self._serve(socket, client)
        except web.HTTPException:
            self.count(Outcome.CLIENT_ERROR)
            raise
        finally:
            self._sockets.discard(socket)
            self._broadcaster.disconnect(client)
        return socket

    async def _serve(self, socket: web.WebSocketResponse, client: PageClient) -> None:
        self._open.inc()
        sending = asyncio.create_task(_send(socket, client))
        try:
            async for _ in socket:
                pass
        finally:
            self._open.dec()
            sending.cancel()
            with suppress(asyncio.CancelledError):
                await sending

    async def close_all(self) -> None:
        """Tell every page that the server goes away, and close (1001)."""
        await asyncio.gather(*(_close(socket) for socket in tuple(self._sockets)))


async def _close(socket: web.WebSocketResponse) -> None:
    await socket.close(code=WSCloseCode.GOING_AWAY, message=b"server is shutting down")


async def _send(socket: web.WebSocketResponse, client: PageClient) -> None:
    """Send what waits for the page; a full socket buffer makes this task wait, and nobody else."""
    with suppress(ConnectionError):
        while True:
            await socket.send_str(await client.next())
