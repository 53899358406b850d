"""S10 and S11 of the statements on correlation: what leaves, to whom, and what is told of it."""

import json
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from exai_sre.context import Baggage, TraceContext, deadline_at, unit_of_work
from exai_sre.context.baggage import Member
from exai_sre.context.hop_limits import HopLimits, limits_of_hop
from exai_sre.logs.sanitize import Sanitizer
from exai_sre.middleware.aiohttp_client import instrumented_session
from exai_sre.middleware.http_client import ClientOptions
from exai_sre.middleware.httpx_client import instrumented_async_client, instrumented_client
from exai_sre.resilience import Retry
from exai_sre.testing import VirtualClock
from exai_sre.tracing import configure_tracing, redact_url

REMOTE = TraceContext("a" * 32, "b" * 16, sampled=True, tracestate="v=1")
BAGGAGE = Baggage((Member("tenant", "t1"), Member("user", "u1")))
SEEN = web.AppKey("seen", list)
IDS = ("x-request-id", "traceparent", "tracestate", "baggage", "exai-sre-timeout-ms", "exai-sre-attempts-left")


async def show(request: web.Request) -> web.Response:
    return web.json_response({name: request.headers[name] for name in IDS if name in request.headers})


async def hop(request: web.Request) -> web.Response:
    raise web.HTTPFound(request.query["to"])


async def flaky(request: web.Request) -> web.Response:
    request.app[SEEN].append({name.lower(): value for name, value in request.headers.items()})
    if len(request.app[SEEN]) % 3:
        raise web.HTTPServiceUnavailable
    return await show(request)


@pytest.fixture
async def server():
    app = web.Application()
    app[SEEN] = []
    for path, handler in (("/show", show), ("/hop", hop), ("/flaky", flaky)):
        app.router.add_get(path, handler)
    async with TestServer(app) as server:
        yield server


class Client:
    """One interface to the clients: GET, the redirects followed, the body as JSON."""

    def __init__(self, kind: str, **options: Any) -> None:
        self.kind = kind
        self.exporter = InMemorySpanExporter()
        tracing = configure_tracing(service="t", exporter=self.exporter, batch=False, share=False, environ={})
        self.options = {"tracing": tracing, **options}

    @asynccontextmanager
    async def open(self) -> Any:
        if self.kind == "aiohttp":
            async with instrumented_session(**self.options) as self._client:
                yield self
        else:
            options = ClientOptions(**self.options)
            async with instrumented_async_client(options, library=self.kind, follow_redirects=True) as self._client:
                yield self

    async def get(self, url: Any, **kwargs: Any) -> tuple[int, Any]:
        if self.kind == "aiohttp":
            async with self._client.get(url, **kwargs) as response:
                return response.status, await response.json(content_type=None) if response.status == 200 else None
        response = await self._client.get(str(url), **kwargs)
        return response.status_code, response.json() if response.status_code == 200 else None

    def spans(self) -> list[Any]:
        return list(self.exporter.get_finished_spans())


CLIENTS = pytest.mark.parametrize("kind", ["aiohttp", "httpx", "httpx2"])


@CLIENTS
async def test_s10_a_request_carries_trace_and_id_and_no_baggage(server, kind):
    async with Client(kind).open() as client:
        with unit_of_work("unit-id-1", REMOTE, BAGGAGE), deadline_at(1e9):
            _, sent = await client.get(server.make_url("/show"))
    (span,) = client.spans()
    assert sent == {
        "x-request-id": "unit-id-1",
        "traceparent": f"00-{REMOTE.trace_id}-{span.context.span_id:016x}-01",
        "tracestate": "v=1",
    }
    assert f"{span.parent.span_id:016x}" == REMOTE.span_id


@CLIENTS
async def test_s10_baggage_deadline_and_attempts_go_to_allowed_hosts(server, kind):
    clock = VirtualClock()
    options = {"allow_hosts": ("127.0.0.1",), "baggage": ("tenant",), "redact_baggage": str.upper, "clock": clock}
    async with Client(kind, **options).open() as client:
        with unit_of_work("unit-id-1", REMOTE, BAGGAGE), limits_of_hop(HopLimits(2.5, 3), clock.monotonic()):
            _, sent = await client.get(server.make_url("/show"))
    assert (sent["baggage"], sent["exai-sre-timeout-ms"], sent["exai-sre-attempts-left"]) == ("tenant=T1", "2500", "3")


@CLIENTS
async def test_s10_headers_of_the_caller_are_not_overwritten(server, kind):
    given = {"X-Request-ID": "mine-12345", "Traceparent": "theirs"}
    async with Client(kind).open() as client:
        with unit_of_work("unit-id-1", REMOTE):
            _, sent = await client.get(server.make_url("/show"), headers=given)
    assert sent == {"x-request-id": "mine-12345", "traceparent": "theirs"}


@CLIENTS
async def test_s10_a_retry_keeps_the_trace_and_takes_a_new_span_with_its_number(server, kind):
    async with Client(kind).open() as client:

        @Retry(3, wait=0.0, on=(RuntimeError,), clock=VirtualClock())
        async def fetch() -> Any:
            status, sent = await client.get(server.make_url("/flaky"))
            if status != 200:
                raise RuntimeError(status)
            return sent

        with unit_of_work("unit-id-1", REMOTE):
            await fetch()
    spans = client.spans()
    sent = server.app[SEEN]
    assert [each["x-request-id"] for each in sent] == ["unit-id-1"] * 3
    assert [each["traceparent"] for each in sent] == [
        f"00-{REMOTE.trace_id}-{span.context.span_id:016x}-01" for span in spans
    ]
    assert len({span.context.span_id for span in spans}) == 3
    assert [span.attributes.get("http.request.resend_count") for span in spans] == [None, 1, 2]
    assert [span.attributes.get("error.type") for span in spans] == ["503", "503", None]


@CLIENTS
async def test_s10_a_redirect_within_its_origin_keeps_the_ids(server, kind):
    async with Client(kind).open() as client:
        with unit_of_work("unit-id-1", REMOTE):
            _, sent = await client.get(server.make_url("/hop?to=/show"))
    assert sent["x-request-id"] == "unit-id-1"
    assert [span.attributes.get("http.request.resend_count") for span in client.spans()] == [None, 1]


@CLIENTS
@pytest.mark.parametrize("allowed", [(), ("localhost",)])
async def test_s10_a_redirect_to_another_origin_drops_baggage_and_ids(server, kind, allowed):
    target = str(server.make_url("/show").with_host("localhost"))
    async with Client(kind, allow_hosts=("127.0.0.1", *allowed), baggage=("tenant",)).open() as client:
        with unit_of_work("unit-id-1", REMOTE, BAGGAGE):
            _, sent = await client.get(server.make_url("/hop").with_query(to=target))
    assert set(sent) == ({"x-request-id", "traceparent", "tracestate", "baggage"} if allowed else set())


async def test_s10_a_client_without_asyncio_does_the_same():
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        moved = {"location": "http://else.where/b"} if request.url.path == "/a" else {}
        return httpx.Response(302 if moved else 200, headers=moved)

    with (
        instrumented_client(transport=httpx.MockTransport(answer), follow_redirects=True) as client,
        unit_of_work("unit-id-1", REMOTE),
    ):
        response = client.get("http://here.example/a")
    assert [request.headers.get("x-request-id") for request in seen] == ["unit-id-1", None]
    assert "traceparent" not in response.request.headers
    assert not any("exai" in name for request in seen for name in request.extensions)


def test_s10_a_transport_that_fails_is_a_failed_span():
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route", request=request)

    exporter = InMemorySpanExporter()
    tracing = configure_tracing(service="t", exporter=exporter, batch=False, share=False, environ={})
    mounts = {"http://": httpx.MockTransport(refuse), "https://": None}
    options = ClientOptions(tracing=tracing)
    with instrumented_client(options, mounts=mounts) as client, pytest.raises(httpx.ConnectError):
        client.get("http://here.example/a")
    (span,) = exporter.get_finished_spans()
    assert span.attributes["error.type"] == "ConnectError"


@CLIENTS
async def test_s10_a_peer_that_cannot_be_reached_is_a_failed_span(unused_tcp_port, kind):
    async with Client(kind).open() as client:
        with pytest.raises(Exception, match=r"."):
            await client.get(f"http://127.0.0.1:{unused_tcp_port}/")
    (span,) = client.spans()
    assert "Connect" in span.attributes["error.type"]


SECRETS = ["api_key=k-1-secret", "access_token=t-1-secret", "X-Amz-Signature=s-1-secret", "sig=g-1-secret"]


@CLIENTS
async def test_s11_span_attributes_hold_the_url_without_userinfo_and_secret_values(server, kind):
    query = "&".join([*SECRETS, "page=2"])
    url = str(server.make_url("/show")).replace("http://", "http://user:pass-1-secret@") + f"?{query}"
    async with Client(kind).open() as client:
        await client.get(url)
    (span,) = client.spans()
    assert "secret" not in json.dumps(dict(span.attributes))
    assert span.attributes["url.full"].endswith("page=2")


@pytest.mark.parametrize("secret", SECRETS)
def test_s11_logs_redact_what_spans_redact(secret):
    url = f"https://user:pass-1-secret@api.example/v1/chat?page=2&{secret}"
    assert "secret" not in redact_url(url)
    assert "secret" not in Sanitizer().redact_text(f"fetching {url} failed")


async def test_s11_a_server_logs_the_template_of_a_route_and_never_the_url():
    from tests.unit.context.hop_rigs import RIGS

    for framework in RIGS.values():
        async with framework().running() as rig:
            await rig.get("/ids?api_key=k-1-secret")
            await rig.get("/no-such-path/k-1-secret")
            assert "secret" not in rig.service.seen()
