"""The total deadline of a unit of work, shared by everything that runs on its behalf."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from exai_sre.context.limits import CurrentDeadline, current_limits, limits_within

__all__ = ["current_deadline", "deadline_at", "remaining"]

current_deadline: Final = CurrentDeadline()
"""Monotonic time, in seconds, after which no work may start; ``None`` for no deadline."""


@contextmanager
def deadline_at(at: float) -> Iterator[None]:
    """Run the body under a deadline; an earlier one that is already set stays in force.

    Args:
        at: monotonic time in seconds.
    """
    limits = limits_within(current_limits.get())
    limits.deadline = at if limits.deadline is None else min(at, limits.deadline)
    token = current_limits.set(limits)
    try:
        yield
    finally:
        current_limits.reset(token)


def remaining(now: float) -> float | None:
    """Seconds left until the deadline, never below 0; ``None`` without a deadline.

    Args:
        now: monotonic time in seconds, from the clock that set the deadline.
    """
    at = current_deadline.get()
    return None if at is None else max(0.0, at - now)
