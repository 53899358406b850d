"""Kimi (Moonshot): its dialect of the shared wire and the meaning of its error types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from server.providers.base import ChatRequest, Verdict
from server.providers.openai_wire import ACCOUNT, REFUSED, TRANSIENT, Dialect

__all__ = ["KIMI_BASE_URL", "KimiDialect"]

KIMI_BASE_URL: Final = "https://api.moonshot.ai/v1"
"""Where the vendor serves ``/chat/completions`` outside China."""

_CODES: Final[Mapping[str, Verdict]] = {
    "content_filter": REFUSED,
    "invalid_request_error": REFUSED,
    # The model is of our catalogue and the address is ours: no caller can mend it.
    "resource_not_found_error": ACCOUNT,
    "incorrect_api_key_error": ACCOUNT,
    "invalid_authentication_error": ACCOUNT,
    "permission_denied_error": ACCOUNT,
    # Sent as HTTP 429: an empty balance looks like a rate limit to whoever reads the status alone.
    "exceeded_current_quota_error": ACCOUNT,
    "engine_overloaded_error": TRANSIENT,
    "rate_limit_reached_error": TRANSIENT,
    "server_error": TRANSIENT,
    "unexpected_output": TRANSIENT,
}
"""Source: platform.kimi.ai/docs/api/errors, as of November 2026."""


class KimiDialect(Dialect):
    """Kimi's wire: error types instead of codes, usage of a stream only when asked for."""

    provider = "kimi"
    codes = _CODES

    def body(self, request: ChatRequest) -> dict[str, Any]:
        """See :meth:`Dialect.body`; a stream is asked to end with its usage."""
        body = super().body(request)
        if request.stream:
            body["stream_options"] = {"include_usage": True}
        return body

    def error_code(self, error: Mapping[str, Any]) -> str:
        """Kimi's ``type`` says what happened; its ``code``, where present, repeats the HTTP status."""
        return str(error.get("type") or error.get("code") or "")
