"""The connection that brought the running message: the parent of its correlation id."""

from __future__ import annotations

from contextvars import ContextVar

__all__ = ["connection_id"]

connection_id: ContextVar[str | None] = ContextVar("exai_sre_connection_id", default=None)
"""Correlation id of the connection that the running message came over; ``None`` where a request is all there is."""
