"""W3C trace context: the ids that join a metric, a log line and a span."""

from __future__ import annotations

import re
from contextvars import ContextVar
from dataclasses import dataclass

__all__ = ["TraceContext", "current_trace"]

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class TraceContext:
    """One position in a distributed trace.

    Source: W3C Trace Context, section 3.2 (``traceparent``).

    Attributes:
        trace_id: 32 lower-case hexadecimal digits, not all zero.
        span_id: 16 lower-case hexadecimal digits, not all zero.
        sampled: whether the span of this position is recorded.
        tracestate: vendor part, passed through as it came; empty where absent.
    """

    trace_id: str
    span_id: str
    sampled: bool
    tracestate: str = ""

    @property
    def traceparent(self) -> str:
        """The value of a ``traceparent`` header, version 00."""
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.sampled else '00'}"

    @classmethod
    def parse(cls, traceparent: str, tracestate: str = "") -> TraceContext | None:
        """Read a ``traceparent`` value; ``None`` for anything the specification rejects.

        Version ``ff``, all-zero ids and upper-case digits are rejected; a version above 00 is
        read by its prefix, and version 00 must have nothing behind its flags.
        """
        match = _TRACEPARENT.fullmatch(traceparent)
        if match is None:
            return None
        version, trace_id, span_id, flags, rest = match.groups()
        if version == "ff" or (version == "00" and rest) or not int(trace_id, 16) or not int(span_id, 16):
            return None
        return cls(trace_id, span_id, bool(int(flags, 16) & 1), tracestate)


current_trace: ContextVar[TraceContext | None] = ContextVar("exai_sre_current_trace", default=None)
"""The trace position of the running task; metrics read it for exemplars, logs for their ids."""
