"""MCP over WebSocket on a real socket, by a raw client that knows nothing of MCP but its JSON."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager

import aiohttp
import pytest
import websockets

from exai_sre.outcome import Outcome
from server.mcp.core import ERROR_META
from server.mcp.websocket import WebSocketLimits
from tests.integration.mcp_rig import rig
from tests.waiting import eventually

META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": {"name": "raw", "version": "1"},
}


INCOMPLETE = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Protocol": "mcp"}


class Raw:
    """A connection and the messages on it."""

    def __init__(self, socket):
        self.socket = socket
        self.notifications = []

    async def send(self, method, request_id=None, **params):
        message = {"jsonrpc": "2.0", "method": method, "params": params}
        await self.socket.send(json.dumps(message if request_id is None else {**message, "id": request_id}))

    async def answer(self, request_id):
        while True:
            message = json.loads(await asyncio.wait_for(self.socket.recv(), 5))
            if "method" in message:
                self.notifications.append(message)
            elif message["id"] == request_id:
                return message

    async def call(self, request_id, tool, meta=META, **arguments):
        await self.send("tools/call", request_id, name=tool, arguments=arguments, _meta=meta)


@asynccontextmanager
async def connected(server, **options):
    async with websockets.connect(server.ws, subprotocols=["mcp"], **options) as socket:
        yield Raw(socket)


async def initialized(raw):
    await raw.send(
        "initialize", 0, protocolVersion="2025-11-25", capabilities={}, clientInfo={"name": "raw", "version": "1"}
    )
    answer = await raw.answer(0)
    await raw.send("notifications/initialized")
    return answer["result"]


async def test_both_revisions_list_tools_and_call_them():
    async with rig() as server:
        async with connected(server) as raw:
            assert raw.socket.subprotocol == "mcp"
            assert (await initialized(raw))["protocolVersion"] == "2025-11-25"
            await raw.send("tools/list", 1)
            assert len((await raw.answer(1))["result"]["tools"]) == 5
            await raw.call(2, "echo", meta={}, text="old")
            assert (await raw.answer(2))["result"]["structuredContent"]["text"] == "old"
        async with connected(server) as raw:
            await raw.send("server/discover", 1, _meta=META)
            assert "2026-07-28" in (await raw.answer(1))["result"]["supportedVersions"]
            await raw.send("tools/list", 2, _meta=META)
            listed = (await raw.answer(2))["result"]
            assert listed["ttlMs"] > 0
            assert listed["cacheScope"] == "public"
            await raw.call(3, "echo", text="new")
            assert (await raw.answer(3))["result"]["structuredContent"]["text"] == "new"


async def test_progress_comes_in_order_before_the_result():
    async with rig() as server, connected(server) as raw:
        await raw.call("a", "steps", meta={**META, "progressToken": "p"})
        assert (await raw.answer("a"))["result"]["structuredContent"]["listened"] is True
        assert [each["params"]["progress"] for each in raw.notifications] == [1, 2, 3]
        assert {each["params"]["progressToken"] for each in raw.notifications} == {"p"}


async def test_other_messages_are_answered_while_a_call_runs():
    async with rig() as server, connected(server) as raw:
        await initialized(raw)
        await raw.call(1, "hold", meta={})
        await server.probe.started.wait()
        await raw.send("ping", 2)
        assert (await raw.answer(2))["result"] == {}


async def test_a_cancel_notification_cancels_the_call_and_keeps_the_connection():
    async with rig() as server, connected(server) as raw:
        await raw.call(1, "hold")
        await server.probe.started.wait()
        await raw.send("notifications/cancelled", requestId=1, reason="enough", _meta=META)
        await asyncio.wait_for(server.probe.cancelled.wait(), 5)
        await raw.call(2, "echo", text="on")
        assert (await raw.answer(2))["result"]["structuredContent"]["text"] == "on"


@pytest.mark.parametrize("clean", [True, False])
async def test_a_client_that_leaves_cancels_its_calls(clean):
    async with rig() as server:
        async with connected(server) as raw:
            await raw.call(1, "hold")
            await server.probe.started.wait()
            assert server.metrics.websocket.open.labels(endpoint="/ws").value == 1
            if clean:
                await raw.socket.close()
            else:
                raw.socket.transport.abort()
            await asyncio.wait_for(server.probe.cancelled.wait(), 5)
            assert server.gate.running == 0
        await eventually(lambda: server.probe.closed)
        assert server.metrics.websocket.open.labels(endpoint="/ws").value == 0


async def test_one_connection_runs_no_more_calls_than_its_share():
    async with rig(WebSocketLimits(calls=1)) as server, connected(server) as raw:
        await raw.call(1, "hold")
        await server.probe.started.wait()
        await raw.call(2, "echo", text="x")
        refused = (await raw.answer(2))["result"]
        assert refused["isError"]
        assert refused["_meta"][ERROR_META]["outcome"] == "overload"
        server.probe.release.set()
        assert (await raw.answer(1))["result"]["isError"] is False
        await raw.call(3, "echo", text="x")
        assert (await raw.answer(3))["result"]["isError"] is False


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("{", -32700),
        ("", -32700),
        ("[]", -32600),
        ("7", -32600),
        ('{"jsonrpc":"1.0","id":1,"method":"ping"}', -32600),
        ('{"jsonrpc":"2.0","id":true,"method":7}', -32600),
    ],
)
async def test_what_is_no_message_is_answered_and_the_connection_goes_on(frame, code):
    async with rig() as server, connected(server) as raw:
        await raw.socket.send(frame)
        answer = await raw.answer(None)
        assert (answer["jsonrpc"], answer["id"], answer["error"]["code"]) == ("2.0", None, code)
        await raw.call(1, "echo", text="x")
        assert "result" in await raw.answer(1)


@pytest.mark.parametrize(("frame", "code"), [(b"binary", 1003), ("x" * 3000, 1009)])
async def test_a_frame_that_cannot_be_taken_closes_the_connection_with_its_code(frame, code):
    async with rig(WebSocketLimits(message_bytes=2048)) as server, connected(server) as raw:
        await raw.socket.send(frame)
        with pytest.raises(websockets.ConnectionClosed):
            await raw.answer(1)
        assert raw.socket.close_code == code


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"subprotocols": ["chat"]}, 400),
        ({}, 400),
        ({"subprotocols": ["mcp"], "origin": "https://evil.example"}, 403),
    ],
)
async def test_a_wrong_upgrade_is_refused(options, status):
    async with rig() as server:
        with pytest.raises(websockets.InvalidStatus) as refused:
            await websockets.connect(server.ws, **options)
        assert refused.value.response.status_code == status


async def test_refusals_for_the_clients_fault_are_counted_as_such():
    async with rig() as server:
        with pytest.raises(websockets.InvalidStatus):
            await websockets.connect(server.ws, subprotocols=["chat"])
        async with aiohttp.ClientSession() as session, session.get(server.ws.replace("ws", "http", 1)) as response:
            assert response.status == 426
            async with session.get(response.url, headers=INCOMPLETE) as incomplete:
                assert incomplete.status == 400
        assert server.connections(Outcome.CLIENT_ERROR) == 3
        assert server.connections(Outcome.OK) == 0


async def test_a_connection_over_the_limit_is_refused_and_room_comes_back():
    async with rig(WebSocketLimits(connections=1)) as server:
        async with connected(server):
            with pytest.raises(websockets.InvalidStatus) as refused:
                await websockets.connect(server.ws, subprotocols=["mcp"])
            assert refused.value.response.status_code == 503
            assert refused.value.response.headers["Retry-After"]
        await eventually(lambda: server.probe.closed)
        async with connected(server) as raw:
            await raw.call(1, "echo", text="x")
            assert "result" in await raw.answer(1)
        assert server.connections(Outcome.OVERLOAD) == 1
        assert server.connections(Outcome.OK) == 2


async def test_a_draining_server_takes_no_connection_and_says_goodbye_to_those_it_has():
    async with rig() as server, connected(server) as raw:
        await raw.call(1, "echo", text="x")
        await raw.answer(1)
        server.gate.draining = True
        with pytest.raises(websockets.InvalidStatus) as refused:
            await websockets.connect(server.ws, subprotocols=["mcp"])
        assert refused.value.response.status_code == 503
        await raw.call(2, "echo", text="x")
        assert (await raw.answer(2))["result"]["_meta"][ERROR_META]["type"] == "draining"
        await server.socket.close_all()
        with pytest.raises(websockets.ConnectionClosed):
            await raw.answer(3)
        assert raw.socket.close_code == 1001
