"""What the MCP middleware costs per call, in microseconds of CPU; medians of interleaved rounds.

Run: python benchmarks/bench_middleware.py
"""

from __future__ import annotations

import asyncio
import statistics
import time
from dataclasses import dataclass, field
from typing import Any

from mcp.server import Server
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from exai_sre.middleware.mcp import instrument
from exai_sre.tracing import Tracing, configure_tracing

ROUNDS = 9
CALLS = 2000


@dataclass
class Ctx:
    """A request as the SDK describes it."""

    method: str = "tools/call"
    params: dict[str, Any] = field(default_factory=lambda: {"name": "echo", "arguments": {"text": "hi"}})
    request_id: int = 1
    request: Any = None
    protocol_version: str = "2026-07-28"


class Discard(SpanExporter):
    """An exporter that keeps nothing."""

    def export(self, spans: object) -> SpanExportResult:
        del spans
        return SpanExportResult.SUCCESS


class Quiet:
    """A logger that writes nothing: the renderer has a benchmark of its own."""

    def __getattr__(self, level: str) -> Any:
        return self._drop

    def _drop(self, *_event: str, **_fields: Any) -> None:
        return None


class Same:
    """A sanitizer that finds nothing."""

    def redact(self, event: Any) -> Any:
        return event

    def redact_text(self, text: str) -> str:
        return text


def spans(ratio: float) -> Tracing:
    return configure_tracing(service="bench", exporter=Discard(), sampler_ratio=ratio, share=False, environ={})


async def answer(_ctx: Any) -> dict[str, Any]:
    return {"content": [], "isError": False}


def cases() -> dict[str, Any]:
    def made(**options: Any) -> Any:
        return instrument(Server("bench"), tools=("echo",), **options).middleware

    return {
        "ids and metrics": made(),
        "and a log line": made(logger=Quiet(), sanitizer=Same()),
        "and unsampled spans": made(logger=Quiet(), sanitizer=Same(), tracing=spans(0.0)),
        "and 10 % sampled spans": made(logger=Quiet(), sanitizer=Same(), tracing=spans(0.1)),
        "and sampled spans": made(logger=Quiet(), sanitizer=Same(), tracing=spans(1.0)),
    }


async def cost(middleware: Any, ctx: Ctx) -> float:
    start = time.process_time()
    for _ in range(CALLS):
        await middleware(ctx, answer)
    return (time.process_time() - start) / CALLS * 1e6


async def main() -> None:
    ctx, made = Ctx(), cases()
    figures: dict[str, list[float]] = {name: [] for name in made}
    for _ in range(ROUNDS):
        for name, middleware in made.items():
            figures[name].append(await cost(middleware, ctx))
    for name, values in figures.items():
        print(f"{name:<24}{statistics.median(values):8.1f} us per call (best {min(values):.1f})")


if __name__ == "__main__":
    asyncio.run(main())
