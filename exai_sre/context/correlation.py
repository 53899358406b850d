"""The correlation id: the id of one unit of work as its user sees it."""

from __future__ import annotations

from contextvars import ContextVar

__all__ = ["correlation_id"]

correlation_id: ContextVar[str | None] = ContextVar("exai_sre_correlation_id", default=None)
"""The correlation id of the running task; ``None`` outside any unit of work."""
