"""The one file that knows OpenTelemetry: recorders over a provider of ours or of the application's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import replace
from typing import Any, Final

from exai_sre.context import TraceContext
from exai_sre.extras import require
from exai_sre.names import SCHEMA_VERSION
from exai_sre.tracing.recorder import Call
from exai_sre.tracing.sampling import Sampling
from exai_sre.tracing.span import AttributeValue, Kind, RecordedSpan
from exai_sre.version import __version__

__all__ = [
    "ChosenPosition",
    "JoinedRecorder",
    "OwnRecorder",
    "existing_provider",
    "otlp_exporter",
    "own_provider",
    "share_provider",
]

_SCOPE: Final = "exai_sre"
_NANOSECONDS: Final = 1_000_000_000


def _api(module: str) -> Any:
    return require(f"opentelemetry.{module}", package="opentelemetry-api", extra="otel")


def _sdk(module: str) -> Any:
    return require(f"opentelemetry.sdk.{module}", package="opentelemetry-sdk", extra="otel")


def existing_provider() -> Any | None:
    """The tracer provider that the application has set, or ``None`` where there is none."""
    try:
        trace = _api("trace")
    except ImportError:
        return None
    provider = trace.get_tracer_provider()
    return None if isinstance(provider, trace.ProxyTracerProvider | trace.NoOpTracerProvider) else provider


def otlp_exporter() -> Any:
    """An OTLP/HTTP span exporter, configured by the ``OTEL_EXPORTER_OTLP_*`` variables.

    Raises:
        MissingExtraError: the exporter is not installed.
    """
    module = require(
        "opentelemetry.exporter.otlp.proto.http.trace_exporter",
        package="opentelemetry-exporter-otlp-proto-http",
        extra="otel",
    )
    return module.OTLPSpanExporter()


class ChosenPosition:
    """The ids and the decision that the next span of this task takes."""

    __slots__ = ("_slot",)

    def __init__(self) -> None:
        self._slot: ContextVar[TraceContext | None] = ContextVar("exai_sre_chosen_position", default=None)

    def get(self) -> TraceContext | None:
        """The chosen position, or ``None`` where OpenTelemetry chooses."""
        return self._slot.get()

    @contextmanager
    def set(self, position: TraceContext) -> Iterator[None]:
        """A span that starts in the body stands at ``position`` and is recorded."""
        token = self._slot.set(position)
        try:
            yield
        finally:
            self._slot.reset(token)


def _id_generator(chosen: ChosenPosition) -> Any:
    ids = _sdk("trace.id_generator")

    class ChosenIds(ids.RandomIdGenerator):  # type: ignore[misc, name-defined]
        def generate_trace_id(self) -> int:
            position = chosen.get()
            return int(position.trace_id, 16) if position else int(super().generate_trace_id())

        def generate_span_id(self) -> int:
            position = chosen.get()
            return int(position.span_id, 16) if position else int(super().generate_span_id())

    return ChosenIds()


def _sampler(chosen: ChosenPosition, sampling: Sampling) -> Any:
    samplers, trace = _sdk("trace.sampling"), _api("trace")
    ratio = samplers.TraceIdRatioBased(sampling.ratio)
    foreign = samplers.ParentBased(ratio) if sampling.parent_based else ratio

    class Decided(samplers.Sampler):  # type: ignore[misc, name-defined]
        def should_sample(
            self,
            parent_context: Any,
            trace_id: int,
            name: str,
            kind: Any = None,
            attributes: Any = None,
            links: Any = None,
        ) -> Any:
            if chosen.get() is None:
                return foreign.should_sample(parent_context, trace_id, name, kind, attributes, links)
            state = trace.get_current_span(parent_context).get_span_context().trace_state
            return samplers.SamplingResult(samplers.Decision.RECORD_AND_SAMPLE, attributes, state)

        def get_description(self) -> str:
            return f"{_SCOPE}({foreign.get_description()})"

    return Decided()


def own_provider(
    exporter: Any, sampling: Sampling, resource: Mapping[str, str], *, batch: bool = True
) -> tuple[Any, ChosenPosition]:
    """A tracer provider whose ids and decisions this library can choose beforehand.

    Args:
        exporter: an OpenTelemetry ``SpanExporter``.
        sampling: for spans that other instrumentation starts on this provider.
        resource: resource attributes.
        batch: export from a background thread; without it each span is exported as it ends.
    """
    export = _sdk("trace.export")
    chosen = ChosenPosition()
    provider = _sdk("trace").TracerProvider(
        sampler=_sampler(chosen, sampling),
        id_generator=_id_generator(chosen),
        resource=_sdk("resources").Resource.create(dict(resource)),
    )
    provider.add_span_processor(export.BatchSpanProcessor(exporter) if batch else export.SimpleSpanProcessor(exporter))
    return provider, chosen


def share_provider(provider: Any) -> None:
    """Make ``provider`` the process-wide one; OpenTelemetry lets that happen once."""
    _api("trace").set_tracer_provider(provider)


class _OtelRecorder:
    """What both recorders share: OpenTelemetry's own types, and the running span it sees."""

    def __init__(self, provider: Any) -> None:
        self._trace = _api("trace")
        self._context = _api("context")
        self._provider = provider
        self._tracer = provider.get_tracer(_SCOPE, __version__, attributes={"exai.schema": SCHEMA_VERSION})
        kinds = self._trace.SpanKind
        self._kinds: dict[Kind, Any] = {
            "internal": kinds.INTERNAL,
            "server": kinds.SERVER,
            "client": kinds.CLIENT,
            "producer": kinds.PRODUCER,
            "consumer": kinds.CONSUMER,
        }

    def ambient(self) -> TraceContext | None:
        """See :meth:`exai_sre.tracing.recorder.Recorder.ambient`."""
        return self.read(self._trace.get_current_span())

    def read(self, span: Any) -> TraceContext | None:
        """The position of an OpenTelemetry span; ``None`` for its invalid one."""
        ids = span.get_span_context()
        if not ids.is_valid:
            return None
        return TraceContext(
            f"{ids.trace_id:032x}", f"{ids.span_id:016x}", ids.trace_flags.sampled, ids.trace_state.to_header()
        )

    def span_context(self, position: TraceContext, *, remote: bool = True) -> Any:
        """A position as OpenTelemetry has it."""
        trace = self._trace
        return trace.SpanContext(
            int(position.trace_id, 16),
            int(position.span_id, 16),
            is_remote=remote,
            trace_flags=trace.TraceFlags(trace.TraceFlags.SAMPLED if position.sampled else 0),
            trace_state=trace.TraceState.from_header([position.tracestate]) if position.tracestate else None,
        )

    def parent_context(self, parent: TraceContext | None) -> Any:
        """A context below ``parent``, or an empty one for the root of a trace."""
        if parent is None:
            return self._context.Context()
        running = self.ambient()
        if running is not None and (running.trace_id, running.span_id) == (parent.trace_id, parent.span_id):
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

    def hold(self, position: TraceContext) -> RecordedSpan:
        """See :meth:`exai_sre.tracing.recorder.Recorder.hold`."""
        return self.attach(self._trace.NonRecordingSpan(self.span_context(position, remote=False)), position)

    def attach(self, span: Any, position: TraceContext) -> RecordedSpan:
        """Make ``span`` the running one in OpenTelemetry's context."""
        token = self._context.attach(self._trace.set_span_in_context(span))
        return _Attached(self, span, position, token)

    def close(self, span: Any, attributes: Mapping[str, AttributeValue], failure: str | None) -> None:
        """End ``span`` with its last attributes and its status."""
        span.set_attributes(attributes)
        if failure is not None:
            span.set_status(self._trace.StatusCode.ERROR, failure)
        span.end()

    def detach(self, token: Token[Any]) -> None:
        """Take the running span out of OpenTelemetry's context."""
        self._context.detach(token)

    def flush(self, timeout: float) -> bool:
        """See :meth:`exai_sre.tracing.recorder.Recorder.flush`."""
        flush = getattr(self._provider, "force_flush", None)
        return True if flush is None else bool(flush(int(timeout * 1000)))


class _Attached:
    """An OpenTelemetry span that is the running one until it finishes."""

    __slots__ = ("_recorder", "_span", "_token", "position")

    def __init__(self, recorder: _OtelRecorder, span: Any, position: TraceContext, token: Token[Any]) -> None:
        self._recorder = recorder
        self._span = span
        self._token = token
        self.position = position

    def finish(self, attributes: Mapping[str, AttributeValue], failure: str | None) -> None:
        """See :meth:`exai_sre.tracing.span.RecordedSpan.finish`."""
        self._recorder.detach(self._token)
        self._recorder.close(self._span, attributes, failure)


class OwnRecorder(_OtelRecorder):
    """Records on a provider of ours: this library chooses ids and decides on sampling."""

    @property
    def decides(self) -> bool:
        """Never: this library decides."""
        return False

    def __init__(self, provider: Any, chosen: ChosenPosition) -> None:
        super().__init__(provider)
        self._chosen = chosen

    def begin(self, call: Call, position: TraceContext) -> RecordedSpan:
        """See :meth:`exai_sre.tracing.recorder.Recorder.begin`."""
        with self._chosen.set(position):
            span = self.start_span(call, {})
        return self.attach(span, position)

    def late(
        self, call: Call, position: TraceContext, start: float, attributes: Mapping[str, AttributeValue], failure: str
    ) -> None:
        """Record the call with the ids that it had all along."""
        with self._chosen.set(position):
            span = self.start_span(call, {}, start)
        self.close(span, attributes, failure)

    def shutdown(self) -> None:
        """See :meth:`exai_sre.tracing.recorder.Recorder.shutdown`."""
        self._provider.shutdown()


class JoinedRecorder(_OtelRecorder):
    """Records on the application's provider, which makes the ids and decides on sampling."""

    @property
    def decides(self) -> bool:
        """Always: the provider belongs to the application."""
        return True

    def begin(self, call: Call, position: TraceContext) -> RecordedSpan:
        """See :meth:`exai_sre.tracing.recorder.Recorder.begin`."""
        span = self.start_span(call, call.attributes)
        made = self.read(span)
        if made is None:
            return self.hold(replace(position, sampled=False))
        return self.attach(span, made)

    def late(
        self, call: Call, position: TraceContext, start: float, attributes: Mapping[str, AttributeValue], failure: str
    ) -> None:
        """Record the call as a child of the position it had: the provider chooses the span id."""
        parent = replace(position, sampled=True)
        self.close(self.start_span(Call(call.name, call.kind, parent, call.links), {}, start), attributes, failure)

    def shutdown(self) -> None:
        """The provider belongs to the application, which shuts it down; what waits is sent."""
        self.flush(5.0)
