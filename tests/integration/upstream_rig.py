"""What the tests of the providers share: a scripted upstream on a real socket, and metrics to read."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from exai_sre.clock import SystemClock
from exai_sre.metrics import Catalog
from server.metrics import ServerMetrics
from server.providers import Endpoint, ProviderParts, UpstreamPolicy, build_providers
from server.providers.base import Message
from server.providers.registry import CompletionRequest

KEY = "0123456789abcdef0123456789abcdef.ABCDEFGHIJKLMNOP"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@contextlib.asynccontextmanager
async def scripted_upstream(handler: Handler) -> AsyncIterator[str]:
    """Serve ``handler`` for every request; yields the base URL."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@dataclass
class Rig:
    """The providers over a plain session, with what they counted and reported."""

    parts: ProviderParts
    metrics: ServerMetrics
    events: list[tuple[str, Mapping[str, object]]] = field(default_factory=list)

    def attempts(self) -> dict[tuple[str, str], int]:
        """Attempts by provider and outcome."""
        return self._counts(self.metrics.gen_ai.attempt_duration)

    def operations(self) -> dict[tuple[str, str], int]:
        """Completions by provider and outcome."""
        return self._counts(self.metrics.gen_ai.operation_duration)

    def first_chunks(self) -> dict[tuple[str, str], int]:
        """Streamed completions by provider and outcome."""
        return self._counts(self.metrics.gen_ai.first_chunk)

    def fallbacks(self) -> dict[tuple[str, str], int]:
        """Fallbacks by provider from and to."""
        return self._counts(self.metrics.gen_ai.fallbacks)

    @staticmethod
    def _counts(family: Any) -> dict[tuple[str, str], int]:
        return {series.values: int(series.total) for series in family.series() if series.total}


@contextlib.asynccontextmanager
async def providers_at(
    base_url: str,
    *,
    policy: UpstreamPolicy | None = None,
    total_timeout: float = 20.0,
    names: tuple[str, ...] = ("glm", "kimi"),
) -> AsyncIterator[Rig]:
    """Both providers at ``{base_url}/{name}``."""
    metrics = ServerMetrics.declare(Catalog())
    events: list[tuple[str, Mapping[str, object]]] = []
    async with aiohttp.ClientSession() as session:
        parts = build_providers(
            {name: Endpoint(f"{base_url}/{name}", KEY) for name in names},
            session,
            gen_ai=metrics.gen_ai,
            resilience=metrics.resilience,
            clock=SystemClock(),
            policy=policy or UpstreamPolicy(attempts=1, minimum_calls=1000),
            total_timeout=total_timeout,
            on_event=lambda event, fields: events.append((event, fields)),
        )
        yield Rig(parts, metrics, events)


def ask(prompt: str = "hi", **more: Any) -> CompletionRequest:
    """A request of one turn."""
    return CompletionRequest((Message("user", prompt),), **more)


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 5.0) -> None:
    """Wait until ``condition`` holds."""
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.01)
