"""The unit of work in progress: what it found out about its own end, and how long it waited."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from exai_sre.clock import Clock
from exai_sre.outcome import Outcome

__all__ = ["Operation", "current_operation", "report_outcome", "waiting_for_upstream"]


class Operation:
    """What the code inside one unit of work tells the middleware around it.

    Attributes:
        outcome: how the work ended, where the inside knows better than the result shows (an MCP
            result with ``isError`` has many causes); ``None`` where it said nothing.
        fields: further fields for the log line of this unit of work.
    """

    __slots__ = ("_clock", "_depth", "_since", "_waited", "fields", "outcome")

    def __init__(self, clock: Clock) -> None:
        self.outcome: Outcome | None = None
        self.fields: dict[str, object] = {}
        self._clock = clock
        self._depth = 0
        self._since = 0.0
        self._waited = 0.0

    @property
    def waited(self) -> float:
        """Seconds during which at least one upstream was being waited for."""
        running = self._clock.monotonic() - self._since if self._depth else 0.0
        return self._waited + running

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Count the time in the body as waiting; overlapping waits count once."""
        if self._depth == 0:
            self._since = self._clock.monotonic()
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            if self._depth == 0:
                self._waited += self._clock.monotonic() - self._since


current_operation: ContextVar[Operation | None] = ContextVar("exai_sre_current_operation", default=None)
"""The unit of work that the running task belongs to."""


def report_outcome(outcome: Outcome) -> None:
    """Tell the middleware around the running unit of work how it ended; no-op outside one."""
    operation = current_operation.get()
    if operation is not None:
        operation.outcome = outcome


@contextmanager
def waiting_for_upstream() -> Iterator[None]:
    """Count the time in the body as waiting for an upstream; no-op outside a unit of work."""
    operation = current_operation.get()
    if operation is None:
        yield
        return
    with operation.waiting():
        yield
