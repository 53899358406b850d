"""The aiohttp server frame against a real server on the loopback interface."""

import asyncio
import uuid
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from exai_sre.context import Inbound, Rejection, correlation_id, current_trace, remaining
from exai_sre.metrics import Catalog
from exai_sre.metrics.families import HttpServerMetrics
from exai_sre.middleware.aiohttp_server import HttpInstruments, instrument_app, instrumented_app
from exai_sre.outcome import Outcome
from exai_sre.testing import VirtualClock
from exai_sre.tracing import configure_tracing
from tests.unit.middleware.aiohttp_rig import running
from tests.waiting import eventually

ROUTES = (
    "/echo/{name}",
    "/health",
    "/fail",
    "/missing",
    "/redirect",
    "/stream",
    "/half",
    "/ws",
    "/hang",
    "/say",
    "/gone",
)


class Lines(list[tuple[str, dict[str, Any]]]):
    """A logger that keeps (level, fields)."""

    def __getattr__(self, level: str) -> Any:
        return lambda event, **fields: self.append((level, {"event": event, **fields}))


class SaysSoError(Exception):
    """Knows its own outcome."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__("a secret text")
        self.outcome = outcome


async def echo(request: web.Request) -> web.Response:
    trace = current_trace.get()
    return web.json_response({"id": correlation_id.get(), "trace": trace.trace_id if trace else None})


async def health(request: web.Request) -> web.Response:
    return web.Response(text="fine")


async def fail(request: web.Request) -> web.Response:
    raise RuntimeError("a secret text")


async def missing(request: web.Request) -> web.Response:
    raise web.HTTPConflict(text="take another name", headers={"Retry-After": "5"})


async def redirect(request: web.Request) -> web.Response:
    raise web.HTTPFound("/health")


async def stream(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"part")
    return response


async def half(request: web.Request) -> web.StreamResponse:
    response = await stream(request)
    assert response.prepared
    raise RuntimeError("after the head")


async def gone(request: web.Request) -> web.StreamResponse:
    await stream(request)
    await eventually(lambda: request.transport is None or request.transport.is_closing())
    # As the next write ends, once its caller has left.
    raise ConnectionResetError


async def socket(request: web.Request) -> web.WebSocketResponse:
    response = web.WebSocketResponse()
    await response.prepare(request)
    await response.send_str(str(correlation_id.get()))
    await response.close()
    return response


async def hang(request: web.Request) -> web.Response:
    request.app["hanging"].set()
    await asyncio.Event().wait()
    raise AssertionError


async def say(request: web.Request) -> web.Response:
    raise SaysSoError(Outcome(request.query["outcome"]))


class Rig:
    """A running server with everything that its requests leave behind."""

    def __init__(self, **instruments: Any) -> None:
        self.lines = Lines()
        self.metrics = HttpServerMetrics.declare(Catalog(), ROUTES)
        self.refused: list[Inbound] = []
        self.app = instrumented_app(
            HttpInstruments(self.metrics, self.lines, rejected=self.refused.append, **instruments), client_max_size=999
        )
        handlers = (echo, health, fail, missing, redirect, stream, half, socket, hang, say, gone)
        for path, handler in zip(ROUTES, handlers, strict=True):
            self.app.router.add_get(path, handler)

    def counted(self) -> dict[tuple[str, str, str], float]:
        return {bound.values: bound.total for bound in self.metrics.duration.series()}


@pytest.fixture
async def rig():
    rig = Rig()
    async with TestClient(TestServer(rig.app, handler_cancellation=True)) as client:
        rig.client = client
        yield rig


async def test_an_accepted_id_comes_back_once_and_runs_inside(rig):
    answer = await rig.client.get(
        "/echo/a", headers={"X-Request-ID": "caller-id-1", "traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
    )
    assert answer.headers.getall("x-request-id") == ["caller-id-1"]
    assert await answer.json() == {"id": "caller-id-1", "trace": "a" * 32}
    assert rig.counted() == {("GET", "/echo/{name}", "200"): 1}


async def test_a_refused_id_is_replaced_and_told_without_its_value(rig):
    answer = await rig.client.get("/echo/a", headers={"X-Request-ID": "bad id!"})
    assert uuid.UUID(answer.headers["x-request-id"]).version == 7
    assert [inbound.rejected for inbound in rig.refused] == [(Rejection.ID_LENGTH,)]
    assert "bad id!" not in str(rig.lines)


@pytest.mark.parametrize(
    ("path", "status", "kind", "message"),
    [
        ("/nowhere", 404, "not_found", "Not Found"),
        ("/fail", 500, "internal_server_error", "Internal Server Error"),
        ("/missing", 409, "conflict", "take another name"),
    ],
)
async def test_an_error_reaches_the_caller_in_one_shape_with_its_id(rig, path, status, kind, message):
    answer = await rig.client.get(path)
    assert answer.status == status
    body = (await answer.json())["error"]
    assert body == {
        "status": status,
        "type": kind,
        "message": message,
        "correlation_id": answer.headers["x-request-id"],
    }
    assert "secret" not in await answer.text()
    assert rig.counted() == {("GET", path if path in ROUTES else "_OTHER", str(status)): 1}


async def test_headers_of_an_http_error_are_kept(rig):
    answer = await rig.client.get("/missing")
    assert (answer.headers["Retry-After"], answer.content_type) == ("5", "application/json")
    not_allowed = await rig.client.post("/health")
    assert (not_allowed.status, not_allowed.headers["Allow"]) == (405, "GET,HEAD")


async def test_a_redirect_stays_a_redirect(rig):
    answer = await rig.client.get("/redirect", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (302, "/health")
    assert "x-request-id" in answer.headers


@pytest.mark.parametrize(
    ("outcome", "status", "level"),
    [
        ("timeout", 504, "warning"),
        ("upstream_error", 502, "warning"),
        ("overload", 503, "warning"),
        ("client_error", 400, "info"),
        ("error", 500, "error"),
    ],
)
async def test_an_error_that_knows_its_outcome_gets_the_status_for_it(rig, outcome, status, level):
    answer = await rig.client.get("/say", params={"outcome": outcome})
    assert answer.status == status
    assert [(at, line["outcome"], line["error_type"]) for at, line in rig.lines] == [(level, outcome, "SaysSoError")]


async def test_an_error_of_ours_is_logged_with_its_cause_and_never_sent(rig):
    await rig.client.get("/fail")
    ((level, line),) = rig.lines
    assert (level, line["event"], line["route"], line["status"]) == ("error", "http_request", "/fail", 500)
    assert isinstance(line["exc_info"], RuntimeError)


async def test_polled_routes_are_logged_at_level_debug(rig):
    await rig.client.get("/health")
    await rig.client.get("/echo/a")
    assert [level for level, _ in rig.lines] == ["debug", "info"]


async def test_a_stream_carries_the_id_and_one_that_breaks_is_closed_and_logged(rig):
    assert "x-request-id" in (await rig.client.get("/stream")).headers
    answer = await rig.client.get("/half")
    assert "x-request-id" in answer.headers
    with pytest.raises(aiohttp.ClientPayloadError):
        await answer.read()
    assert (rig.lines[-1][0], rig.lines[-1][1]["status"]) == ("error", 200)


async def test_a_caller_that_closes_during_a_stream_has_cancelled():
    rig = Rig()
    async with running(rig.app) as (host, port), aiohttp.ClientSession() as session:
        (await session.get(f"http://{host}:{port}/gone")).close()
        await eventually(lambda: rig.lines)
    ((level, line),) = rig.lines
    assert (level, line["status"], line["outcome"]) == ("info", 499, "cancelled")


async def test_a_websocket_carries_the_id_in_its_101_and_leaves_no_duration(rig):
    async with rig.client.ws_connect("/ws", headers={"X-Request-ID": "socket-id-1"}) as connection:
        assert await connection.receive_str() == "socket-id-1"
        assert connection._response.headers["x-request-id"] == "socket-id-1"
        await connection.receive()
    await rig.client.get("/health")
    assert ("GET", "/ws", "101") not in rig.counted()


async def test_a_caller_that_disconnects_is_a_cancellation_not_an_error(rig):
    rig.app._state["hanging"] = hanging = asyncio.Event()
    call = asyncio.create_task(rig.client.get("/hang"))
    await hanging.wait()
    call.cancel()
    await eventually(lambda: rig.lines)
    assert rig.counted() == {("GET", "/hang", "499"): 1}
    assert (rig.lines[0][0], rig.lines[0][1]["outcome"]) == ("info", "cancelled")


async def test_with_tracing_each_request_has_a_server_span():
    exporter = InMemorySpanExporter()
    tracing = configure_tracing(service="t", exporter=exporter, batch=False, share=False, environ={})
    rig = Rig(tracing=tracing)
    async with TestClient(TestServer(rig.app)) as client:
        answer = await client.get("/echo/a", headers={"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"})
        assert (await answer.json())["trace"] == "a" * 32
        await client.get("/fail")
        await client.get("/nowhere")
    spans = [
        (span.name, span.attributes["http.response.status_code"], span.status.status_code.name)
        for span in exporter.get_finished_spans()
    ]
    assert spans == [("GET /echo/{name}", 200, "UNSET"), ("GET /fail", 500, "ERROR"), ("GET _OTHER", 404, "UNSET")]


async def test_an_application_can_be_instrumented_with_nothing_but_ids():
    app = web.Application()
    instrument_app(app)
    app.router.add_get("/echo", echo)
    async with TestClient(TestServer(app)) as client:
        assert "x-request-id" in (await client.get("/echo")).headers
        assert (await client.get("/nowhere")).status == 404


async def test_an_application_is_instrumented_once():
    rig = Rig()
    instrument_app(rig.app, HttpInstruments(rig.metrics, rig.lines))
    async with TestClient(TestServer(rig.app)) as client:
        await client.get("/echo/a")
    assert len(rig.lines) == 1
    assert rig.counted() == {("GET", "/echo/{name}", "200"): 1}


async def answered_by(handler: Any, instruments: HttpInstruments, **headers: str) -> tuple[int, Any, str]:
    app = instrumented_app(instruments)
    app.router.add_get("/", handler)
    async with TestClient(TestServer(app)) as client:
        answer = await client.get("/", headers=headers)
        return answer.status, answer.headers, await answer.text()


async def test_a_trusted_callers_deadline_counts_from_the_arrival_also_where_nothing_is_left_behind():
    clock = VirtualClock()

    async def left(request: web.Request) -> web.Response:
        return web.Response(text=str(remaining(clock.monotonic())))

    headers = {"exai-sre-timeout-ms": "2500"}
    _, _, text = await answered_by(left, HttpInstruments(trust_limits=True, clock=clock), **headers)
    assert text == "2.5"


async def test_a_handler_that_returns_nothing_is_an_error_of_ours():
    async def nothing(request: web.Request) -> None:
        return None

    lines = Lines()
    status, headers, text = await answered_by(nothing, HttpInstruments(logger=lines))
    assert (status, "x-request-id" in headers, "correlation_id" in text) == (500, True, True)
    assert [(level, line["outcome"]) for level, line in lines] == [("error", "error")]


async def test_cookies_and_repeated_headers_of_an_http_error_are_kept():
    async def refuse(request: web.Request) -> web.Response:
        error = web.HTTPUnauthorized()
        error.del_cookie("session")
        for scheme in ("Basic", "Bearer"):
            error.headers.add("WWW-Authenticate", scheme)
        raise error

    _, headers, _ = await answered_by(refuse, HttpInstruments())
    assert headers.getall("WWW-Authenticate") == ["Basic", "Bearer"]
    assert [cookie.partition("=")[0] for cookie in headers.getall("Set-Cookie")] == ["session"]
