"""Spans around calls: ids always, a recorded span only where sampling says so beforehand."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from contextvars import Token
from types import TracebackType
from typing import Final

from exai_sre.clock import Clock, SystemClock
from exai_sre.context import TraceContext, current_trace
from exai_sre.metrics.families import TelemetryMetrics
from exai_sre.names import Attribute, LabelName
from exai_sre.tracing.cancellation import is_cancellation
from exai_sre.tracing.recorder import Call, Recorder
from exai_sre.tracing.sampling import Sampling
from exai_sre.tracing.span import AttributeValue, Kind, RecordedSpan, Span

__all__ = ["RunningSpan", "Tracing"]

_DECISIONS: Final = ("late", "sampled", "unsampled")


class Tracing:
    """Starts spans; without a recorder it keeps ids alone.

    Args:
        recorder: where spans go; ``None`` records nothing.
        sampling: which calls are recorded; without a recorder no trace that starts here is.
        redact: applied to the text attributes of recorded spans.
        metrics: counts calls by whether their span was recorded.
        clock: time of day for late spans.
        random_bits: an integer of that many random bits, for new ids.
    """

    def __init__(
        self,
        recorder: Recorder | None = None,
        *,
        sampling: Sampling | None = None,
        redact: Callable[[str], str] | None = None,
        metrics: TelemetryMetrics | None = None,
        clock: Clock | None = None,
        random_bits: Callable[[int], int] | None = None,
    ) -> None:
        self.recorder = recorder
        self.clock: Clock = clock or SystemClock()
        self._sampling = (sampling or Sampling()) if recorder else Sampling(ratio=0.0)
        self._redact = redact
        # Ids need distinctness, not secrecy; the generator is seeded by the operating system.
        self._bits = random_bits or random.Random().getrandbits  # noqa: S311  # nosec B311
        self._counts = (
            {decision: metrics.spans.labels(**{LabelName.DECISION: decision}) for decision in _DECISIONS}
            if metrics
            else {}
        )

    @property
    def recording(self) -> bool:
        """Whether sampled calls leave a span somewhere."""
        return self.recorder is not None

    def start(
        self,
        name: str,
        kind: Kind = "internal",
        parent: TraceContext | None = None,
        links: Sequence[TraceContext] = (),
        attributes: Mapping[str, AttributeValue] | None = None,
        *,
        root: bool = False,
    ) -> RunningSpan:
        """A context manager around one call, which yields its :class:`Span`.

        Args:
            name: span name, of bounded variety.
            kind: span kind.
            parent: position of the caller; the running task's own where ``None``.
            links: positions that the call is related to without being their child.
            attributes: attributes known at the start.
            root: start a new trace even if the running task is in one.
        """
        if parent is None and not root:
            parent = current_trace.get() or (self.recorder.ambient() if self.recorder else None)
        return RunningSpan(self, Call(name, kind, parent, links, attributes or {}))

    def position(self, parent: TraceContext | None) -> TraceContext:
        """A new position below ``parent``, or at the root of a new trace."""
        if self.recorder is None and parent is not None and parent.sampled:
            # Someone else records this trace: a span id that nobody records would break its tree.
            return parent
        trace_id = parent.trace_id if parent else f"{self._nonzero(128):032x}"
        state = parent.tracestate if parent else ""
        return TraceContext(trace_id, f"{self._nonzero(64):016x}", self._sampling.decide(trace_id, parent), state)

    def _nonzero(self, bits: int) -> int:
        return self._bits(bits) or 1

    def count(self, decision: str) -> None:
        """Count one call by what became of its span."""
        if self._counts:
            self._counts[decision].inc()

    def clean(self, attributes: Mapping[str, AttributeValue]) -> dict[str, AttributeValue]:
        """``attributes`` with the redaction applied to texts; a text it fails on is dropped."""
        redact = self._redact
        if redact is None:
            return dict(attributes)
        kept: dict[str, AttributeValue] = {}
        for name, value in attributes.items():
            # A redaction that fails loses the value, never the span and never the call.
            with suppress(Exception):
                kept[name] = redact(value) if isinstance(value, str) else value
        return kept

    def flush(self, timeout: float = 5.0) -> bool:
        """Send what is waiting, for at most ``timeout`` seconds; whether all of it went."""
        return self.recorder.flush(timeout) if self.recorder else True

    def shutdown(self) -> None:
        """Send what is waiting and stop; call it once, when the process ends."""
        if self.recorder is not None:
            self.recorder.shutdown()


class RunningSpan:
    """Context manager around one call; made by :meth:`Tracing.start`."""

    __slots__ = ("_call", "_recorded", "_span", "_start", "_token", "_tracing")

    def __init__(self, tracing: Tracing, call: Call) -> None:
        self._tracing = tracing
        self._call = call

    def __enter__(self) -> Span:
        tracing, call = self._tracing, self._call
        position = tracing.position(call.parent)
        recorder = tracing.recorder
        self._recorded: RecordedSpan | None = None
        if recorder is not None:
            begin = position.sampled or recorder.decides
            self._recorded = recorder.begin(call, position) if begin else recorder.hold(position)
            position = self._recorded.position
        self._start = 0.0 if position.sampled else tracing.clock.time()
        self._span = Span(position, call.attributes)
        self._token: Token[TraceContext | None] = current_trace.set(position)
        return self._span

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        current_trace.reset(self._token)
        span, tracing = self._span, self._tracing
        if error is not None and not span.judged and not is_cancellation(error):
            span.fail(type(error).__qualname__)
        if span.failure is not None:
            span.attributes.setdefault(Attribute.ERROR_TYPE, span.failure)
        tracing.count(self._end(span))

    def _end(self, span: Span) -> str:
        """End the recorded side; what became of it, as a label value."""
        recorded, recorder = self._recorded, self._tracing.recorder
        if recorded is None or recorder is None:
            return "unsampled"
        attributes = self._tracing.clean(span.attributes) if span.context.sampled or span.failure else {}
        if span.context.sampled:
            recorded.finish(attributes, span.failure)
            return "sampled"
        recorded.finish({}, None)
        if span.failure is None:
            return "unsampled"
        recorder.late(self._call, span.context, self._start, attributes, span.failure)
        return "late"
