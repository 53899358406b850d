"""Whose fault it was that a request to an aiohttp server went wrong: the caller's, an upstream's or ours."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from exai_sre.middleware.aiohttp_server import HttpInstruments, instrumented_app
from tests.unit.middleware.aiohttp_rig import running
from tests.waiting import eventually


class Rig:
    """A running server that is spoken to byte by byte, as no client library would."""

    def __init__(self) -> None:
        self.lines: list[tuple[int, str, str | None]] = []
        self.reading = asyncio.Event()

    def info(self, event: str, **fields: Any) -> None:
        self.lines.append((fields["status"], fields["outcome"], fields.get("error_type")))

    debug = warning = error = info

    async def read(self, request: web.Request) -> web.Response:
        self.reading.set()
        await request.read()
        return web.Response()

    @asynccontextmanager
    async def asked(
        self, handler: Any, *fields: str, body: bytes = b""
    ) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        app = instrumented_app(HttpInstruments(logger=self))
        app.router.add_post("/", handler)
        async with running(app) as (host, port):
            reader, writer = await asyncio.open_connection(host, port)
            head = "\r\n".join(("POST / HTTP/1.1", "Host: h", *fields, "", ""))
            writer.write(head.encode() + body)
            try:
                yield reader, writer
            finally:
                writer.close()

    async def status_of(self, handler: Any, *fields: str, body: bytes = b"") -> int:
        async with self.asked(handler, *fields, body=body) as (reader, _):
            status = int((await reader.readline()).split()[1])
            await eventually(lambda: self.lines)
        return status


@pytest.fixture
async def rig():
    return Rig()


async def test_an_upload_that_its_caller_breaks_off_is_cancelled(rig):
    async with rig.asked(rig.read, "Content-Length: 1000", body=b"abc") as (_, writer):
        await rig.reading.wait()
        writer.close()
        await eventually(lambda: rig.lines)
    assert rig.lines == [(499, "cancelled", None)]


async def test_a_body_that_cannot_be_decoded_is_its_senders_fault(rig):
    fields = ("Content-Encoding: gzip", "Content-Length: 5")
    assert await rig.status_of(rig.read, *fields, body=b"abcde") == 400
    assert rig.lines == [(400, "client_error", "RequestPayloadError")]


async def test_an_upstream_that_fails_behind_the_head_is_no_caller_who_left(rig):
    async def proxy(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        raise ConnectionRefusedError

    assert await rig.status_of(proxy, "Content-Length: 0") == 200
    assert rig.lines == [(200, "upstream_error", "ConnectionRefusedError")]


async def test_an_error_whose_body_is_no_text_keeps_its_status(rig):
    async def refuse(request: web.Request) -> web.Response:
        error = web.HTTPBadRequest()
        error.body = b"\xff"
        raise error

    assert await rig.status_of(refuse, "Content-Length: 0") == 400
    assert rig.lines == [(400, "client_error", None)]
