"""The MCP middleware on the official SDK: both revisions, in process and over HTTP."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import mcp_types as types
import pytest
import uvicorn
from mcp import Client, MCPError
from mcp.server import Server
from mcp.server.mcpserver import MCPServer
from mcp.shared.memory import create_client_server_memory_streams
from mcp.shared.message import ServerMessageMetadata, SessionMessage
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from exai_sre.context import (
    correlation_id,
    current_operation,
    current_trace,
    extract,
    report_outcome,
    unit_of_work,
    waiting_for_upstream,
)
from exai_sre.metrics import Catalog
from exai_sre.middleware.mcp import Instrumentation, McpMiddleware, UnsupportedServerError, instrument
from exai_sre.middleware.websocket import WebSocketRequest
from exai_sre.outcome import Outcome
from exai_sre.tracing import configure_tracing

ERAS = pytest.mark.parametrize("mode", ["2026-07-28", "legacy"])
TOOLS = ("boom", "echo", "fails", "late", "shed", "slow", "waits")
PARENT = f"00-{'a' * 32}-{'b' * 16}-01"


class Lines(list[tuple[str, dict[str, Any]]]):
    """A logger that keeps (level, fields)."""

    def __getattr__(self, level: str) -> Any:
        return lambda event, **fields: self.append((level, {"event": event, **fields}))

    def operations(self, method: str = "tools/call") -> list[dict[str, Any]]:
        return [fields for _, fields in self if fields["event"] == "mcp_operation" and fields["method"] == method]


class Redactor:
    """A sanitizer that knows one secret."""

    def redact_text(self, text: str) -> str:
        return text.replace("hunter2", "[REDACTED]")


def text(value: str, *, error: bool = False) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(type="text", text=value)], is_error=error)


class Rig:
    """An instrumented low-level server and what its requests leave behind."""

    def __init__(self, **options: Any) -> None:
        self.lines = Lines()
        self.exporter = InMemorySpanExporter()
        self.tracing = configure_tracing(service="t", exporter=self.exporter, batch=False, share=False, environ={})
        self.started = asyncio.Event()
        self.stopped = asyncio.Event()
        self.server: Server[Any] = Server("rig", on_list_tools=self.list_tools, on_call_tool=self.call_tool)
        self.instrumentation: Instrumentation = instrument(
            self.server,
            **{"tools": TOOLS, "logger": self.lines, "tracing": self.tracing, "sanitizer": Redactor(), **options},
        )

    async def list_tools(self, ctx: Any, params: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[types.Tool(name=name, input_schema={"type": "object"}) for name in TOOLS])

    async def call_tool(self, ctx: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        handler: Callable[[], Any] | None = getattr(self, f"tool_{params.name}", None)
        if handler is None:
            raise MCPError(types.INVALID_PARAMS, f"Unknown tool: {params.name}")
        return await handler()

    async def tool_echo(self) -> types.CallToolResult:
        trace = current_trace.get()
        assert trace is not None
        return text(f"{correlation_id.get()} {trace.trace_id} {trace.span_id}")

    async def tool_boom(self) -> types.CallToolResult:
        raise RuntimeError("hunter2")

    async def tool_fails(self) -> types.CallToolResult:
        return text("sorry", error=True)

    async def tool_late(self) -> types.CallToolResult:
        raise TimeoutError

    async def tool_shed(self) -> types.CallToolResult:
        report_outcome(Outcome.OVERLOAD)
        return text("busy", error=True)

    async def tool_waits(self) -> types.CallToolResult:
        with waiting_for_upstream():
            await asyncio.sleep(0)
        operation = current_operation.get()
        assert operation is not None
        operation.fields["model"] = "m"
        return text("done")

    async def tool_slow(self) -> types.CallToolResult:
        self.started.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.stopped.set()
        raise AssertionError

    def durations(self) -> dict[tuple[str, ...], float]:
        series = self.instrumentation.metrics.operation_duration.series()
        return {bound.values: bound.total for bound in series if bound.total}

    def spans(self) -> dict[str, Any]:
        return {span.name: span for span in self.exporter.get_finished_spans()}


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.002)


@pytest.fixture
def rig() -> Rig:
    return Rig()


async def call(client: Client, name: str, **arguments: Any) -> types.CallToolResult | None:
    try:
        return await client.call_tool(name, arguments)
    except MCPError:
        return None


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
        await until(lambda: rig.lines.operations())
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
        ("sub", "client_error"),
    ]


@pytest.mark.parametrize("thing", [object(), Catalog()])
def test_anything_else_is_refused_with_what_to_pass_instead(thing):
    with pytest.raises(UnsupportedServerError, match=r"mcp\.server\.Server"):
        instrument(thing)


async def test_a_thousand_concurrent_calls_never_cross_ids(rig):
    async with Client(rig.server, mode="legacy") as client:

        async def one(number: int) -> bool:
            result = await client.call_tool("echo", {}, meta={"exai-sre/correlation-id": f"caller-{number:05}"})
            return result.content[0].text.startswith(f"caller-{number:05} ")

        assert all(await asyncio.gather(*(one(number) for number in range(1000))))
    assert rig.durations()["tools/call", "echo", "ok"] == 1000


async def test_messages_of_a_websocket_have_their_own_ids_below_the_connections(rig):
    with unit_of_work("connection-1"):
        upgrade = WebSocketRequest({"traceparent": PARENT})
    async with create_client_server_memory_streams() as (theirs, ours), asyncio.TaskGroup() as group:
        options = rig.server.create_initialization_options()
        group.create_task(rig.server.run(ours[0], ours[1], options))
        meta = {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {"name": "c", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {},
        }
        for number in (1, 2):
            request = types.JSONRPCRequest(
                jsonrpc="2.0", id=number, method="tools/call", params={"name": "echo", "arguments": {}, "_meta": meta}
            )
            metadata = ServerMessageMetadata(request_context=upgrade)
            await theirs[1].send(SessionMessage(request, metadata))
            await theirs[0].receive()
        await theirs[1].aclose()
    lines = rig.lines.operations()
    assert [(line["transport"], line["connection_id"]) for line in lines] == [("websocket", "connection-1")] * 2
    spans = rig.exporter.get_finished_spans()
    assert [f"{span.links[0].context.trace_id:032x}" for span in spans] == ["a" * 32] * 2
    assert len({span.context.trace_id for span in spans}) == 2


@asynccontextmanager
async def served(app: Any) -> AsyncIterator[str]:
    """The ASGI app under uvicorn on a free port of the loopback interface."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_level="error", ws="none", lifespan="on")
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve(sockets=[listener]))
        await until(lambda: server.started)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/mcp"
        finally:
            server.should_exit = True
            await task


def in_units(app: Any) -> Any:
    """An ASGI application that opens a unit of work per HTTP request, as an HTTP middleware does."""

    async def wrapped(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        arrived = extract({name.decode(): value.decode() for name, value in scope["headers"]})
        with unit_of_work(arrived.correlation_id, arrived.trace):
            await app(scope, receive, send)

    return wrapped


@ERAS
@pytest.mark.parametrize("wrap", [lambda app: app, in_units], ids=["headers", "running"])
async def test_over_http_each_request_runs_under_the_ids_of_its_own_headers(rig, mode, wrap):
    import httpx2
    from mcp.client.streamable_http import streamable_http_client

    count = iter(range(1000))

    async def stamp(request: Any) -> None:
        request.headers["x-request-id"] = f"request-{next(count):05}"
        request.headers["traceparent"] = PARENT

    async with (
        served(wrap(rig.server.streamable_http_app())) as url,
        httpx2.AsyncClient(event_hooks={"request": [stamp]}) as http,
        Client(streamable_http_client(url, http_client=http), mode=mode) as client,
    ):
        results = [await client.call_tool("echo", {}) for _ in range(3)]
    texts = [result.content[0].text.split() for result in results]
    assert len({unit for unit, _, _ in texts}) == 3
    assert all(unit.startswith("request-") for unit, _, _ in texts)
    assert {trace_id for _, trace_id, _ in texts} == {"a" * 32}
    assert {line["transport"] for line in rig.lines.operations()} == {"http"}
