"""A sliding time window of call counts, kept in buckets."""

from __future__ import annotations

__all__ = ["BUCKETS", "Window"]

BUCKETS = 10
"""Buckets per window: the window slides in steps of a tenth of its length."""


class Window:
    """Calls, failures and slow calls of the last ``length`` seconds.

    The window holds the current bucket and the nine before it, so it covers between nine tenths
    and all of its length. A reading that is older than the current bucket (threads read the clock
    before they take the lock) counts into the current one. It does not lock; its owner does.

    Attributes:
        calls: calls in the window.
        failures: failed calls among them.
        slow: slow calls among them, failed or not.
    """

    __slots__ = ("_buckets", "_slot", "_width", "calls", "failures", "slow")

    def __init__(self, length: float) -> None:
        self._width = length / BUCKETS
        self.clear()

    def clear(self) -> None:
        """Forget all calls."""
        self._buckets = [[0, 0, 0] for _ in range(BUCKETS)]
        self._slot = -1
        self.calls = self.failures = self.slow = 0

    def add(self, now: float, failed: bool, slow: bool) -> None:
        """Count one call that ended at ``now`` (monotonic seconds)."""
        slot = int(now / self._width)
        if slot > self._slot:
            self._roll(slot)
        bucket = self._buckets[self._slot % BUCKETS]
        bucket[0] += 1
        self.calls += 1
        if failed:
            bucket[1] += 1
            self.failures += 1
        if slow:
            bucket[2] += 1
            self.slow += 1

    def advance(self, now: float) -> None:
        """Drop what has left the window by ``now`` (monotonic seconds)."""
        slot = int(now / self._width)
        if slot > self._slot:
            self._roll(slot)

    def _roll(self, slot: int) -> None:
        """Make ``slot`` the current bucket and take those out that it pushes from the window."""
        for passed in range(max(self._slot + 1, slot - BUCKETS + 1), slot + 1):
            bucket = self._buckets[passed % BUCKETS]
            self.calls -= bucket[0]
            self.failures -= bucket[1]
            self.slow -= bucket[2]
            bucket[:] = (0, 0, 0)
        self._slot = slot
