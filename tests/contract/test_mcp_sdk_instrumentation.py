"""The MCP middleware on the official SDK, in process, for both revisions of the protocol."""

import asyncio

import mcp_types as types
import pytest
from mcp import Client, MCPError
from mcp.server.mcpserver import MCPServer

from exai_sre.context import (
    correlation_id,
)
from exai_sre.logs import Sanitizer
from exai_sre.metrics import Catalog
from exai_sre.middleware.mcp import McpMiddleware, UnsupportedServerError, instrument
from exai_sre.outcome import Outcome
from tests.contract.mcp_sdk_rig import ERAS, PARENT, Lines, Rig, call
from tests.waiting import eventually


@pytest.fixture
def rig() -> Rig:
    return Rig()


@ERAS
async def test_every_call_leaves_one_metric_set_one_span_and_one_line(rig, mode):
    async with Client(rig.server, mode=mode) as client:
        result = await call(client, "echo", password="hunter2")
    assert result is not None
    unit, trace_id, span_id = result.content[0].text.split()
    assert rig.durations()["tools/call", "echo", "ok"] == 1
    assert (
        sum(b.total for b in rig.instrumentation.metrics.added_latency.series() if b.values == ("tools/call", "ok"))
        == 1
    )
    span = rig.spans()["tools/call echo"]
    assert (f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}") == (trace_id, span_id)
    assert span.attributes["gen_ai.operation.name"] == "execute_tool"
    assert span.attributes["network.transport"] == "pipe"
    (line,) = rig.lines.operations()
    assert (line["tool"], line["outcome"], line["transport"]) == ("echo", "ok", "pipe")
    assert line["arguments"] == '{"password":"[REDACTED]"}'
    assert line["duration_ms"] >= 0 <= line["waited_ms"]
    assert len(unit) == 36
    assert [bound.value for bound in rig.instrumentation.metrics.in_flight.series()] == [0.0] * 3
    assert correlation_id.get() is None


@ERAS
@pytest.mark.parametrize(
    ("tool", "label", "outcome", "level", "error_type", "status"),
    [
        ("boom", "boom", "error", "error", "RuntimeError", "ERROR"),
        ("fails", "fails", "error", "error", "tool_error", "ERROR"),
        ("shed", "shed", "overload", "warning", "tool_error", "ERROR"),
        ("late", "late", "timeout", "warning", "TimeoutError", "ERROR"),
        ("nope", "_OTHER", "client_error", "info", "-32602", "UNSET"),
    ],
)
async def test_an_outcome_is_the_same_in_metric_span_and_line(
    rig, mode, tool, label, outcome, level, error_type, status
):
    async with Client(rig.server, mode=mode) as client:
        await call(client, tool)
    assert rig.durations()["tools/call", label, outcome] == 1
    span = rig.spans()[f"tools/call {label}"]
    assert (span.status.status_code.name, span.attributes["error.type"]) == (status, error_type)
    assert span.attributes["exai.outcome"] == outcome
    assert "hunter2" not in span.to_json()
    (line,) = rig.lines.operations()
    assert (line["outcome"], line["error_type"]) == (outcome, error_type)
    assert ("exc_info" in line) is (tool == "boom")
    assert [at for at, fields in rig.lines if fields is line] == [level]


@ERAS
async def test_random_tool_names_add_no_series(rig, mode):
    before = rig.instrumentation.metrics.operation_duration.size
    async with Client(rig.server, mode=mode) as client:
        for number in range(20):
            await call(client, f"random-{number}")
    assert rig.instrumentation.metrics.operation_duration.size == before + len(rig.durations()) - 1


@ERAS
async def test_a_cancelled_call_is_counted_and_its_tool_stops(rig, mode):
    async with Client(rig.server, mode=mode) as client:
        running = asyncio.create_task(client.call_tool("slow", {}))
        await rig.started.wait()
        assert sum(bound.value for bound in rig.instrumentation.metrics.in_flight.series()) == 1
        running.cancel()
        await eventually(lambda: rig.lines.operations())
    (line,) = rig.lines.operations()
    assert rig.stopped.is_set()
    assert line["outcome"] == "cancelled"
    assert "error_type" not in line
    cancellations = {bound.values[0]: bound.value for bound in rig.instrumentation.metrics.cancellations.series()}
    assert cancellations == {"http": 0, "pipe": 1, "websocket": 0}
    assert rig.durations()["tools/call", "slow", "cancelled"] == 1
    withdrawn = [fields["request_id"] for _, fields in rig.lines if fields["event"] == "mcp_cancelled"]
    assert withdrawn in ([], [line["request_id"]])


@ERAS
async def test_ids_in_meta_are_taken_over_and_bad_ones_counted_not_refused(rig, mode):
    async with Client(rig.server, mode=mode) as client:
        meta = {"traceparent": PARENT, "exai-sre/correlation-id": "message-id-1", "progressToken": 7}
        result = await client.call_tool("echo", {}, meta=meta)
        unit, trace_id, _ = result.content[0].text.split()
        assert (unit, trace_id) == ("message-id-1", "a" * 32)
        assert f"{rig.spans()['tools/call echo'].parent.span_id:016x}" == "b" * 16
        bad = await client.call_tool("echo", {}, meta={"traceparent": "00-bad", "exai-sre/correlation-id": "no good"})
        assert "no good" not in bad.content[0].text
    refused = rig.instrumentation.catalog.family("exai_rejected_ids_total").series()
    assert {bound.values[0] for bound in refused} >= {"id_length"}
    assert "no good" not in str(rig.lines)


@ERAS
async def test_the_inside_reports_waiting_and_fields_for_the_line(rig, mode):
    async with Client(rig.server, mode=mode) as client:
        await call(client, "waits")
    (line,) = rig.lines.operations()
    assert line["model"] == "m"
    assert 0 < line["waited_ms"] <= line["duration_ms"]


async def test_an_unjudged_error_result_is_put_to_the_classifier():
    rig = Rig(classify=lambda result: Outcome.UPSTREAM_ERROR)
    async with Client(rig.server) as client:
        await call(client, "fails")
        await call(client, "shed")
    assert [line["outcome"] for line in rig.lines.operations()] == ["upstream_error", "overload"]


@ERAS
async def test_a_classifier_that_fails_has_no_opinion(mode):
    def broken(result: object) -> Outcome:
        raise KeyError(result)

    rig = Rig(classify=broken)
    async with Client(rig.server, mode=mode) as client:
        result = await call(client, "fails")
    assert result is not None
    assert result.content[0].text == "sorry"
    assert rig.durations()["tools/call", "fails", "error"] == 1
    assert [(line["outcome"], line["error_type"]) for line in rig.lines.operations()] == [("error", "tool_error")]


async def test_a_secret_nested_in_the_arguments_stays_out_of_the_line():
    rig = Rig(sanitizer=Sanitizer())
    async with Client(rig.server) as client:
        await call(client, "echo", credentials={"user": "bob", "value": "qwerty77"}, n=1)
    assert [line["arguments"] for line in rig.lines.operations()] == ['{"credentials":"[REDACTED:key]","n":1}']


async def test_an_error_result_of_an_unknown_tool_is_the_callers_fault():
    rig = Rig(tools=("echo",))
    async with Client(rig.server) as client:
        await call(client, "fails")
    assert [(line["tool"], line["outcome"]) for line in rig.lines.operations()] == [("_OTHER", "client_error")]


async def test_malformed_params_and_unknown_methods_are_the_callers_fault(rig):
    async with Client(rig.server, mode="legacy") as client:
        for method, params in (("tools/call", {"nonsense": 1}), ("made/up", {})):
            with pytest.raises(MCPError):
                await client.session.send_request(types.Request(method=method, params=params), types.EmptyResult)
    outcomes = {(fields["method"], fields["outcome"]) for _, fields in rig.lines if "outcome" in fields}
    assert {("tools/call", "client_error"), ("_OTHER", "client_error")} <= outcomes


async def test_instrumenting_twice_is_one_middleware_and_the_sdks_span_maker_is_gone(rig):
    assert instrument(rig.server, tools=("other",)) is rig.instrumentation
    assert [type(each) for each in rig.server.middleware] == [McpMiddleware]


async def test_a_server_without_logger_or_tracing_keeps_ids_and_metrics():
    rig = Rig(logger=None, tracing=None, sanitizer=None)
    async with Client(rig.server) as client:
        result = await call(client, "echo")
    assert result is not None
    assert len(result.content[0].text.split()[1]) == 32
    assert rig.durations()["tools/call", "echo", "ok"] == 1


def test_a_catalog_that_is_still_empty_is_used():
    catalog = Catalog()
    assert instrument(MCPServer("high"), catalog=catalog).catalog is catalog
    assert len(catalog) > 0


async def test_the_high_level_server_is_instrumented_by_its_public_list():
    server, lines = MCPServer("high"), Lines()

    @server.tool()
    def add(a: int) -> int:
        if a > 9:
            raise RuntimeError("too much")
        return a + 1

    others = [each for each in server.middleware if type(each).__name__ != "OpenTelemetryMiddleware"]
    found = instrument(server, logger=lines, catalog=Catalog())
    assert server.middleware == [found.middleware, *others]
    async with Client(server) as client:
        await client.call_tool("add", {"a": 1})
        await client.call_tool("add", {"a": "x"})
        await client.call_tool("add", {"a": 10})
        await client.call_tool("sub", {})
    assert [(line["tool"], line["outcome"]) for line in lines.operations()] == [
        ("add", "ok"),
        ("add", "client_error"),
        ("add", "error"),
        ("_OTHER", "client_error"),
    ]


@pytest.mark.parametrize("thing", [object(), Catalog()])
def test_anything_else_is_refused_with_what_to_pass_instead(thing):
    with pytest.raises(UnsupportedServerError, match=r"mcp\.server\.Server"):
        instrument(thing)
