"""A real Chromium for tests, and a page in it that reports whatever the browser complains of."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, Page, async_playwright

ARGUMENTS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WATCH = "addEventListener('securitypolicyviolation', e => console.error('CSP', e.violatedDirective, e.blockedURI))"


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """The browser until the block ends."""
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        yield launched
        await launched.close()


@asynccontextmanager
async def opened(browser: Browser, url: str, *, refused: bool = False, **settings: Any) -> AsyncIterator[Page]:
    """The page; whatever the browser complains of fails the test, unless connections are to be refused."""
    context = await browser.new_context(**({"viewport": {"width": 1280, "height": 900}} | settings))
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.add_init_script(WATCH)
    await page.goto(url)
    yield page
    await context.close()
    assert [text for text in complaints if not (refused and "WebSocket" in text)] == []
