"""What the middleware adds to a request, in microseconds of CPU: HTTP by aiohttp and ASGI, and MCP.

Run: python benchmarks/bench_middleware.py

Each figure is the median over interleaved rounds of the cost with the middleware less the cost
without. Core speed varies, so every figure stands beside OpenTelemetry's own work on the same
request in the same run: reading ``traceparent`` and ``tracestate``, and its ASGI middleware.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from mcp.server import Server
from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
from opentelemetry.propagate import extract as otel_extract
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

from exai_sre.metrics import Catalog
from exai_sre.metrics.families import HttpServerMetrics
from exai_sre.middleware.aiohttp_server import HttpInstruments, instrumented_app
from exai_sre.middleware.asgi import AsgiMiddleware
from exai_sre.middleware.mcp import instrument
from exai_sre.tracing import Tracing, configure_tracing

ROUNDS = 31
CALLS = 200
REFERENCE = 24.0
"""Microseconds that OpenTelemetry takes to read a trace context on the machine that the goal was set on."""

PARENT = f"00-{'a' * 32}-{'b' * 16}-00"
PLAIN = [("host", "api.example"), ("user-agent", "bench/1"), ("accept", "*/*"), ("content-type", "application/json")]
IDS = [("x-request-id", "0190f6a2-7b1c-7def-8123-456789abcdef"), ("traceparent", PARENT), ("tracestate", "a=1")]

Call = Callable[[], Awaitable[object]]


class Discard(SpanExporter):
    """An exporter that keeps nothing."""

    def export(self, spans: object) -> SpanExportResult:
        del spans
        return SpanExportResult.SUCCESS


class Quiet:
    """A logger that writes nothing: the renderer has a benchmark of its own."""

    def __getattr__(self, level: str) -> Any:
        return self._drop

    def _drop(self, *_event: str, **_fields: Any) -> None:
        return None


class Same:
    """A sanitizer that finds nothing."""

    def redact(self, event: Any) -> Any:
        return event

    def redact_text(self, text: str) -> str:
        return text


@dataclass
class Ctx:
    """An MCP request as the SDK describes it."""

    method: str = "tools/call"
    params: dict[str, Any] = field(default_factory=lambda: {"name": "echo", "arguments": {"text": "hi"}})
    request_id: int = 1
    request: Any = None
    protocol_version: str = "2026-07-28"


def spans(ratio: float) -> Tracing:
    return configure_tracing(service="bench", exporter=Discard(), sampler_ratio=ratio, share=False, environ={})


def instruments() -> dict[str, HttpInstruments]:
    """What a request leaves behind, more from line to line."""

    def made(**more: Any) -> HttpInstruments:
        return HttpInstruments(HttpServerMetrics.declare(Catalog(), ("/",)), **more)

    return {
        "ids": HttpInstruments(),
        "ids, metrics": made(),
        "ids, metrics, a line": made(logger=Quiet()),
        "ids, metrics, a line, unsampled spans": made(logger=Quiet(), tracing=spans(0.0)),
    }


async def receive() -> Any:
    return {"type": "http.request"}


async def send(_message: Any) -> None:
    return None


async def bare(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"ok"})


def asgi(app: Any, fields: list[tuple[str, str]]) -> Call:
    headers = [(name.encode(), value.encode()) for name, value in fields]
    fixed = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "root_path": "", "scheme": "http"}
    return lambda: app({**fixed, "http_version": "1.1", "headers": headers}, receive, send)


def aiohttp(use: HttpInstruments | None, fields: list[tuple[str, str]]) -> Call:
    answer = web.Response(text="ok")

    async def handler(_request: Any) -> web.Response:
        return answer

    if use is None:
        return lambda: handler(None)
    app = instrumented_app(use)
    request = make_mocked_request("GET", "/", headers=dict(fields), app=app)
    request.match_info.route.resource.canonical = "/"
    (middleware,), (prepare,) = app.middlewares, app.on_response_prepare

    async def both() -> None:
        await prepare(request, await middleware(request, handler))

    return both


def mcp(**options: Any) -> Call:
    made: Any = instrument(Server("bench"), tools=("echo",), **options).middleware
    ctx = Ctx()
    return lambda: made(ctx, answer)


async def answer(_ctx: Any = None) -> dict[str, Any]:
    return {"content": [], "isError": False}


async def read_by_otel() -> object:
    return otel_extract(dict(IDS))


def cases() -> dict[str, tuple[str, Call]]:
    """Name of each case, with the name of the one that it is compared with."""
    made: dict[str, tuple[str, Call]] = {
        "ASGI, bare": ("", asgi(bare, IDS)),
        "aiohttp, bare": ("", aiohttp(None, IDS)),
        "MCP, bare": ("", answer),
        "OpenTelemetry: read the trace context": ("", read_by_otel),
    }
    provider = TracerProvider(sampler=ParentBased(TraceIdRatioBased(0.0)))
    otel = OpenTelemetryMiddleware(bare, tracer_provider=provider)
    made["OpenTelemetry: ASGI, unsampled spans"] = ("ASGI, bare", asgi(otel, IDS))
    for name, use in instruments().items():
        wrapped = AsgiMiddleware(bare, use)
        if name == "ids":
            made["ASGI: ids, a correlation id arrives"] = ("ASGI, bare", asgi(wrapped, PLAIN + IDS[:1]))
            made["aiohttp: ids, a correlation id arrives"] = ("aiohttp, bare", aiohttp(use, PLAIN + IDS[:1]))
            made["ASGI: ids, none arrive"] = ("ASGI, bare", asgi(wrapped, PLAIN))
            made["aiohttp: ids, none arrive"] = ("aiohttp, bare", aiohttp(use, PLAIN))
        # Here, and below, correlation id, traceparent and tracestate arrive.
        made[f"ASGI: {name}"] = ("ASGI, bare", asgi(wrapped, PLAIN + IDS))
        made[f"aiohttp: {name}"] = ("aiohttp, bare", aiohttp(use, PLAIN + IDS))
    full = {"logger": Quiet(), "sanitizer": Same()}
    made["MCP: ids, metrics"] = ("MCP, bare", mcp())
    made["MCP: ids, metrics, a line, unsampled spans"] = ("MCP, bare", mcp(**full, tracing=spans(0.0)))
    made["MCP: ids, metrics, a line, sampled spans"] = ("MCP, bare", mcp(**full, tracing=spans(1.0)))
    return made


async def cost(call: Call) -> float:
    start = time.process_time()
    for _ in range(CALLS):
        await call()
    return (time.process_time() - start) / CALLS * 1e6


async def main() -> None:
    made = cases()
    figures: dict[str, list[float]] = {name: [] for name in made}
    for _ in range(ROUNDS):
        for name, (_, call) in made.items():
            figures[name].append(await cost(call))
    medians = {name: statistics.median(values) for name, values in figures.items()}
    unit = medians["OpenTelemetry: read the trace context"]
    print(f"{'added per request':<48}{'us':>8}{'share of its read':>20}{'us where that is 24':>22}")
    for name, (base, _) in made.items():
        added = medians[name] - medians.get(base, 0.0)
        print(f"{name:<48}{added:8.1f}{added / unit:20.2f}{added / unit * REFERENCE:22.1f}")


if __name__ == "__main__":
    asyncio.run(main())
