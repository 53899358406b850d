"""The aiohttp client frame against a real server on the loopback interface."""

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from exai_sre.clock import SystemClock
from exai_sre.context import Baggage, Operation, TraceContext, current_operation, resend_count, unit_of_work
from exai_sre.context.baggage import Member
from exai_sre.middleware.aiohttp_client import instrumented_session
from exai_sre.tracing import configure_tracing

REMOTE = TraceContext("a" * 32, "b" * 16, sampled=True, tracestate="v=1")
BAGGAGE = Baggage((Member("tenant", "t1"), Member("user", "u1")))
IDS = ("x-request-id", "traceparent", "tracestate", "baggage")


async def show(request: web.Request) -> web.Response:
    return web.json_response({name: request.headers[name] for name in IDS if name in request.headers})


async def hop(request: web.Request) -> web.Response:
    raise web.HTTPFound(request.query["to"])


async def refuse(request: web.Request) -> web.Response:
    raise web.HTTPServiceUnavailable


@pytest.fixture
async def server():
    app = web.Application()
    app.router.add_get("/show", show)
    app.router.add_get("/hop", hop)
    app.router.add_get("/refuse", refuse)
    async with TestServer(app) as server:
        yield server


@pytest.fixture
def exporter():
    return InMemorySpanExporter()


@pytest.fixture
def tracing(exporter):
    return configure_tracing(service="t", exporter=exporter, batch=False, share=False, environ={})


async def test_a_request_carries_the_ids_and_no_baggage_by_default(server, tracing, exporter):
    async with instrumented_session(tracing=tracing) as session:
        with unit_of_work("unit-id-1", REMOTE, BAGGAGE):
            sent = await (await session.get(server.make_url("/show"))).json()
    (span,) = exporter.get_finished_spans()
    assert sent == {
        "x-request-id": "unit-id-1",
        "traceparent": f"00-{REMOTE.trace_id}-{span.context.span_id:016x}-01",
        "tracestate": "v=1",
    }


async def test_baggage_goes_to_allowed_hosts_by_allowed_keys(server):
    async with instrumented_session(allow_hosts=("127.0.0.1",), baggage=("tenant",)) as session:
        with unit_of_work("unit-id-1", REMOTE, BAGGAGE):
            sent = await (await session.get(server.make_url("/show"))).json()
    assert sent["baggage"] == "tenant=t1"


async def test_headers_of_the_caller_stay(server):
    given = {"X-Request-ID": "mine-12345", "Traceparent": "theirs"}
    async with instrumented_session() as session:
        with unit_of_work("unit-id-1", REMOTE):
            sent = await (await session.get(server.make_url("/show"), headers=given)).json()
    assert sent == {"x-request-id": "mine-12345", "traceparent": "theirs"}


async def test_a_redirect_within_its_origin_is_a_resend_with_ids(server, tracing, exporter):
    async with instrumented_session(tracing=tracing) as session:
        with unit_of_work("unit-id-1"):
            sent = await (await session.get(server.make_url("/hop"), params={"to": "/show"})).json()
    first, second = exporter.get_finished_spans()
    assert sent["x-request-id"] == "unit-id-1"
    assert "http.request.resend_count" not in first.attributes
    assert second.attributes["http.request.resend_count"] == 1
    assert (first.attributes["http.response.status_code"], second.attributes["http.response.status_code"]) == (302, 200)


@pytest.mark.parametrize(("allowed", "expected"), [((), {}), (("localhost",), {"x-request-id": "unit-id-1"})])
async def test_a_redirect_to_another_origin_carries_ids_only_where_allowed(server, allowed, expected):
    target = str(server.make_url("/show").with_host("localhost"))
    async with instrumented_session(allow_hosts=allowed) as session:
        with unit_of_work("unit-id-1", None, BAGGAGE):
            sent = await (await session.get(server.make_url("/hop"), params={"to": target})).json()
    sent.pop("traceparent", None)
    assert sent == expected


async def test_a_span_holds_the_redacted_url_and_the_failure(server, tracing, exporter):
    url = str(server.make_url("/refuse?api_key=abc&x=1")).replace("http://", "http://user:pass@")
    async with instrumented_session(tracing=tracing) as session:
        token = resend_count.set(2)
        assert (await session.get(url)).status == 503
        resend_count.reset(token)
    (span,) = exporter.get_finished_spans()
    assert span.name == "GET"
    assert span.attributes["url.full"] == str(server.make_url("/refuse?api_key=REDACTED&x=1"))
    assert span.attributes["server.address"] == "127.0.0.1"
    assert span.attributes["http.request.resend_count"] == 2
    assert span.attributes["error.type"] == "503"


async def test_a_peer_that_cannot_be_reached_is_a_failed_span(unused_tcp_port, tracing, exporter):
    async with instrumented_session(tracing=tracing) as session:
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get(f"http://127.0.0.1:{unused_tcp_port}/")
    (span,) = exporter.get_finished_spans()
    assert span.attributes["error.type"] == "ClientConnectorError"


async def test_attempts_of_a_callers_own_middleware_are_spans_of_one_trace(server, tracing, exporter):
    async def twice(request, handler):
        (await handler(request)).release()
        return await handler(request)

    seen = []

    async def start(session, context, params):
        seen.append(params.method)

    config = aiohttp.TraceConfig()
    config.on_request_start.append(start)
    async with instrumented_session(tracing=tracing, middlewares=(twice,), trace_configs=[config]) as session:
        with unit_of_work("unit-id-1", REMOTE):
            await session.get(server.make_url("/show"))
    first, second = exporter.get_finished_spans()
    assert first.context.trace_id == second.context.trace_id
    assert first.context.span_id != second.context.span_id
    assert second.attributes["http.request.resend_count"] == 1
    assert seen == ["GET"]


async def test_each_attempt_of_a_callers_own_middleware_has_headers_of_its_own(server, tracing, exporter):
    sent = []

    async def twice(request, handler):
        for _ in range(2):
            response = await handler(request)
            sent.append((await response.json())["traceparent"].split("-")[2])
        return response

    async with instrumented_session(tracing=tracing, middlewares=(twice,)) as session:
        await session.get(server.make_url("/show"))
    assert sent == [f"{span.context.span_id:016x}" for span in exporter.get_finished_spans()]
    assert len(set(sent)) == 2


async def test_waiting_is_counted_only_where_it_is_asked_for_real_clock(server):
    for count, waits in ((True, True), (False, False)):
        operation = Operation(SystemClock())
        token = current_operation.set(operation)
        async with instrumented_session(count_waiting=count) as session:
            await session.get(server.make_url("/show"))
        current_operation.reset(token)
        assert (operation.waited > 0) is waits


async def test_a_redaction_that_fails_costs_the_attribute_and_not_the_request(server):
    def broken(url: str) -> str:
        raise RuntimeError(url)

    exporter = InMemorySpanExporter()
    tracing = configure_tracing(service="t", exporter=exporter, batch=False, share=False, environ={})
    async with instrumented_session(tracing=tracing, redact=broken) as session, session.get(server.make_url("/show")):
        pass
    (span,) = exporter.get_finished_spans()
    assert span.attributes["url.full"] == ""


async def test_a_request_made_within_another_one_leaves_that_its_ids(server):
    async with TestServer(web.Application()) as elsewhere:

        async def fetch_a_token(request, handler):
            await request.session.get(elsewhere.make_url("/token"), middlewares=())
            return await handler(request)

        with unit_of_work("unit-id-1"):
            async with instrumented_session(middlewares=(fetch_a_token,)) as session:
                sent = await (await session.get(server.make_url("/show"))).json()
    assert sent["x-request-id"] == "unit-id-1"
