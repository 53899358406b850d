"""One small service in three frameworks, instrumented alike: what a statement says, it says of each."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientSession, TCPConnector, web
from aiohttp.test_utils import TestServer
from fastapi import FastAPI
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Route

from exai_sre.context import Inbound, correlation_id, current_baggage, current_deadline, current_trace
from exai_sre.metrics import Catalog
from exai_sre.metrics.families import HttpServerMetrics, TelemetryMetrics
from exai_sre.middleware import count_rejections
from exai_sre.middleware.aiohttp_server import HttpInstruments, instrument_app
from exai_sre.middleware.asgi import AsgiMiddleware, instrument_asgi
from exai_sre.tracing import configure_tracing

PATHS = ("/ids", "/fail", "/late", "/stream", "/wander")


class Lines(list[dict[str, Any]]):
    """A logger that keeps the fields of each line, and its level."""

    def __getattr__(self, level: str) -> Any:
        return lambda event, **fields: self.append({"level": level, "event": event, **fields})


def facts() -> dict[str, Any]:
    """What the running task knows of its unit of work."""
    trace = current_trace.get()
    return {
        "id": correlation_id.get(),
        "trace": trace.trace_id if trace else None,
        "baggage": str(current_baggage.get()),
        "deadline": current_deadline.get() is not None,
    }


async def wander() -> dict[str, Any]:
    """Facts from the beginning and the end of a way with random stops, which must agree."""
    chance = random.Random(correlation_id.get())
    first = facts()
    for _ in range(chance.randrange(4)):
        await asyncio.sleep(0)
    inner = await asyncio.create_task(asyncio.to_thread(facts)) if chance.random() < 0.03 else facts()
    return {"id": first["id"], "same": first == inner == facts()}


@dataclass
class Answer:
    """A response, whichever client brought it."""

    status: int
    fields: list[tuple[str, str]]
    body: str

    def all(self, name: str) -> list[str]:
        return [value for field, value in self.fields if field.lower() == name]


@dataclass
class Service:
    """The service, and what its requests leave behind."""

    options: dict[str, Any] = field(default_factory=dict)
    lines: Lines = field(default_factory=Lines)
    refused: list[Inbound] = field(default_factory=list)
    exporter: InMemorySpanExporter = field(default_factory=InMemorySpanExporter)
    catalog: Catalog = field(default_factory=Catalog)

    def __post_init__(self) -> None:
        self.tracing = configure_tracing(
            service="t", exporter=self.exporter, batch=False, share=False, environ={}, sampler_ratio=1.0
        )
        self.telemetry = TelemetryMetrics.declare(self.catalog)
        self.metrics = HttpServerMetrics.declare(self.catalog, PATHS)
        self.count = count_rejections(self.telemetry)

    def instruments(self) -> HttpInstruments:
        given: dict[str, Any] = {"metrics": self.metrics, "logger": self.lines, "tracing": self.tracing}
        return HttpInstruments(**{**given, "rejected": self.reject, **self.options})

    def reject(self, inbound: Inbound) -> None:
        self.refused.append(inbound)
        self.count(inbound)

    def counted(self) -> dict[str, float]:
        return {bound.values[0]: bound.value for bound in self.telemetry.rejected_ids.series()}

    def seen(self) -> str:
        """Everything that could hold a value: log lines, series and spans as text."""
        spans = [(span.name, dict(span.attributes or {})) for span in self.exporter.get_finished_spans()]
        return f"{self.lines} {[s.values for i in self.catalog for s in self.catalog.family(i.name).series()]} {spans}"


class Rig:
    """A service that answers ``get``; one subclass per framework."""

    def __init__(self, **options: Any) -> None:
        self.service = Service(options)

    async def get(self, path: str, fields: list[tuple[str, str]] | dict[str, str] | None = None) -> Answer:
        raise AssertionError

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Rig]:
        yield self


class AiohttpRig(Rig):
    """On aiohttp, over real sockets."""

    def app(self) -> web.Application:
        app = web.Application()
        instrument_app(app, self.service.instruments())

        async def ids(request: web.Request) -> web.Response:
            return web.json_response(facts(), headers={"X-Request-Id": "the handler's own"})

        async def fail(request: web.Request) -> web.Response:
            raise RuntimeError("a secret text")

        async def late(request: web.Request) -> web.Response:
            raise TimeoutError

        async def stream(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse()
            await response.prepare(request)
            await response.write(str(correlation_id.get()).encode())
            return response

        async def walk(request: web.Request) -> web.Response:
            return web.json_response(await wander())

        for path, handler in zip(PATHS, (ids, fail, late, stream, walk), strict=True):
            app.router.add_get(path, handler)
        return app

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Rig]:
        async with TestServer(self.app()) as server, ClientSession(connector=TCPConnector(limit=200)) as session:
            self._session, self._server = session, server
            yield self

    async def get(self, path: str, fields: list[tuple[str, str]] | dict[str, str] | None = None) -> Answer:
        pairs = fields.items() if isinstance(fields, dict) else fields or []
        async with self._session.get(self._server.make_url(path), headers=list(pairs)) as response:
            return Answer(response.status, list(response.headers.items()), await response.text())


class AsgiRig(Rig):
    """On an ASGI framework, in process."""

    def build(self) -> Any:
        raise AssertionError

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Rig]:
        self._app = self.build()
        yield self

    async def get(self, path: str, fields: list[tuple[str, str]] | dict[str, str] | None = None) -> Answer:
        path, _, query = path.partition("?")
        pairs = fields.items() if isinstance(fields, dict) else fields or []
        raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in pairs]
        sent: list[Any] = []
        inbox = iter([{"type": "http.request"}])

        async def receive() -> Any:
            return next(inbox, None) or await asyncio.Event().wait()

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "GET", "path": path, "query_string": query.encode(), "headers": raw}
        with suppress(RuntimeError, TimeoutError):
            await self._app(
                {**scope, "root_path": "", "http_version": "1.1", "asgi": {"version": "3.0"}}, receive, send
            )
        head = sent[0]
        answered = [(name.decode(), value.decode()) for name, value in head["headers"]]
        return Answer(head["status"], answered, b"".join(each.get("body", b"") for each in sent[1:]).decode())


async def pieces() -> AsyncIterator[str]:
    yield str(correlation_id.get())


class StarletteRig(AsgiRig):
    """On Starlette."""

    def build(self) -> Any:
        async def ids(request: Request) -> JSONResponse:
            return JSONResponse(facts(), headers={"X-Request-Id": "the handler's own"})

        async def fail(request: Request) -> JSONResponse:
            raise RuntimeError("a secret text")

        async def late(request: Request) -> JSONResponse:
            raise TimeoutError

        async def stream(request: Request) -> StreamingResponse:
            return StreamingResponse(pieces())

        async def walk(request: Request) -> JSONResponse:
            return JSONResponse(await wander())

        routes = [Route(path, each) for path, each in zip(PATHS, (ids, fail, late, stream, walk), strict=True)]
        return instrument_asgi(Starlette(routes=routes), self.service.instruments())


class FastApiRig(AsgiRig):
    """On FastAPI; one handler runs in a thread, as FastAPI does with plain functions."""

    def build(self) -> Any:
        app = FastAPI()
        instrument_asgi(app, self.service.instruments())

        @app.get("/ids")
        def ids() -> Any:
            return JSONResponse(facts(), headers={"X-Request-Id": "the handler's own"})

        @app.get("/fail")
        async def fail() -> Any:
            raise RuntimeError("a secret text")

        @app.get("/late")
        async def late() -> Any:
            raise TimeoutError

        @app.get("/stream")
        async def stream() -> StreamingResponse:
            return StreamingResponse(pieces())

        @app.get("/wander")
        async def walk() -> Any:
            return await wander()

        return app


class PlainAsgiRig(AsgiRig):
    """A bare ASGI application, with nothing around it that would answer an error."""

    def build(self) -> Any:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            path = scope["path"]
            if path == "/fail":
                raise RuntimeError("a secret text")
            if path == "/late":
                raise TimeoutError
            answers = {"/ids": facts, "/wander": None, "/stream": lambda: correlation_id.get()}
            if path not in answers:
                await PlainTextResponse("Not Found", 404)(scope, receive, send)
                return
            make = answers[path]
            found = await wander() if make is None else make()
            headers = {"X-Request-Id": "the handler's own"}
            response = PlainTextResponse(found, headers=headers) if isinstance(found, str) else JSONResponse(found)
            await response(scope, receive, send)

        return AsgiMiddleware(app, self.service.instruments())


RIGS = {"aiohttp": AiohttpRig, "starlette": StarletteRig, "fastapi": FastApiRig, "asgi": PlainAsgiRig}
