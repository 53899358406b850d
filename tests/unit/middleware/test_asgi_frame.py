"""The ASGI frame: how requests and connections end, and what they leave behind."""

import asyncio
import json
from typing import Any

import pytest
from fastapi import FastAPI
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocketDisconnect

from exai_sre.context import correlation_id, current_deadline, current_trace
from exai_sre.middleware.asgi import AsgiMiddleware, instrument_asgi
from exai_sre.middleware.http_server import HttpInstruments
from exai_sre.outcome import Outcome
from exai_sre.tracing import configure_tracing
from tests.unit.middleware.asgi_rig import Lines, Rig

PARENT = f"00-{'a' * 32}-{'b' * 16}-01"


class SaysSoError(Exception):
    """Knows its own outcome, and when to come back."""

    outcome = Outcome.OVERLOAD
    retry_after = 1.2


async def raising(scope: Any, receive: Any, send: Any) -> None:
    raise SaysSoError("a secret text")


async def silent(scope: Any, receive: Any, send: Any) -> None:
    return


async def test_an_error_that_nobody_answers_gets_the_one_shape_with_its_outcome_and_passes_on():
    rig = Rig(raising)
    with pytest.raises(SaysSoError):
        await rig.get("/")
    status, fields, body = rig.answered()
    assert (status, fields["retry-after"], fields["content-type"]) == (503, "2", "application/json")
    assert json.loads(body)["error"]["correlation_id"] == fields["x-request-id"]
    assert "secret" not in body
    assert rig.line() == ("warning", 503, "overload")
    assert rig.counted() == {("GET", "_OTHER", "503"): 1}


async def test_an_application_that_never_answers_is_an_error_of_ours():
    rig = Rig(silent)
    await rig.get("/")
    assert (rig.sent, rig.line()) == ([], ("error", 500, "error"))


async def test_the_error_page_of_a_framework_is_its_own_and_carries_the_id():
    async def fail(request: Any) -> Any:
        raise SaysSoError

    async def page(request: Any, error: Exception) -> PlainTextResponse:
        return PlainTextResponse("our own page", 500)

    rig = Rig(Starlette(routes=[Route("/fail", fail)], exception_handlers={Exception: page}))
    with pytest.raises(SaysSoError):
        await rig.get("/fail", x_request_id="caller-id-1")
    status, fields, body = rig.answered()
    assert (status, fields["x-request-id"], body) == (500, "caller-id-1", "our own page")
    assert rig.line() == ("warning", 500, "overload")
    assert rig.lines[0][1]["error_type"] == "SaysSoError"


async def test_inside_a_framework_an_error_is_left_to_it():
    async def fail(request: Any) -> Any:
        raise SaysSoError

    app = Starlette(routes=[Route("/fail", fail)])
    lines = Lines()
    app.add_middleware(AsgiMiddleware, instruments=HttpInstruments(logger=lines))
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/fail", "headers": [], "query_string": b"", "root_path": ""}
    with pytest.raises(SaysSoError):
        await app(scope, asyncio.Queue().get, send)
    assert [each["status"] for each in sent if "status" in each] == [500]
    assert [(level, line["status"]) for level, line in lines] == [("warning", 500)]


async def test_an_error_of_ours_is_logged_with_its_cause():
    async def fail(request: Any) -> Any:
        raise RuntimeError("why")

    rig = Rig(FastAPI(routes=[Route("/fail", fail)]))
    with pytest.raises(RuntimeError):
        await rig.get("/fail")
    assert rig.line() == ("error", 500, "error")
    assert isinstance(rig.lines[0][1]["exc_info"], RuntimeError)


async def test_an_http_error_of_a_framework_is_what_it_says():
    async def teapot(request: Any) -> Any:
        raise HTTPException(429, "later")

    rig = Rig(Starlette(routes=[Route("/teapot", teapot)]))
    await rig.get("/teapot")
    assert rig.line() == ("warning", 429, "overload")


async def test_polled_routes_are_logged_at_level_debug():
    async def health(request: Any) -> Any:
        return PlainTextResponse("fine")

    rig = Rig(Starlette(routes=[Route("/health", health)]))
    await rig.get("/health")
    assert rig.line() == ("debug", 200, "ok")


async def test_a_cancelled_request_is_no_error():
    async def hang(request: Any) -> Any:
        await asyncio.Event().wait()

    rig = Rig(Starlette(routes=[Route("/hang", hang)]))
    task = asyncio.create_task(rig.get("/hang"))
    await asyncio.sleep(0.0)
    await asyncio.sleep(0.0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert rig.line() == ("info", 499, "cancelled")


async def leaves(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    assert (await receive())["type"] == "http.disconnect"


async def breaks(scope: Any, receive: Any, send: Any) -> None:
    await leaves(scope, receive, send)
    raise RuntimeError


@pytest.mark.parametrize(("app", "raised"), [(leaves, False), (breaks, True)])
async def test_a_caller_that_goes_away_has_cancelled_whatever_the_application_makes_of_it(app, raised):
    rig = Rig(app)
    call = asyncio.create_task(rig.get("/"))
    await asyncio.sleep(0)
    rig.inbox.put_nowait({"type": "http.disconnect"})
    (result,) = await asyncio.gather(call, return_exceptions=True)
    assert isinstance(result, RuntimeError) is raised
    assert rig.line() == ("info", 499, "cancelled")


async def test_a_stream_that_breaks_is_an_error_under_the_status_that_was_sent():
    async def pieces() -> Any:
        yield "part"
        raise RuntimeError

    async def stream(request: Any) -> Any:
        return StreamingResponse(pieces())

    rig = Rig(Starlette(routes=[Route("/stream", stream)]))
    with pytest.raises(Exception, match=r".*"):
        await rig.get("/stream")
    assert rig.line() == ("error", 200, "error")


async def test_a_request_ends_with_its_response_and_not_with_its_background_task():
    exporter, gate = InMemorySpanExporter(), asyncio.Event()
    tracing = configure_tracing(service="t", exporter=exporter, batch=False, share=False, environ={})
    seen: list[Any] = []

    async def after() -> None:
        await gate.wait()
        seen.append((correlation_id.get(), current_trace.get()))
        raise RuntimeError("afterwards")

    async def later(request: Any) -> Any:
        return PlainTextResponse("ok", background=BackgroundTask(after))

    rig = Rig(Starlette(routes=[Route("/later", later)]), tracing=tracing)
    call = asyncio.create_task(rig.get("/later", x_request_id="caller-id-1", traceparent=PARENT))
    while not rig.lines:
        await asyncio.sleep(0)
    assert rig.counted() == {("GET", "/later", "200"): 1}
    assert exporter.get_finished_spans() == ()
    gate.set()
    with pytest.raises(RuntimeError):
        await call
    (span,) = exporter.get_finished_spans()
    assert (seen[0][0], f"{span.context.span_id:016x}") == ("caller-id-1", seen[0][1].span_id)
    assert (span.attributes["http.route"], span.attributes["error.type"]) == ("/later", "RuntimeError")
    assert [(level, line["event"]) for level, line in rig.lines] == [
        ("info", "http_request"),
        ("error", "unhandled_error"),
    ]


async def test_at_a_public_edge_a_callers_trace_is_only_linked_to_and_its_baggage_dropped():
    exporter = InMemorySpanExporter()
    tracing = configure_tracing(service="t", exporter=exporter, batch=False, share=False, environ={})

    async def echo(request: Any) -> Any:
        return PlainTextResponse(str(correlation_id.get()))

    rig = Rig(Starlette(routes=[Route("/", echo)]), tracing=tracing, public=True, log_baggage=("k",))
    await rig.get("/", traceparent=PARENT, baggage="k=v")
    (span,) = exporter.get_finished_spans()
    assert span.parent is None
    assert [f"{link.context.trace_id:032x}" for link in span.links] == ["a" * 32]
    assert "baggage" not in rig.lines[0][1]


@pytest.mark.parametrize(("trust", "limited"), [(True, True), (False, False)])
async def test_a_callers_deadline_holds_only_where_callers_are_trusted(trust, limited):
    async def echo(request: Any) -> Any:
        return PlainTextResponse(str(current_deadline.get() is not None))

    rig = Rig(Starlette(routes=[Route("/", echo)]), trust_limits=trust)
    await rig.get("/", exai_sre_timeout_ms="250")
    assert rig.answered()[2] == str(limited)


async def test_what_a_trusted_caller_allows_for_an_upgrade_is_not_the_deadline_of_the_whole_connection():
    seen: list[float | None] = []

    async def serve(socket: Any) -> None:
        await socket.accept()
        seen.append(current_deadline.get())

    rig = Rig(Starlette(routes=[WebSocketRoute("/", serve)]), trust_limits=True)
    await rig.get("/", kind="websocket", exai_sre_timeout_ms="5000")
    assert seen == [None]


async def refuses(socket: Any) -> None:
    await socket.close()


async def fails(socket: Any) -> None:
    await socket.accept()
    raise RuntimeError


async def denies(socket: Any) -> None:
    await socket.send_denial_response(PlainTextResponse("no", 401))


async def serves(socket: Any) -> None:
    await socket.accept()
    await socket.close()


async def listens(socket: Any) -> None:
    await socket.accept()
    await socket.receive_text()


async def listens_in_a_group(socket: Any) -> None:
    await socket.accept()
    async with asyncio.TaskGroup() as group:
        group.create_task(socket.receive_text())


async def says_nothing(socket: Any) -> None:
    return


async def is_left_waiting(socket: Any) -> None:
    await socket.receive()
    raise WebSocketDisconnect((await socket.receive())["code"])


@pytest.mark.parametrize(
    ("endpoint", "line"),
    [
        (serves, ("info", 101, "ok")),
        (listens, ("info", 101, "ok")),
        (listens_in_a_group, ("info", 101, "ok")),
        (says_nothing, ("error", 500, "error")),
        (is_left_waiting, ("info", 499, "cancelled")),
        (refuses, ("info", 403, "client_error")),
        (denies, ("info", 401, "client_error")),
        (fails, ("error", 101, "error")),
    ],
)
async def test_a_connection_leaves_a_line_by_how_it_ended_and_no_duration_of_its_own(endpoint, line):
    rig = Rig(Starlette(routes=[WebSocketRoute("/", endpoint)]))
    await asyncio.gather(rig.get("/", kind="websocket", x_request_id="socket-id-1"), return_exceptions=True)
    assert rig.line() == line
    assert rig.lines[0][1]["connection_id"] == "socket-id-1"
    assert all(values[2] != "101" for values in rig.counted())


async def test_an_application_is_instrumented_once_also_when_it_has_begun_to_serve():
    async def echo(request: Any) -> Any:
        return PlainTextResponse("ok")

    app = Starlette(routes=[Route("/", echo)])
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b"", "root_path": ""}
    await app({**scope}, asyncio.Queue().get, send)
    assert instrument_asgi(app) is app
    assert instrument_asgi(app) is app
    await app({**scope}, asyncio.Queue().get, send)
    ids = [sum(name == b"x-request-id" for name, _ in each["headers"]) for each in sent if "headers" in each]
    assert ids == [0, 1]


async def test_what_is_neither_request_nor_socket_passes_through():
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append((scope, receive, send))

    await AsgiMiddleware(app)({"type": "lifespan"}, None, None)
    assert seen == [({"type": "lifespan"}, None, None)]


async def starts_and_breaks(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"X-Request-ID", b"the application's own")]})
    raise SaysSoError


@pytest.mark.parametrize(("app", "status"), [(raising, 503), (starts_and_breaks, 200)])
async def test_with_ids_alone_an_error_is_answered_in_the_same_way_and_nothing_is_left(app, status):
    rig = Rig(app, metrics=None, logger=None)
    with pytest.raises(SaysSoError):
        await rig.get("/", x_request_id="caller-id-1")
    assert rig.sent[0]["status"] == status
    assert [value for name, value in rig.sent[0]["headers"] if name.lower() == b"x-request-id"] == [b"caller-id-1"]
    assert (len(rig.sent), correlation_id.get()) == ((2, None) if app is raising else (1, None))


async def test_with_ids_alone_a_framework_answers_its_errors_itself():
    async def fail(request: Any) -> Any:
        raise RuntimeError("a secret text")

    rig = Rig(Starlette(routes=[Route("/fail", fail)]), metrics=None, logger=None)
    with pytest.raises(RuntimeError):
        await rig.get("/fail", x_request_id="caller-id-1")
    assert rig.answered()[0] == 500
    assert rig.answered()[1]["x-request-id"] == "caller-id-1"
