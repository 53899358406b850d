"""Opening a unit of work: its ids are set for the body and taken away after it."""

from __future__ import annotations

from contextvars import Token
from types import TracebackType

from exai_sre.context.baggage import NO_BAGGAGE, Baggage, current_baggage
from exai_sre.context.correlation import correlation_id
from exai_sre.context.ids import new_correlation_id
from exai_sre.context.trace import TraceContext, current_trace

__all__ = ["unit_of_work"]


class unit_of_work:  # noqa: N801 - used like a function, as contextlib's own context managers are
    """Context manager: run the body as one unit of work.

    A task that the body starts keeps the ids when the body has ended.

    Args:
        id: the correlation id; a fresh one where ``None``.
        trace: the caller's position in its trace.
        baggage: the caller's baggage.
    """

    __slots__ = ("_baggage", "_id", "_tokens", "_trace")

    def __init__(self, id: str | None = None, trace: TraceContext | None = None, baggage: Baggage = NO_BAGGAGE) -> None:
        self._id = id
        self._trace = trace
        self._baggage = baggage
        self._tokens: tuple[Token[str | None], Token[TraceContext | None], Token[Baggage]] | None = None

    def __enter__(self) -> str:
        """The correlation id of this unit of work."""
        chosen = self._id if self._id is not None else new_correlation_id()
        self._tokens = (
            correlation_id.set(chosen),
            current_trace.set(self._trace),
            current_baggage.set(self._baggage),
        )
        return chosen

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._tokens is None:
            return
        unit, trace, baggage = self._tokens
        self._tokens = None
        correlation_id.reset(unit)
        current_trace.reset(trace)
        current_baggage.reset(baggage)
