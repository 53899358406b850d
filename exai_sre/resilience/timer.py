"""Timers: by the clock if it has its own, as one in virtual time does, else by the running event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

from exai_sre.clock import Clock

__all__ = ["Timer", "start_timer"]


class Timer(Protocol):
    """A timer that was started."""

    def cancel(self) -> None:
        """Stop it; no-op once it has fired."""
        ...


def start_timer(clock: Clock, delay: float, callback: Callable[[], object]) -> Timer:
    """Call ``callback`` once, ``delay`` seconds from now; in a running event loop."""
    timers: Any = clock if hasattr(clock, "call_later") else asyncio.get_running_loop()
    timer: Timer = timers.call_later(delay, callback)
    return timer
