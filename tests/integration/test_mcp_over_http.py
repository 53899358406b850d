"""Streamable HTTP on a real socket, by the SDK's own client and by plain requests, in both revisions."""

from __future__ import annotations

import asyncio
import json

import aiohttp
import pytest
from mcp import Client, MCPError

from exai_sre.outcome import Outcome
from server.mcp.core import ERROR_META
from tests.integration.mcp_rig import rig

MODES = pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
MODERN = {
    "Accept": "application/json, text/event-stream",
    "MCP-Protocol-Version": "2026-07-28",
    "Mcp-Method": "tools/call",
}
LEGACY = {"Accept": "application/json, text/event-stream"}


def modern_call(name, **arguments):
    meta = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "t", "version": "1"},
    }
    params = {"name": name, "arguments": arguments, "_meta": meta}
    return {"json": {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}, "headers": headers(name)}


def headers(name):
    return {**MODERN, "Mcp-Name": name}


def message(method, request_id=1, **params):
    return {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}


@MODES
async def test_a_client_lists_tools_and_calls_them(mode):
    async with rig() as server, Client(server.mcp, mode=mode) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == [
            "broken",
            "busy",
            "echo",
            "hold",
            "steps",
        ]
        result = await client.call_tool("echo", {"text": "grüße"})
        assert not result.is_error
        assert result.content[0].text == "grüße"
        assert result.structured_content == {"text": "grüße", "simulated": False}


@MODES
async def test_progress_streams_in_order_before_the_result(mode):
    seen = []

    async def on_progress(progress, total, text):
        seen.append((progress, total, text))

    async with rig() as server, Client(server.mcp, mode=mode) as client:
        result = await client.call_tool("steps", {}, progress_callback=on_progress)
        assert seen == [(1, 3, "step 1"), (2, 3, "step 2"), (3, 3, "step 3")]
        assert result.structured_content["listened"] is True
        assert (await client.call_tool("echo", {"text": "x"})).structured_content["text"] == "x"


async def test_progress_reaches_the_client_while_the_call_still_runs():
    async with rig() as server, aiohttp.ClientSession() as session:
        call = modern_call("steps")
        call["json"]["params"]["_meta"]["progressToken"] = 7
        async with session.post(server.mcp, **call) as response:
            assert response.headers["Content-Type"].startswith("text/event-stream")
            text = await response.text()
    events = [json.loads(line.removeprefix("data: ")) for line in text.splitlines() if line.startswith("data: ")]
    assert [event.get("method", "result") for event in events] == ["notifications/progress"] * 3 + ["result"]


@MODES
async def test_a_tool_error_says_how_it_ended(mode):
    async with rig() as server, Client(server.mcp, mode=mode) as client:
        result = await client.call_tool("busy", {})
        assert result.is_error
        assert result.content[0].text == "the upstream is down"
        assert result.meta[ERROR_META] == {"outcome": "upstream_error", "type": "http_503", "retry_after": 2.5}
        [line] = [line for line in server.probe.lines if line["method"] == "tools/call"]
        assert (line["error_type"], line["outcome"], line["transport"]) == ("http_503", "upstream_error", "http")


@MODES
async def test_a_defect_is_reported_without_its_detail(mode):
    async with rig() as server, Client(server.mcp, mode=mode) as client:
        result = await client.call_tool("broken", {})
        assert result.is_error
        assert "secret" not in result.model_dump_json()
        assert result.meta[ERROR_META]["outcome"] == "error"
        [line] = [line for line in server.probe.lines if line["method"] == "tools/call"]
        assert (line["level"], line["error_type"], line["outcome"]) == ("error", "internal_error", "error")
        assert isinstance(line["exc_info"], LookupError)
        assert "correlation id" in result.content[0].text


@MODES
async def test_an_unknown_tool_is_a_protocol_error(mode):
    async with rig() as server, Client(server.mcp, mode=mode) as client:
        with pytest.raises(MCPError, match="Unknown tool"):
            await client.call_tool("nothing", {})


@MODES
async def test_withdrawing_a_call_cancels_the_tool(mode):
    async with rig() as server, Client(server.mcp, mode=mode) as client:
        call = asyncio.create_task(client.call_tool("hold", {}))
        await server.probe.started.wait()
        call.cancel()
        await asyncio.wait_for(server.probe.cancelled.wait(), 5)
        assert server.gate.running == 0


async def test_leaving_a_modern_call_cancels_the_tool():
    async with rig() as server, aiohttp.ClientSession() as session:
        request = asyncio.create_task(session.post(server.mcp, **modern_call("hold")).__aenter__())
        await server.probe.started.wait()
        request.cancel()
        await asyncio.wait_for(server.probe.cancelled.wait(), 5)


async def opened(session, server):
    params = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    async with session.post(server.mcp, json=message("initialize", 0, **params), headers=LEGACY) as response:
        assert response.status == 200
        await response.text()
        inside = {
            **LEGACY,
            "MCP-Session-Id": response.headers["MCP-Session-Id"],
            "MCP-Protocol-Version": "2025-11-25",
        }
    ready = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    async with session.post(server.mcp, json=ready, headers=inside) as response:
        assert response.status == 202
    return inside


async def test_leaving_a_call_of_a_session_cancels_the_tool_and_keeps_the_session():
    async with rig() as server, aiohttp.ClientSession() as session:
        inside = await opened(session, server)
        body = message("tools/call", 5, name="hold", arguments={})
        response = await session.post(server.mcp, json=body, headers=inside)
        await server.probe.started.wait()
        response.close()
        await asyncio.wait_for(server.probe.cancelled.wait(), 5)
        body = message("tools/call", 6, name="echo", arguments={"text": "still here"})
        async with session.post(server.mcp, json=body, headers=inside) as response:
            assert "still here" in await response.text()


async def test_the_session_stream_can_be_left_and_the_session_deleted():
    async with rig() as server, aiohttp.ClientSession() as session:
        inside = await opened(session, server)
        response = await session.get(server.mcp, headers=inside)
        assert response.status == 200
        response.close()
        async with session.delete(server.mcp, headers=inside) as response:
            assert response.status == 200
        body = message("tools/list", 6)
        async with session.post(server.mcp, json=body, headers=inside) as response:
            assert response.status == 404


async def test_a_session_over_the_limit_is_refused_and_room_comes_back():
    params = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    async with rig() as server, aiohttp.ClientSession() as session:
        sessions = [await opened(session, server) for _ in range(2)]
        async with session.post(server.mcp, json=message("initialize", 0, **params), headers=LEGACY) as response:
            assert response.status == 503
        async with session.delete(server.mcp, headers=sessions[0]) as response:
            assert response.status == 200
        assert await opened(session, server)


async def test_a_body_over_the_limit_is_refused_with_413():
    call = modern_call("echo", text="x" * 4096)
    async with rig(max_body=2048) as server, aiohttp.ClientSession() as session:
        response = await session.post(server.mcp, **call)
        assert response.status == 413


async def test_a_body_over_the_limit_is_refused_even_without_a_declared_length():
    async def pieces():
        for _ in range(64):
            yield b" " * 1024

    async with rig(max_body=2048) as server, aiohttp.ClientSession() as session:
        sent = {**headers("echo"), "Content-Type": "application/json"}
        async with session.post(server.mcp, data=pieces(), headers=sent) as response:
            assert response.status == 413


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://localhost:6274"}, 200),
        ({"Host": "evil.example"}, 421),
        ({"Host": "localhost:1"}, 200),
    ],
)
async def test_host_and_origin_are_checked(sent, status):
    async with rig() as server, aiohttp.ClientSession() as session:
        call = modern_call("echo", text="x")
        call["headers"].update(sent)
        async with session.post(server.mcp, **call) as response:
            assert response.status == status


async def test_a_draining_server_refuses_newcomers_and_tells_sessions_it_is_overloaded():
    async with rig() as server, aiohttp.ClientSession() as session, Client(server.mcp, mode="legacy") as client:
        server.gate.draining = True
        async with session.post(server.mcp, **modern_call("echo", text="x")) as response:
            assert response.status == 503
            assert int(response.headers["Retry-After"]) > 0
        result = await client.call_tool("echo", {"text": "x"})
        assert result.is_error
        assert result.meta[ERROR_META]["outcome"] == Outcome.OVERLOAD.value


async def test_running_calls_finish_while_the_server_drains():
    async with rig() as server, Client(server.mcp, mode="2026-07-28") as client:
        call = asyncio.create_task(client.call_tool("hold", {}))
        await server.probe.started.wait()
        server.gate.draining = True
        assert await server.gate.drained(0.05) is False
        server.probe.release.set()
        assert (await call).content[0].text == "released"
        assert await server.gate.drained(5) is True


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b'{"jsonrpc":"2.0"}', b"\xff\xfe", b'{"id":1,"method":7}'])
async def test_malformed_bodies_get_an_error_and_the_server_goes_on(body):
    async with rig() as server, aiohttp.ClientSession() as session:
        sent = {**headers("echo"), "Content-Type": "application/json"}
        async with session.post(server.mcp, data=body, headers=sent) as response:
            assert 400 <= response.status < 500
        async with session.post(server.mcp, **modern_call("echo", text="x")) as response:
            assert response.status == 200
