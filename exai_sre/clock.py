"""Time as a dependency: every policy takes its clock and its sleep as an argument."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

__all__ = ["Clock", "SystemClock", "reading"]


class Clock(Protocol):
    """Source of time. All values are seconds."""

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back; only differences mean anything."""
        ...

    def time(self) -> float:
        """Seconds since the Unix epoch; may jump."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Suspend the calling task for ``seconds``."""
        ...


class SystemClock:
    """The real clock of the machine."""

    __slots__ = ()

    def monotonic(self) -> float:
        """See :meth:`Clock.monotonic`."""
        return time.monotonic()

    def time(self) -> float:
        """See :meth:`Clock.time`."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """See :meth:`Clock.sleep`."""
        # Importing asyncio costs more than all of this library's policy; who sleeps has it already.
        import asyncio

        await asyncio.sleep(seconds)


def reading(clock: Clock) -> Callable[[], float]:
    """The cheapest way to read the monotonic seconds of ``clock``: hot paths read it twice a call."""
    return time.monotonic if type(clock) is SystemClock else clock.monotonic
