"""The MCP middleware on FastMCP, in process, for both revisions of the protocol."""

from __future__ import annotations

import asyncio
from typing import Any

import fastmcp
import pytest
from fastmcp import Client, FastMCP
from fastmcp.exceptions import ToolError
from fastmcp.server.middleware import Middleware
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.testclient import TestClient as HttpClient

from exai_sre.context import correlation_id, current_trace, report_outcome
from exai_sre.logs import Sanitizer
from exai_sre.middleware.mcp import Instrumentation, UnsupportedServerError, instrument
from exai_sre.outcome import Outcome
from exai_sre.tracing import configure_tracing
from tests.contract.mcp_sdk_rig import ERAS, PARENT, Lines
from tests.waiting import eventually


def service(started: asyncio.Event) -> FastMCP:
    server: FastMCP = FastMCP("rig", mask_error_details=True)

    @server.tool
    async def echo(text: str = "", password: str = "") -> str:
        trace = current_trace.get()
        assert trace is not None
        return f"{correlation_id.get()} {trace.trace_id} {trace.span_id}"

    @server.tool
    async def boom() -> str:
        raise RuntimeError("defect")

    @server.tool
    async def says_no() -> str:
        raise ToolError("no")

    @server.tool
    async def shed() -> str:
        report_outcome(Outcome.OVERLOAD)
        raise ToolError("busy")

    add_the_slow(server, started)

    @server.tool
    async def outer() -> str:
        return str((await server.call_tool("echo", {})).content)

    @server.resource("data://{name}")
    def data(name: str) -> str:
        return name

    return server


def add_the_slow(server: FastMCP, started: asyncio.Event) -> None:
    @server.tool
    async def slow() -> str:
        started.set()
        await asyncio.Event().wait()
        return "never"

    @server.tool
    async def late() -> str:
        raise TimeoutError

    @server.tool(timeout=0.001)
    async def overtime() -> str:
        await asyncio.Event().wait()
        return "never"


class FastRig:
    """An instrumented FastMCP server and what its requests leave behind."""

    def __init__(self, **options: Any) -> None:
        self.lines, self.exporter, self.started = Lines(), InMemorySpanExporter(), asyncio.Event()
        self.tracing = configure_tracing(service="t", exporter=self.exporter, batch=False, share=False, environ={})
        self.server = service(self.started)
        given = {"logger": self.lines, "tracing": self.tracing, "sanitizer": Sanitizer(), **options}
        self.instrumentation: Instrumentation = instrument(self.server, **given)

    async def call(self, mode: str, name: str, arguments: dict[str, Any] | None = None, **more: Any) -> Any:
        async with Client(self.server, mode=mode) as client:
            return await client.call_tool(name, arguments or {}, raise_on_error=False, **more)

    def durations(self) -> dict[tuple[str, ...], float]:
        series = self.instrumentation.metrics.operation_duration.series()
        return {bound.values[1:]: bound.total for bound in series if bound.total and bound.values[0] == "tools/call"}

    def spans(self) -> list[Any]:
        return [
            span for span in self.exporter.get_finished_spans() if span.attributes["mcp.method.name"] == "tools/call"
        ]


@pytest.fixture(autouse=True)
def _fastmcp_settings(monkeypatch):
    """FastMCP's process-wide setting, which instrumenting with spans changes, as it was before."""
    monkeypatch.setattr(fastmcp.settings, "telemetry_mode", "native")


@ERAS
async def test_every_call_leaves_one_metric_set_one_span_and_one_line(mode):
    rig = FastRig()
    result = await rig.call(mode, "echo", {"text": "hi", "password": "hunter2"})
    unit, trace_id, span_id = result.content[0].text.split()
    assert rig.durations() == {("echo", "ok"): 1}
    (span,) = rig.spans()
    assert (f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}") == (trace_id, span_id)
    assert span.attributes["network.transport"] == "pipe"
    (line,) = rig.lines.operations()
    assert (line["tool"], line["outcome"], line["transport"], len(unit)) == ("echo", "ok", "pipe", 36)
    assert "hi" in line["arguments"]
    assert "hunter2" not in str(rig.lines)
    assert [bound.value for bound in rig.instrumentation.metrics.in_flight.series()] == [0.0] * 3
    assert correlation_id.get() is None


@ERAS
@pytest.mark.parametrize(
    ("tool", "label", "outcome", "error_type"),
    [
        ("boom", "boom", "error", "RuntimeError"),
        ("says_no", "says_no", "error", "tool_error"),
        ("late", "late", "timeout", "TimeoutError"),
        ("overtime", "overtime", "timeout", "TimeoutError"),
        ("shed", "shed", "overload", "tool_error"),
        ("nope", "_OTHER", "client_error", "-32602"),
    ],
)
async def test_an_outcome_is_the_same_in_metric_span_and_line(mode, tool, label, outcome, error_type):
    rig = FastRig()
    result = await rig.call(mode, tool)
    assert result.is_error
    assert rig.durations() == {(label, outcome): 1}
    (span,) = rig.spans()
    assert (span.attributes["gen_ai.tool.name"], span.attributes["error.type"]) == (label, error_type)
    assert span.name == f"tools/call {tool}"
    (line,) = rig.lines.operations()
    assert (line["tool"], line["outcome"], line["error_type"]) == (label, outcome, error_type)
    assert ("exc_info" in line) is (tool == "boom")


@ERAS
async def test_arguments_against_the_schema_are_the_callers_fault(mode):
    rig = FastRig()
    assert (await rig.call(mode, "echo", {"text": ["no text"]})).is_error
    assert rig.durations() == {("echo", "client_error"): 1}


async def test_random_tool_names_do_not_make_span_names_without_end():
    rig = FastRig()
    async with Client(rig.server) as client:
        await client.call_tool("echo", {})
        for number in range(110):
            await client.call_tool(f"random-{number}", {}, raise_on_error=False)
        await client.call_tool("shed", {}, raise_on_error=False)
        await client.call_tool("echo", {})
        await client.call_tool("shed", {}, raise_on_error=False)
    names = [span.name for span in rig.spans()]
    assert len(set(names[1:-3])) == 101
    assert names[-4:] == ["tools/call", "tools/call", "tools/call echo", "tools/call shed"]
    listed = FastRig(tools=("echo",))
    await listed.call("2026-07-28", "nope")
    assert [span.name for span in listed.spans()] == ["tools/call _OTHER"]


@ERAS
async def test_random_tool_names_add_no_series(mode):
    rig = FastRig()
    for number in range(9):
        await rig.call(mode, f"random-{number}")
    assert rig.durations() == {("_OTHER", "client_error"): 9}


@ERAS
async def test_a_tool_that_calls_a_tool_is_one_request(mode):
    rig = FastRig()
    await rig.call(mode, "outer")
    assert rig.durations() == {("outer", "ok"): 1}
    assert len(rig.spans()) == len(rig.lines.operations()) == 1


async def test_a_call_outside_of_any_request_is_none():
    rig = FastRig()
    with pytest.raises(ToolError):
        await rig.server.call_tool("says_no", {})
    assert rig.durations() == {}


@ERAS
async def test_a_mounted_server_counts_its_calls_once(mode):
    rig, parent = FastRig(), FastMCP("parent")
    parent.mount(rig.server, namespace="child")
    outer = instrument(parent, catalog=rig.instrumentation.catalog, logger=rig.lines)
    async with Client(parent, mode=mode) as client:
        await client.call_tool("child_echo", {}, raise_on_error=False)
    assert outer is not rig.instrumentation
    assert [line["tool"] for line in rig.lines.operations()] == ["child_echo"]


@ERAS
async def test_a_cancelled_call_is_counted_and_its_withdrawal_logged(mode):
    rig = FastRig()
    async with Client(rig.server, mode=mode) as client:
        running = asyncio.create_task(client.call_tool("slow", {}))
        await rig.started.wait()
        running.cancel()
        await eventually(lambda: rig.lines.operations())
    (line,) = rig.lines.operations()
    assert line["outcome"] == "cancelled"
    cancellations = {bound.values[0]: bound.value for bound in rig.instrumentation.metrics.cancellations.series()}
    assert cancellations == {"http": 0, "pipe": 1, "websocket": 0}


@ERAS
async def test_ids_in_meta_are_taken_over_and_bad_ones_counted_not_refused(mode):
    rig = FastRig()
    meta = {"traceparent": PARENT, "exai-sre/correlation-id": "message-id-1"}
    result = await rig.call(mode, "echo", meta=meta)
    unit, trace_id, _ = result.content[0].text.split()
    assert (unit, trace_id) == ("message-id-1", "a" * 32)
    assert [f"{span.parent.span_id:016x}" for span in rig.spans()] == ["b" * 16]
    bad = await rig.call(mode, "echo", meta={"exai-sre/correlation-id": "no good"})
    assert not bad.is_error
    assert "no good" not in str(rig.lines)
    refused = rig.instrumentation.catalog.family("exai_rejected_ids_total").series()
    assert {bound.values[0] for bound in refused} >= {"id_length"}


async def test_other_methods_and_failures_before_a_handler_are_measured():
    rig = FastRig()
    async with Client(rig.server, mode="legacy") as client:
        await client.read_resource("data://x")
        await client.list_tools()
        with pytest.raises(Exception, match="not found"):
            await client.read_resource("nowhere://x")
    seen = {(line["method"], line["outcome"]) for _, line in rig.lines if line["event"] == "mcp_operation"}
    assert {
        ("initialize", "ok"),
        ("resources/read", "ok"),
        ("tools/list", "ok"),
        ("resources/read", "client_error"),
    } <= seen


async def test_what_nothing_inside_judged_is_put_to_the_classifier():
    rig = FastRig(classify=lambda error: Outcome.UPSTREAM_ERROR if isinstance(error, ToolError) else None)
    await rig.call("2026-07-28", "says_no")
    assert rig.durations() == {("says_no", "upstream_error"): 1}


async def test_what_other_middleware_refuses_is_measured_too():
    class Refuse(Middleware):
        async def on_call_tool(self, context: Any, call_next: Any) -> Any:
            raise ToolError("not today")

    rig = FastRig()
    rig.server.add_middleware(Refuse())
    await rig.call("2026-07-28", "echo")
    assert rig.durations() == {("echo", "error"): 1}


async def test_instrumenting_twice_is_one_middleware_and_fastmcps_own_spans_are_off():
    rig = FastRig()
    assert instrument(rig.server, tools=("other",)) is rig.instrumentation
    assert rig.server.middleware[0] is rig.instrumentation.middleware
    assert fastmcp.settings.telemetry_mode == "propagation_only"


async def test_without_tracing_fastmcp_keeps_its_spans():
    FastRig(tracing=None)
    assert fastmcp.settings.telemetry_mode == "native"
    fastmcp.settings.telemetry_mode = "off"
    FastRig()
    assert fastmcp.settings.telemetry_mode == "off"


@ERAS
async def test_with_a_tracer_provider_set_after_the_server_was_instrumented_each_call_has_one_server_span(
    mode, monkeypatch
):
    monkeypatch.setattr(trace, "get_tracer_provider", trace.NoOpTracerProvider)
    rig = FastRig(tracing=configure_tracing(service="t", environ={}))
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(rig.exporter))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    for _ in range(2):
        await rig.call(mode, "echo")
    served = [span for span in rig.exporter.get_finished_spans() if span.kind is trace.SpanKind.SERVER]
    calls = [span.instrumentation_scope.name for span in served if "echo" in span.name]
    assert calls == ["exai_sre", "exai_sre"]
    assert fastmcp.settings.telemetry_mode == "propagation_only"


@ERAS
async def test_an_agent_that_repeats_a_failing_call_is_found(mode):
    rig = FastRig()
    async with Client(rig.server, mode=mode) as client:
        for _ in range(4):
            await client.call_tool("says_no", {}, raise_on_error=False)
        await client.call_tool("echo", {})
    catalog = rig.instrumentation.catalog
    assert catalog.family("exai_mcp_agent_loops_total").labels().value == 1
    assert catalog.family("exai_mcp_agent_loop_calls_total").labels().value == 2
    loops = [(level, line) for level, line in rig.lines if line["event"] == "mcp_agent_loop"]
    assert [(level, line["tool"], line["repeats"]) for level, line in loops] == [("warning", "says_no", 3)]
    assert [line.get("repeats") for line in rig.lines.operations()] == [None, None, 3, 4, None]
    assert [span.attributes.get("exai.repeats") for span in rig.spans()] == [None, None, 3, 4, None]


async def test_who_tells_clients_apart_may_fail_or_not_know():
    def broken(ctx: Any) -> str | None:
        if ctx.params["name"] == "says_no":
            raise KeyError
        return None

    rig = FastRig(client=broken)
    async with Client(rig.server) as client:
        for tool in ("says_no", "boom") * 3:
            await client.call_tool(tool, {}, raise_on_error=False)
    assert rig.instrumentation.catalog.family("exai_mcp_agent_loops_total").labels().value == 0
    assert [line["outcome"] for line in rig.lines.operations()] == ["error"] * 6


def over_http(client: HttpClient, tool: str, **headers: str) -> None:
    body = {"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": tool, "arguments": {}}}
    accept = {"accept": "application/json, text/event-stream", "host": "127.0.0.1:8000", **headers}
    assert client.post("/mcp", json=body, headers=accept).status_code == 200


def test_over_http_ids_come_from_headers_and_a_loop_is_told_by_the_callers_trace():
    rig = FastRig()
    with HttpClient(rig.server.http_app(stateless_http=True, json_response=True)) as client:
        over_http(client, "echo", **{"x-request-id": "header-id-1"})
        for _ in range(3):
            over_http(client, "says_no", traceparent=PARENT)
            over_http(client, "says_no")
    lines = rig.lines.operations()
    assert {line["transport"] for line in lines} == {"http"}
    assert [line["request_id"] for line in lines] == ["7"] * 7
    assert {f"{span.context.trace_id:032x}" for span in rig.spans()} >= {"a" * 32}
    assert rig.instrumentation.catalog.family("exai_mcp_agent_loops_total").labels().value == 1
    assert [line.get("repeats") for line in lines] == [None] * 5 + [3, None]


def test_the_class_itself_is_no_server():
    with pytest.raises(UnsupportedServerError, match=r"fastmcp\.FastMCP"):
        instrument(FastMCP)
