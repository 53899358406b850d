"""A FastAPI and a FastMCP application, bare or instrumented in one of several ways, called in process over ASGI.

Run by benchmarks/bench_mcp_call.py, one process for each way, as instrumentation is process-wide:
    python -m benchmarks.cases.instrumented_apps APP WAY
Each line on standard input is a number of requests; the answer is their CPU time, microseconds each.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio

RATIO = 0.1
"""Share of requests whose spans are recorded, in each way."""

WAYS = ("bare", "ours", "ours with log lines", "OpenTelemetry")


class Discard(SpanExporter):
    """An exporter that keeps nothing."""

    def export(self, spans: object) -> SpanExportResult:
        del spans
        return SpanExportResult.SUCCESS


def use_opentelemetry() -> None:
    """What ``opentelemetry-instrument`` sets up, but for where it sends: spans in batches, metrics read on demand."""
    provider = TracerProvider(sampler=ParentBasedTraceIdRatio(RATIO))
    provider.add_span_processor(BatchSpanProcessor(Discard()))
    trace.set_tracer_provider(provider)
    metrics.set_meter_provider(MeterProvider([InMemoryMetricReader()]))


def telemetry(way: str) -> Any:
    from exai_sre.middleware.telemetry import configure_telemetry

    level = "info" if way == "ours with log lines" else "error"
    for name in ("fastmcp", "mcp"):
        # The other ways write no lines of the frameworks' either.
        logging.getLogger(name).setLevel(logging.WARNING)
    return configure_telemetry(
        "bench", exporter=Discard(), sampler_ratio=RATIO, stream=open(os.devnull, "w"), level=level, share=False
    )


def fastapi_app(way: str) -> Any:
    from fastapi import FastAPI

    app = FastAPI()

    @app.get("/orders/{number}")
    async def read(number: int) -> dict[str, int]:
        return {"order": number}

    if way.startswith("ours"):
        telemetry(way).asgi(app)
    elif way == "OpenTelemetry":
        from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor

        use_opentelemetry()
        FastAPIInstrumentor.instrument_app(app)
    return app


def fastmcp_app(way: str) -> Any:
    from fastmcp import FastMCP

    server: FastMCP = FastMCP("bench")

    @server.tool
    async def echo(text: str) -> str:
        return text

    if way.startswith("ours"):
        telemetry(way).mcp(server, tools=("echo",))
    app = server.http_app(stateless_http=True, json_response=True)
    if way == "OpenTelemetry":
        from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware

        # FastMCP makes MCP spans by itself where there is a provider; HTTP is the instrumentation's.
        use_opentelemetry()
        return OpenTelemetryMiddleware(app), app
    return app


BODY = json.dumps(
    {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "echo", "arguments": {"text": "hi"}}}
).encode()
REQUESTS: dict[str, tuple[str, str, bytes]] = {"fastapi": ("GET", "/orders/7", b""), "fastmcp": ("POST", "/mcp", BODY)}
APPS: dict[str, Callable[[str], Any]] = {"fastapi": fastapi_app, "fastmcp": fastmcp_app}
HEADERS = [
    (b"host", b"127.0.0.1:8000"),
    (b"content-type", b"application/json"),
    (b"accept", b"application/json, text/event-stream"),
    (b"user-agent", b"bench"),
]


def scope_of(method: str, path: str) -> dict[str, Any]:
    return {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": method,
        "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "headers": list(HEADERS), "client": ("127.0.0.1", 50000), "server": ("127.0.0.1", 8000), "state": {},
    }  # fmt: skip


async def request(app: Any, method: str, path: str, body: bytes) -> int:
    """One request; returns its status."""
    status, given = 0, False

    async def receive() -> dict[str, Any]:
        nonlocal given
        if given:
            await asyncio.Event().wait()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        nonlocal status
        status = message.get("status", status)

    await app(scope_of(method, path), receive, send)
    return status


async def serve(name: str, way: str) -> None:
    made = APPS[name](way)
    app, inner = made if isinstance(made, tuple) else (made, made)
    what = REQUESTS[name]
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(inner.router.lifespan_context(inner))
        await answer(lambda: request(app, *what))


async def answer(ask: Callable[[], Awaitable[int]]) -> None:
    if await ask() != 200:
        raise SystemExit("the application does not answer as it should")
    gc.freeze()
    for line in sys.stdin:
        gc.collect()
        start, count = time.process_time(), int(line)
        for _ in range(count):
            await ask()
        print((time.process_time() - start) / count * 1e6, flush=True)


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], sys.argv[2]))
