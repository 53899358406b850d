"""The whole server in this process: both ports, every endpoint, what calls leave behind."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import replace

import aiohttp
import pytest
import websockets
from mcp import Client

from exai_sre.errors import SettingError
from server.app import running
from server.banner import banner
from server.settings import load_settings
from server.sockets import ListenError, listen, url_of
from tests.waiting import eventually

KEYED = {"GLM_API_KEY": "0123456789abcdef0123456789abcdef.ABCDEFGHIJKLMNOP", "GLM_BASE_URL": "http://127.0.0.1:9/v4"}
PAGE_KEYS = {"type", "seq", "dropped", "time", "server", "slos", "traffic", "breakers", "demo", "log"}


def settings_in(tmp_path, **changes):
    flags = {"mcp_port": "0", "monitoring_port": "0", "state_dir": str(tmp_path), "tick_seconds": "0.05"}
    return replace(load_settings(flags, {}), **changes)


@asynccontextmanager
async def server(tmp_path, **changes):
    async with running(settings_in(tmp_path, **changes), KEYED) as app, aiohttp.ClientSession() as session:
        yield app, session


async def fetched(session, url, status=200, **options):
    async with session.get(url, **options) as response:
        assert response.status == status, await response.text()
        return response, await response.text()


async def test_calls_of_both_revisions_leave_metrics_lines_and_slo_events(tmp_path):
    async with server(tmp_path) as (app, session):
        for mode in ("legacy", "2026-07-28"):
            async with Client(f"{app.mcp_url}/mcp", mode=mode) as client:
                result = await client.call_tool("version", {})
                assert result.structured_content["simulated"] is False
        series = app.watch.metrics.mcp.operation_duration.labels(
            mcp_method_name="tools/call", gen_ai_tool_name="version", outcome="ok"
        )
        assert series.count == 2
        lines = [line for line in app.watch.tail.lines() if line.get("tool") == "version"]
        assert [(line["outcome"], line["transport"]) for line in lines] == [("ok", "http")] * 2
        assert len({line["correlation_id"] for line in lines}) == 2

        async def both_counted():
            slos = json.loads((await fetched(session, f"{app.monitoring_url}/slo"))[1])["slos"]
            return next(slo for slo in slos if slo["name"] == "availability")["total"] == 2

        await eventually(both_counted)


async def test_a_dead_upstream_is_an_upstream_error_with_the_secret_nowhere(tmp_path):
    async with server(tmp_path) as (app, session):
        async with Client(f"{app.mcp_url}/mcp", mode="2026-07-28") as client:
            result = await client.call_tool("chat", {"prompt": "hello"})
        assert result.is_error
        assert result.meta["exai-sre/error"]["outcome"] == "upstream_error"
        _, metrics = await fetched(session, f"{app.monitoring_url}/metrics")
        told = json.dumps(app.watch.tail.lines(), default=str) + metrics + result.model_dump_json()
        assert KEYED["GLM_API_KEY"] not in told


async def test_a_provider_without_a_key_is_off_and_nothing_is_simulated(tmp_path):
    async with server(tmp_path) as (app, _):
        assert app.simulator is None
        assert [breaker["name"] for breaker in app.live()["breakers"]] == ["glm"]
        assert "SIMULATED" not in banner(app)


async def test_the_page_and_its_assets_are_served_and_nothing_else(tmp_path):
    async with server(tmp_path) as (app, session):
        response, text = await fetched(session, f"{app.monitoring_url}/")
        assert response.headers["Content-Type"] == "text/html; charset=utf-8"
        assert "<!doctype html>" in text.lower()
        response, _ = await fetched(session, f"{app.monitoring_url}/assets/app.js")
        assert response.headers["Content-Type"] == "text/javascript; charset=utf-8"
        for name in ("none.js", "..%2fhttp_server.py", "%2e%2e%2fhttp_server.py", "../http_server.py"):
            await fetched(session, f"{app.monitoring_url}/assets/{name}", status=404)


@pytest.mark.parametrize("path", ["/", "/health", "/ready", "/metrics", "/slo", "/none", "/assets/none.js"])
async def test_every_response_carries_the_security_headers_and_a_request_id(tmp_path, path):
    async with server(tmp_path) as (app, session), session.get(f"{app.monitoring_url}{path}") as response:
        assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
        assert "unsafe" not in response.headers["Content-Security-Policy"]
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert response.headers["x-request-id"]
        assert "Server" not in response.headers


async def test_metrics_come_in_the_format_that_is_asked_for(tmp_path):
    async with server(tmp_path) as (app, session):
        url = f"{app.monitoring_url}/metrics"
        response, text = await fetched(session, url)
        assert response.headers["Content-Type"].startswith("text/plain")
        assert "process_resident_memory_bytes" in text
        response, text = await fetched(session, url, headers={"Accept": "application/openmetrics-text"})
        assert response.headers["Content-Type"].startswith("application/openmetrics-text")
        assert text.endswith("# EOF\n")


async def test_readiness_says_why_not_and_liveness_stays(tmp_path):
    async with server(tmp_path) as (app, session):
        _, text = await fetched(session, f"{app.monitoring_url}/ready")
        assert json.loads(text)["status"] == "ready"
        await app.drain()
        _, text = await fetched(session, f"{app.monitoring_url}/ready", status=503)
        assert (json.loads(text)["ready"], json.loads(text)["status"]) == (False, "draining")
        assert app.live()["server"]["draining"] is True
        _, text = await fetched(session, f"{app.monitoring_url}/health")
        assert json.loads(text)["status"] == "alive"


async def test_a_store_that_cannot_be_written_makes_the_server_not_ready(tmp_path):
    async with server(tmp_path) as (app, session):
        (tmp_path / "folder").mkdir()
        app.watch.store.close()
        app.watch.store.path = tmp_path / "folder"

        async def refused():
            async with session.get(f"{app.monitoring_url}/ready") as response:
                return response.status == 503

        await eventually(refused)
        report = json.loads((await fetched(session, f"{app.monitoring_url}/ready", status=503))[1])
        assert [each["name"] for each in report["components"] if not each["healthy"]] == ["storage"]
        errors = [line["error"] for line in app.watch.tail.lines() if line["event"] == "slo_tracker_save_failed"]
        assert errors
        assert len(errors) == len(set(errors))


async def test_the_live_page_is_told_a_snapshot_then_deltas_with_new_lines(tmp_path):
    async with server(tmp_path) as (app, _):
        url = app.monitoring_url.replace("http", "ws", 1) + "/events"
        async with websockets.connect(url, origin=app.monitoring_url) as socket:
            first = json.loads(await socket.recv())
            assert (first["type"], first["seq"]) == ("snapshot", 1)
            assert set(first) == PAGE_KEYS
            assert {slo["name"] for slo in first["slos"]} >= {"availability", "latency-p95"}
            async with Client(f"{app.mcp_url}/mcp", mode="2026-07-28") as client:
                await client.call_tool("version", {})
            async with asyncio.timeout(5):
                while True:
                    delta = json.loads(await socket.recv())
                    assert delta["type"] == "delta"
                    if any(line.get("tool") == "version" for line in delta["log"]):
                        break
            assert app.watch.metrics.websocket.open.labels(endpoint="/events").value == 1
        with pytest.raises(websockets.InvalidStatus) as refused:
            await websockets.connect(url, origin="http://evil.example")
        assert refused.value.response.status_code == 403
        refusals = app.watch.metrics.websocket.connections.labels(endpoint="/events", outcome="client_error")
        assert refusals.value == 1


async def test_a_connection_refused_for_its_origin_is_the_clients_error(tmp_path):
    async with server(tmp_path) as (app, _):
        url = app.mcp_url.replace("http", "ws", 1) + "/ws"
        with pytest.raises(websockets.InvalidStatus) as refused:
            await websockets.connect(url, subprotocols=["mcp"], origin="http://evil.example")
        assert refused.value.response.status_code == 403
        refusals = app.watch.metrics.websocket.connections.labels(endpoint="/ws", outcome="client_error")
        assert refusals.value == 1


async def test_a_page_that_does_not_read_is_told_what_it_lost_and_another_loses_nothing(tmp_path):
    async with server(tmp_path, tick_seconds=60.0) as (app, _):
        url = app.monitoring_url.replace("http", "ws", 1) + "/events"
        async with (
            websockets.connect(url, max_queue=1, max_size=None) as slow,
            websockets.connect(url, max_size=None) as quick,
        ):
            await quick.recv()
            for _ in range(100):
                app.broadcaster.add_line({"event": "x" * 200_000})
                app.broadcaster.publish()
                assert json.loads(await asyncio.wait_for(quick.recv(), 10))["dropped"] == 0
            seen = [json.loads(await asyncio.wait_for(slow.recv(), 10))]
            while seen[-1]["seq"] < 101:
                seen.append(json.loads(await asyncio.wait_for(slow.recv(), 10)))
        assert seen[-1]["dropped"] > 0
        assert len(seen) == 101 - seen[-1]["dropped"]


async def test_pages_beyond_the_limit_are_refused(tmp_path):
    async with server(tmp_path, max_page_clients=1) as (app, session):
        url = f"{app.monitoring_url}/events"
        async with session.ws_connect(url), session.get(url, headers={"Upgrade": "websocket"}) as response:
            assert response.status == 503
        await fetched(session, url, status=426)


async def test_a_drain_closes_pages_and_connections_with_going_away(tmp_path):
    async with server(tmp_path) as (app, _):
        page_url, calls_url = (url.replace("http", "ws", 1) for url in (app.monitoring_url, app.mcp_url))
        async with (
            websockets.connect(f"{page_url}/events") as page,
            websockets.connect(f"{calls_url}/ws", subprotocols=["mcp"]) as calls,
        ):
            assert await app.drain() is True
            for socket in (page, calls):
                async for _ in socket:
                    pass
                assert socket.close_code == 1001
        seconds = app.watch.metrics.mcp.session_duration.labels(network_transport="websocket")
        await eventually(lambda: seconds.count)


async def test_the_tracker_goes_on_after_a_restart(tmp_path):
    totals = []
    for _ in range(2):
        async with server(tmp_path) as (app, _), Client(f"{app.mcp_url}/mcp", mode="2026-07-28") as client:
            await client.call_tool("version", {})
        totals.append(app.watch.tracker.status_of("exai-mcp-availability").total)
    assert totals == [1, 2]


async def test_without_ports_nothing_listens(tmp_path):
    async with running(settings_in(tmp_path), KEYED, ports=False) as app:
        assert (app.mcp_url, app.monitoring_url) == ("", "")
        assert "no port is open" in banner(app)


async def test_without_keys_the_simulator_answers_and_everybody_is_told(tmp_path):
    async with running(settings_in(tmp_path), {}) as app:
        assert app.simulator is not None
        assert "SIMULATED" in banner(app)
        assert app.live()["server"]["simulated"] is True
        async with Client(f"{app.mcp_url}/mcp", mode="2026-07-28") as client:
            result = await client.call_tool("chat", {"prompt": "hello"})
        assert not result.is_error, result
        assert result.structured_content["simulated"] is True
        assert "simulated" in result.content[0].text


@pytest.mark.parametrize(
    ("variable", "value"),
    [("GLM_BASE_URL", url) for url in ("ftp://x", "nowhere", "http://", "http://[::1", "http://h:99999x")],
)
async def test_an_address_that_is_none_is_refused(tmp_path, variable, value):
    with pytest.raises(SettingError, match="is no web address"):
        async with running(settings_in(tmp_path), {**KEYED, variable: value}):
            pytest.fail("started")


async def test_a_state_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SettingError, match="cannot be made"):
        async with running(settings_in(tmp_path, state_dir=tmp_path / "file" / "x"), KEYED):
            pytest.fail("started")


def test_a_port_in_use_is_named_with_the_way_out():
    with listen("127.0.0.1", 0, "--mcp-port") as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ListenError, match=f"port {port} on 127.0.0.1: is in use; .*--mcp-port"):
            listen("127.0.0.1", port, "--mcp-port")
    listen("127.0.0.1", port, "--mcp-port").close()


def test_a_port_on_an_address_of_another_machine_is_refused():
    with pytest.raises(ListenError, match="choose another by --mcp-port"):
        listen("192.0.2.1", 0, "--mcp-port")


def test_an_ipv6_address_is_put_in_brackets():
    with listen("::1", 0, "--mcp-port") as taken:
        assert url_of(taken).startswith("http://[::1]:")
