"""Counting distinct users over sliding windows, in bounded memory and without keeping who they are."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from threading import Lock
from typing import Final

from exai_sre.clock import Clock
from exai_sre.metrics.catalog import Catalog
from exai_sre.metrics.families.business import USER_WINDOWS, BusinessMetrics
from exai_sre.names import LabelName

__all__ = ["ActiveUsers", "DistinctCounter"]

_CAPACITY: Final = 8192
_DIGEST_BYTES: Final = 8


class DistinctCounter:
    """Distinct names seen within sliding windows; used by one thread at a time.

    Exact for as many names as there is room; with more, only names whose digest ends in enough zero
    bits are kept, and each stands for those that are not. The error is then about two per cent
    (one over the square root of half the capacity). Nothing of a name is kept but eight bytes of a digest.

    Args:
        longest: seconds of the longest window that is asked for.
        capacity: names that are kept at most.
    """

    def __init__(self, longest: float, *, capacity: int = _CAPACITY) -> None:
        self._longest = longest
        self._capacity = capacity
        self._zeros = 0
        # by when they were seen last, the longest ago first
        self._seen: dict[int, float] = {}

    def add(self, name: str, now: float) -> None:
        """Take note that ``name`` was there at ``now`` (seconds on a clock that never goes back)."""
        digest = int.from_bytes(blake2b(name.encode("utf-8", "surrogatepass"), digest_size=_DIGEST_BYTES).digest())
        if digest & ((1 << self._zeros) - 1):
            return
        self._seen.pop(digest, None)
        self._seen[digest] = now
        if len(self._seen) > self._capacity:
            self._expire(now)
        while len(self._seen) > self._capacity:
            self._zeros += 1
            mask = (1 << self._zeros) - 1
            self._seen = {digest: at for digest, at in self._seen.items() if not digest & mask}

    def _expire(self, now: float) -> None:
        due = now - self._longest
        old = []
        for digest, at in self._seen.items():
            if at > due:
                break
            old.append(digest)
        for digest in old:
            del self._seen[digest]
        if not self._seen:
            self._zeros = 0

    def counts(self, windows: Mapping[str, float], now: float) -> dict[str, int]:
        """How many names were there within each window (seconds), by the window's name."""
        self._expire(now)
        counts = {}
        number, newest = 0, iter(reversed(self._seen.values()))
        at = next(newest, None)
        for name, seconds in sorted(windows.items(), key=lambda item: item[1]):
            while at is not None and at > now - seconds:
                number += 1
                at = next(newest, None)
            counts[name] = number << self._zeros
        return counts


class ActiveUsers:
    """Keeps the gauge of :class:`BusinessMetrics` up to date, for all threads: a push reads from one of its own.

    Args:
        metrics: whose gauge it is.
        clock: for when a user was seen.
    """

    def __init__(self, metrics: BusinessMetrics, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._counter = DistinctCounter(max(USER_WINDOWS.values()))
        self._gauges = {window: metrics.active_users.labels(**{LabelName.WINDOW: window}) for window in USER_WINDOWS}

    def seen(self, user: str) -> None:
        """A user did something; ``user`` is any id that stays the same, such as that of an account or a session."""
        with self._lock:
            self._counter.add(user, self._clock.monotonic())

    def attach(self, catalog: Catalog) -> None:
        """Refresh before each exposition of ``catalog``."""
        catalog.before_collect(self.refresh)

    def refresh(self) -> None:
        """Set the gauge of every window."""
        with self._lock:
            counts = self._counter.counts(USER_WINDOWS, self._clock.monotonic())
        for window, count in counts.items():
            self._gauges[window].set(float(count))
