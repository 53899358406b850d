"""Opening a unit of work: its ids are set for the body and taken away after it."""

from __future__ import annotations

from contextvars import Token
from types import TracebackType

from exai_sre.context.baggage import NO_BAGGAGE, Baggage, current_baggage
from exai_sre.context.correlation import correlation_id
from exai_sre.context.ids import new_correlation_id
from exai_sre.context.trace import TraceContext, current_trace

__all__ = ["enter_unit", "leave_unit", "unit_of_work"]


_Tokens = tuple[Token[str | None], Token[TraceContext | None] | None, Token[Baggage] | None]


def enter_unit(unit: str, trace: TraceContext | None, baggage: Baggage) -> _Tokens:
    """Set the ids of a unit of work; :func:`leave_unit` takes back what this returns.

    For what is on every request's path; all others use :class:`unit_of_work`.
    """
    # Most units bring neither trace nor baggage and start where there is none: reading is cheaper than setting.
    before = None if current_trace.get() is trace else current_trace.set(trace)
    carried = None if current_baggage.get() is baggage else current_baggage.set(baggage)
    return correlation_id.set(unit), before, carried


def leave_unit(tokens: _Tokens, trace: TraceContext | None, baggage: Baggage) -> None:
    """Take away the ids that :func:`enter_unit` set, and whatever the unit of work put in their place."""
    unit, before, carried = tokens
    try:
        correlation_id.reset(unit)
    except ValueError:
        # Another context than the one that entered, as in a framework's dependency: it never had the ids.
        return
    # Where nothing was set, the body may have: what it left behind is not the next request's.
    if before is not None:
        current_trace.reset(before)
    elif current_trace.get() is not trace:
        current_trace.set(trace)
    if carried is not None:
        current_baggage.reset(carried)
    elif current_baggage.get() is not baggage:
        current_baggage.set(baggage)


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
        self._tokens: _Tokens | None = None

    def __enter__(self) -> str:
        """The correlation id of this unit of work."""
        chosen = self._id if self._id is not None else new_correlation_id()
        self._tokens = enter_unit(chosen, self._trace, self._baggage)
        return chosen

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._tokens is not None:
            tokens, self._tokens = self._tokens, None
            leave_unit(tokens, self._trace, self._baggage)
