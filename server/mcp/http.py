"""Streamable HTTP at ``/mcp``: both protocol revisions, through the SDK's session manager."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from typing import Any, Final

from aiohttp import web
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from server.gate import CallGate
from server.mcp.bridge import AsgiBridge

__all__ = ["MCP_PATH", "McpHttp"]

MCP_PATH: Final = "/mcp"
"""Path of the endpoint."""

_RETRY_AFTER: Final = "5"
_SESSION: Final = b"mcp-session-id"
_METHOD_HEADER: Final = "Mcp-Method"

_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]


class McpHttp:
    """The endpoint as an aiohttp handler.

    Host and Origin are checked before it, by the application's guard. Answers stream as SSE as
    soon as a tool reports progress.

    Args:
        server: the protocol core.
        gate: says when the server drains.
        max_body_bytes: largest request body; a larger one gets 413.
        max_sessions: sessions at one time; a further one gets 503.
    """

    def __init__(self, server: Server[Any], *, gate: CallGate, max_body_bytes: int, max_sessions: int = 1000) -> None:
        self._gate = gate
        self._manager = StreamableHTTPSessionManager(
            server, max_request_body_size=max_body_bytes, max_sessions=max_sessions
        )
        self._bridge = AsgiBridge(self._serve)
        self._withdrawals: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serve sessions inside this block; leaving it ends every session."""
        async with self._manager.run():
            yield

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one HTTP request; a drain refuses new calls and new sessions.

        Listing stays open: a client lists tools to check the result of a call that just finished.
        """
        if self._gate.draining and _opens_work(request):
            return web.Response(status=503, text="The server is shutting down.", headers={"Retry-After": _RETRY_AFTER})
        return await self._bridge.handle(request)

    async def _serve(self, scope: _Message, receive: _Receive, send: _Send) -> None:
        """Serve one request; a client of a session that leaves withdraws what it asked for.

        The 2025-11-25 revision lets a disconnected client fetch its answer later, if the server
        keeps events. This one does not, so nobody can ever read that answer: the call is cancelled
        instead of spending an upstream's money. The 2026-07-28 path cancels by itself.
        """
        kept = _KeptBody(receive)
        try:
            await self._manager.handle_request(scope, kept, send)
        finally:
            if kept.client_left:
                self._withdraw(scope, kept.body)

    def _withdraw(self, scope: _Message, body: bytes) -> None:
        request_id = _request_id(body)
        if request_id is None or not any(name == _SESSION for name, _ in scope["headers"]):
            return
        message = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": request_id}}
        task = asyncio.get_running_loop().create_task(self._post(scope, json.dumps(message).encode()))
        self._withdrawals.add(task)
        task.add_done_callback(self._withdrawals.discard)

    async def _post(self, scope: _Message, body: bytes) -> None:
        """Post ``body`` into the session of ``scope``, as its client would."""
        headers = [(name, value) for name, value in scope["headers"] if name != b"content-length"]

        async def receive() -> _Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(_message: _Message) -> None:
            return None

        await self._manager.handle_request({**scope, "headers": headers}, receive, send)


class _KeptBody:
    """Passes a request body on, and keeps it: it names the call that a leaving client withdraws.

    Attributes:
        client_left: whether the client disconnected before the response was complete.
    """

    def __init__(self, receive: _Receive) -> None:
        self._receive = receive
        self._pieces: list[bytes] = []
        self.client_left = False

    async def __call__(self) -> _Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._pieces.append(message.get("body", b""))
        self.client_left = message["type"] == "http.disconnect"
        return message

    @property
    def body(self) -> bytes:
        return b"".join(self._pieces)


def _opens_work(request: web.Request) -> bool:
    """Whether the headers announce a call (2026-07-28) or open a session (before it)."""
    method = request.headers.get(_METHOD_HEADER)
    return _SESSION.decode() not in request.headers if method is None else method == "tools/call"


def _request_id(body: bytes) -> str | int | None:
    """The id of the JSON-RPC request in ``body``; ``None`` for anything else."""
    try:
        message = json.loads(body)
    except ValueError:
        return None
    found = message.get("id") if isinstance(message, dict) and "method" in message else None
    return found if isinstance(found, str | int) else None
