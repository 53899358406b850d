"""What a circuit breaker can be told, and the states it can be in."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeAlias

from exai_sre.names import Event
from exai_sre.outcome import Outcome
from exai_sre.resilience.classify import ErrorMatch
from exai_sre.resilience.errors import OptionError

__all__ = ["FAILURES", "BreakerOptions", "BreakerSnapshot", "BreakerState", "OnTransition", "OpenTime"]

_OPEN_SECONDS: Final = 30.0

FAILURES = frozenset({Outcome.UPSTREAM_ERROR, Outcome.TIMEOUT, Outcome.ERROR})
"""Outcomes that count against a breaker; ``OK`` counts for it, the others do not count."""


class BreakerState(StrEnum):
    """State of a circuit breaker, in the order in which the state gauge numbers them."""

    CLOSED = "closed"
    """Calls pass and are counted."""
    OPEN = "open"
    """Calls are refused until the open time is over."""
    HALF_OPEN = "half_open"
    """A few calls pass as probes; the others are refused."""
    FORCED_OPEN = "forced_open"
    """Calls are refused until someone resets the breaker."""
    DISABLED = "disabled"
    """Calls pass and are not counted."""
    METRICS_ONLY = "metrics_only"
    """Calls pass and are counted, but the breaker never opens."""


OpenTime: TypeAlias = float | Callable[[int], float]
"""Seconds, or what tells them from the count of openings in a row (the first is 1)."""

OnTransition: TypeAlias = Callable[[str, BreakerState, BreakerState], object]
"""Told of each transition: name of the breaker, old state, new state."""


@dataclass(frozen=True, slots=True)
class BreakerSnapshot:
    """What a breaker looks like at one moment.

    Attributes:
        name: name of the breaker.
        state: its state.
        since: when it entered that state, seconds since the Unix epoch.
        retry_after: seconds until a call can be admitted again; 0 where calls are admitted now.
        calls: calls in the window.
        failures: failed calls in the window.
        slow: slow calls in the window.
    """

    name: str
    state: BreakerState
    since: float
    retry_after: float
    calls: int
    failures: int
    slow: int


@dataclass(frozen=True, slots=True)
class BreakerOptions:
    """Options of a :class:`~exai_sre.resilience.CircuitBreaker`; times in seconds, rates 0..1.

    Attributes:
        failure_rate: share of failed calls in the window that opens the breaker.
        slow_rate: share of slow calls in the window that opens the breaker.
        slow_after: a call that takes longer is slow; ``None`` switches the slow rate off. A
            stream is timed to its first item.
        window: length of the window over which rates are taken.
        minimum_calls: no rate is taken of fewer calls.
        open_for: how long calls are refused before probes are let through: seconds, or a function
            of how often the breaker has opened without closing in between (the first time is 1),
            such as ``lambda n: min(300.0, 30.0 * 2 ** (n - 1))``. Should it raise or return no
            time above 0 later on, that is logged and 30 s are taken.
        half_open_calls: probes that must succeed to close the breaker, and the most that are let
            through. One failed probe opens it again; so do slow ones from ``slow_rate`` on.
        half_open_limit: a probe that has not ended (or, for a stream, not answered) after this
            time counts as failed.
        failure_on: exceptions that count as failures instead of those whose outcome is
            ``upstream_error``, ``timeout`` or ``error``; others are then neutral.
        ignore: exceptions that are neutral: neither failure nor success.
        failure_if: asked about what a call returned, and about each item of a generator or stream;
            where it is true the call has failed, though the caller gets the result. What it raises
            ends the call as if the function had raised it. ``with`` blocks have no result.
    """

    failure_rate: float = 0.5
    slow_rate: float = 1.0
    slow_after: float | None = None
    window: float = 10.0
    minimum_calls: int = 20
    open_for: OpenTime = _OPEN_SECONDS
    half_open_calls: int = 3
    half_open_limit: float = 60.0
    failure_on: ErrorMatch = FAILURES
    ignore: ErrorMatch = ()
    failure_if: Callable[[Any], bool] | None = None

    def __post_init__(self) -> None:
        for option in ("failure_rate", "slow_rate"):
            value = getattr(self, option)
            if not 0 < value <= 1:
                raise OptionError(option, value, "a rate lies above 0 and is at most 1")
        for option in ("window", "open_for", "half_open_limit", "slow_after"):
            given: OpenTime | None = getattr(self, option)
            value = given(1) if callable(given) else given
            if value is not None and not value > 0:
                raise OptionError(option, value, "a time is more than 0 seconds")
        for option in ("minimum_calls", "half_open_calls"):
            value = getattr(self, option)
            if value < 1:
                raise OptionError(option, value, "at least one call is needed")

    def open_seconds(self, openings: int) -> float:
        """How long the breaker stays open after it has opened ``openings`` times in a row (from 1)."""
        if not callable(self.open_for):
            return self.open_for
        try:
            seconds = self.open_for(openings)
            if seconds > 0:
                return seconds
            raise OptionError("open_for", seconds, "a time is more than 0 seconds")
        except Exception:
            # a breaker that cannot say how long must open all the same, and no call may fail by it
            logging.getLogger(__name__).exception(Event.UNHANDLED_ERROR)
            return _OPEN_SECONDS
