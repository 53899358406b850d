"""What an open breaker raises; apart from the other errors, because it brings pybreaker with it."""

from __future__ import annotations

from pybreaker import CircuitBreakerError

from exai_sre.resilience.errors import OpenCircuit

__all__ = ["BreakerOpen"]


class BreakerOpen(OpenCircuit, CircuitBreakerError):
    """A call that a circuit breaker refused.

    It is a ``pybreaker.CircuitBreakerError``, so that existing ``except`` clauses hold.

    Attributes:
        name: name of the breaker.
        retry_after: seconds after which a call can be admitted again.
    """
