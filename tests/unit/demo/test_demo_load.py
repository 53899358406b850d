"""The load against a real HTTP server, in virtual time."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

from exai_sre.testing import VirtualClock
from server.demo.load import PROTOCOL, Load
from tests.waiting import eventually

OK = '{"jsonrpc":"2.0","id":1,"result":{"isError":false}}'


@asynccontextmanager
async def endpoint(handler):
    """A server on a free port; yields its address and a client session."""
    app = web.Application()
    app.router.add_post("/mcp", handler)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        async with aiohttp.ClientSession() as session:
            yield f"http://{host}:{port}/mcp", session
    finally:
        await runner.cleanup()


@asynccontextmanager
async def running(load):
    task = asyncio.create_task(load.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()


async def test_every_call_is_a_whole_request_of_the_tool_chat():
    seen = []

    async def handler(request):
        seen.append((request.headers, json.loads(await request.text())))
        return web.Response(text=OK)

    clock = VirtualClock()
    async with endpoint(handler) as (url, session):
        load = Load(url, session, clock=clock, rate=10.0, model="glm-4.6")
        async with running(load):
            await eventually(lambda: len(seen) == 1)
            clock.advance(0.1)
            await eventually(lambda: load.results["ok"] == 2)
    headers, body = seen[0]
    assert headers["MCP-Protocol-Version"] == PROTOCOL
    assert headers["Mcp-Name"] == "chat"
    assert body["params"]["name"] == "chat"
    assert body["params"]["arguments"]["model"] == "glm-4.6"
    assert body["params"]["arguments"]["stream"] is True
    assert sorted(each["id"] for _, each in seen) == [1, 2]


async def test_a_slow_answer_does_not_delay_the_next_call():
    clock, open_calls, release = VirtualClock(), [], asyncio.Event()

    async def handler(request):
        open_calls.append(request)
        await release.wait()
        return web.Response(text=OK)

    async with endpoint(handler) as (url, session):
        load = Load(url, session, clock=clock, rate=4.0)
        async with running(load):
            for number in range(1, 5):
                await eventually(lambda number=number: len(open_calls) == number)
                clock.advance(0.25)
            assert load.results == {}
            release.set()
            await eventually(lambda: load.results["ok"] >= 4)


async def test_a_call_that_was_late_is_made_up_for():
    clock, seen = VirtualClock(), []

    async def handler(request):
        seen.append(request)
        return web.Response(text=OK)

    async with endpoint(handler) as (url, session):
        load = Load(url, session, clock=clock, rate=8.0)
        async with running(load):
            await eventually(lambda: len(seen) == 1)
            clock.advance(1.0)
            await eventually(lambda: load.results["ok"] == 9)


async def test_errors_of_the_tool_and_of_the_protocol_are_told_from_answers():
    answers = iter(
        ['{"result":{"isError":true}}', 'data: {"jsonrpc":"2.0","id":2,"error":{"code":-32602}}\n\n', OK],
    )

    async def handler(_request):
        return web.Response(text=next(answers, OK))

    clock = VirtualClock()
    async with endpoint(handler) as (url, session):
        load = Load(url, session, clock=clock, rate=1.0)
        async with running(load):
            for number in range(1, 4):
                await eventually(lambda number=number: load.results.total() == number)
                clock.advance(1.0)
    assert (load.results["tool error"], load.results["ok"] >= 1) == (2, True)


async def test_a_server_that_is_not_there_is_counted_by_the_error():
    async def handler(_request):
        return web.Response(text=OK)

    async with endpoint(handler) as (url, _):
        pass
    async with aiohttp.ClientSession() as session:
        load = Load(url, session, clock=VirtualClock(), rate=1.0)
        async with running(load):
            await eventually(lambda: load.results["ClientConnectorError"] == 1)
