"""Which attempt at an upstream is running: set by what retries, read by what sends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Final

from exai_sre.context.ids import new_correlation_id
from exai_sre.context.limits import AttemptsLeft

__all__ = ["attempts_left", "idempotency_key", "idempotent_as", "resend_count"]

attempts_left: Final = AttemptsLeft()
"""Attempts that the outermost retry of this unit of work has left, the running one included; ``None`` outside retries.

0 where a stop strategy decides, so that nobody knows the number beforehand.
"""

idempotency_key: ContextVar[str | None] = ContextVar("exai_sre_idempotency_key", default=None)
"""What tells the peer that two requests are one: whoever sends puts it in a header, such as ``Idempotency-Key``.

While it is set, a retry repeats calls that are not idempotent by themselves.
"""

resend_count: ContextVar[int] = ContextVar("exai_sre_resend_count", default=0)
"""How often the request in progress was sent before; 0 for the first attempt."""


@contextmanager
def idempotent_as(key: str | None = None) -> Iterator[str]:
    """Run the body, one operation and all its attempts, under an idempotency key.

    Args:
        key: the key; a new one (UUID 7) by default.

    Yields:
        The key in force.
    """
    key = new_correlation_id() if key is None else key
    token = idempotency_key.set(key)
    try:
        yield key
    finally:
        # In another context than the one that entered, as in a framework's dependency, it never was set.
        with suppress(ValueError):
            idempotency_key.reset(token)
