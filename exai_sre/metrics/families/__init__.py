"""Ready-made metric families, named by the semantic conventions where there is one."""

from exai_sre.metrics.families.business import BusinessMetrics
from exai_sre.metrics.families.gen_ai import GenAiMetrics
from exai_sre.metrics.families.mcp import McpMetrics
from exai_sre.metrics.families.mcp_loops import McpLoopMetrics
from exai_sre.metrics.families.protection import ResilienceMetrics
from exai_sre.metrics.families.telemetry import ProcessMetrics, TelemetryMetrics, TrackerMetrics
from exai_sre.metrics.families.transport import DatabaseMetrics, HttpServerMetrics, WebSocketMetrics

__all__ = [
    "BusinessMetrics",
    "DatabaseMetrics",
    "GenAiMetrics",
    "HttpServerMetrics",
    "McpLoopMetrics",
    "McpMetrics",
    "ProcessMetrics",
    "ResilienceMetrics",
    "TelemetryMetrics",
    "TrackerMetrics",
    "WebSocketMetrics",
]
