"""Run by ``opentelemetry-instrument``: a FastAPI service of ours that calls another one, called a few times.

Prints what our own exits say: the metrics page, and the log lines.
"""

from __future__ import annotations

import asyncio
import io
import json
import sys
import urllib.request

import uvicorn
from aiohttp import web
from fastapi import FastAPI
from opentelemetry import metrics, trace
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from exai_sre.logs import configure_logging, get_logger
from exai_sre.metrics import Catalog, exposition
from exai_sre.metrics.families import HttpServerMetrics
from exai_sre.middleware.aiohttp_client import instrumented_session
from exai_sre.middleware.aiohttp_server import instrument_app
from exai_sre.middleware.asgi import instrument_asgi
from exai_sre.middleware.http_server import HttpInstruments
from exai_sre.tracing import configure_tracing

ROUTES = ("/fails", "/fine")


def own_providers() -> tuple[TracerProvider, MeterProvider]:
    """What a distribution of OpenTelemetry sets up before the application starts."""
    spans, numbers = TracerProvider(), MeterProvider([PeriodicExportingMetricReader(OTLPMetricExporter())])
    spans.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(spans)
    metrics.set_meter_provider(numbers)
    return spans, numbers


async def serve(calls: int) -> dict[str, object]:
    lines, catalog = io.StringIO(), Catalog()
    configure_logging("front", stream=lines)
    tracing = configure_tracing(service="front")
    app, stock = FastAPI(), web.Application()
    use = HttpInstruments(
        metrics=HttpServerMetrics.declare(catalog, ROUTES), logger=get_logger("front"), tracing=tracing
    )
    instrument_asgi(app, use)
    instrument_app(stock, HttpInstruments(tracing=tracing))

    async def show(request: web.Request) -> web.Response:
        return web.json_response({"traceparent": request.headers.get("traceparent")})

    stock.router.add_get("/stock", show)
    runner = web.AppRunner(stock)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/stock?api_key=planted"
    session = instrumented_session(tracing=tracing)

    @app.get("/fine")
    async def fine() -> object:
        async with session.get(url) as response:
            return await response.json()

    @app.get("/fails")
    async def fails() -> object:
        raise RuntimeError("on purpose")

    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    address = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    for number in range(calls):
        for route in ROUTES:
            await asyncio.to_thread(fetch, address + route, f"00-{number + 1:032x}-{'b' * 16}-01")
    server.should_exit = True
    await serving
    await session.close()
    await runner.cleanup()
    return {"metrics": exposition(catalog)[0].decode(), "lines": lines.getvalue().splitlines()}


def fetch(url: str, traceparent: str) -> None:
    try:
        urllib.request.urlopen(urllib.request.Request(url, headers={"traceparent": traceparent})).read()
    except urllib.error.HTTPError as error:
        error.close()


def main() -> None:
    spans, numbers = own_providers()
    found = asyncio.run(serve(int(sys.argv[1])))
    spans.shutdown()
    numbers.shutdown()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
