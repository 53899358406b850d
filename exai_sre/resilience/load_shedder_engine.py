"""The load shedder without I/O: a PI controller over the priorities of recent calls.

The controlled quantity is the share of the offered calls that passes. Its proportional part acts
on every call, by the slots in use at that moment, so that a burst is met at once; its integral
part finds, over some latencies, the share at which the slots in use stay at the target. Which
calls make up that share follows from the mix of priorities of the recent calls.
"""

from __future__ import annotations

import math
import threading

from exai_sre.context.priority import DEFAULT_PRIORITY, LEAST_PRIORITY

__all__ = ["LoadShedderEngine"]

_TICK = 0.1
"""Seconds between two steps of the integral part."""

_MEMORY = 5.0
"""Seconds over which the mix of priorities is averaged."""

_LATENCIES = 2.0
"""Reset time of the integral part, in latencies of the service: it must be slower than what it steers."""

_SHORTEST_RESET = 0.2


class LoadShedderEngine:
    """Decides which share of the calls of a priority passes. Thread-safe.

    Calls are counted without a lock, so that threads may lose a few of them to each other: the
    mix of priorities is an estimate anyhow.

    Args:
        target: share of the slots in use up to which all calls pass, a ratio of 0 to 1.
        width: share of the slots over which the share of calls that passes falls from all to none.

    Attributes:
        passing: share of the offered calls that passes at the target, a ratio of 0 to 1.
        pressure: how far burning error budget cuts the work below the default priority, 0 to 1.
    """

    __slots__ = (
        "_before",
        "_calls",
        "_lock",
        "_next",
        "_offered",
        "_shares",
        "_target",
        "_ticked",
        "_used",
        "_weights",
        "_width",
        "passing",
        "pressure",
    )

    def __init__(self, target: float, width: float) -> None:
        levels = LEAST_PRIORITY + 1
        self._target = target
        self._width = width
        self._lock = threading.Lock()
        self._ticked: float | None = None
        self._next = -math.inf
        self._used = 0.0
        self._calls = 0
        self._offered = [0] * levels
        self._weights = [0.0] * levels
        self._shares = [1.0 / levels] * levels
        self._before = [level / levels for level in range(levels)]
        self.passing = 1.0
        self.pressure = 0.0

    def offer(self, level: int, used: float, now: float, latency: float) -> float:
        """Count a call and tell which share of the calls of its priority passes now.

        Args:
            level: priority of the call; 0 always passes.
            used: share of the slots in use.
            now: monotonic seconds.
            latency: seconds that a call takes at present; 0.0 if nobody knows.

        Returns:
            1 or more if all pass, 0 or less if none does.
        """
        self._offered[level] += 1
        self._used += used
        self._calls += 1
        if now >= self._next:
            self._tick(now, used, latency)
        if level == 0:
            return 1.0
        passing = self.passing + (self._target - used) / self._width
        if self.pressure and level > DEFAULT_PRIORITY:
            needed = self._before[DEFAULT_PRIORITY + 1]
            passing = min(passing, needed + (1.0 - self.pressure) * (1.0 - needed))
        if passing >= 1.0:
            return 1.0
        ahead = passing - self._before[level]
        share = self._shares[level]
        return ahead / share if share > 0.0 else ahead

    def _tick(self, now: float, used: float, latency: float) -> None:
        """Step the integral part and renew the mix of priorities, unless another thread is at it."""
        if not self._lock.acquire(blocking=False):
            return
        try:
            elapsed = 0.0 if self._ticked is None else now - self._ticked
            self._ticked, self._next = now, now + _TICK
            mean = self._used / self._calls if self._calls else used
            self._used, self._calls = 0.0, 0
            reset = max(_SHORTEST_RESET, _LATENCIES * latency)
            room = (self._target - mean) / self._width
            self.passing = min(1.0, max(0.0, self.passing + room * elapsed / reset))
            self._renew(math.exp(-elapsed / _MEMORY))
        finally:
            self._lock.release()

    def _renew(self, kept: float) -> None:
        levels = range(LEAST_PRIORITY + 1)
        offered, self._offered = self._offered, [0] * len(levels)
        self._weights = [weight * kept + count for weight, count in zip(self._weights, offered, strict=True)]
        total = sum(self._weights) or 1.0
        self._shares = [weight / total for weight in self._weights]
        self._before = [sum(self._shares[:level]) for level in levels]
