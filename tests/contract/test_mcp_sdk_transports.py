"""The ids of MCP requests on the official SDK: many at once, over a WebSocket, over HTTP."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import mcp_types as types
import pytest
import uvicorn
from mcp import Client
from mcp.shared.memory import create_client_server_memory_streams
from mcp.shared.message import ServerMessageMetadata, SessionMessage

from exai_sre.context import (
    extract,
    unit_of_work,
)
from exai_sre.middleware.websocket import WebSocketRequest
from tests.contract.mcp_sdk_rig import ERAS, PARENT, Rig
from tests.waiting import eventually


@pytest.fixture
def rig() -> Rig:
    return Rig()


async def test_a_thousand_concurrent_calls_never_cross_ids(rig):
    async with Client(rig.server, mode="legacy") as client:

        async def one(number: int) -> bool:
            result = await client.call_tool("echo", {}, meta={"exai-sre/correlation-id": f"caller-{number:05}"})
            return result.content[0].text.startswith(f"caller-{number:05} ")

        assert all(await asyncio.gather(*(one(number) for number in range(1000))))
    assert rig.durations()["tools/call", "echo", "ok"] == 1000


async def test_messages_of_a_websocket_have_their_own_ids_below_the_connections(rig):
    with unit_of_work("connection-1"):
        upgrade = WebSocketRequest({"traceparent": PARENT, "x-request-id": "no good"})
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
    refused = rig.instrumentation.catalog.family("exai_rejected_ids_total").series()
    assert sum(bound.value for bound in refused) == 0, "the upgrade request is none of the messages'"


@asynccontextmanager
async def served(app: Any) -> AsyncIterator[str]:
    """The ASGI app under uvicorn on a free port of the loopback interface."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_level="error", ws="none", lifespan="on")
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve(sockets=[listener]))
        await eventually(lambda: server.started)
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
