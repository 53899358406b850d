"""What one breaker tells the others that guard the same dependency, and what it takes from them; no I/O."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from exai_sre.resilience.breaker import CircuitBreaker
from exai_sre.resilience.breaker_options import BreakerState

__all__ = ["SHARED_STATES", "BreakerFollower"]

SHARED_STATES: Final = frozenset({BreakerState.CLOSED, BreakerState.OPEN})
"""States that are told to others.

That one process probes is of no use to another, and might hide from it that a third has closed.
States that someone set by hand concern one process only.
"""

_OWN: Final = SHARED_STATES | {BreakerState.HALF_OPEN}


class BreakerFollower:
    """Keeps one breaker in step with others, through whatever store an edge reads and writes.

    An opening elsewhere opens this breaker for its own open time, after which it sends its own
    probes; a closing elsewhere closes it. Every process thus goes on alone where the store is
    gone, and a store that says ``open`` for ever, because its writer died, holds nobody up.

    Args:
        breaker: the breaker.
        wake: called, from any thread, when there is something to publish.
    """

    def __init__(self, breaker: CircuitBreaker, wake: Callable[[], object]) -> None:
        self.breaker = breaker
        self._wake = wake
        self._has_news = False
        self._following: BreakerState | None = None
        breaker.on_transition(self._changed)

    @property
    def name(self) -> str:
        """Name of the breaker."""
        return self.breaker.name

    def news(self) -> BreakerState | None:
        """The state to publish now, if it has changed since the last time this was asked."""
        state = self.breaker.state
        told, self._has_news = self._has_news, False
        return state if told and state in SHARED_STATES else None

    def retry(self) -> None:
        """Publish again: the last time failed."""
        self._has_news = True

    def follow(self, state: BreakerState) -> None:
        """Take over what another breaker has changed to: open or closed."""
        own = self.breaker.state
        if own not in _OWN or own is state:
            return
        self._following = state
        if state is BreakerState.OPEN:
            self.breaker.open()
        else:
            self.breaker.reset()
        self._following = None

    def _changed(self, _name: str, old: BreakerState, new: BreakerState) -> None:
        if new in SHARED_STATES and old in _OWN and new is not self._following:
            self._has_news = True
            self._wake()
