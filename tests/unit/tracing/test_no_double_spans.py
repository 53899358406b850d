"""Beside other instrumentation: one span per HTTP exchange, whoever of the two is outside."""

import asyncio
import logging

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from fastapi import FastAPI, HTTPException
from opentelemetry import trace
from opentelemetry.instrumentation.aiohttp_client import AioHttpClientInstrumentor
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.instrumentation.utils import is_http_instrumentation_enabled
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import SpanKind

from exai_sre.middleware.aiohttp_client import instrumented_session
from exai_sre.middleware.asgi import instrument_asgi
from exai_sre.middleware.http_server import HttpInstruments
from exai_sre.tracing import Tracing
from exai_sre.tracing.aiohttp_client import instrument_aiohttp_client
from exai_sre.tracing.otel import JoinedRecorder
from exai_sre.tracing.urls import redacting_url_filter

GET = {"http.request.method": "GET"}
ATTEMPT = {**GET, "http.route": "/x"}


@pytest.fixture
def exporter():
    return InMemorySpanExporter()


@pytest.fixture
def provider(exporter):
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return provider


@pytest.fixture
def tracing(provider):
    return Tracing(JoinedRecorder(provider))


@pytest.fixture
async def server():
    async def show(request):
        return web.json_response(dict(request.headers))

    app = web.Application()
    app.router.add_get("/show", show)
    async with TestServer(app) as server:
        yield server


@pytest.fixture
def uninstrumented():
    yield
    AioHttpClientInstrumentor().uninstrument()


@pytest.mark.parametrize("method", ["http.request.method", "http.method"])
def test_a_span_of_the_same_exchange_is_used_and_enriched(tracing, provider, exporter, method):
    app, known = provider.get_tracer("app"), {method: "GET", "http.route": "theirs"}
    theirs = app.start_as_current_span("theirs", kind=SpanKind.SERVER, attributes=known)
    with theirs, tracing.start("ours", "server", attributes=ATTEMPT) as span:
        span.set("more", 1)
        span.fail("503")
    (found,) = exporter.get_finished_spans()
    assert f"{found.context.span_id:016x}" == span.context.span_id
    assert dict(found.attributes) == {method: "GET", **GET, "http.route": "theirs", "more": 1, "error.type": "503"}
    assert found.status.status_code is trace.StatusCode.ERROR


@pytest.mark.parametrize("attribute", ["http.url", "url.full"])
def test_the_url_of_a_span_that_is_used_loses_the_credentials_that_its_maker_let_through(
    tracing, provider, exporter, attribute
):
    known = {**GET, attribute: "https://host/?api_key=planted&x=1", "peer": "https://host/"}
    theirs = provider.get_tracer("app").start_as_current_span("theirs", kind=SpanKind.CLIENT, attributes=known)
    with theirs, tracing.start("GET", "client", attributes=GET):
        pass
    (found,) = exporter.get_finished_spans()
    assert dict(found.attributes) == {**known, attribute: "https://host/?api_key=REDACTED&x=1"}


@pytest.mark.parametrize("attribute", ["url.query", "http.target"])
def test_the_query_of_a_span_that_is_used_loses_its_credentials_too(tracing, provider, exporter, attribute):
    path = "/x?" if attribute == "http.target" else ""
    known = {**GET, attribute: f"{path}token=planted&x=1"}
    theirs = provider.get_tracer("app").start_as_current_span("theirs", kind=SpanKind.SERVER, attributes=known)
    with theirs, tracing.start("ours", "server", attributes=GET):
        pass
    (found,) = exporter.get_finished_spans()
    assert dict(found.attributes) == {**known, attribute: f"{path}token=REDACTED&x=1"}


async def test_a_span_that_is_used_hears_how_the_request_ended_before_its_maker_ends_it(
    tracing, provider, exporter, caplog
):
    async def busy() -> None:
        raise HTTPException(429)

    app = FastAPI()
    app.add_api_route("/busy", busy)
    FastAPIInstrumentor.instrument_app(app, tracer_provider=provider)
    instrument_asgi(app, HttpInstruments(tracing=tracing))
    scope = {"type": "http", "method": "GET", "path": "/busy", "headers": [], "query_string": b"", "root_path": ""}

    async def send(message):
        return

    with caplog.at_level(logging.WARNING, "opentelemetry"):
        await app({**scope, "http_version": "1.1", "scheme": "http", "server": ("h", 80)}, asyncio.Queue().get, send)
    (found,) = (span for span in exporter.get_finished_spans() if span.kind is SpanKind.SERVER)
    assert (found.status.status_code, found.attributes["error.type"]) == (trace.StatusCode.ERROR, "429")
    # What comes later OpenTelemetry refuses with a warning.
    assert not caplog.records


@pytest.mark.parametrize(
    ("kind", "attributes", "ours"),
    [
        (SpanKind.CLIENT, GET, ATTEMPT),
        (SpanKind.SERVER, {"rpc.system": "grpc"}, ATTEMPT),
        (SpanKind.SERVER, GET, {"mcp.method.name": "tools/call"}),
        (SpanKind.SERVER, {}, ATTEMPT),
    ],
)
def test_a_span_of_something_else_becomes_the_parent(tracing, provider, exporter, kind, attributes, ours):
    theirs = provider.get_tracer("app").start_as_current_span("theirs", kind=kind, attributes=attributes)
    with theirs, tracing.start("ours", "server", attributes=ours):
        pass
    inner, outer = exporter.get_finished_spans()
    assert (inner.name, inner.parent.span_id) == ("ours", outer.context.span_id)


def test_a_span_that_is_not_recorded_cannot_be_enriched_and_its_failed_call_leaves_one(exporter):
    provider = TracerProvider(sampler=ALWAYS_OFF, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    theirs = provider.get_tracer("app").start_as_current_span("theirs", kind=SpanKind.SERVER, attributes=GET)
    with theirs, Tracing(JoinedRecorder(provider)).start("ours", "server", attributes=ATTEMPT) as span:
        span.fail("500")
    assert [found.name for found in exporter.get_finished_spans()] == ["ours"]


def test_within_a_client_span_other_http_instrumentation_is_silent(tracing):
    with tracing.start("GET", "client", attributes=GET):
        assert not is_http_instrumentation_enabled()
    with tracing.start("chat", "client", attributes={"gen_ai.operation.name": "chat"}):
        assert is_http_instrumentation_enabled()
    with tracing.start("GET /x", "server", attributes=GET):
        assert is_http_instrumentation_enabled()
    assert is_http_instrumentation_enabled()


async def test_an_instrumented_session_under_opentelemetrys_instrumentation_leaves_one_span(
    server, tracing, provider, exporter, uninstrumented
):
    AioHttpClientInstrumentor().instrument(tracer_provider=provider)
    async with instrumented_session(tracing=tracing) as session:
        sent = await (await session.get(server.make_url("/show?api_key=planted"))).json()
    (found,) = exporter.get_finished_spans()
    assert found.instrumentation_scope.name == "opentelemetry.instrumentation.aiohttp_client"
    assert found.attributes["http.request.method"] == "GET"
    assert "planted" not in found.to_json()
    assert sent["traceparent"].split("-")[1:3] == [f"{found.context.trace_id:032x}", f"{found.context.span_id:016x}"]


async def test_sessions_made_elsewhere_leave_spans_without_secrets(server, tracing, exporter, uninstrumented):
    assert instrument_aiohttp_client(tracing)
    assert not instrument_aiohttp_client(tracing)
    url = str(server.make_url("/show?access_token=planted&Api_Key=hidden&x=1")).replace("http://", "http://user:pass@")
    async with aiohttp.ClientSession() as session:
        await session.get(url)
    (found,) = exporter.get_finished_spans()
    assert not any(secret in found.to_json() for secret in ("planted", "hidden", "user:", "pass@"))
    assert "x=1" in found.attributes["http.url"]


async def test_an_instrumentation_in_force_is_replaced_where_that_is_asked_for(
    server, tracing, provider, exporter, uninstrumented
):
    AioHttpClientInstrumentor().instrument(tracer_provider=provider)
    assert instrument_aiohttp_client(tracing, replace=True)
    async with aiohttp.ClientSession() as session:
        await session.get(server.make_url("/show?api_key=planted"))
    (found,) = exporter.get_finished_spans()
    assert "planted" not in found.to_json()


def test_a_url_that_the_redaction_fails_on_is_left_out():
    def fails(url: str) -> str:
        raise RuntimeError(url)

    assert redacting_url_filter(fails)("https://host/?api_key=abc") == ""
    assert redacting_url_filter()("https://host/?api_key=abc") == "https://host/?api_key=REDACTED"
