"""An ASGI application inside aiohttp: small, streaming both ways, and ended with its client.

The SDK speaks ASGI for Streamable HTTP; the rest of the server is aiohttp. Bodies pass through
piece by piece, so an SSE stream reaches its reader at once and a large body is never held here.
The bridge relies on ``AppRunner(handler_cancellation=True)``: when the client leaves, aiohttp
cancels the handler, the application receives ``http.disconnect``, and what then still runs after
a grace period is cancelled. An application cancelled at once would take a client that closes its
stream right after the answer for one that never got it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from aiohttp import web

__all__ = ["AsgiApp", "AsgiBridge"]

Message = MutableMapping[str, Any]
AsgiApp = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]
"""An ASGI 3 application: ``(scope, receive, send)``."""

_GRACE: Final = 1.0
"""Seconds that an application has to end by itself after ``http.disconnect``."""

_PIECE: Final = 64 * 1024
_HOP_BY_HOP: Final = frozenset({"connection", "keep-alive", "transfer-encoding"})


class AsgiBridge:
    """Answers aiohttp requests by an ASGI application.

    Args:
        app: the application.
    """

    def __init__(self, app: AsgiApp) -> None:
        self._app = app

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve ``request`` by the application; a response that never started becomes a 500."""
        exchange = _Exchange(request)
        serving = asyncio.ensure_future(self._app(_scope(request), exchange.receive, exchange.send))
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            exchange.left.set()
            await _end(serving)
            raise
        return exchange.response or web.Response(status=500)


async def _end(serving: asyncio.Future[None]) -> None:
    """Wait for the application to end, and make it end after the grace period."""
    await asyncio.wait((serving,), timeout=_GRACE)
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)


class _Exchange:
    """One request and its response, seen from the application."""

    def __init__(self, request: web.Request) -> None:
        self._request = request
        self._read_all = False
        self._head: Message | None = None
        self.response: web.StreamResponse | None = None
        self.left = asyncio.Event()

    async def receive(self) -> Message:
        if self._read_all:
            await self.left.wait()
            return {"type": "http.disconnect"}
        piece = await self._request.content.read(_PIECE)
        self._read_all = self._request.content.at_eof()
        return {"type": "http.request", "body": piece, "more_body": not self._read_all}

    async def send(self, message: Message) -> None:
        try:
            if message["type"] == "http.response.start":
                await self._start(message)
            else:
                await self._body(message.get("body", b""), last=not message.get("more_body", False))
        except ConnectionError:
            self.left.set()
            raise

    async def _start(self, head: Message) -> None:
        """Send the head at once unless a length announces a body that comes in one piece."""
        self._head = head
        if not any(name.lower() == b"content-length" for name, _ in head.get("headers", ())):
            await self._prepare()

    async def _prepare(self) -> web.StreamResponse:
        response = self.response = self._made(web.StreamResponse)
        await response.prepare(self._request)
        return response

    async def _body(self, body: bytes, *, last: bool) -> None:
        if self.response is None and last:
            self.response = self._made(web.Response, body=body)
            return
        response = self.response or await self._prepare()
        if body:
            await response.write(body)

    def _made(self, kind: type[web.StreamResponse], **arguments: Any) -> web.StreamResponse:
        if self._head is None:
            raise RuntimeError("the application sent a body before its head, which ASGI forbids")
        response = kind(status=self._head["status"], **arguments)
        for raw_name, raw_value in self._head.get("headers", ()):
            name = raw_name.decode("latin-1")
            if name.lower() in _HOP_BY_HOP or (name.lower() == "content-length" and arguments):
                continue
            if name.lower() == "content-type":
                response.headers[name] = raw_value.decode("latin-1")
            else:
                response.headers.add(name, raw_value.decode("latin-1"))
        return response


def _scope(request: web.Request) -> Message:
    peer = request.transport.get_extra_info("peername") if request.transport is not None else None
    path, _, query = request.raw_path.partition("?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": f"{request.version.major}.{request.version.minor}",
        "method": request.method,
        "scheme": request.scheme,
        "path": request.path,
        "raw_path": path.encode("ascii", "surrogateescape"),
        "root_path": "",
        "query_string": query.encode("ascii", "surrogateescape"),
        "headers": [(name.lower(), value) for name, value in request.raw_headers],
        "client": tuple(peer[:2]) if peer else None,
        "server": None,
        "state": {},
    }
