"""Real Prometheus and Alertmanager beside a small target, with the generated rules."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from exai_sre.clock import SystemClock
from exai_sre.generate import RuleOptions
from exai_sre.metrics import Catalog, exposition
from exai_sre.slo import load_slos
from server.demo.observatory import Observatory, observatory
from server.demo.programs import ObservatoryError
from server.demo.webhook import Webhook
from server.metrics import ServerMetrics


@asynccontextmanager
async def target(catalog):
    """A server that exposes ``catalog``; yields its host and port."""

    async def metrics(request):
        body, content_type = exposition(catalog, accept=request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": content_type})

    app = web.Application()
    app.router.add_get("/metrics", metrics)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.mark.needs_prometheus
@pytest.mark.needs_alertmanager
async def test_the_pair_scrapes_evaluates_and_pages_and_says_when_on_the_real_clock(tmp_path):
    clock, catalog = SystemClock(), Catalog()
    server = ServerMetrics.declare(catalog)
    slos = [slo for slo in load_slos("slo", catalog=catalog) if slo.name == "upstream-glm"]
    failed = server.gen_ai.attempt_duration.labels(gen_ai_provider_name="glm", outcome="upstream_error")
    async with (
        target(catalog) as address,
        Webhook(clock) as hook,
        observatory(tmp_path, target=address, webhook_url=hook.url, slos=slos, catalog=catalog) as pair,
    ):
        before = clock.monotonic()
        rhythm = (await pair.rhythm(clock)).since(before)
        assert -2.0 < rhythm.scrapes.at < 0.5
        assert -2.0 < rhythm.evaluations.at < 0.5
        assert (rhythm.scrapes.every, rhythm.evaluations.every, rhythm.window) == (1, 1, 4)
        assert 0 < rhythm.scrape_seconds < 1
        ((labels, value),) = await pair.query("up")
        assert (labels["job"], value) == ("exai-mcp", 1.0)
        assert (await pair.query("up", at=1000.0)) == []
        with pytest.raises(ObservatoryError, match="parse error"):
            await pair.query("up{")
        for _ in range(50):
            failed.observe(0.01)
        async with asyncio.timeout(15):
            await hook.wait_for(lambda found: found.alert == "UpstreamMostAttemptsFail", since=before)


async def test_a_prometheus_that_has_seen_nothing_yet_has_no_rhythm():
    async def empty(request):
        name = request.path.rsplit("/", 1)[1]
        return web.json_response({"data": {"activeTargets": []} if name == "targets" else {"groups": []}})

    app = web.Application()
    app.router.add_get("/api/v1/{what}", empty)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with aiohttp.ClientSession() as session:
            pair = Observatory(f"http://127.0.0.1:{runner.addresses[0][1]}", "", session, RuleOptions())
            with pytest.raises(ObservatoryError, match="knows no target"):
                await pair.rhythm(SystemClock())
    finally:
        await runner.cleanup()
