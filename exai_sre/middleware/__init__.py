"""Middleware: ids, metrics, logs and errors as policy, and the frames that they plug into."""

from exai_sre.middleware.asgi import AsgiMiddleware, instrument_asgi
from exai_sre.middleware.correlation_id import RequestIds, choose_ids, count_rejections
from exai_sre.middleware.error_handling import error_body, error_type, status_outcome
from exai_sre.middleware.http_client import ClientOptions
from exai_sre.middleware.http_server import HttpInstruments
from exai_sre.middleware.metrics_collection import HttpMeter, McpMeter
from exai_sre.middleware.request_logging import RequestLogger, SupportsRedaction, summarise, write_line
from exai_sre.middleware.server_messages import CarryingStream
from exai_sre.middleware.websocket import WebSocketRequest

__all__ = [
    "AsgiMiddleware",
    "CarryingStream",
    "ClientOptions",
    "HttpInstruments",
    "HttpMeter",
    "McpMeter",
    "RequestIds",
    "RequestLogger",
    "SupportsRedaction",
    "WebSocketRequest",
    "choose_ids",
    "count_rejections",
    "error_body",
    "error_type",
    "instrument_asgi",
    "status_outcome",
    "summarise",
    "write_line",
]
