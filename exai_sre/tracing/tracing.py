"""Spans around calls: ids always, a recorded span only where sampling says so beforehand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final

from exai_sre.clock import Clock, SystemClock, reading
from exai_sre.context import TraceContext, current_trace
from exai_sre.context.ids import random_bits as process_bits
from exai_sre.metrics.families import TelemetryMetrics
from exai_sre.names import LabelName
from exai_sre.tracing.recorder import Call, Recorder
from exai_sre.tracing.running import DECISIONS, RunningSpan, running_span
from exai_sre.tracing.sampling import Sampling
from exai_sre.tracing.span import AttributeValue, Kind

__all__ = ["RunningSpan", "Tracing"]

_SPAN_BITS: Final = 64
_ROOT_BITS: Final = 192
_LOW_BITS: Final = (1 << _SPAN_BITS) - 1


class Tracing:
    """Starts spans; without a recorder it keeps ids alone.

    Args:
        recorder: where spans go; ``None`` records nothing.
        sampling: which calls are recorded; without a recorder no trace that starts here is.
        slow_after: seconds after which an unsampled call leaves a late span; ``None`` for never.
        redact: applied to the text attributes of recorded spans.
        metrics: counts calls by whether their span was recorded.
        clock: durations and time of day of late spans.
        random_bits: an integer of that many random bits, for new ids.
        find: asked at each call for a recorder, until there is one; it must be quick.
    """

    def __init__(
        self,
        recorder: Recorder | None = None,
        *,
        sampling: Sampling | None = None,
        slow_after: float | None = None,
        redact: Callable[[str], str] | None = None,
        metrics: TelemetryMetrics | None = None,
        clock: Clock | None = None,
        random_bits: Callable[[int], int] | None = None,
        find: Callable[[], Recorder | None] | None = None,
    ) -> None:
        self.recorder = recorder
        self.clock: Clock = clock or SystemClock()
        self.monotonic = reading(self.clock)
        self.slow_after = slow_after
        self._sampling = (sampling or Sampling()) if recorder else Sampling(ratio=0.0)
        self._find = find
        self._redact = redact
        self._bits = random_bits or process_bits()
        self._counts = (
            {decision: metrics.spans.labels(**{LabelName.DECISION: decision}).tick for decision in DECISIONS}
            if metrics
            else {}
        )

    @property
    def recording(self) -> bool:
        """Whether sampled calls leave a span somewhere."""
        return self.recorder is not None

    @property
    def may_record(self) -> bool:
        """Whether calls leave a span somewhere, or will once the application has set a provider."""
        return self.recorder is not None or self._find is not None

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

        A task that outlives the call which started it begins a new trace, linked to that call.
        A span that other instrumentation made for the same HTTP exchange is used, not doubled.

        Args:
            name: span name, of bounded variety.
            kind: span kind.
            parent: position of the caller; the running task's own where ``None``.
            links: positions that the call is related to without being their child.
            attributes: attributes known at the start.
            root: start a new trace even if the running task is in one.
        """
        if self.recorder is None and self._find is not None:
            self.recorder = self._find()
        if parent is None and not root:
            parent, outlived = self._surroundings()
            links = (*links, outlived) if outlived else links
        elif parent is not None and self.recorder is not None:
            parent = self.recorder.innermost(parent, given=True)
        return RunningSpan(self, Call(name, kind, parent, links, attributes or {}))

    def current(self) -> TraceContext | None:
        """The position of the running task, in this library's spans or in foreign ones."""
        return self._surroundings()[0]

    def _surroundings(self) -> tuple[TraceContext | None, TraceContext | None]:
        """The position to be the parent, and one that is over and can only be linked to."""
        position, running = current_trace.get(), running_span.get()
        if running is not None and running.ended and running.position is position:
            return None, position
        if self.recorder is not None:
            position = self.recorder.innermost(position, given=False)
        return position, None

    def position(self, parent: TraceContext | None) -> TraceContext:
        """A new position below ``parent``, or at the root of a new trace."""
        if self.recorder is None and parent is not None and parent.sampled:
            # Someone else records this trace: a span id that nobody records would break its tree.
            return parent
        if parent is None:
            # Both ids from one draw; neither may be zero.
            bits = self._bits(_ROOT_BITS)
            trace, span = bits >> _SPAN_BITS or 1, bits & _LOW_BITS or 1
            return TraceContext(f"{trace:032x}", f"{span:016x}", self._sampling.takes(trace & _LOW_BITS), random=True)
        span_id = f"{self._bits(_SPAN_BITS) or 1:016x}"
        sampled = self._sampling.decide(parent.trace_id, parent)
        return TraceContext(parent.trace_id, span_id, sampled, parent.tracestate, parent.random)

    def count(self, decision: str) -> None:
        """Count one call by what became of its span."""
        if self._counts:
            self._counts[decision]()

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
