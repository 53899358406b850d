"""A deadline wheel: the time limits of many calls behind one timer.

A limit is filed under the tick in which it ends and left there; a call that ends in time says so
by one attribute, and its entry is dropped when the wheel comes by. Limits that end later than the
next sweep wait in one list that each sweep goes through, so that an entry outlives its call by no
more than two sweeps, whatever its time was.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, Protocol

__all__ = ["TICK", "Entry", "Limit", "Timers", "Wheel"]

TICK: Final = 0.02
"""Seconds per tick: a limit is noticed at most one tick late."""

_RATE: Final = 50
"""Ticks per second."""

_SWEEP: Final = 25
"""Ticks between sweeps: half a second."""


class Timers(Protocol):
    """What runs a callback later: an event loop, or a clock with timers of its own."""

    def call_later(self, delay: float, callback: Callable[[], object], /) -> object:
        """Call ``callback`` once, ``delay`` seconds from now."""
        ...


class Limit(Protocol):
    """A time limit, as the wheel sees it."""

    ends: float

    def expire(self) -> None:
        """End what it bounds."""
        ...


class Entry:
    """A limit's place in the wheel: small, so that what is left behind by calls that ended in time costs little.

    It is made without arguments and filled in by its maker: that is on the path of every call that suspends.

    Attributes:
        scope: the limit; ``None`` once nobody needs it any more, or it has fired.
    """

    __slots__ = ("scope",)

    scope: Limit | None

    def fire(self) -> None:
        """End the limit, unless that is no longer needed."""
        scope, self.scope = self.scope, None
        if scope is not None:
            scope.expire()


class Wheel:
    """The limits of one event loop. Not thread-safe: everything happens in the loop's thread.

    It holds no reference to the loop. While nothing is filed no timer runs.

    Args:
        now: monotonic seconds.

    Attributes:
        horizon: limits that end at this time or later, monotonic seconds, may be put in ``far`` right away.
        far: where they wait for the next sweep.
    """

    __slots__ = ("_near", "_next", "_now", "_sweep", "far", "horizon")

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._near: dict[int, list[Entry]] = {}
        self.far: list[Entry] = []
        self._sweep = 0
        self.horizon = math.inf
        self._next = math.inf

    def __len__(self) -> int:
        """Entries that are filed, those of calls that have ended included."""
        return len(self.far) + sum(map(len, self._near.values()))

    def add(self, entry: Entry, ends: float, timers: Timers) -> None:
        """Fire ``entry`` at the first tick at or after ``ends``.

        Args:
            entry: the place of the limit.
            ends: when the limit ends, monotonic seconds.
            timers: those of this wheel's loop.
        """
        if ends >= self.horizon:
            self.far.append(entry)
            return
        if self.horizon == math.inf:
            self._next_sweep(math.floor(self._now() * _RATE))
        self._file(entry, ends)
        self._arm(timers)

    def _next_sweep(self, passed: int) -> None:
        self._sweep = passed + _SWEEP
        self.horizon = self._sweep / _RATE

    def _file(self, entry: Entry, ends: float) -> None:
        if ends >= self.horizon:
            self.far.append(entry)
        else:
            self._near.setdefault(math.ceil(ends * _RATE), []).append(entry)

    def _arm(self, timers: Timers) -> None:
        """See to it that the timer runs at the next tick that has something to do."""
        if not self._near and not self.far:
            self.horizon = self._next = math.inf
            return
        due = min(min(self._near, default=self._sweep), self._sweep)
        if due < self._next:
            timers.call_later(due / _RATE - self._now(), lambda: self._turn(due, timers))
            self._next = due

    def _turn(self, due: int, timers: Timers) -> None:
        """The timer for tick ``due`` has run out."""
        if due != self._next:
            return
        self._next = math.inf
        passed = max(due, math.floor(self._now() * _RATE))
        failed = self._fire(passed)
        if passed >= self._sweep:
            self._next_sweep(passed)
            far, self.far = self.far, []
            for entry in far:
                if entry.scope is not None:
                    self._file(entry, entry.scope.ends)
        self._arm(timers)
        if failed:
            raise ExceptionGroup("a task could not be cancelled at its time limit", failed)

    def _fire(self, passed: int) -> list[Exception]:
        """Fire what is due by tick ``passed``; returns what was raised by cancelling somebody else's future."""
        failed = []
        for tick in sorted(tick for tick in self._near if tick <= passed):
            for entry in self._near.pop(tick):
                try:
                    entry.fire()
                except Exception as error:  # the limits of others hold all the same
                    failed.append(error)
        return failed
