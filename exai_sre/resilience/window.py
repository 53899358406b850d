"""A sliding time window of call counts, kept in buckets."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import count
from typing import Final

__all__ = ["BUCKETS", "Bucket", "Window"]

BUCKETS = 10
"""Buckets per window: the window slides in steps of a tenth of its length."""

_NEAR_THE_END: Final = 1.0 - 1e-12
"""A bucket says that it ends this much earlier than it does, so that rounding can only make it cautious."""


class Bucket:
    """The calls of one tenth of a window.

    Quick successes are counted without a lock, by whoever calls :attr:`count`; the rest by the
    owner of the window, under its lock.

    Attributes:
        count: counts one quick success; atomic.
        ends: monotonic time before which the bucket is surely the current one.
        wary: whether a success might complete the volume that a rate is taken of.
        others: calls other than quick successes.
        failures: failed calls.
        slow: slow calls, failed or not.
    """

    __slots__ = ("_looks", "count", "ends", "failures", "others", "slow", "wary")

    def __init__(self, ends: float) -> None:
        self.count: Callable[[], int] = count().__next__
        self._looks = 0
        self.ends = ends
        self.wary = False
        self.others = self.failures = self.slow = 0

    @property
    def calls(self) -> int:
        """All calls; to be read under the owner's lock, since a look is itself a count."""
        counted = self.count() - self._looks
        self._looks += 1
        return counted + self.others


class Window:
    """Calls, failures and slow calls of the last ``length`` seconds.

    The window holds the current bucket and the nine before it, so it covers between nine tenths
    and all of its length. A reading that is older than the current bucket (threads read the clock
    before they count) counts into the current one. It does not lock; its owner does, except for
    :attr:`Bucket.count` of the current bucket.

    Attributes:
        current: the current bucket.
        failures: failed calls in the window.
        slow: slow calls in the window, failed or not.
    """

    __slots__ = ("_buckets", "_slot", "_width", "current", "failures", "slow")

    def __init__(self, length: float) -> None:
        self._width = length / BUCKETS
        self.clear()

    @property
    def calls(self) -> int:
        """Calls in the window."""
        return sum([bucket.calls for bucket in self._buckets.values()])

    def clear(self) -> None:
        """Forget all calls."""
        self._buckets: dict[int, Bucket] = {}
        self._slot = -1
        self.current = Bucket(-math.inf)
        self.failures = self.slow = 0

    def add(self, now: float, failed: bool, slow: bool) -> None:
        """Count one call that ended at ``now`` (monotonic seconds)."""
        self.advance(now)
        bucket = self.current
        if not failed and not slow:
            bucket.count()
            return
        bucket.others += 1
        if failed:
            bucket.failures += 1
            self.failures += 1
        if slow:
            bucket.slow += 1
            self.slow += 1

    def advance(self, now: float) -> None:
        """Drop what has left the window by ``now`` (monotonic seconds)."""
        slot = int(now / self._width)
        if slot > self._slot:
            self._roll(slot)

    def _roll(self, slot: int) -> None:
        """Make ``slot`` the current bucket and take those out that it pushes from the window."""
        for passed in [number for number in self._buckets if number <= slot - BUCKETS]:
            bucket = self._buckets.pop(passed)
            self.failures -= bucket.failures
            self.slow -= bucket.slow
        self._slot = slot
        self.current = self._buckets[slot] = Bucket((slot + 1) * self._width * _NEAR_THE_END)
        self.current.wary = bool(self.failures or self.slow)
