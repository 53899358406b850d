"""GCRA without I/O: one number per limit says when its bucket will be full again.

The generic cell rate algorithm (ITU-T I.371) admits exactly what a token bucket would, without
anything that fills the bucket: the state is the *theoretical arrival time*, at which a steady
stream of calls would bring the next one.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from math import floor

__all__ = ["GcraEngine", "KeyedGcraEngine"]

_NEVER = float("-inf")


class GcraEngine:
    """One rate limit. Thread-safe; the lock is held for a few additions.

    It does not care what time is counted in, as long as all arguments are in the same unit.

    Args:
        interval: time between calls of a steady stream.
        burst: calls that may come at once after a quiet time.
        slack: how much too early a call may come. It absorbs the rounding of clocks and does not
            add up: the next call is due as if this one had come in time.
    """

    __slots__ = ("_due", "_interval", "_lock", "_slack", "_tolerance")

    def __init__(self, interval: float, burst: int, slack: float = 1e-6) -> None:
        self._interval = interval
        self._tolerance = interval * (burst - 1)
        self._slack = slack
        self._lock = threading.Lock()
        self._due = _NEVER

    def take(self, now: float, patience: float = 0.0) -> float:
        """Take leave for one call, to be made now or after a wait.

        Args:
            now: time of the call.
            patience: how long the call can wait.

        Returns:
            The time until the call is within the rate. It was counted if that is at most
            ``patience``; otherwise nothing has changed.
        """
        with self._lock:
            due = self._due
            if due < now:
                due = now
            wait = due - self._tolerance - now
            if wait <= self._slack:
                self._due = due + self._interval
                return 0.0
            if wait <= patience:
                self._due = due + self._interval
            return wait

    def available(self, now: float) -> int:
        """Calls that could be made at once."""
        with self._lock:
            ahead = max(0.0, self._due - now)
        return max(0, floor((self._tolerance + self._slack - ahead) / self._interval) + 1)


class KeyedGcraEngine:
    """One rate limit for each of a bounded number of keys. Thread-safe.

    A key whose bucket is full again is forgotten first, which changes nothing for it. While all
    keys that fit are in use, further keys share one bucket, so that making up keys cannot buy
    more than the rate of one.

    Args:
        interval, burst, slack: as for :class:`GcraEngine`.
        most: keys with a bucket of their own.
    """

    __slots__ = ("_buckets", "_interval", "_lock", "_most", "_shared", "_slack", "_tolerance")

    def __init__(self, interval: float, burst: int, most: int, slack: float = 1e-6) -> None:
        self._interval = interval
        self._tolerance = interval * (burst - 1)
        self._slack = slack
        self._most = most
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, float] = OrderedDict()
        self._shared = _NEVER

    def __len__(self) -> int:
        """Keys with a bucket of their own."""
        return len(self._buckets)

    def take(self, key: str, now: float, patience: float = 0.0) -> float:
        """As :meth:`GcraEngine.take`, for one key."""
        with self._lock:
            due = self._buckets.get(key)
            if due is None and self._makes_room(now):
                due = _NEVER
            own = due is not None
            wait, after = self._next(self._shared if due is None else due, now, patience)
            if own:
                self._buckets[key] = after
                self._buckets.move_to_end(key)
            else:
                self._shared = after
            return wait

    def _next(self, due: float, now: float, patience: float) -> tuple[float, float]:
        """The time to wait, and the state of a bucket afterwards."""
        ready = max(due, now)
        wait = ready - self._tolerance - now
        if wait <= self._slack:
            return 0.0, ready + self._interval
        return wait, ready + self._interval if wait <= patience else due

    def _makes_room(self, now: float) -> bool:
        """Forget up to two keys with full buckets; whether another key fits now.

        The key that was used the longest ago comes first: its bucket is full at the latest one
        burst after that. Two per new key let the number of keys shrink to those in use.
        """
        for _ in range(2):
            if self._buckets and next(iter(self._buckets.values())) <= now:
                self._buckets.popitem(last=False)
        return len(self._buckets) < self._most
