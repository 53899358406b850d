"""A clock that moves only when a test says so."""

from __future__ import annotations

import asyncio
import heapq
import math
from collections.abc import Awaitable, Callable
from itertools import count
from typing import TypeVar

__all__ = ["VirtualClock", "VirtualTimer"]

T = TypeVar("T")

_TURNS = 25


class VirtualTimer:
    """A timer of a :class:`VirtualClock`.

    Attributes:
        at: when it is due, in the clock's monotonic seconds.
        cancelled: whether it was stopped.
    """

    __slots__ = ("at", "callback", "cancelled")

    def __init__(self, at: float, callback: Callable[[], object]) -> None:
        self.at = at
        self.callback = callback
        self.cancelled = False

    def cancel(self) -> None:
        """Stop the timer; no-op once it has fired."""
        self.cancelled = True


class VirtualClock:
    """A :class:`~exai_sre.clock.Clock` in virtual time; nothing that uses it waits for real.

    Sleepers and timers that come due are woken in the order of their times, equal times in the
    order in which they were set. :meth:`advance` wakes them at once, but their tasks run only when
    the test awaits something; :meth:`elapse` moves time and lets them run, step by step, and
    :meth:`run` does so until something ends. As the blocking ``sleep`` of synchronous code, pass
    :meth:`advance`.

    Not thread-safe.

    Args:
        monotonic: first reading of the monotonic clock, seconds.
        epoch: first reading of the wall clock, seconds since the Unix epoch.
    """

    def __init__(self, monotonic: float = 1000.0, epoch: float = 1_700_000_000.0) -> None:
        self._now = monotonic
        self._wall = epoch
        self._timers: list[tuple[float, int, VirtualTimer]] = []
        self._order = count()

    def monotonic(self) -> float:
        """Virtual seconds; they pass only when the test says so."""
        return self._now

    def time(self) -> float:
        """Virtual seconds since the Unix epoch."""
        return self._wall

    def set_time(self, epoch: float) -> None:
        """Make the wall clock jump, as an adjusted system clock does; monotonic time stays."""
        self._wall = epoch

    async def sleep(self, seconds: float) -> None:
        """Suspend the calling task until ``seconds`` of virtual time have passed."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        timer = self.call_later(seconds, lambda: None if woken.done() else woken.set_result(None))
        try:
            await woken
        finally:
            timer.cancel()

    def call_later(self, delay: float, callback: Callable[[], object]) -> VirtualTimer:
        """Call ``callback`` once, when ``delay`` virtual seconds have passed."""
        timer = VirtualTimer(self._now + delay, callback)
        heapq.heappush(self._timers, (timer.at, next(self._order), timer))
        return timer

    @property
    def pending(self) -> int:
        """Sleepers and timers that are not due yet."""
        return sum(not timer.cancelled for _, _, timer in self._timers)

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass and wake what comes due on the way.

        Raises:
            ValueError: ``seconds`` is negative.
        """
        target = self._target(seconds)
        while (timer := self._next(target)) is not None:
            self._move(timer.at)
            timer.callback()
        self._move(target)

    async def elapse(self, seconds: float) -> None:
        """Let ``seconds`` pass, and let the woken tasks run at the time at which they wake.

        Tasks get a bounded number of turns of the event loop before time moves on.

        Raises:
            ValueError: ``seconds`` is negative.
        """
        target = self._target(seconds)
        await self.settle()
        while (timer := self._next(target)) is not None:
            self._move(timer.at)
            timer.callback()
            await self.settle()
        self._move(target)

    async def run(self, awaitable: Awaitable[T]) -> T:
        """Let time pass from one timer to the next until ``awaitable`` ends; return its result.

        Raises:
            TimeoutError: it waits for something that no timer of this clock will bring about.
        """
        task = asyncio.ensure_future(awaitable)
        await self.settle()
        while not task.done():
            timer = self._next(math.inf)
            if timer is None:
                task.cancel()
                raise TimeoutError("waits for something that no passing of virtual time brings about")
            self._move(timer.at)
            timer.callback()
            await self.settle()
        return await task

    async def settle(self) -> None:
        """Let ready tasks run, for a bounded number of turns of the event loop."""
        for _ in range(_TURNS):
            await asyncio.sleep(0)

    def _target(self, seconds: float) -> float:
        if not seconds >= 0:
            raise ValueError(f"time cannot advance by {seconds} s")
        return self._now + seconds

    def _next(self, target: float) -> VirtualTimer | None:
        """Take the first timer that is due by ``target`` out of the heap."""
        while self._timers and self._timers[0][0] <= target:
            timer = heapq.heappop(self._timers)[2]
            if not timer.cancelled:
                return timer
        return None

    def _move(self, now: float) -> None:
        self._wall += now - self._now
        self._now = now
