"""Structured logs: one line per event, joined by ids, without secrets, safe against forged lines."""

from exai_sre.logs.configure import configure_logging, get_logger, shutdown_logging
from exai_sre.logs.sanitize import Sanitizer
from exai_sre.logs.tail import LogTail

__all__ = ["LogTail", "Sanitizer", "configure_logging", "get_logger", "shutdown_logging"]
