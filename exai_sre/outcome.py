"""How an operation ended: one table for SLIs, circuit breakers, retries and logs."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Outcome"]


class Outcome(StrEnum):
    """How an operation ended.

    A *bad* outcome spends error budget and counts against a breaker. An *excluded* one is
    neither good nor bad: it leaves the SLI alone, because the caller caused it.
    """

    OK = "ok"
    ERROR = "error"
    """Our own fault: a defect or a broken invariant."""
    UPSTREAM_ERROR = "upstream_error"
    """A dependency failed or could not be reached."""
    TIMEOUT = "timeout"
    """Our deadline passed. A caller that gives up is ``CANCELLED``."""
    OVERLOAD = "overload"
    """Shed or refused to protect the service."""
    CLIENT_ERROR = "client_error"
    """The request was wrong: unknown tool, invalid arguments, no permission."""
    CANCELLED = "cancelled"
    """The caller withdrew the request."""

    @property
    def bad(self) -> bool:
        """Whether this outcome spends error budget."""
        return self in _BAD

    @property
    def excluded(self) -> bool:
        """Whether this outcome stays out of the SLI altogether."""
        return self in _EXCLUDED


_BAD = frozenset({Outcome.ERROR, Outcome.UPSTREAM_ERROR, Outcome.TIMEOUT, Outcome.OVERLOAD})
_EXCLUDED = frozenset({Outcome.CLIENT_ERROR, Outcome.CANCELLED})
