"""MCP over WebSocket at ``/ws``: subprotocol ``mcp``, one JSON-RPC message per text frame.

A custom transport in the specification's sense: messages, progress and ``notifications/cancelled``
are those of MCP, and the first request decides the protocol revision. Closing the connection
cancels every call on it. Close codes: 1001 the server goes away, 1003 a binary frame came, 1009 a
message was too large.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import anyio
from aiohttp import WSCloseCode, WSMsgType, web
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.server.lowlevel import Server
from mcp.shared.message import ServerMessageMetadata, SessionMessage
from mcp_types import INVALID_REQUEST, PARSE_ERROR, ErrorData, JSONRPCError, jsonrpc_message_adapter
from pydantic import ValidationError

from exai_sre.clock import Clock
from exai_sre.metrics.families import WebSocketMetrics
from exai_sre.middleware.server_messages import CarryingStream
from exai_sre.names import LabelName
from exai_sre.outcome import Outcome
from server.gate import CallGate, ConnectionSlots, connection_slots

__all__ = ["SUBPROTOCOL", "WS_PATH", "McpWebSocket", "WebSocketLimits"]

SUBPROTOCOL: Final = "mcp"
"""The WebSocket subprotocol; a client that does not offer it is refused before the upgrade."""

WS_PATH: Final = "/ws"
"""Path of the endpoint."""

_HEARTBEAT: Final = 30.0


@dataclass(frozen=True, slots=True)
class WebSocketLimits:
    """What one connection, and all of them, may take.

    Attributes:
        connections: connections at one time.
        calls: tool calls at one time on one connection.
        message_bytes: largest message, bytes.
    """

    connections: int = 1000
    calls: int = 64
    message_bytes: int = 4 << 20


class McpWebSocket:
    """The endpoint as an aiohttp handler.

    Args:
        server: the protocol core.
        gate: says when the server drains.
        metrics: counts connections.
        clock: measures the life of a connection.
        limits: what connections may take.
        request_context: what handlers see as the request of a message, made from the upgrade request.
        on_closed: gets the life of each connection in seconds.
    """

    def __init__(
        self,
        server: Server[Any],
        *,
        gate: CallGate,
        metrics: WebSocketMetrics,
        clock: Clock,
        limits: WebSocketLimits,
        request_context: Callable[[web.Request], object],
        on_closed: Callable[[float], None],
    ) -> None:
        self._server = server
        self._options = server.create_initialization_options()
        self._gate = gate
        self._connections = metrics.connections
        self._open = metrics.open.labels(**{LabelName.ENDPOINT: WS_PATH})
        self._clock = clock
        self._limits = limits
        self._request_context = request_context
        self._on_closed = on_closed
        self._sockets: set[web.WebSocketResponse] = set()

    def count(self, outcome: Outcome) -> None:
        """Count a connection attempt that ended so."""
        self._connections.labels(**{LabelName.ENDPOINT: WS_PATH, LabelName.OUTCOME: outcome.value}).inc()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Upgrade and serve one connection until either side closes it."""
        refused = self._refused(request)
        if refused is not None:
            return refused
        socket = web.WebSocketResponse(
            protocols=(SUBPROTOCOL,),
            heartbeat=_HEARTBEAT,
            max_msg_size=self._limits.message_bytes,
            compress=False,
        )
        self._sockets.add(socket)
        opened = self._clock.monotonic()
        try:
            await self._upgrade(socket, request)
            self._open.inc()
            try:
                await self._serve(socket, ServerMessageMetadata(request_context=self._request_context(request)))
            finally:
                self._open.dec()
                self._on_closed(self._clock.monotonic() - opened)
        finally:
            self._sockets.discard(socket)
        return socket

    async def _upgrade(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        try:
            await socket.prepare(request)
        except web.HTTPException:
            self.count(Outcome.CLIENT_ERROR)
            raise
        self.count(Outcome.OK)

    def _refused(self, request: web.Request) -> web.Response | None:
        """Why there is no upgrade, or ``None``."""
        if request.headers.get("Upgrade", "").lower() != "websocket":
            self.count(Outcome.CLIENT_ERROR)
            return web.Response(status=426, text="This is a WebSocket endpoint.", headers={"Upgrade": "websocket"})
        offered = {item.strip() for item in request.headers.get("Sec-WebSocket-Protocol", "").split(",")}
        if SUBPROTOCOL not in offered:
            self.count(Outcome.CLIENT_ERROR)
            return web.Response(status=400, text=f"Offer the WebSocket subprotocol {SUBPROTOCOL!r}.")
        if self._gate.draining or len(self._sockets) >= self._limits.connections:
            self.count(Outcome.OVERLOAD)
            why = "The server is shutting down." if self._gate.draining else "Too many connections."
            return web.Response(status=503, text=why, headers={"Retry-After": "5"})
        return None

    async def _serve(self, socket: web.WebSocketResponse, metadata: ServerMessageMetadata) -> None:
        """Run the protocol core over the socket until the socket closes; running calls are then cancelled."""
        connection_slots.set(ConnectionSlots(self._limits.calls))
        to_core, from_client = anyio.create_memory_object_stream[SessionMessage | Exception]()
        to_client, from_core = anyio.create_memory_object_stream[SessionMessage]()
        async with anyio.create_task_group() as tasks, to_core, from_client, to_client, from_core:
            tasks.start_soon(_write, socket, from_core)
            tasks.start_soon(self._server.run, from_client, CarryingStream(to_client), self._options)
            await _read(socket, to_core, metadata)
            tasks.cancel_scope.cancel()

    async def close_all(self) -> None:
        """Tell every client that the server goes away, and close (1001)."""
        async with anyio.create_task_group() as tasks:
            for socket in tuple(self._sockets):
                tasks.start_soon(_close, socket)


async def _close(socket: web.WebSocketResponse) -> None:
    await socket.close(code=WSCloseCode.GOING_AWAY, message=b"server is shutting down")


async def _read(
    socket: web.WebSocketResponse,
    to_core: MemoryObjectSendStream[SessionMessage | Exception],
    metadata: ServerMessageMetadata,
) -> None:
    """Pass messages to the core until the socket closes; what is no message is answered here."""
    async for frame in socket:
        if frame.type is not WSMsgType.TEXT:
            await socket.close(code=WSCloseCode.UNSUPPORTED_DATA, message=b"send text frames")
            return
        try:
            message = jsonrpc_message_adapter.validate_json(frame.data, by_name=False)
        except ValidationError as error:
            await socket.send_str(_fault(error).model_dump_json(by_alias=True))
            continue
        try:
            await to_core.send(SessionMessage(message, metadata))
        except anyio.BrokenResourceError:
            await socket.close(code=WSCloseCode.INTERNAL_ERROR, message=b"the protocol core ended")
            return


def _fault(error: ValidationError) -> JSONRPCError:
    """The answer to a frame that holds no JSON, or JSON that is no message; its id is not known."""
    if any(each["type"] == "json_invalid" for each in error.errors(include_input=False, include_url=False)):
        data = ErrorData(code=PARSE_ERROR, message="Parse error: the frame holds no JSON")
    else:
        data = ErrorData(code=INVALID_REQUEST, message="Invalid request: the frame holds no JSON-RPC message")
    return JSONRPCError(jsonrpc="2.0", id=None, error=data)


async def _write(socket: web.WebSocketResponse, from_core: MemoryObjectReceiveStream[SessionMessage]) -> None:
    """Send what the core answers; a reader that has gone ends the connection through the other direction."""
    try:
        async for item in from_core:
            await socket.send_str(item.message.model_dump_json(by_alias=True, exclude_unset=True))
    except ConnectionError:
        return
