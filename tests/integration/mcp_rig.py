"""The MCP transports on a real socket, over tools that a test can watch and steer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from exai_sre.clock import SystemClock
from exai_sre.metrics import Catalog
from exai_sre.middleware.mcp import instrument
from exai_sre.middleware.websocket import WebSocketRequest
from exai_sre.outcome import Outcome
from server.gate import CallGate
from server.guard import HostGuard
from server.mcp.core import build_server
from server.mcp.http import MCP_PATH, McpHttp
from server.mcp.websocket import WS_PATH, McpWebSocket, WebSocketLimits
from server.metrics import TOOLS, ServerMetrics
from server.tools import Tool, ToolError, ToolResult, ToolSpec

OBJECT: dict[str, Any] = {"type": "object"}


@dataclass
class Probe:
    """What the tools saw."""

    started: asyncio.Event = field(default_factory=asyncio.Event)
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    release: asyncio.Event = field(default_factory=asyncio.Event)
    lines: list[dict[str, Any]] = field(default_factory=list)
    closed: list[float] = field(default_factory=list)

    def tools(self) -> dict[str, Tool]:
        async def echo(_services, arguments, call):
            return ToolResult(str(arguments.get("text", "")), {"text": arguments.get("text", "")})

        async def hold(_services, _arguments, call):
            self.started.set()
            try:
                await self.release.wait()
            except asyncio.CancelledError:
                self.cancelled.set()
                raise
            return ToolResult("released", {})

        async def steps(_services, arguments, call):
            for at in range(1, 4):
                await call.progress(at, 3, f"step {at}")
            return ToolResult("done", {"listened": call.wants_progress})

        async def busy(_services, _arguments, _call):
            raise ToolError(Outcome.UPSTREAM_ERROR, "the upstream is down", "http_503", retry_after=2.5)

        async def broken(_services, _arguments, _call):
            raise LookupError("secret detail")

        handlers = {"broken": broken, "busy": busy, "echo": echo, "hold": hold, "steps": steps}
        return {
            name: Tool(ToolSpec(name, name.title(), name, OBJECT, OBJECT, handler), services(), lambda _: None)
            for name, handler in handlers.items()
        }


class Lines:
    """A logger that keeps its lines."""

    def __init__(self, lines):
        self._lines = lines

    def __getattr__(self, level):
        return lambda event, **fields: self._lines.append({"level": level, "event": event, **fields})


def services() -> Any:
    class Stub:
        simulated = False

    return Stub()


@dataclass
class Rig:
    """The running transports."""

    url: str
    gate: CallGate
    metrics: ServerMetrics
    probe: Probe
    socket: McpWebSocket

    @property
    def mcp(self) -> str:
        return self.url + MCP_PATH

    @property
    def ws(self) -> str:
        return self.url.replace("http", "ws") + WS_PATH

    def connections(self, outcome: Outcome) -> float:
        return self.metrics.websocket.connections.labels(endpoint=WS_PATH, outcome=outcome.value).value


@asynccontextmanager
async def rig(limits: WebSocketLimits | None = None, max_body: int = 4 << 20) -> AsyncIterator[Rig]:
    probe, gate, metrics = Probe(), CallGate(), ServerMetrics.declare(Catalog())
    core = build_server(probe.tools(), gate=gate, version="1")
    instrument(core, catalog=metrics.catalog, tools=TOOLS, logger=Lines(probe.lines))
    http = McpHttp(core, gate=gate, max_body_bytes=max_body, max_sessions=2)
    socket = McpWebSocket(
        core,
        gate=gate,
        metrics=metrics.websocket,
        clock=SystemClock(),
        limits=limits or WebSocketLimits(),
        request_context=lambda request: WebSocketRequest(request.headers),
        on_closed=probe.closed.append,
    )
    app = web.Application(middlewares=[HostGuard().middleware()])
    app.router.add_route("*", MCP_PATH, http.handle)
    app.router.add_get(WS_PATH, socket.handle)
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.2)
    async with http.running():
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        try:
            yield Rig(f"http://{host}:{port}", gate, metrics, probe, socket)
        finally:
            probe.release.set()
            await runner.cleanup()
