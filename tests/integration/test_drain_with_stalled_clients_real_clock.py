"""A client that reads no more keeps nobody waiting when the server goes."""

from __future__ import annotations

import asyncio
import base64
import os
import socket

from exai_sre.clock import SystemClock
from server.app import running
from server.settings import load_settings
from tests.waiting import eventually

KEYED = {"GLM_API_KEY": "0123456789abcdef0123456789abcdef.ABCDEFGHIJKLMNOP", "GLM_BASE_URL": "http://127.0.0.1:9/v4"}
DRAINED_WITHIN = 5.0


async def stalled_page(url: str) -> socket.socket:
    """A WebSocket on /events that is opened by hand and then never read."""
    host, port = url.removeprefix("http://").split(":")
    page = socket.socket()
    page.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    page.settimeout(0)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(page, (host, int(port)))
    key = base64.b64encode(os.urandom(16)).decode()
    upgrade = f"GET /events HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    await loop.sock_sendall(page, f"{upgrade}Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
    return page


async def test_a_page_that_reads_no_more_does_not_hold_up_the_drain_on_the_real_clock(tmp_path):
    flags = {"mcp_port": "0", "monitoring_port": "0", "state_dir": str(tmp_path), "tick_seconds": "0.05"}
    clock = SystemClock()
    async with running(load_settings(flags, {}), KEYED) as app:
        page = await stalled_page(app.monitoring_url)
        opened = app.watch.metrics.websocket.open.labels(endpoint="/events")

        await eventually(lambda: opened.value == 1)
        for _ in range(400):
            app.broadcaster.publish()
            await asyncio.sleep(0)
        begin = clock.monotonic()
        assert await app.drain()
        assert clock.monotonic() - begin < DRAINED_WITHIN
        page.close()
