"""Kimi (Moonshot): its dialect of the shared wire."""

from __future__ import annotations

from typing import Any, Final

from exai_sre.resilience.classifiers import KIMI
from server.providers.base import ChatRequest
from server.providers.openai_wire import Dialect

__all__ = ["KIMI_BASE_URL", "KimiDialect"]

KIMI_BASE_URL: Final = "https://api.moonshot.ai/v1"
"""Where the vendor serves ``/chat/completions`` outside China."""


class KimiDialect(Dialect):
    """Kimi's wire: error types instead of codes, usage of a stream only when asked for."""

    vendor = KIMI

    def body(self, request: ChatRequest) -> dict[str, Any]:
        """See :meth:`Dialect.body`; a stream is asked to end with its usage."""
        body = super().body(request)
        if request.stream:
            body["stream_options"] = {"include_usage": True}
        return body
