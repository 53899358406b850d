"""How important the running unit of work is: what load shedding goes by."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["DEFAULT_PRIORITY", "LEAST_PRIORITY", "current_priority", "priority"]

DEFAULT_PRIORITY = 3
"""Priority of work that names none; RFC 9218 has the same default urgency."""

LEAST_PRIORITY = 7
"""The least important priority; RFC 9218 has the same range of urgencies, 0 to 7."""

current_priority: ContextVar[int] = ContextVar("exai_sre_current_priority", default=DEFAULT_PRIORITY)
"""Priority of the running unit of work, 0 (most important) to :data:`LEAST_PRIORITY`."""


@contextmanager
def priority(level: int) -> Iterator[None]:
    """Run the body, and all that it starts, at a priority.

    Levels and default are those of the urgency of RFC 9218.

    Args:
        level: 0 for the most important work, 7 for the least.

    Raises:
        ValueError: there is no such level.
    """
    if not 0 <= level <= LEAST_PRIORITY:
        raise ValueError(f"priority is 0 (most important) to {LEAST_PRIORITY}, not {level}")
    token = current_priority.set(level)
    try:
        yield
    finally:
        current_priority.reset(token)
