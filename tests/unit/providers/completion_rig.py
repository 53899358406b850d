"""What the tests of the path to an answer share: providers that follow a script, on virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

from exai_sre.metrics import Catalog
from exai_sre.outcome import Outcome
from exai_sre.resilience.classifiers import Verdict
from exai_sre.testing import VirtualClock
from server.metrics import ServerMetrics
from server.providers.base import ChatRequest, ChatResult, ChunkSink, Message, UpstreamError, Usage
from server.providers.catalogue import load_catalogue
from server.providers.completion import Completion
from server.providers.guard import UpstreamGuard, UpstreamPolicy
from server.providers.registry import CompletionRequest, ProviderRegistry

ANSWER = ChatResult("hello", "", "stop", Usage(10, 20), "m")
Script = Callable[[ChatRequest, ChunkSink | None], Awaitable[ChatResult]]


def down(provider: str = "glm", *, retryable: bool = True, retry_after: float | None = None) -> UpstreamError:
    return UpstreamError(
        provider, Verdict(Outcome.UPSTREAM_ERROR, retryable, retry_after=retry_after), "HTTP 503", status=503
    )


def refused(provider: str = "glm") -> UpstreamError:
    return UpstreamError(provider, Verdict(Outcome.CLIENT_ERROR, retryable=False), "HTTP 400", status=400)


class Scripted:
    """A provider that does what its scripts say, the last one for ever."""

    def __init__(self, name: str, *scripts: Script | Exception | ChatResult) -> None:
        self.name = name
        self.requests: list[ChatRequest] = []
        self.running = 0
        self._scripts = list(scripts) or [ANSWER]

    async def chat(self, request: ChatRequest, on_chunk: ChunkSink | None = None) -> ChatResult:
        self.requests.append(request)
        script = self._scripts[min(len(self.requests), len(self._scripts)) - 1]
        self.running += 1
        try:
            if isinstance(script, Exception):
                raise script
            return script if isinstance(script, ChatResult) else await script(request, on_chunk)
        finally:
            self.running -= 1


class Rig:
    def __init__(self, glm: Scripted, kimi: Scripted, *, total: float = 100.0, **policy: Any) -> None:
        self.clock = VirtualClock(epoch=1_795_000_000.0)  # November 2026
        self.metrics = ServerMetrics.declare(Catalog())
        self.events: list[tuple[str, Mapping[str, object]]] = []
        self.glm, self.kimi = glm, kimi
        limits = UpstreamPolicy(**{"attempts": 1, "attempt_timeout": 60.0, **policy})
        self.guards = {
            name: UpstreamGuard(name, limits, clock=self.clock, metrics=self.metrics.resilience)
            for name in ("glm", "kimi")
        }
        self.completion = Completion(
            ProviderRegistry(load_catalogue(), (glm, kimi), clock=self.clock),
            self.guards,
            metrics=self.metrics.gen_ai,
            clock=self.clock,
            total_timeout=total,
            on_event=lambda event, fields: self.events.append((event, fields)),
        )

    def counts(self, name: str) -> dict[tuple[str, ...], int]:
        family = getattr(self.metrics.gen_ai, name)
        return {series.values: int(series.total) for series in family.series() if series.total}

    def seconds(self, name: str) -> dict[tuple[str, ...], float]:
        family = getattr(self.metrics.gen_ai, name)
        return {series.values: series.sum for series in family.series() if series.count}

    async def run(self, elapse: float = 0.0, sink: ChunkSink | None = None, **request: Any) -> Any:
        task = asyncio.create_task(self.completion.run(ask(**request), sink))
        await self.clock.elapse(elapse)
        await self.clock.settle()
        if not task.done():
            task.cancel()
            pytest.fail("the completion did not end in time")
        return task.result()


def ask(**request: Any) -> CompletionRequest:
    return CompletionRequest((Message("user", "hi"),), **request)


def rig(glm: Any = (), kimi: Any = (), **options: Any) -> Rig:
    return Rig(Scripted("glm", *glm), Scripted("kimi", *kimi), **options)


def after(clock: Callable[[], VirtualClock], seconds: float, result: ChatResult | Exception = ANSWER) -> Script:
    async def script(_request: ChatRequest, _on_chunk: ChunkSink | None) -> ChatResult:
        await clock().sleep(seconds)
        if isinstance(result, Exception):
            raise result
        return result

    return script


async def hang(_request: ChatRequest, _on_chunk: ChunkSink | None) -> ChatResult:
    await asyncio.Event().wait()
    raise AssertionError
