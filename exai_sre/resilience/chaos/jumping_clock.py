"""A clock that can be made to jump, over another that goes on as it does."""

from __future__ import annotations

from collections.abc import Callable

from exai_sre.clock import Clock, SystemClock
from exai_sre.resilience.timer import Timer, start_timer

__all__ = ["JumpingClock"]


class JumpingClock:
    """A :class:`~exai_sre.clock.Clock` for chaos: as an adjusted system clock, or a machine that was suspended.

    Sleeps and timers last as long as they would without jumps.

    Args:
        clock: the clock underneath; the system's by default.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock: Clock = clock or SystemClock()
        self._wall = 0.0
        self._monotonic = 0.0

    def jump(self, seconds: float, *, monotonic: float = 0.0) -> None:
        """Make the wall clock jump by ``seconds``, and the monotonic clock leap forward.

        Raises:
            ValueError: ``monotonic`` is negative.
        """
        if not monotonic >= 0:
            raise ValueError(f"a monotonic clock cannot go back by {monotonic} s")
        self._wall += seconds
        self._monotonic += monotonic

    def monotonic(self) -> float:
        """See :meth:`~exai_sre.clock.Clock.monotonic`."""
        return self._clock.monotonic() + self._monotonic

    def time(self) -> float:
        """See :meth:`~exai_sre.clock.Clock.time`."""
        return self._clock.time() + self._wall

    async def sleep(self, seconds: float) -> None:
        """See :meth:`~exai_sre.clock.Clock.sleep`."""
        await self._clock.sleep(seconds)

    def call_later(self, delay: float, callback: Callable[[], object]) -> Timer:
        """Call ``callback`` once, ``delay`` seconds from now, by the running loop or the clock underneath."""
        return start_timer(self._clock, delay, callback)
