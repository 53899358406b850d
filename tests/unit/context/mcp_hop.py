"""An MCP server on the official SDK, instrumented, and a client that sees every message as it is on the wire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import mcp_types as types
from mcp.server import Server
from mcp.shared.memory import create_client_server_memory_streams
from mcp.shared.message import ServerMessageMetadata, SessionMessage
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from exai_sre.context import correlation_id
from exai_sre.middleware.mcp import instrument
from exai_sre.middleware.server_messages import CarryingStream
from exai_sre.tracing import configure_tracing
from tests.unit.context.hop_rigs import Lines

MODERN = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "c", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}


class McpHop:
    """The server, one connection to it, and what its requests leave behind."""

    def __init__(self) -> None:
        self.lines = Lines()
        self.exporter = InMemorySpanExporter()
        self.tracing = configure_tracing(service="t", exporter=self.exporter, batch=False, share=False, environ={})
        self.server: Server[Any] = Server("hop", on_list_tools=self.list_tools, on_call_tool=self.call_tool)
        self.instrumentation = instrument(self.server, tools=("echo", "asks"), logger=self.lines, tracing=self.tracing)
        self.metas: list[Any] = []

    async def list_tools(self, ctx: Any, params: Any) -> types.ListToolsResult:
        tools = [types.Tool(name=name, input_schema={"type": "object"}) for name in ("echo", "asks")]
        return types.ListToolsResult(tools=tools)

    async def call_tool(self, ctx: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        self.metas.append(dict(ctx.params.get("_meta") or {}))
        if params.name == "asks":
            await ctx.session.report_progress(0.5, 1.0)
            token = (ctx.params.get("_meta") or {}).get("progressToken")
            await ctx.session.send_progress_notification(token, 0.75, 1.0)
            await ctx.session.send_request(
                types.CreateMessageRequest(params=types.CreateMessageRequestParams(messages=[], max_tokens=5)),
                types.CreateMessageResult,
            )
        return types.CallToolResult(content=[types.TextContent(type="text", text=str(correlation_id.get()))])

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[McpHop]:
        options = self.server.create_initialization_options()
        async with create_client_server_memory_streams() as (client, server), asyncio.TaskGroup() as group:
            group.create_task(self.server.run(server[0], CarryingStream(server[1]), options))
            self._incoming, self._outgoing = client
            yield self
            await self._outgoing.aclose()

    async def send(self, message: Any, request: object = None) -> None:
        metadata = None if request is None else ServerMessageMetadata(request_context=request)
        await self._outgoing.send(SessionMessage(message, metadata))

    async def receive(self) -> Any:
        item = await self._incoming.receive()
        assert isinstance(item, SessionMessage), item
        return item.message

    async def handshake(self) -> None:
        """Open a session of the revision 2025-11-25, in which a server may ask its client."""
        about = {"name": "c", "version": "1"}
        params = {"protocolVersion": "2025-11-25", "capabilities": {"sampling": {}}, "clientInfo": about}
        await self.send(types.JSONRPCRequest(jsonrpc="2.0", id="hello", method="initialize", params=params))
        await self.receive()
        await self.send(types.JSONRPCNotification(jsonrpc="2.0", method="notifications/initialized"))

    async def call(self, number: Any, meta: Any = None, *, name: str = "echo", request: object = None) -> None:
        """Send a tool call of the revision 2026-07-28, which needs no handshake."""
        params = {"name": name, "arguments": {}, "_meta": {**MODERN, **(meta or {})}}
        await self.send(types.JSONRPCRequest(jsonrpc="2.0", id=number, method="tools/call", params=params), request)

    async def echo(self, number: Any, meta: Any = None, *, request: object = None) -> str:
        """Call the tool that answers with the correlation id it runs under."""
        await self.call(number, meta, request=request)
        answer = await self.receive()
        return answer.result["content"][0]["text"]

    def spans(self) -> list[Any]:
        return list(self.exporter.get_finished_spans())
