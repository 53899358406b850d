"""S01 to S06 of the statements on correlation: what arrives, and what goes back."""

import asyncio
import json
import time
import uuid
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocketDisconnect

from exai_sre.context import Baggage, TraceContext, correlation_id, current_trace, extract, extract_meta, unit_of_work
from exai_sre.context.baggage import Member
from exai_sre.context.carriers import extract_fields
from exai_sre.context.connection import connection_id
from exai_sre.context.ids import IdRule
from exai_sre.context.tracestate import valid_tracestate, with_member
from exai_sre.middleware import WebSocketRequest
from exai_sre.middleware.aiohttp_server import HttpInstruments, instrument_app
from exai_sre.middleware.asgi import instrument_asgi
from tests.unit.context.hop_rigs import RIGS

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"
PARENT = f"00-{TRACE}-{SPAN}-01"


@pytest.fixture(params=list(RIGS))
async def rig(request):
    async with RIGS[request.param]().running() as rig:
        yield rig


def seen_here() -> list[str | None]:
    return [correlation_id.get(), connection_id.get()]


async def aiohttp_socket(headers: dict[str, str], texts: list[str]) -> tuple[str, list[list[str]]]:
    async def handle(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        upgrade = WebSocketRequest(request.headers)
        async for _ in upgrade.messages(socket):
            await socket.send_json(seen_here())
        assert seen_here() == [upgrade.connection_id, None]
        return socket

    app = web.Application()
    instrument_app(app)
    app.router.add_get("/ws", handle)
    async with TestClient(TestServer(app)) as client, client.ws_connect("/ws", headers=headers) as socket:
        answers = []
        for text in texts:
            await socket.send_str(text)
            answers.append(await socket.receive_json())
        return socket._response.headers["x-request-id"], answers


async def asgi_socket(headers: dict[str, str], texts: list[str]) -> tuple[str, list[list[str]]]:
    async def handle(socket: Any) -> None:
        await socket.accept()
        while True:
            await socket.receive_text()
            await socket.send_json(seen_here())

    app = instrument_asgi(Starlette(routes=[WebSocketRoute("/ws", handle)]))
    inbox = asyncio.Queue()
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    for message in (
        {"type": "websocket.connect"},
        *({"type": "websocket.receive", "text": text} for text in texts),
        {"type": "websocket.disconnect", "code": 1000},
    ):
        inbox.put_nowait(message)
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "websocket", "path": "/ws", "headers": raw, "query_string": b"", "root_path": ""}
    with pytest.raises(WebSocketDisconnect):
        await app(scope, inbox.get, send)
    accept, *answers = sent
    return dict(accept["headers"])[b"x-request-id"].decode(), [json.loads(each["text"]) for each in answers]


async def test_s01_every_request_has_an_id_of_its_own(rig):
    answers = await asyncio.gather(*(rig.get("/ids") for _ in range(20)))
    inside = [json.loads(answer.body)["id"] for answer in answers]
    assert inside == [answer.all("x-request-id")[0] for answer in answers]
    assert len(set(inside)) == 20


@pytest.mark.parametrize("connect", [aiohttp_socket, asgi_socket])
async def test_s01_a_websocket_has_an_id_and_each_of_its_messages_a_new_one_below_it(connect):
    connection, messages = await connect({"X-Request-ID": "connection-1"}, ["a", "b", "c"])
    assert connection == "connection-1"
    assert [parent for _, parent in messages] == ["connection-1"] * 3
    assert len({unit for unit, _ in messages} - {"connection-1"}) == 3
    other, _ = await connect({}, [])
    assert uuid.UUID(other).version == 7


def test_s01_a_message_that_brings_ids_runs_under_them():
    trace = TraceContext("a" * 32, "1" * 16, sampled=True)
    with unit_of_work("connection-1"):
        request = WebSocketRequest({})
        arrived = extract_meta({"exai-sre/correlation-id": "message-id-1", "traceparent": trace.traceparent})
        with request.message(arrived) as unit:
            assert (unit, connection_id.get(), current_trace.get()) == ("message-id-1", "connection-1", trace)
        assert (correlation_id.get(), connection_id.get()) == ("connection-1", None)


async def test_s01_a_loop_over_messages_that_is_left_early_leaves_nothing_to_the_next_request():
    async def numbers() -> Any:
        for number in range(3):
            yield number

    def read(number: int) -> Any:
        return extract_meta({"exai-sre/correlation-id": f"message-{number}", "traceparent": PARENT})

    with unit_of_work("connection-1"):
        async for number in WebSocketRequest({}).messages(numbers(), read):
            assert (correlation_id.get(), current_trace.get().trace_id) == (f"message-{number}", TRACE)
            if number == 1:
                break
    assert (correlation_id.get(), current_trace.get()) == (None, None)


@pytest.mark.parametrize("name", ["X-Request-ID", "x-correlation-id", "X-CORRELATION-ID"])
async def test_s02_an_id_within_the_rule_is_taken_over(rig, name):
    answer = await rig.get("/ids", {name: "Caller.id_1:2-3"})
    assert json.loads(answer.body)["id"] == "Caller.id_1:2-3"
    assert rig.service.counted() == {}


@pytest.mark.parametrize(
    ("bad", "reason"), [("short", "id_length"), ("has spaces in it", "id_characters"), ("p" * 65, "id_length")]
)
async def test_s02_any_other_id_is_replaced_counted_and_nowhere_repeated(rig, bad, reason):
    answer = await rig.get("/ids", {"X-Request-ID": bad})
    assert uuid.UUID(json.loads(answer.body)["id"]).version == 7
    assert rig.service.counted() == {reason: 1}
    everything = f"{rig.service.seen()} {answer.fields} {answer.body}"
    assert not any(bad[:length] in everything for length in range(5, len(bad) + 1))


async def test_s02_the_rule_can_be_set_but_never_so_that_an_id_could_do_harm():
    async with RIGS["starlette"](id_rule=IdRule(shortest=3, longest=12, punctuation="/")).running() as rig:
        assert json.loads((await rig.get("/ids", {"X-Request-ID": "a/1"})).body)["id"] == "a/1"
        assert json.loads((await rig.get("/ids", {"X-Request-ID": "a-b-c"})).body)["id"] != "a-b-c"
    for punctuation in (" ", "\n", "\x1b", ",", '"', "\u00e9"):
        with pytest.raises(Exception, match="refused"):
            IdRule(punctuation=punctuation)
    for shortest, longest in ((0, 8), (9, 8), (1, 257)):
        with pytest.raises(Exception, match="range of lengths"):
            IdRule(shortest=shortest, longest=longest)


HOSTILE = {
    "cr": "abcdefgh\rx",
    "lf": "abcdefgh\nx: y",
    "nul": "abcdefgh\x00",
    "escape": "abcdefgh\x1b[2J",
    "non-ascii": "abcdefg\u00e9\u2028",
    "65 characters": "a" * 65,
    "10 MB": "a" * 10_000_000,
}


@pytest.mark.parametrize("bad", HOSTILE.values(), ids=list(HOSTILE))
def test_s03_a_hostile_id_is_refused_without_an_exception_however_its_header_is_spelt(bad):
    for inbound in (
        *(extract({name: bad}) for name in ("x-request-id", "X-CORRELATION-ID", "X-Request-Id")),
        extract({"X-Request-ID": [bad, bad]}),
        extract_fields([(b"x-request-id", bad.encode("utf-8"))]),
        extract_meta({"exai-sre/correlation-id": bad}),
    ):
        assert inbound.correlation_id is None
        assert len(inbound.rejected) == 1


def test_s03_two_headers_that_differ_are_refused():
    assert extract({"X-Request-ID": ["one-id-12", "two-id-12"]}).correlation_id is None
    assert extract_fields([(b"x-request-id", b"one-id-12"), (b"x-correlation-id", b"two-id-12")]).correlation_id is None
    assert extract({"X-Request-ID": ["one-id-12", "one-id-12"]}).correlation_id == "one-id-12"


def test_s03_refusing_ten_megabytes_costs_no_more_than_refusing_65_characters_real_clock():
    """Ten megabytes cost microseconds: no character of them is looked at, whichever field holds them."""
    huge, wide = "a" * 10_000_000, {"x-request-id": "a" * 65}

    def cost(headers: dict[str, Any]) -> float:
        times = []
        for _ in range(200):
            start = time.perf_counter()
            assert extract(headers).rejected
            times.append(time.perf_counter() - start)
        return min(times)

    usual = cost(wide)
    for name in ("x-request-id", "traceparent", "baggage"):
        assert cost({name: huge}) < 20 * usual
    assert cost({"x-request-id": [huge, huge[:-1] + "b"]}) < 20 * usual
    assert cost({"traceparent": PARENT, "tracestate": huge}) < 40 * usual


async def test_s03_over_the_wire_a_hostile_id_costs_the_caller_nothing_but_the_id(rig):
    for bad in ("a" * 65, "a b c d e f", "{11111111-1111}"):
        assert (await rig.get("/ids", {"X-Request-ID": bad})).status == 200
    assert (await rig.get("/ids", [("x-request-id", "one-id-12"), ("x-request-id", "two-id-12")])).status == 200
    assert sum(rig.service.counted().values()) == 4


@pytest.mark.parametrize(
    ("parent", "flags"),
    [
        (PARENT, "01"),
        (f"00-{TRACE}-{SPAN}-00", "00"),
        (f"00-{TRACE}-{SPAN}-03", "03"),
        (f"00-{TRACE}-{SPAN}-02", "02"),
        (f"00-{TRACE}-{SPAN}-ff", "03"),
        (f"cc-{TRACE}-{SPAN}-01", "01"),
        (f"01-{TRACE}-{SPAN}-02-what-comes-later", "02"),
    ],
)
def test_s04_a_traceparent_is_read_by_version_and_its_defined_flags_pass(parent, flags):
    trace = extract({"traceparent": parent}).trace
    assert trace is not None
    assert trace.traceparent == f"00-{TRACE}-{SPAN}-{flags}"


@pytest.mark.parametrize(
    "parent",
    [
        f"ff-{TRACE}-{SPAN}-01",
        PARENT + "-more",
        PARENT[:-1],
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        PARENT.upper(),
        f"01-{TRACE}-{SPAN}-01x",
        "01-" + PARENT[3:] + "-" + "x" * 1000,
    ],
)
async def test_s04_a_bad_traceparent_is_refused_with_its_tracestate(rig, parent):
    assert extract({"traceparent": parent, "tracestate": "a=1"}).trace is None
    inside = json.loads((await rig.get("/ids", {"traceparent": parent, "tracestate": "a=1"})).body)
    assert inside["trace"] not in (None, TRACE)
    assert rig.service.counted() == {"traceparent": 1}


async def test_s04_a_good_traceparent_is_the_parent_of_the_request(rig):
    assert json.loads((await rig.get("/ids", {"traceparent": PARENT})).body)["trace"] == TRACE
    (span,) = rig.service.exporter.get_finished_spans()
    assert (f"{span.context.trace_id:032x}", f"{span.parent.span_id:016x}") == (TRACE, SPAN)


def test_s05_a_tracestate_keeps_its_order_and_ours_goes_to_the_front():
    full = ",".join(f"k{number}=v" for number in range(32))
    assert extract({"traceparent": PARENT, "tracestate": full}).trace.tracestate == full
    assert with_member("a=1,b=2,c=3", "b", "9") == "b=9,a=1,c=3"
    for bad in (f"{full},k32=v", "a=1,a=2", "a=1,B=2", "a"):
        assert valid_tracestate(bad) is None
        assert extract({"traceparent": PARENT, "tracestate": bad}).trace.tracestate == ""


def test_s05_baggage_has_its_limits_and_survives_the_round_trip():
    text = "user=a%20b%2C%25;ttl=3;private,tenant=x"
    assert str(extract({"baggage": text}).baggage) == text
    assert extract({"baggage": text}).baggage.get("user") == "a b,%"
    assert len(extract({"baggage": ",".join(f"k{n}=v" for n in range(64))}).baggage.members) == 64
    assert extract({"baggage": ",".join(f"k{n}=v" for n in range(65))}).baggage == Baggage()
    assert extract({"baggage": "k=" + "v" * 8191}).baggage == Baggage()


@pytest.mark.parametrize("framework", list(RIGS))
async def test_s05_baggage_stands_in_log_lines_by_allow_list_alone(framework):
    async with RIGS[framework](log_baggage=("tenant",)).running() as rig:
        inside = json.loads((await rig.get("/ids", {"baggage": "user=u-secret,tenant=t1"})).body)
        assert inside["baggage"] == "user=u-secret,tenant=t1"
        assert rig.service.lines[0]["baggage"] == {"tenant": "t1"}
        assert "u-secret" not in rig.service.seen()
        await rig.get("/ids")
        assert "baggage" not in rig.service.lines[1]


def test_s05_baggage_that_leaves_can_be_redacted_and_stays_behind_where_that_fails():
    def redact(text: str) -> str:
        if text == "broken":
            raise ValueError
        return text.replace("hunter2", "[REDACTED]")

    baggage = Baggage((Member("a", "hunter2", "p=hunter2"), Member("b", "broken"), Member("c", "x", "p=1")))
    assert baggage.redacted(redact) == Baggage((Member("a", "[REDACTED]"), Member("c", "x", "p=1")))


@pytest.mark.parametrize(
    ("path", "status"), [("/ids", 200), ("/nowhere", 404), ("/fail", 500), ("/stream", 200), ("/late", None)]
)
async def test_s06_every_response_carries_the_id_once(rig, path, status):
    answer = await rig.get(path, {"X-Request-ID": "caller-id-1"})
    assert answer.all("x-request-id") == ["caller-id-1"]
    assert answer.status == status if status else answer.status >= 500
    assert "secret" not in answer.body


async def test_s06_so_do_the_101_of_a_websocket_and_its_refusal():
    connection, _ = await aiohttp_socket({"X-Request-ID": "socket-id-1"}, [])
    assert connection == "socket-id-1"
    connection, _ = await asgi_socket({"X-Request-ID": "socket-id-1"}, [])
    assert connection == "socket-id-1"

    async def refuse(request: web.Request) -> web.WebSocketResponse:
        raise web.HTTPForbidden

    app = web.Application()
    instrument_app(app, HttpInstruments())
    app.router.add_get("/ws", refuse)
    async with TestClient(TestServer(app)) as client:
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await client.ws_connect("/ws", headers={"X-Request-ID": "socket-id-1"})
    assert caught.value.headers.getall("x-request-id") == ["socket-id-1"]
