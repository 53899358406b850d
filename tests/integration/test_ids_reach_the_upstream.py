"""One correlation id and one trace from the caller's headers or ``_meta`` to the upstream's request."""

from __future__ import annotations

import aiohttp
import pytest
from mcp import Client

from server.app import running
from server.demo.load import HEADERS, Load
from server.settings import load_settings

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE_ID}-b7ad6b7169203331-01"
CORRELATION_ID = "order-4711-abc"


def settings(tmp_path):
    return load_settings({"mcp_port": "0", "monitoring_port": "0", "state_dir": str(tmp_path)}, {})


async def seen_by_the_upstream(app):
    return (await app.simulator.state())["providers"]["glm"]["last_request"]["headers"]


async def test_ids_of_the_http_headers_reach_the_upstream_and_come_back(tmp_path):
    async with running(settings(tmp_path), {}) as app, aiohttp.ClientSession() as session:
        load = Load(f"{app.mcp_url}/mcp", session, clock=app.clock, rate=1.0)
        headers = {**HEADERS, "traceparent": TRACEPARENT, "x-request-id": CORRELATION_ID}
        async with session.post(f"{app.mcp_url}/mcp", json=load.body(), headers=headers) as response:
            assert response.status == 200, await response.text()
            await response.read()
            assert response.headers.getall("x-request-id") == [CORRELATION_ID]
        upstream = await seen_by_the_upstream(app)
        assert upstream["traceparent"].split("-")[1] == TRACE_ID
        assert upstream["x-request-id"] == CORRELATION_ID
        (line,) = [line for line in app.watch.tail.lines() if line.get("tool") == "chat"]
        assert (line["trace_id"], line["correlation_id"]) == (TRACE_ID, CORRELATION_ID)


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
async def test_a_trace_in_the_message_reaches_the_upstream(tmp_path, mode):
    async with running(settings(tmp_path), {}) as app, Client(f"{app.mcp_url}/mcp", mode=mode) as client:
        await client.call_tool("chat", {"prompt": "hi"}, meta={"traceparent": TRACEPARENT})
        assert (await seen_by_the_upstream(app))["traceparent"].split("-")[1] == TRACE_ID


async def test_an_id_that_nobody_could_have_meant_is_replaced_and_counted(tmp_path):
    async with running(settings(tmp_path), {}) as app, aiohttp.ClientSession() as session:
        headers = {"x-request-id": "no spaces allowed"}
        async with session.get(f"{app.monitoring_url}/health", headers=headers) as response:
            assert response.headers["x-request-id"] != "no spaces allowed"
        counted = app.watch.metrics.telemetry.rejected_ids.series()
        assert sum(series.value for series in counted) == 1
