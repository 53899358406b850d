"""The live page of the running server in a real browser: under load, and in a planted outage."""

from __future__ import annotations

import asyncio
import time

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from exai_sre.clock import SystemClock
from server.demo.load import Load
from server.simulator.process import SimulatorProcess
from tests.e2e.browser import chromium, opened
from tests.e2e.server_process import ServerProcess

pytestmark = pytest.mark.needs_chromium

SHOWN_WITHIN = 3.0
"""Seconds from a fault to its sight on the page."""


async def requests_per_second(page: Page) -> float:
    text = await page.locator(".tile", has_text="Requests / s").locator("dd").inner_text()
    return float(text) if text.replace(".", "").isdigit() else 0.0


async def busy(page: Page) -> set[float]:
    """Watch the page until it shows load; the values that it showed."""
    seen: set[float] = set()
    async with asyncio.timeout(30):
        while len(seen) < 4 or max(seen) < 5.0:
            seen.add(await requests_per_second(page))
            await asyncio.sleep(0.2)
    return seen


async def test_the_page_follows_load_and_shows_an_outage_within_three_seconds_of_the_real_clock(tmp_path, capsys):
    async with SimulatorProcess(seed=5, latency=0.05) as simulator:
        urls = {f"{name}_BASE_URL": f"{simulator.base_url}/{name.lower()}" for name in ("GLM", "KIMI")}
        async with (
            ServerProcess(tmp_path, GLM_API_KEY="test", KIMI_API_KEY="test", **urls) as server,
            chromium() as browser,
            opened(browser, server.page_url) as page,
        ):
            load = Load(server.mcp_url, server.session, clock=SystemClock(), rate=10.0)
            calls = asyncio.create_task(load.run())
            assert len(await busy(page)) >= 4
            headline = page.locator("#headline")
            await expect(headline).to_have_attribute("data-state", "ok")
            begin = time.monotonic()
            await simulator.control("glm", error_rate=1.0, status=503)
            await expect(headline).to_have_attribute("data-state", "page", timeout=SHOWN_WITHIN * 1000)
            seconds = time.monotonic() - begin
            await expect(page.locator(".breaker", has_text="glm")).to_contain_text("open", timeout=15_000)
            found = await Axe().run(page)
            calls.cancel()
            await asyncio.wait([calls])
    with capsys.disabled():
        print(f"\nfault to page in the browser: {seconds:.2f} s; axe: {found.violations_count} violations")
    assert seconds <= SHOWN_WITHIN
    assert found.violations_count == 0, found.generate_report()
