"""The server's catalog: the library's ready-made families with this server's names filled in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from exai_sre.metrics import Catalog
from exai_sre.metrics.families import (
    DatabaseMetrics,
    GenAiMetrics,
    HttpServerMetrics,
    McpMetrics,
    ProcessMetrics,
    ResilienceMetrics,
    TelemetryMetrics,
    TrackerMetrics,
    WebSocketMetrics,
)
from exai_sre.metrics.families.business import BusinessMetrics
from exai_sre.metrics.families.mcp_loops import McpLoopMetrics

__all__ = ["FEATURES", "PROVIDERS", "TOOLS", "ServerMetrics", "build_catalog"]

FEATURES: Final = ("fallback", "model_choice", "streaming", "system_prompt", "temperature", "thinking")
"""What callers of ``chat`` may make use of; ``fallback`` is an answer by another provider than the first."""

TOOLS: Final = ("chat", "health", "listmodels", "slo_status", "status", "version")
"""Names of the tools; server/tools holds one module for each, and a test compares the two."""

PROVIDERS: Final = ("glm", "kimi")
"""Names of the upstreams."""

_ROUTES = ("/", "/assets/{name}", "/events", "/health", "/mcp", "/metrics", "/ready", "/slo", "/ws")


@dataclass(frozen=True, slots=True)
class ServerMetrics:
    """Every family of the server, declared in one catalog."""

    catalog: Catalog
    mcp: McpMetrics
    gen_ai: GenAiMetrics
    http: HttpServerMetrics
    websocket: WebSocketMetrics
    database: DatabaseMetrics
    resilience: ResilienceMetrics
    telemetry: TelemetryMetrics
    tracker: TrackerMetrics
    process: ProcessMetrics
    business: BusinessMetrics
    loops: McpLoopMetrics

    @classmethod
    def declare(cls, catalog: Catalog) -> ServerMetrics:
        """Declare every family of the server in ``catalog``."""
        return cls(
            catalog=catalog,
            mcp=McpMetrics.declare(catalog, TOOLS),
            gen_ai=GenAiMetrics.declare(catalog, PROVIDERS),
            http=HttpServerMetrics.declare(catalog, _ROUTES),
            websocket=WebSocketMetrics.declare(catalog, ("/events", "/ws")),
            database=DatabaseMetrics.declare(catalog, ("sqlite",), ("load", "save")),
            resilience=ResilienceMetrics.declare(catalog),
            telemetry=TelemetryMetrics.declare(catalog),
            tracker=TrackerMetrics.declare(catalog),
            process=ProcessMetrics.declare(catalog),
            business=BusinessMetrics.declare(catalog, FEATURES),
            loops=McpLoopMetrics.declare(catalog),
        )


def build_catalog() -> Catalog:
    """The server's catalog, freshly declared; ``exai-sre check`` and ``generate`` read it."""
    catalog = Catalog()
    ServerMetrics.declare(catalog)
    return catalog
