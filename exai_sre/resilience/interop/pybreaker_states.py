"""Our states in pybreaker's words."""

from __future__ import annotations

from typing import Final, TypeAlias

import pybreaker

from exai_sre.resilience.breaker_options import BreakerState

__all__ = ["PYBREAKER_STATES", "SHARED_STATES_OF", "StateObject", "state_object"]

StateObject: TypeAlias = "pybreaker.CircuitClosedState | pybreaker.CircuitOpenState | pybreaker.CircuitHalfOpenState"
"""What pybreaker's listeners get for a state."""

PYBREAKER_STATES: Final = {
    BreakerState.CLOSED: pybreaker.STATE_CLOSED,
    BreakerState.OPEN: pybreaker.STATE_OPEN,
    BreakerState.HALF_OPEN: pybreaker.STATE_HALF_OPEN,
    BreakerState.FORCED_OPEN: pybreaker.STATE_OPEN,
    BreakerState.DISABLED: pybreaker.STATE_CLOSED,
    BreakerState.METRICS_ONLY: pybreaker.STATE_CLOSED,
}
"""What pybreaker calls each state; those it does not know are named after what they do to calls."""

SHARED_STATES_OF: Final = {
    pybreaker.STATE_CLOSED: BreakerState.CLOSED,
    pybreaker.STATE_OPEN: BreakerState.OPEN,
}
"""The way back, for the states that breakers take over from each other."""


def state_object(breaker: pybreaker.CircuitBreaker, name: str) -> StateObject:
    """The object that pybreaker's listeners get for a state; making it tells nobody.

    Args:
        breaker: the breaker that listeners see.
        name: one of pybreaker's ``STATE_...``.
    """
    if name == pybreaker.STATE_OPEN:
        return pybreaker.CircuitOpenState(breaker)
    if name == pybreaker.STATE_HALF_OPEN:
        return pybreaker.CircuitHalfOpenState(breaker, prev_state=None)
    return pybreaker.CircuitClosedState(breaker)
