"""A call in progress: its span, and whether one is due after all once an unsampled call has ended."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from contextvars import ContextVar, Token
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Final

from exai_sre.context import TraceContext, current_trace
from exai_sre.names import Attribute
from exai_sre.tracing.cancellation import is_cancellation
from exai_sre.tracing.recorder import Call, Recorder
from exai_sre.tracing.span import AttributeValue, RecordedSpan, Span

if TYPE_CHECKING:
    from exai_sre.tracing.tracing import Tracing

__all__ = ["DECISIONS", "LATE", "SAMPLED", "UNSAMPLED", "RunningSpan", "error_logged", "running_span"]

LATE: Final = "late"
SAMPLED: Final = "sampled"
UNSAMPLED: Final = "unsampled"
DECISIONS: Final = (LATE, SAMPLED, UNSAMPLED)
"""What becomes of the span of a call."""

_ENTRIES: Final = frozenset({"server", "consumer"})

running_span: ContextVar[RunningSpan | None] = ContextVar("exai_sre_running_span", default=None)
"""The innermost call of the running task; in a task that outlived its call, one that has ended."""


class RunningSpan:
    """Context manager around one call; made by :meth:`exai_sre.tracing.Tracing.start`."""

    __slots__ = (
        "_call",
        "_emitted",
        "_end",
        "_outer",
        "_recorded",
        "_span",
        "_start",
        "_tokens",
        "_tracing",
        "_wanted",
    )

    _span: Span
    _tokens: tuple[Token[TraceContext | None], Token[RunningSpan | None]]

    def __init__(self, tracing: Tracing, call: Call) -> None:
        self._tracing = tracing
        self._call = call
        self._recorded: RecordedSpan | None = None
        self._outer: RunningSpan | None = None
        self._start = 0.0
        self._end: float | None = None
        self._wanted = self._emitted = False

    @property
    def position(self) -> TraceContext:
        """Where the call stands in its trace."""
        return self._span.context

    @property
    def ended(self) -> bool:
        """Whether the call is over, as it is for a task that outlives it."""
        return self._end is not None

    def __enter__(self) -> Span:
        position = self._begin()
        self._span = Span(position, self._call.attributes)
        recorded = self._recorded
        if recorded is not None and recorded.ends_elsewhere:
            self._span.early = partial(self._tell, recorded)
        outer = running_span.get()
        if outer is not None and not outer.ended and outer.position.trace_id == position.trace_id:
            self._outer = outer
        self._tokens = (current_trace.set(position), running_span.set(self))
        return self._span

    def _begin(self) -> TraceContext:
        tracing, parent = self._tracing, self._call.parent
        recorder = tracing.recorder
        if recorder is None:
            return tracing.position(parent)
        try:
            recorded = recorder.adopt(self._call) if Attribute.HTTP_METHOD in self._call.attributes else None
            if recorded is None:
                position = tracing.position(parent)
                if position.sampled or recorder.decides:
                    recorded = self._record(recorder, position)
                else:
                    recorded = recorder.hold(position)
        except Exception:
            # A tracer that fails costs the span, never the call.
            return replace(tracing.position(parent), sampled=False)
        self._recorded = recorded
        position = recorded.position
        if not position.sampled:
            self._start = tracing.monotonic()
        return position

    def _tell(self, recorded: RecordedSpan) -> None:
        """Hand over what is known, before another one ends the span."""
        span = self._span
        if span.failure is not None:
            span.attributes.setdefault(Attribute.ERROR_TYPE, span.failure)
        with suppress(Exception):
            recorded.finish(self._tracing.clean(span.attributes), span.failure)

    def _record(self, recorder: Recorder, position: TraceContext) -> RecordedSpan:
        if recorder.decides:
            # What a foreign provider gets to see at the start must be as clean as at the end.
            return recorder.begin(self._call, position, self._tracing.clean(self._call.attributes))
        return recorder.begin(self._call, position, {})

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        span, here = self._span, True
        trace, running = self._tokens
        try:
            running_span.reset(running)
            current_trace.reset(trace)
        except ValueError:
            # Another context than the one that entered: it never had the position.
            here = False
        if error is not None and not span.judged and not is_cancellation(error):
            span.fail(type(error).__qualname__)
        if span.failure is not None:
            span.attributes.setdefault(Attribute.ERROR_TYPE, span.failure)
        self._tracing.count(self._finish(here))

    def _finish(self, here: bool) -> str:
        """End the recorded side; what became of it, as a label value."""
        recorded, span = self._recorded, self._span
        if recorded is None:
            self._end = 0.0
            return UNSAMPLED
        if span.context.sampled:
            self._end = 0.0
            with suppress(Exception):
                recorded.finish(self._tracing.clean(span.attributes), span.failure, here=here)
            return SAMPLED
        end = self._end = self._tracing.monotonic()
        with suppress(Exception):
            recorded.finish({}, None, here=here)
        why = "referred_to" if self._wanted else None
        # Calls below an entry into the process leave none for themselves.
        if self._outer is None or self._call.kind in _ENTRIES:
            slow_after = self._tracing.slow_after
            if span.failure is not None:
                why = "failed"
            elif slow_after is not None and end - self._start >= slow_after:
                why = "slow"
        if why is None:
            return UNSAMPLED
        self._emit(why, end)
        return LATE

    def want(self) -> None:
        """See to it that this call leaves a span: something that is kept refers to it."""
        if self._recorded is None or self._span.context.sampled or self._emitted:
            return
        self._wanted = True
        if self._end is not None:
            self._emit("referred_to", self._end)

    def _emit(self, why: str, ended: float) -> None:
        self._emitted = True
        if self._outer is not None:
            # A span whose parents are nowhere hangs in the air.
            self._outer.want()
        tracing, span = self._tracing, self._span
        attributes: Mapping[str, AttributeValue] = tracing.clean({**span.attributes, Attribute.LATE: why})
        zero = tracing.clock.time() - tracing.monotonic()
        if tracing.recorder is not None:
            with suppress(Exception):
                times = (zero + self._start, zero + ended)
                tracing.recorder.late(self._call, span.context, times, attributes, span.failure)


def error_logged() -> None:
    """Say that a line about an error was written: the span that it refers to will be there.

    To be called by whatever writes log lines, in the task that writes them. It makes an
    unsampled call, and the calls around it in this process, leave late spans when they end.
    """
    running = running_span.get()
    if running is not None:
        running.want()
