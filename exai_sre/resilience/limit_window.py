"""What an adaptive limit learns from a stretch of time, and what it asks of an algorithm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

__all__ = ["LimitAlgorithm", "LimitWindow"]


@dataclass(frozen=True, slots=True)
class LimitWindow:
    """The calls that ended in one stretch of time.

    Attributes:
        age: seconds since the first call, at the end of this window.
        latency: mean seconds of the calls that were answered; ``None`` if none was.
        running: calls that ran at once, on average.
        lost: share of the calls that ended in a timeout or an overload, a ratio of 0 to 1.
        pressed: whether calls were turned away for want of a slot.
        at_minimum: whether the limit could not be lower than it was.
    """

    age: float
    latency: float | None
    running: float
    lost: float
    pressed: bool
    at_minimum: bool


class LimitAlgorithm(Protocol):
    """Finds the next limit. One object serves one limit, one window at a time."""

    @property
    def baseline(self) -> float | None:
        """Seconds that a call takes without a queue, as far as is known; ``None`` where that plays no part."""
        ...

    def update(self, limit: float, window: LimitWindow) -> float:
        """The limit for the next window.

        Args:
            limit: the limit during this window; it may have a fraction.
            window: what happened in it.
        """
        ...
