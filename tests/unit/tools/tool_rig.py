"""Services for the tests of the tools: real parts over scripted providers and a virtual clock."""

from __future__ import annotations

from collections.abc import Sequence

from exai_sre.health import Health
from exai_sre.metrics import Catalog
from exai_sre.testing import VirtualClock
from server.metrics import ServerMetrics
from server.providers.base import ChatChunk, ChatRequest, ChatResult, ChunkSink, Usage
from server.providers.catalogue import load_catalogue
from server.providers.completion import Completion
from server.providers.guard import UpstreamGuard, UpstreamPolicy
from server.providers.registry import ProviderRegistry
from server.services import Services

ANSWER = ChatResult("hello there", "because", "stop", Usage(10, 20), "m")

REPORT = {
    "replica": "r-1",
    "time": 1.0,
    "note": "this replica's view",
    "slos": [
        {
            "id": "exai-mcp-availability",
            "name": "availability",
            "verdict": "ok",
            "budget_remaining": 0.9,
            "firing_tiers": [],
        },
        {
            "id": "exai-mcp-own-faults",
            "name": "own-faults",
            "verdict": "page",
            "budget_remaining": None,
            "firing_tiers": ["14.4x"],
        },
    ],
    "untracked": {},
}


class Echo:
    """Answers everything in the pieces it was given."""

    def __init__(self, name: str, *ends: ChatResult | Exception, pieces: Sequence[str] = ("hello", " there")) -> None:
        self.name = name
        self.requests: list[ChatRequest] = []
        self.pieces = pieces
        self.ends = list(ends) or [ANSWER]

    async def chat(self, request: ChatRequest, on_chunk: ChunkSink | None = None) -> ChatResult:
        self.requests.append(request)
        end = self.ends[min(len(self.requests), len(self.ends)) - 1]
        if isinstance(end, Exception):
            raise end
        if request.stream and on_chunk is not None:
            for piece in self.pieces:
                await on_chunk(ChatChunk(piece))
        return end


def services(*providers: Echo, simulated: bool = False, clock: VirtualClock | None = None) -> Services:
    """Services over these providers; both answer by default."""
    clock = clock or VirtualClock(epoch=1_795_000_000.0)
    metrics = ServerMetrics.declare(Catalog())
    registry = ProviderRegistry(load_catalogue(), providers if providers else (Echo("glm"), Echo("kimi")), clock=clock)
    guards = {
        name: UpstreamGuard(name, UpstreamPolicy(attempts=1), clock=clock, metrics=metrics.resilience)
        for name in registry.providers
    }
    return Services(
        registry=registry,
        completion=Completion(registry, guards, metrics=metrics.gen_ai, clock=clock),
        health=Health(clock),
        tracker_report=lambda: REPORT,
        breakers=lambda: [guard.breaker_json() for guard in guards.values()],
        clock=clock,
        version="1.2.3",
        replica="r-1",
        started_at=clock.time() - 60.0,
        simulated=simulated,
    )


class Progress:
    """Collects progress notifications."""

    def __init__(self) -> None:
        self.seen: list[tuple[float, float | None, str | None]] = []

    async def __call__(self, progress: float, total: float | None, message: str | None) -> None:
        self.seen.append((progress, total, message))
