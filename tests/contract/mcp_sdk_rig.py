"""A server of the official SDK, instrumented, and what its requests leave behind."""

import asyncio
from collections.abc import Callable
from typing import Any

import mcp_types as types
import pytest
from mcp import Client, MCPError
from mcp.server import Server
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from exai_sre.context import (
    correlation_id,
    current_operation,
    current_trace,
    report_outcome,
    waiting_for_upstream,
)
from exai_sre.middleware.mcp import Instrumentation, instrument
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

    def redact(self, event: Any) -> Any:
        return event

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


async def call(client: Client, name: str, **arguments: Any) -> types.CallToolResult | None:
    try:
        return await client.call_tool(name, arguments)
    except MCPError:
        return None
