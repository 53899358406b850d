"""Takes the README's picture: the live page in the middle of an outage. ``make picture`` runs it."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from exai_sre.clock import SystemClock
from server.demo.load import Load
from server.simulator.process import SimulatorProcess
from tests.e2e.browser import chromium
from tests.e2e.server_process import ROOT, ServerProcess

PICTURE = ROOT / "docs" / "assets" / "live-page.png"
STEADY, OUTAGE = 45.0, 9.0


async def take() -> None:
    """Steady load, then an outage of one provider, then the picture."""
    with tempfile.TemporaryDirectory() as state:
        async with SimulatorProcess(seed=3, latency=0.12) as simulator:
            urls = {f"{name}_BASE_URL": f"{simulator.base_url}/{name.lower()}" for name in ("GLM", "KIMI")}
            async with ServerProcess(Path(state), GLM_API_KEY="x", KIMI_API_KEY="x", **urls) as server:
                load = Load(server.mcp_url, server.session, clock=SystemClock(), rate=8.0)
                calls = asyncio.create_task(load.run())
                async with chromium() as browser:
                    page = await browser.new_page(viewport={"width": 1280, "height": 1500}, color_scheme="light")
                    await page.goto(server.page_url)
                    await asyncio.sleep(STEADY)
                    await simulator.control("glm", error_rate=1.0, status=503)
                    await asyncio.sleep(OUTAGE)
                    PICTURE.parent.mkdir(parents=True, exist_ok=True)
                    await page.screenshot(path=PICTURE)
                calls.cancel()
                await asyncio.wait([calls])


if __name__ == "__main__":
    asyncio.run(take())
