"""What running code knows of its unit of work; light, so that the processes of a pool start soon."""

from __future__ import annotations

from exai_sre.context import attempts_left, correlation_id, current_baggage, current_deadline, current_trace


def everything() -> tuple[object, ...]:
    """Id, trace, baggage, whether there is a deadline, attempts left."""
    deadline = None if current_deadline.get() is None else "set"
    return correlation_id.get(), current_trace.get(), current_baggage.get(), deadline, attempts_left.get()
