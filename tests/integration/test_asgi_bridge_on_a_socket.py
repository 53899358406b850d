"""ASGI applications behind the bridge, on a real socket."""

from __future__ import annotations

import asyncio
import io
import json
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from server.mcp import bridge
from server.mcp.bridge import AsgiBridge


@asynccontextmanager
async def serving(app):
    served = web.Application()
    served.router.add_route("*", "/{path:.*}", AsgiBridge(app).handle)
    runner = web.AppRunner(served, handler_cancellation=True, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        async with aiohttp.ClientSession() as session:
            yield session, f"http://{host}:{port}"
    finally:
        await runner.cleanup()


async def whole_body(receive):
    pieces = []
    while True:
        message = await receive()
        pieces.append(message["body"])
        if not message["more_body"]:
            return b"".join(pieces)


def head(status=200, **headers):
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http.response.start", "status": status, "headers": raw}


async def test_the_scope_says_what_was_asked():
    seen = {}

    async def app(scope, receive, send):
        seen.update(scope)
        await whole_body(receive)
        await send(head(content_length="2"))
        await send({"type": "http.response.body", "body": b"ok"})

    async with serving(app) as (session, url):
        sent = [("X-A", "1"), ("X-A", "2")]
        async with session.post(f"{url}/a%20b?q=%C3%BC&q=2", headers=sent, data=b"x") as response:
            assert await response.read() == b"ok"
    assert (seen["type"], seen["method"], seen["path"], seen["query_string"]) == (
        "http",
        "POST",
        "/a b",
        b"q=%C3%BC&q=2",
    )
    assert [value for name, value in seen["headers"] if name == b"x-a"] == [b"1", b"2"]
    assert seen["http_version"] == "1.1"
    assert seen["client"][0] == "127.0.0.1"


async def test_a_large_body_passes_in_pieces_both_ways():
    sizes = []

    async def app(scope, receive, send):
        await send(head(content_type="application/octet-stream"))
        while True:
            message = await receive()
            sizes.append(len(message["body"]))
            await send({"type": "http.response.body", "body": message["body"], "more_body": message["more_body"]})
            if not message["more_body"]:
                return

    async with serving(app) as (session, url):
        body = bytes(range(256)) * 8192
        async with session.post(url, data=io.BytesIO(body)) as response:
            assert await response.read() == body
    assert max(sizes) <= 64 * 1024


async def test_an_event_reaches_its_reader_before_the_stream_ends():
    go_on = asyncio.Event()

    async def app(scope, receive, send):
        await send(head(content_type="text/event-stream", connection="keep-alive"))
        await send({"type": "http.response.body", "body": b"one", "more_body": True})
        await go_on.wait()
        await send({"type": "http.response.body", "body": b"two", "more_body": True})
        await send({"type": "http.response.body"})

    async with serving(app) as (session, url), session.get(url) as response:
        assert response.headers["Content-Type"] == "text/event-stream"
        assert await response.content.readany() == b"one"
        go_on.set()
        assert await response.read() == b"two"


async def test_repeated_headers_and_status_are_kept():
    async def app(scope, receive, send):
        message = head(409, content_length="0", content_type="application/json")
        message["headers"] += [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]
        await send(message)
        await send({"type": "http.response.body"})

    async with serving(app) as (session, url), session.get(url) as response:
        assert response.status == 409
        assert response.headers.getall("Set-Cookie") == ["a=1", "b=2"]
        assert response.headers.getall("Content-Type") == ["application/json"]


async def test_an_application_that_answers_nothing_is_a_500():
    async def app(scope, receive, send):
        await whole_body(receive)

    async with serving(app) as (session, url), session.get(url) as response:
        assert response.status == 500


async def test_an_application_that_fails_is_a_500_without_its_text(caplog):
    async def app(scope, receive, send):
        raise LookupError("secret")

    async with serving(app) as (session, url), session.get(url) as response:
        assert response.status == 500
        assert "secret" not in await response.text()


async def test_a_client_that_leaves_is_told_to_the_application():
    told, started = asyncio.Event(), asyncio.Event()

    async def app(scope, receive, send):
        await whole_body(receive)
        started.set()
        assert (await receive())["type"] == "http.disconnect"
        told.set()

    async with serving(app) as (session, url):
        leaving = asyncio.create_task(session.post(url, data=b"{}").__aenter__())
        await started.wait()
        leaving.cancel()
        await asyncio.wait_for(told.wait(), 5)


async def test_an_application_that_does_not_listen_is_cancelled_after_the_grace_period(monkeypatch):
    monkeypatch.setattr(bridge, "_GRACE", 0.01)
    cancelled, started = asyncio.Event(), asyncio.Event()

    async def app(scope, receive, send):
        started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    async with serving(app) as (session, url):
        leaving = asyncio.create_task(session.get(url).__aenter__())
        await started.wait()
        leaving.cancel()
        await asyncio.wait_for(cancelled.wait(), 5)


async def test_sending_to_a_client_that_left_is_an_error_for_the_application():
    ended = asyncio.get_running_loop().create_future()

    async def app(scope, receive, send):
        await send(head(content_type="text/plain"))
        try:
            while True:
                await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
        except ConnectionError:
            ended.set_result("told")
            raise

    async with serving(app) as (session, url):
        response = await session.get(url)
        await response.content.readany()
        response.close()
        assert await asyncio.wait_for(ended, 5) == "told"


@pytest.mark.parametrize("method", ["GET", "DELETE", "OPTIONS"])
async def test_methods_without_a_body_end_at_once(method):
    async def app(scope, receive, send):
        body = await whole_body(receive)
        text = json.dumps({"method": scope["method"], "body": body.decode()}).encode()
        await send(head(content_length=str(len(text))))
        await send({"type": "http.response.body", "body": text})

    async with serving(app) as (session, url), session.request(method, url) as response:
        assert json.loads(await response.text()) == {"method": method, "body": ""}
