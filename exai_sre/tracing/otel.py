"""Recorders over OpenTelemetry: on a provider of ours, or on the application's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextvars import Token
from dataclasses import replace
from typing import Any, Final

from exai_sre.context import TraceContext
from exai_sre.names import SCHEMA_VERSION, Attribute
from exai_sre.tracing import modules
from exai_sre.tracing.attached import Adopted, Attached, Held
from exai_sre.tracing.recorder import Call
from exai_sre.tracing.span import AttributeValue, Kind, RecordedSpan
from exai_sre.tracing.steering import ChosenPosition, steer
from exai_sre.tracing.urls import redact_url
from exai_sre.version import __version__

__all__ = ["JoinedRecorder", "OwnRecorder"]

_SCOPE: Final = "exai_sre"
_NANOSECONDS: Final = 1_000_000_000
# W3C Trace Context level 2, section 3.2.2.5; older versions of OpenTelemetry have no name for the second.
_SAMPLED: Final = 0b01
_RANDOM: Final = 0b10
_URL_PARTS: Final = (Attribute.URL_QUERY, Attribute.HTTP_TARGET_BEFORE_1_20)
_HTTP: Final = (Attribute.HTTP_METHOD, Attribute.HTTP_METHOD_BEFORE_1_20)


class _OtelRecorder:
    """What both recorders share: OpenTelemetry's own types, and the running span it sees."""

    def __init__(self, provider: Any, *, decides: bool) -> None:
        self.decides = decides
        self._trace = modules.api("trace")
        self._context = modules.api("context")
        self._provider = provider
        self._tracer = provider.get_tracer(_SCOPE, __version__, attributes={"exai.schema": SCHEMA_VERSION})
        self._chosen = steer(self._tracer)
        self._stand_in = _stand_in(self._trace, self.span_context)
        kinds = self._trace.SpanKind
        self._kinds: dict[Kind, Any] = {
            "internal": kinds.INTERNAL,
            "server": kinds.SERVER,
            "client": kinds.CLIENT,
            "producer": kinds.PRODUCER,
            "consumer": kinds.CONSUMER,
        }

    @property
    def provider(self) -> Any:
        """The OpenTelemetry tracer provider."""
        return self._provider

    def innermost(self, position: TraceContext | None, *, given: bool) -> TraceContext | None:
        """See :meth:`exai_sre.tracing.recorder.Recorder.innermost`."""
        span = self._trace.get_current_span()
        # Nothing runs, or nothing but what was held for this very position.
        if span is self._trace.INVALID_SPAN or (position is not None and getattr(span, "held", None) is position):
            return position
        if position is None:
            return self.read(span)
        ids = span.get_span_context()
        if int(position.trace_id, 16) != ids.trace_id or int(position.span_id, 16) == ids.span_id:
            return position
        if given:
            above = getattr(span, "parent", None)
            if above is None or above.span_id != int(position.span_id, 16):
                return position
        return self.read(span)

    def adopt(self, call: Call) -> RecordedSpan | None:
        """See :meth:`exai_sre.tracing.recorder.Recorder.adopt`."""
        span = self._trace.get_current_span()
        if not span.is_recording() or getattr(span, "kind", None) is not self._kinds[call.kind]:
            return None
        known = getattr(span, "attributes", None) or {}
        if not any(name in known for name in _HTTP):
            return None
        position = self.read(span)
        if position is None:
            return None
        _redact_urls(span, known)
        return Adopted(span, position, self._trace.StatusCode.ERROR, frozenset(known))

    def read(self, span: Any) -> TraceContext | None:
        """The position of an OpenTelemetry span; ``None`` for its invalid one."""
        ids = span.get_span_context()
        if not ids.is_valid:
            return None
        flags = int(ids.trace_flags)
        return TraceContext(
            f"{ids.trace_id:032x}",
            f"{ids.span_id:016x}",
            bool(flags & _SAMPLED),
            ids.trace_state.to_header() if ids.trace_state else "",
            bool(flags & _RANDOM),
        )

    def span_context(self, position: TraceContext, *, remote: bool = True) -> Any:
        """A position as OpenTelemetry has it."""
        trace = self._trace
        return trace.SpanContext(
            int(position.trace_id, 16),
            int(position.span_id, 16),
            is_remote=remote,
            trace_flags=trace.TraceFlags(_SAMPLED * position.sampled | _RANDOM * position.random),
            trace_state=trace.TraceState.from_header([position.tracestate]) if position.tracestate else None,
        )

    def parent_context(self, parent: TraceContext | None) -> Any:
        """A context below ``parent``, or an empty one for the root of a trace."""
        if parent is None:
            return self._context.Context()
        running = self._trace.get_current_span().get_span_context()
        if running.span_id == int(parent.span_id, 16) and running.trace_id == int(parent.trace_id, 16):
            return self._context.get_current()
        return self._trace.set_span_in_context(self._trace.NonRecordingSpan(self.span_context(parent)))

    def start_span(self, call: Call, attributes: Mapping[str, AttributeValue], start: float | None = None) -> Any:
        """An OpenTelemetry span of ``call``, not yet the running one."""
        links: Sequence[Any] = [self._trace.Link(self.span_context(link)) for link in call.links]
        return self._tracer.start_span(
            call.name,
            context=self.parent_context(call.parent),
            kind=self._kinds[call.kind],
            attributes=dict(attributes),
            links=links,
            start_time=None if start is None else int(start * _NANOSECONDS),
        )

    def _stand(
        self,
        chosen: ChosenPosition,
        call: Call,
        position: TraceContext,
        attributes: Mapping[str, AttributeValue],
        start: float | None = None,
    ) -> Any:
        """A recorded span of ``call`` that stands at ``position``."""
        token = chosen.put(position)
        try:
            return self.start_span(call, attributes, start)
        finally:
            chosen.take_back(token)

    def hold(self, position: TraceContext) -> RecordedSpan:
        """See :meth:`exai_sre.tracing.recorder.Recorder.hold`."""
        token = self._context.attach(self._trace.set_span_in_context(self._stand_in(position)))
        return Held(position, token, self._context.detach)

    def attach(self, span: Any, position: TraceContext, call: Call | None = None) -> RecordedSpan:
        """Make ``span`` the running one in OpenTelemetry's context."""
        token = self._context.attach(self._trace.set_span_in_context(span))
        quiet = None
        if call is not None and call.kind == "client" and Attribute.HTTP_METHOD in call.attributes:
            suppression = modules.loaded_suppression()
            if suppression is not None:
                # What other instrumentation would say of this exchange, this span says already.
                quiet = suppression.suppress_http_instrumentation()
                quiet.__enter__()
        return Attached(self, span, position, token, quiet)

    def close(
        self, span: Any, attributes: Mapping[str, AttributeValue], failure: str | None, end: float | None = None
    ) -> None:
        """End ``span`` with its last attributes and its status; ``end`` is seconds since the Unix epoch."""
        span.set_attributes(attributes)
        if failure is not None:
            span.set_status(self._trace.StatusCode.ERROR, failure)
        span.end(end_time=None if end is None else int(end * _NANOSECONDS))

    def late(
        self,
        call: Call,
        position: TraceContext,
        times: tuple[float, float],
        attributes: Mapping[str, AttributeValue],
        failure: str | None,
    ) -> None:
        """Record the call with the ids that it had all along.

        A provider that is not the SDK's chooses the span id itself: the span is then a child of
        the position that the call had.
        """
        start, end = times
        if self._chosen is None:
            call = replace(call, parent=replace(position, sampled=True))
            span = self.start_span(call, {}, start)
        else:
            span = self._stand(self._chosen, call, position, {}, start)
        self.close(span, attributes, failure, end)

    def detach(self, token: Token[Any]) -> None:
        """Take the running span out of OpenTelemetry's context."""
        self._context.detach(token)

    def flush(self, timeout: float) -> bool:
        """See :meth:`exai_sre.tracing.recorder.Recorder.flush`."""
        flush = getattr(self._provider, "force_flush", None)
        return True if flush is None else bool(flush(int(timeout * 1000)))


def _redact_urls(span: Any, known: Mapping[str, Any]) -> None:
    """Take the credentials out of URLs for which the maker of the span has no eye."""
    for name, value in list(known.items()):
        if not isinstance(value, str) or not (name in _URL_PARTS or "://" in value):
            continue
        mark = "?" if name == Attribute.URL_QUERY else ""
        if (redacted := redact_url(f"{mark}{value}")[len(mark) :]) != value:
            span.set_attribute(name, redacted)


def _stand_in(trace: Any, span_context: Callable[..., Any]) -> Any:
    """A class of spans that record nothing and make their OpenTelemetry context only for who asks."""

    class HeldSpan(trace.NonRecordingSpan):  # type: ignore[misc]
        __slots__ = ("held", "made")

        def __init__(self, position: TraceContext) -> None:
            self.held = position
            self.made: Any = None

        def get_span_context(self) -> Any:
            if self.made is None:
                self.made = span_context(self.held, remote=False)
            return self.made

        def __repr__(self) -> str:
            return f"HeldSpan({self.held!r})"

    return HeldSpan


class OwnRecorder(_OtelRecorder):
    """Records on a provider of ours: this library chooses ids and decides on sampling."""

    def __init__(self, provider: Any) -> None:
        super().__init__(provider, decides=False)

    def begin(self, call: Call, position: TraceContext, attributes: Mapping[str, AttributeValue]) -> RecordedSpan:
        """See :meth:`exai_sre.tracing.recorder.Recorder.begin`."""
        if self._chosen is None:
            return self.hold(replace(position, sampled=False))
        return self.attach(self._stand(self._chosen, call, position, attributes), position, call)

    def shutdown(self) -> None:
        """See :meth:`exai_sre.tracing.recorder.Recorder.shutdown`."""
        self._provider.shutdown()


class JoinedRecorder(_OtelRecorder):
    """Records on the application's provider, which makes the ids and decides on sampling."""

    def __init__(self, provider: Any) -> None:
        super().__init__(provider, decides=True)

    def begin(self, call: Call, position: TraceContext, attributes: Mapping[str, AttributeValue]) -> RecordedSpan:
        """See :meth:`exai_sre.tracing.recorder.Recorder.begin`."""
        span = self.start_span(call, attributes)
        made = self.read(span)
        if made is None:
            return self.hold(replace(position, sampled=False))
        return self.attach(span, made, call)

    def shutdown(self) -> None:
        """The provider belongs to the application, which shuts it down; what waits is sent."""
        self.flush(5.0)
