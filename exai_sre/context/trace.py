"""W3C trace context: the ids that join a metric, a log line and a span."""

from __future__ import annotations

import re
from contextvars import ContextVar
from dataclasses import dataclass, field, fields
from typing import Final

__all__ = ["TraceContext", "current_trace"]

# Version 00, as nearly every caller has it; what it does not match is looked at more closely.
_VERSION_00 = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]([0-9a-f])", re.ASCII)
_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.ASCII)
_LONGEST: Final = 512
_SAMPLED: Final = 0b01
_RANDOM: Final = 0b10
_FLAGS: Final = {f"{flags:x}": (bool(flags & _SAMPLED), bool(flags & _RANDOM)) for flags in range(16)}
"""What the last digit of the flags says; the digits before it are reserved."""
_NO_TRACE: Final = "0" * 32
_NO_SPAN: Final = "0" * 16


@dataclass(frozen=True, slots=True, init=False)
class TraceContext:
    """One position in a distributed trace.

    Source: W3C Trace Context level 2, section 3.2 (``traceparent``).

    Attributes:
        trace_id: 32 lower-case hexadecimal digits, not all zero.
        span_id: 16 lower-case hexadecimal digits, not all zero.
        sampled: whether the span of this position is recorded.
        tracestate: vendor part, passed through as it came; empty where absent.
        random: whether the right half of the trace id is known to be random, which whoever keeps the
            trace id passes on. Flags that level 2 reserves are dropped.
        remote: whether it came over a wire, so that nobody here knows if its span was exported; no
            exemplar refers to it. Two positions that differ in this alone are equal.
    """

    trace_id: str
    span_id: str
    sampled: bool
    tracestate: str = ""
    random: bool = False
    remote: bool = field(default=False, compare=False, repr=False)

    def __init__(
        self,
        trace_id: str,
        span_id: str,
        sampled: bool,
        tracestate: str = "",
        random: bool = False,
        remote: bool = False,
    ) -> None:
        # Every request makes several: a frozen class takes twice as long by the way that dataclasses goes.
        set_trace_id, set_span_id, set_sampled, set_tracestate, set_random, set_remote = _SETTERS
        set_trace_id(self, trace_id)
        set_span_id(self, span_id)
        set_sampled(self, sampled)
        set_tracestate(self, tracestate)
        set_random(self, random)
        set_remote(self, remote)

    @property
    def traceparent(self) -> str:
        """The value of a ``traceparent`` header, version 00."""
        flags = _SAMPLED * self.sampled | _RANDOM * self.random
        return f"00-{self.trace_id}-{self.span_id}-0{flags}"

    @classmethod
    def parse(cls, traceparent: str, tracestate: str = "") -> TraceContext | None:
        """Read a ``traceparent`` value; ``None`` for anything the specification rejects.

        Version ``ff``, all-zero ids and upper-case digits are rejected; a version above 00 is
        read by its prefix, and version 00 must have nothing behind its flags. More than 512
        characters are no version of it.
        """
        match = _VERSION_00.fullmatch(traceparent)
        if match is not None:
            trace_id, span_id, digit = match.groups()
            sampled, random = _FLAGS[digit]
            return cls(trace_id, span_id, sampled, tracestate, random, remote=True)
        match = _TRACEPARENT.fullmatch(traceparent) if len(traceparent) <= _LONGEST else None
        if match is None:
            return None
        version, trace_id, span_id, flags, _ = match.groups()
        if version in ("00", "ff") or trace_id == _NO_TRACE or span_id == _NO_SPAN:
            return None
        sampled, random = _FLAGS[flags[1]]
        return cls(trace_id, span_id, sampled, tracestate, random, remote=True)


_SETTERS: Final = tuple(TraceContext.__dict__[each.name].__set__ for each in fields(TraceContext))

current_trace: ContextVar[TraceContext | None] = ContextVar("exai_sre_current_trace", default=None)
"""The trace position of the running task; metrics read it for exemplars, logs for their ids."""
