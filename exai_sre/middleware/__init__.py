"""Middleware: ids, metrics, logs and errors as policy, and the frames that they plug into."""

from exai_sre.middleware.correlation_id import RequestIds, choose_ids, count_rejections
from exai_sre.middleware.error_handling import error_body, error_type, status_outcome
from exai_sre.middleware.metrics_collection import McpMeter
from exai_sre.middleware.request_logging import RequestLogger, SupportsRedaction, summarise, write_line
from exai_sre.middleware.websocket import WebSocketRequest

__all__ = [
    "McpMeter",
    "RequestIds",
    "RequestLogger",
    "SupportsRedaction",
    "WebSocketRequest",
    "choose_ids",
    "count_rejections",
    "error_body",
    "error_type",
    "status_outcome",
    "summarise",
    "write_line",
]
