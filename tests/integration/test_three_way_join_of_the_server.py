"""The server itself, its upstreams failing: its lines, exemplars and spans join as those of any service."""

from __future__ import annotations

import asyncio
import random

import aiohttp
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from server.app import running
from server.demo.load import HEADERS, Load
from server.settings import load_settings
from tests.integration.otlp_receiver import over_http

CALLS = 24


@pytest.fixture
def receiver(monkeypatch):
    with over_http() as received:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", received.url)
        monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
        monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0.3")
        # The process-wide provider can be set once, and would stay for the tests that follow.
        monkeypatch.setattr("exai_sre.tracing.setup.share_provider", lambda provider: None)
        yield received


def headers(bits: random.Random) -> dict[str, str]:
    flags = bits.choice(("", "00", "01"))
    ids = f"00-{bits.getrandbits(128):032x}-{bits.getrandbits(64):016x}"
    return {**HEADERS, "traceparent": f"{ids}-{flags}"} if flags else dict(HEADERS)


async def served(tmp_path):
    """Calls that end well and calls that fail; the log lines, and the metrics page as OpenMetrics."""
    flags = {"mcp_port": "0", "monitoring_port": "0", "state_dir": str(tmp_path)}
    bits = random.Random(11)
    async with running(load_settings(flags, {}), {}) as app, aiohttp.ClientSession() as session:
        load = Load(f"{app.mcp_url}/mcp", session, clock=app.clock, rate=1.0)

        async def call() -> None:
            async with session.post(f"{app.mcp_url}/mcp", json=load.body(), headers=headers(bits)) as response:
                await response.read()

        await asyncio.gather(*(call() for _ in range(CALLS // 2)))
        for provider in ("glm", "kimi"):
            await app.simulator.control(provider, error_rate=1.0, status=401)
        await asyncio.gather(*(call() for _ in range(CALLS // 2)))
        # Who is in a trace of his own, true or made up, leaves no exemplar where nothing of ours is recorded.
        made_up = {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
        async with session.get(f"{app.monitoring_url}/health", headers=made_up) as response:
            assert response.status == 200
        asked = {"Accept": "application/openmetrics-text"}
        async with session.get(f"{app.monitoring_url}/metrics", headers=asked) as response:
            page = await response.text()
        lines = app.watch.tail.lines()
    return lines, page


async def test_failed_calls_and_exemplars_of_the_server_lead_to_exported_spans(tmp_path, receiver):
    lines, page = await served(tmp_path)
    exported = {span.ids for span in receiver.spans()}
    calls = [line for line in lines if line["event"] == "mcp_operation" and line.get("tool") == "chat"]
    assert len(calls) == CALLS
    failed = [line for line in calls if line["level"] in ("warning", "error")]
    assert len(failed) == CALLS // 2
    errors = failed + [line for line in lines if line["level"] == "error" and "span_id" in line]
    assert [line for line in errors if (line["trace_id"], line["span_id"]) not in exported] == []
    found = {
        sample.exemplar.labels["trace_id"]
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if sample.exemplar
    }
    assert found
    assert found <= {trace for trace, _ in exported}
