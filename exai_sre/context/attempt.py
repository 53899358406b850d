"""Which attempt at an upstream is running: set by what retries, read by what sends."""

from __future__ import annotations

from contextvars import ContextVar

__all__ = ["resend_count"]

resend_count: ContextVar[int] = ContextVar("exai_sre_resend_count", default=0)
"""How often the request in progress was sent before; 0 for the first attempt."""
