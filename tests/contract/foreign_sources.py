"""Real libraries under known traffic: each source runs in a process of its own and prints its page of metrics.

The traffic is the same everywhere: requests that succeed, one that is slow, exceptions, refusals
by 503, and paths that do not exist; clients also meet a port on which nobody listens.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from collections.abc import AsyncIterator, Callable

import aiohttp
from aiohttp import web

OK, SLOW, EXCEPTIONS, BUSY, MISSING, REFUSED = 6, 1, 2, 1, 3, 2
SERVER_SLOW, CLIENT_SLOW = 0.6, 1.1
"""Seconds, just above the proposed thresholds."""

PATHS = ["/ok"] * OK + ["/slow"] * SLOW + ["/boom"] * EXCEPTIONS + ["/busy"] * BUSY + ["/nowhere"] * MISSING


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def visit(base: str, paths: list[str], **options: object) -> str:
    """Ask for each path; the text of the last answer."""
    text = ""
    async with aiohttp.ClientSession(**options) as session:
        for path in paths:
            try:
                async with session.get(f"{base}{path}", headers={"Accept": "text/plain"}) as answer:
                    text = await answer.text()
            except aiohttp.ClientConnectionError:
                text = ""
    return text


def asgi_application():
    from starlette.applications import Starlette
    from starlette.exceptions import HTTPException
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    async def ok(_request):
        return PlainTextResponse("ok")

    async def slow(_request):
        await asyncio.sleep(SERVER_SLOW)
        return PlainTextResponse("ok")

    async def boom(_request):
        raise RuntimeError("boom")

    async def busy(_request):
        raise HTTPException(503)

    return Starlette(routes=[Route("/ok", ok), Route("/slow", slow), Route("/boom", boom), Route("/busy", busy)])


@contextlib.asynccontextmanager
async def asgi_served(app) -> AsyncIterator[str]:
    import uvicorn

    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="critical", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await serving


@contextlib.asynccontextmanager
async def aiohttp_served(seconds: float) -> AsyncIterator[str]:
    async def ok(_request):
        return web.Response(text="ok")

    async def slow(_request):
        await asyncio.sleep(seconds)
        return web.Response(text="ok")

    async def boom(_request):
        raise RuntimeError("boom")

    async def busy(_request):
        raise web.HTTPServiceUnavailable

    app = web.Application()
    app.add_routes([web.get("/ok", ok), web.get("/slow", slow), web.get("/boom", boom), web.get("/busy", busy)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield f"http://127.0.0.1:{port}"
    await runner.cleanup()


async def fastapi() -> str:
    from prometheus_client import CollectorRegistry
    from prometheus_fastapi_instrumentator import Instrumentator

    app = asgi_application()
    Instrumentator(registry=CollectorRegistry()).instrument(app).expose(app)
    async with asgi_served(app) as base:
        # The second scrape shows the first, which is a request like any other to this library.
        return await visit(base, [*PATHS, "/metrics", "/metrics"])


async def aioprometheus() -> str:
    from aioprometheus import MetricsMiddleware
    from aioprometheus.asgi.starlette import metrics

    app = asgi_application()
    app.add_route("/metrics", metrics)
    app.add_middleware(MetricsMiddleware)
    async with asgi_served(app) as base:
        return await visit(base, [*PATHS, "/metrics", "/metrics"])


def meter_provider():
    from opentelemetry.exporter.prometheus import PrometheusMetricReader
    from opentelemetry.metrics import set_meter_provider
    from opentelemetry.sdk.metrics import MeterProvider

    provider = MeterProvider([PrometheusMetricReader()])
    # The aiohttp server's middleware asks for the process's provider, whatever it is given.
    set_meter_provider(provider)
    return provider


def registered() -> str:
    from prometheus_client import REGISTRY, generate_latest

    return generate_latest(REGISTRY).decode()


async def otel_asgi() -> str:
    from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware

    app = asgi_application()
    app.add_middleware(OpenTelemetryMiddleware, meter_provider=meter_provider())
    async with asgi_served(app) as base:
        await visit(base, PATHS)
    return registered()


async def otel_aiohttp_server() -> str:
    from opentelemetry.instrumentation.aiohttp_server import AioHttpServerInstrumentor

    AioHttpServerInstrumentor().instrument(meter_provider=meter_provider())
    async with aiohttp_served(SERVER_SLOW) as base:
        await visit(base, PATHS)
    return registered()


async def otel_aiohttp_client() -> str:
    from opentelemetry.instrumentation.aiohttp_client import AioHttpClientInstrumentor

    AioHttpClientInstrumentor().instrument(meter_provider=meter_provider())
    async with aiohttp_served(CLIENT_SLOW) as base:
        await visit(base, PATHS)
    await visit(f"http://127.0.0.1:{free_port()}", ["/ok"] * REFUSED)
    return registered()


SOURCES: dict[str, Callable] = {
    source.__name__: source for source in (fastapi, aioprometheus, otel_asgi, otel_aiohttp_server, otel_aiohttp_client)
}

if __name__ == "__main__":
    import logging

    logging.disable(logging.CRITICAL)
    print(asyncio.run(SOURCES[sys.argv[1]]()))
