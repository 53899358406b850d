"""S12 to S15 of the statements on correlation: the messages of the Model Context Protocol."""

from types import SimpleNamespace
from typing import Any

import mcp_types as types
import pytest

from exai_sre.context import TraceContext, unit_of_work
from exai_sre.middleware.server_messages import CarryingStream
from tests.unit.context.mcp_hop import McpHop

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"
HTTP_TRACE = "b" * 32
HTTP = SimpleNamespace(headers={"traceparent": f"00-{HTTP_TRACE}-{'c' * 16}-01", "x-request-id": "http-request-1"})


@pytest.fixture
async def hop():
    async with McpHop().connected() as hop:
        yield hop


def trace_ids(spans: list[Any]) -> list[str]:
    return [f"{span.context.trace_id:032x}" for span in spans]


async def test_s12_the_traceparent_of_a_message_is_the_parent_and_that_of_http_a_link(hop):
    await hop.echo(1, {"traceparent": PARENT}, request=HTTP)
    (span,) = hop.spans()
    assert (trace_ids([span]), f"{span.parent.span_id:016x}") == ([TRACE], "b7ad6b7169203331")
    assert [f"{link.context.trace_id:032x}" for link in span.links] == [HTTP_TRACE]


async def test_s12_without_one_in_the_message_that_of_http_is_the_parent(hop):
    assert await hop.echo(1, request=HTTP) == "http-request-1"
    (span,) = hop.spans()
    assert (trace_ids([span]), f"{span.parent.span_id:016x}", list(span.links)) == ([HTTP_TRACE], "c" * 16, [])


@pytest.mark.parametrize(
    "meta",
    [
        {"traceparent": 7},
        {"traceparent": "00-nonsense"},
        {"traceparent": [PARENT]},
        {"traceparent": PARENT.upper(), "tracestate": {"a": 1}},
        {"baggage": 5, "exai-sre/correlation-id": ["x"]},
    ],
)
async def test_s12_bad_values_are_ignored_and_the_call_succeeds(hop, meta):
    assert len(await hop.echo(1, meta)) == 36
    (span,) = hop.spans()
    assert span.parent is None
    assert hop.lines[-1]["outcome"] == "ok"


@pytest.mark.parametrize("token", [7, "token-7", 0, "0"])
async def test_s13_what_the_server_sends_carries_the_ids_and_the_progress_token_as_it_came(hop, token):
    await hop.handshake()
    meta = {"progressToken": token, "traceparent": PARENT, "exai-sre/correlation-id": "caller-id-1"}
    params = {"name": "asks", "arguments": {}, "_meta": meta}
    await hop.send(types.JSONRPCRequest(jsonrpc="2.0", id=1, method="tools/call", params=params))
    reported, notified, asked = [await hop.receive() for _ in range(3)]
    assert (reported.method, notified.method, asked.method) == (
        "notifications/progress",
        "notifications/progress",
        "sampling/createMessage",
    )
    for message in (reported, notified, asked):
        sent = message.params["_meta"]
        assert sent["exai-sre/correlation-id"] == "caller-id-1"
        assert sent["traceparent"].split("-")[1] == TRACE
    for message in (reported, notified):
        assert (message.params["progressToken"], type(message.params["progressToken"])) == (token, type(token))
    result = {"role": "assistant", "content": {"type": "text", "text": "hi"}, "model": "m"}
    await hop.send(types.JSONRPCResponse(jsonrpc="2.0", id=asked.id, result=result))
    assert (await hop.receive()).id == 1
    line = next(each for each in hop.lines if each.get("tool") == "asks")
    assert (line["progress_token"], type(line["progress_token"])) == (token, type(token))
    labels = [label.name for instrument in hop.instrumentation.catalog for label in instrument.labels]
    assert not any("token" in label and "progress" in label for label in labels)


async def test_s13_outside_a_unit_of_work_a_message_leaves_as_it_is():
    sent: list[Any] = []

    class Stream:
        closed = False

        async def send(self, item: Any) -> None:
            sent.append(item)

        async def aclose(self) -> None:
            self.closed = True

        async def __aenter__(self) -> Any:
            return self

        async def __aexit__(self, *error: object) -> None:
            await self.aclose()

    from mcp.shared.message import SessionMessage

    item = SessionMessage(
        types.JSONRPCNotification(jsonrpc="2.0", method="notifications/x", params={"_meta": {"k": 1}})
    )
    inner = Stream()
    async with CarryingStream(inner, baggage=("tenant",)) as stream:
        await stream.send(SessionMessage(types.JSONRPCNotification(jsonrpc="2.0", method="notifications/y")))
        with unit_of_work("unit-id-1", TraceContext(TRACE, "d" * 16, sampled=False)):
            await stream.send(item)
        await stream.aclose()
    assert inner.closed
    assert sent[0].message.params is None
    assert sent[1].message.params["_meta"] == {
        "k": 1,
        "exai-sre/correlation-id": "unit-id-1",
        "traceparent": f"00-{TRACE}-{'d' * 16}-00",
    }
    assert item.message.params == {"_meta": {"k": 1}}


async def test_s14_foreign_keys_pass_untouched_in_both_directions(hop):
    foreign = {"com.example/thing": {"deep": [1, None, "x"]}, "traceparent": PARENT, "x-request-id": "theirs"}
    await hop.echo(1, foreign)
    assert {key: hop.metas[0][key] for key in foreign} == foreign


async def test_s14_many_messages_on_one_http_request_are_as_many_spans_with_a_link_each(hop):
    for number in range(4):
        await hop.echo(number, {"traceparent": f"00-{number + 1:032x}-{'1' * 16}-01"}, request=HTTP)
    spans = hop.spans()
    assert trace_ids(spans) == [f"{number + 1:032x}" for number in range(4)]
    assert [[f"{link.context.span_id:016x}" for link in span.links] for span in spans] == [["c" * 16]] * 4


async def test_s14_over_a_pipe_no_header_is_needed(hop):
    first, second = await hop.echo(1), await hop.echo(2)
    assert first < second
    assert [line["transport"] for line in hop.lines if line["method"] == "tools/call"] == ["pipe", "pipe"]


@pytest.mark.parametrize("number", [0, 7, "seven", "0"])
async def test_s15_an_id_of_a_request_is_an_attribute_and_a_field_of_its_own_type(hop, number):
    await hop.echo(number)
    (span,) = hop.spans()
    assert span.attributes["jsonrpc.request.id"] == str(number)
    assert (hop.lines[-1]["request_id"], type(hop.lines[-1]["request_id"])) == (number, type(number))


async def test_s15_without_an_id_there_is_no_attribute_and_a_cancellation_names_its_request(hop):
    await hop.handshake()
    cancelled = {"requestId": "request-9", "reason": "no more"}
    await hop.send(types.JSONRPCNotification(jsonrpc="2.0", method="notifications/cancelled", params=cancelled))
    params = {"name": "echo", "arguments": {}}
    await hop.send(types.JSONRPCRequest(jsonrpc="2.0", id=1, method="tools/call", params=params))
    await hop.receive()
    (line,) = [each for each in hop.lines if each["event"] == "mcp_cancelled"]
    assert line["request_id"] == "request-9"
    assert all(span.attributes.get("jsonrpc.request.id") != "request-9" for span in hop.spans())
    for span in hop.spans():
        assert ("jsonrpc.request.id" in span.attributes) == (span.name != "notifications/cancelled")
