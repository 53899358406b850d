"""A stand-in for the server behind the live page: serves the real files, says what a test scripts."""

from __future__ import annotations

import asyncio
import json
import mimetypes
import time
from pathlib import Path
from typing import Any

from aiohttp import WSCloseCode, web

from server.monitoring.http_server import SECURITY_HEADERS

WEB = Path(__file__).parents[2] / "server" / "monitoring" / "web"

OBJECTIVES = {
    "availability": ("Operations succeed", 0.995),
    "first-token": ("Streamed answers start soon", 0.95),
    "latency-p50": ("Server adds little, half within 200 ms", 0.5),
    "latency-p95": ("Server adds little, 95 % within 500 ms", 0.95),
    "latency-p99": ("Server adds little, 99 % within 1 s", 0.99),
    "own-faults": ("Free of our own faults", 0.999),
    "storage-p95": ("Storage answers, 95 % within 100 ms", 0.95),
    "upstream-glm": ("GLM answers", 0.99),
    "upstream-kimi": ("Kimi answers", 0.99),
    "websocket-accept": ("WebSocket connections are accepted", 0.999),
}


def slo(name: str, verdict: str = "ok", **changes: Any) -> dict[str, Any]:
    display, objective = OBJECTIVES[name]
    empty = verdict == "no_data"
    return {
        "id": f"exai-mcp-{name}",
        "name": name,
        "display_name": display,
        "service": "exai-mcp",
        "objective": objective,
        "window": 2592000,
        "good": 0 if empty else 1198,
        "total": 0 if empty else 1204,
        "sli": None if empty else 1198 / 1204,
        "budget_remaining": None if empty else 0.8713,
        "burn_rates": dict.fromkeys(("5m", "1h", "6h"), None if empty else 0.42),
        "exhaustion_seconds": None if empty else 5.1e6,
        "coverage": 0.0031,
        "verdict": verdict,
        "firing_tiers": [],
        **changes,
    }


def line(event: str, **fields: Any) -> dict[str, Any]:
    return {"ts": "2026-11-22T20:15:04.123Z", "level": "info", "event": event, "service": "exai-mcp", **fields}


def state(now: float, **changes: Any) -> dict[str, Any]:
    """Everything but log lines, as the server would say it at ``now`` (seconds since the epoch)."""
    return {
        "time": now,
        "server": {
            "name": "EX-AI MCP server",
            "version": "0.1.0",
            "replica": "b3f1",
            "started_at": now - 8042,
            "uptime_seconds": 8042.0,
            "simulated": True,
            "draining": False,
            "protocol_versions": ["2026-07-28", "2025-11-25"],
        },
        "slos": [slo(name, "no_data" if name == "storage-p95" else "ok") for name in OBJECTIVES],
        "traffic": traffic(),
        "breakers": [breaker("glm", "closed", now - 8000), breaker("kimi", "closed", now - 8000)],
        "demo": None,
        **changes,
    }


def traffic(rate: float = 12.4, bad: float = 0.0, slow: float = 1.0) -> dict[str, Any]:
    return {
        "requests_per_second": rate,
        "bad_per_second": bad,
        "p50_seconds": 0.182 * slow,
        "p95_seconds": 0.61 * slow,
        "p99_seconds": 1.24 * slow,
        "in_flight": 3,
        "connections": 2,
    }


def breaker(name: str, state: str, since: float) -> dict[str, Any]:
    return {"name": name, "state": state, "since": since, "retry_after": 12.4 if state == "open" else 0.0}


def outage(now: float) -> dict[str, Any]:
    """The state while an upstream fails: a page, a ticket, an exhausted budget and an open breaker."""
    fast = {"5m": 100.0, "1h": 22.4, "6h": 6.3}
    bad = {
        "upstream-glm": slo(
            "upstream-glm", "page", burn_rates=fast, firing_tiers=["14.4x", "6x"], budget_remaining=0.312,
            exhaustion_seconds=36_000, sli=0.9931,
        ),
        "availability": slo("availability", "ticket", burn_rates=fast, firing_tiers=["3x"], budget_remaining=0.6),
        "own-faults": slo("own-faults", "exhausted", budget_remaining=-0.214, exhaustion_seconds=0.0),
    }  # fmt: skip
    whole = state(now)
    slos = [bad.get(each["name"], each) for each in whole["slos"]]
    breakers = [breaker("glm", "open", now), breaker("kimi", "half_open", now - 3)]
    return {**whole, "slos": slos, "breakers": breakers, "traffic": traffic(bad=4.2, slow=3)}


class LivePageServer:
    """Serves the page and tells every open page what a test says.

    Attributes:
        url: address of the page.
        port: port it listens on; taken again by :meth:`restart`.
        connections: connections of pages so far.
        snapshot: what a page gets when it connects; a list of messages.
    """

    def __init__(self) -> None:
        self.port = 0
        self.url = ""
        self.snapshot: list[dict[str, Any]] = []
        self.connections = 0
        self._sockets: set[web.WebSocketResponse] = set()
        self._runner: web.AppRunner | None = None
        self._seq = 0

    async def start(self) -> None:
        app = web.Application()
        app.on_response_prepare.append(self._secure)
        app.add_routes(
            [web.get("/", self._page), web.get("/assets/{name}", self._asset), web.get("/events", self._events)]
        )
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self.port}/"

    async def stop(self) -> None:
        for socket in tuple(self._sockets):
            await socket.close(code=WSCloseCode.GOING_AWAY)
        if self._runner is not None:
            await self._runner.cleanup()

    async def say(self, message: dict[str, Any], *, kind: str = "delta", skip: int = 0, **extra: Any) -> None:
        """Send a message to every page; ``skip`` leaves a gap in the numbering."""
        self._seq += 1 + skip
        await self.say_text(json.dumps({"type": kind, "seq": self._seq, "dropped": 0, "log": [], **message, **extra}))

    async def say_text(self, text: str) -> None:
        """Send a text as it stands."""
        for socket in tuple(self._sockets):
            await socket.send_str(text)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._seq = 1
        whole = {"type": "snapshot", "seq": 1, "dropped": 0, "log": [], **state(time.time())}
        self._sockets.add(socket)
        self.connections += 1
        for at, message in enumerate(self.snapshot or [whole]):
            self._seq = at + 1
            await socket.send_str(json.dumps({**message, "seq": self._seq}))
        try:
            async for _ in socket:
                await asyncio.sleep(0)
        finally:
            self._sockets.discard(socket)
        return socket

    @staticmethod
    async def _secure(_request: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(SECURITY_HEADERS)

    @staticmethod
    async def _page(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=(WEB / "index.html").read_bytes(), content_type="text/html", charset="utf-8")

    @staticmethod
    async def _asset(request: web.Request) -> web.StreamResponse:
        path = WEB / request.match_info["name"]
        if not path.is_file():
            raise web.HTTPNotFound
        kind = mimetypes.guess_type(path.name)[0]
        return web.Response(body=path.read_bytes(), content_type=kind)
