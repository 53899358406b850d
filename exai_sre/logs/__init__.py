"""Structured logs: one line per event, joined by ids, without secrets, safe against forged lines."""

from exai_sre.logs.chain import line_formatter, line_processors
from exai_sre.logs.configure import configure_logging, get_logger, set_sampling, shutdown_logging
from exai_sre.logs.file import LogFile
from exai_sre.logs.levels import set_level
from exai_sre.logs.otel import otel_bridge
from exai_sre.logs.redaction_filter import RedactionFilter
from exai_sre.logs.renderers import ConsoleRenderer, JsonRenderer, LogfmtRenderer
from exai_sre.logs.sampling import EventSampling
from exai_sre.logs.sanitize import Sanitizer
from exai_sre.logs.tail import LogTail

__all__ = [
    "ConsoleRenderer",
    "EventSampling",
    "JsonRenderer",
    "LogFile",
    "LogTail",
    "LogfmtRenderer",
    "RedactionFilter",
    "Sanitizer",
    "configure_logging",
    "get_logger",
    "line_formatter",
    "line_processors",
    "otel_bridge",
    "set_level",
    "set_sampling",
    "shutdown_logging",
]
