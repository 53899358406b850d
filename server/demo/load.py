"""Steady load on the chat tool through the real MCP endpoint: one call per beat, whatever the answers take."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import aiohttp

from exai_sre.clock import Clock

__all__ = ["HEADERS", "PROTOCOL", "Load"]

PROTOCOL: Final = "2026-07-28"
"""Revision of MCP that the load speaks: each request stands alone, so no session is held."""

HEADERS: Final[Mapping[str, str]] = {
    "Accept": "application/json, text/event-stream",
    "MCP-Protocol-Version": PROTOCOL,
    "Mcp-Method": "tools/call",
    "Mcp-Name": "chat",
}
"""What each request carries beside its body."""

_META: Final = "io.modelcontextprotocol"


class Load:
    """Calls the chat tool at a fixed rate, open loop: a slow answer does not slow the next call.

    Args:
        url: address of the MCP endpoint.
        session: HTTP client.
        clock: beats the time.
        rate: calls per second.
        model: the model to ask for; empty leaves the choice to the server.

    Attributes:
        rate: calls per second.
        results: number of calls by how they ended: ``ok``, ``tool error`` or the transport's error.
    """

    def __init__(self, url: str, session: aiohttp.ClientSession, *, clock: Clock, rate: float, model: str = "") -> None:
        self.results: Counter[str] = Counter()
        self._url = url
        self._session = session
        self._clock = clock
        self.rate = rate
        self._model = {"model": model} if model else {}
        self._ids = itertools.count(1)

    async def run(self) -> None:
        """Call until cancelled; calls in flight are then cancelled too."""
        async with asyncio.TaskGroup() as calls:
            due = self._clock.monotonic()
            while True:
                calls.create_task(self._call())
                due += 1.0 / self.rate
                await self._clock.sleep(max(0.0, due - self._clock.monotonic()))

    async def _call(self) -> None:
        try:
            async with self._session.post(self._url, json=self.body(), headers=HEADERS) as response:
                text = await response.text()
        except (aiohttp.ClientError, TimeoutError) as error:
            self.results[type(error).__name__] += 1
            return
        failed = '"isError":true' in text or '"error":{' in text
        self.results["tool error" if failed else "ok"] += 1

    def body(self) -> dict[str, Any]:
        """The next request: a call of the chat tool."""
        number = next(self._ids)
        return {
            "jsonrpc": "2.0",
            "id": number,
            "method": "tools/call",
            "params": {
                "name": "chat",
                "arguments": {"prompt": f"Question {number}: what is an error budget?", "stream": True, **self._model},
                "_meta": {
                    f"{_META}/protocolVersion": PROTOCOL,
                    f"{_META}/clientCapabilities": {},
                    f"{_META}/clientInfo": {"name": "exai-demo", "version": "1"},
                },
            },
        }
