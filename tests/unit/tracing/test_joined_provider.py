"""The application's own tracer provider: it makes ids and decides; late spans have true ids all the same."""

import sys
from dataclasses import replace

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import Decision, ParentBased, Sampler, SamplingResult, TraceIdRatioBased

from exai_sre.context import TraceContext, current_trace
from exai_sre.tracing import Tracing, configure_tracing
from exai_sre.tracing.otel import JoinedRecorder, OwnRecorder

REMOTE = TraceContext("c" * 32, "d" * 16, sampled=True, tracestate="a=1")


class Counting(IdGenerator):
    """Ids as some back-ends demand them: not random."""

    def __init__(self) -> None:
        self.made = 0

    def generate_span_id(self) -> int:
        self.made += 1
        return self.made

    def generate_trace_id(self) -> int:
        return self.generate_span_id() << 64


def joined(ratio: float, ids=None, **settings) -> tuple[Tracing, InMemorySpanExporter, TracerProvider]:
    exporter = InMemorySpanExporter()
    sampler = ParentBased(TraceIdRatioBased(ratio))
    provider = TracerProvider(sampler=sampler, id_generator=ids, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return Tracing(JoinedRecorder(provider), **settings), exporter, provider


def ids(span) -> tuple[str, str]:
    return f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}"


def test_it_chooses_the_ids_which_the_call_runs_under():
    tracing, exporter, _ = joined(1.0)
    with tracing.start("call", "internal", REMOTE, attributes={"a": 1}) as span:
        assert current_trace.get() is span.context
    (exported,) = exporter.get_finished_spans()
    assert ids(exported) == (span.context.trace_id, span.context.span_id)
    assert exported.context.trace_id == int(REMOTE.trace_id, 16)
    assert tracing.flush()
    tracing.shutdown()


def test_its_own_way_of_making_ids_stays_in_force():
    tracing, exporter, provider = joined(1.0, Counting())
    with tracing.start("ours") as span:
        pass
    with provider.get_tracer("app").start_as_current_span("theirs"):
        pass
    assert (span.context.trace_id, span.context.span_id) == (f"{1 << 64:032x}", f"{2:016x}")
    assert not span.context.random
    assert [found.context.span_id for found in exporter.get_finished_spans()] == [2, 4]


def test_a_failed_call_that_it_did_not_sample_leaves_a_span_with_its_true_ids():
    tracing, exporter, provider = joined(0.0)
    again = Tracing(JoinedRecorder(provider))
    with tracing.start("fine") as span:
        assert not span.context.sampled
    with tracing.start("failed") as first:
        first.fail("x")
    with again.start("failed again") as second:
        second.fail("x")
    assert [ids(late) for late in exporter.get_finished_spans()] == [
        (span.context.trace_id, span.context.span_id) for span in (first, second)
    ]


def test_nothing_that_it_is_shown_is_unredacted_not_even_at_the_start():
    seen = []

    class Watching(SpanProcessor):
        def on_start(self, span, parent_context=None):
            seen.append(dict(span.attributes))

    tracing, exporter, provider = joined(1.0, redact=lambda text: text.replace("secret", "***"))
    provider.add_span_processor(Watching())
    with tracing.start("call", attributes={"a": "a secret"}):
        pass
    assert seen == [{"a": "a ***"}]
    assert exporter.get_finished_spans()[0].attributes == {"a": "a ***"}


def test_one_that_makes_no_spans_leaves_calls_with_ids_of_ours():
    tracing = Tracing(JoinedRecorder(trace.NoOpTracerProvider()))
    with tracing.start("call") as span:
        assert int(span.context.trace_id, 16) > 0
        assert not span.context.sampled
    assert tracing.flush()


class Vendor(trace.TracerProvider):
    """A provider that is not the SDK's, over one that is."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider

    def get_tracer(self, *names, **settings):
        made = self._provider.get_tracer(*names, **settings)

        class Tracer(trace.Tracer):
            start_span = staticmethod(made.start_span)
            start_as_current_span = staticmethod(made.start_as_current_span)

        return Tracer()


def test_another_makers_provider_gets_a_late_span_below_the_position_that_the_call_had():
    _, exporter, provider = joined(0.0)
    with Tracing(JoinedRecorder(Vendor(provider))).start("call") as span:
        span.fail("x")
    (late,) = exporter.get_finished_spans()
    assert f"{late.context.trace_id:032x}" == span.context.trace_id
    assert f"{late.parent.span_id:016x}" == span.context.span_id


def test_another_makers_provider_cannot_be_ours():
    _, exporter, provider = joined(1.0)
    with Tracing(OwnRecorder(Vendor(provider))).start("call") as span:
        assert not span.context.sampled
    assert exporter.get_finished_spans() == ()


@pytest.mark.parametrize("given", [True, False])
def test_the_applications_span_that_continues_the_callers_trace_is_the_parent(given):
    tracing, exporter, provider = joined(1.0)
    flags = trace.TraceFlags(1)
    remote = trace.SpanContext(int(REMOTE.trace_id, 16), int(REMOTE.span_id, 16), is_remote=True, trace_flags=flags)
    above = trace.set_span_in_context(trace.NonRecordingSpan(remote))
    token = current_trace.set(REMOTE)
    app = provider.get_tracer("app")
    with app.start_as_current_span("theirs", context=above), tracing.start("ours", "server", REMOTE if given else None):
        pass
    current_trace.reset(token)
    spans = {span.name: span for span in exporter.get_finished_spans()}
    assert spans["ours"].parent.span_id == spans["theirs"].context.span_id


def test_a_parent_that_the_application_knows_nothing_of_stays_the_parent():
    tracing, exporter, provider = joined(1.0)
    with provider.get_tracer("app").start_as_current_span("theirs") as theirs:
        same_trace = TraceContext(f"{theirs.get_span_context().trace_id:032x}", "e" * 16, sampled=True)
        for parent in (REMOTE, same_trace):
            with tracing.start("ours", "server", parent):
                pass
    first, second, _ = exporter.get_finished_spans()
    assert f"{first.parent.span_id:016x}" == REMOTE.span_id
    assert f"{second.parent.span_id:016x}" == "e" * 16


def test_without_the_sdk_another_makers_provider_is_joined_all_the_same(monkeypatch):
    _, exporter, provider = joined(1.0)
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with Tracing(JoinedRecorder(Vendor(provider))).start("call") as span:
        pass
    assert [ids(found) for found in exporter.get_finished_spans()] == [(span.context.trace_id, span.context.span_id)]


def test_whoever_asks_sees_what_stands_in_for_an_unsampled_call():
    exporter = InMemorySpanExporter()
    settings = {"exporter": exporter, "batch": False, "share": False, "environ": {}, "sampler_ratio": 0.0}
    with configure_tracing(service="t", **settings).start("call", parent=replace(REMOTE, sampled=False)) as span:
        held = trace.get_current_span()
        assert not held.is_recording()
        assert span.context.span_id in repr(held)
        assert held.get_span_context() is held.get_span_context()
        assert held.get_span_context().trace_state.to_header() == "a=1"


def test_the_applications_sampler_is_still_named_where_somebody_looks_for_it():
    _, _, provider = joined(0.5)
    recorder = JoinedRecorder(provider)
    described = recorder._tracer.sampler.get_description()
    assert described == f"exai_sre({provider.sampler.get_description()})"


class Broken(SpanProcessor):
    """Part of a set-up that fails."""

    def __init__(self, fails: str) -> None:
        self.fails = fails

    def on_start(self, span, parent_context=None):
        if self.fails == "start":
            raise RuntimeError

    def on_end(self, span):
        if self.fails == "end":
            raise RuntimeError


@pytest.mark.parametrize(("ratio", "fails"), [(1.0, "start"), (1.0, "end"), (0.0, "start"), (0.0, "end")])
def test_a_tracer_that_fails_costs_the_span_and_not_the_call(ratio, fails):
    tracing, _, provider = joined(ratio)
    provider.add_span_processor(Broken(fails))
    with tracing.start("outer") as outer:
        with tracing.start("call") as span:
            span.fail("x")
        assert current_trace.get() is outer.context
        outer.fail("x")
    assert current_trace.get() is None
    assert not trace.get_current_span().get_span_context().is_valid


class RecordOnly(Sampler):
    """Records spans and samples none."""

    def should_sample(self, *args, **settings):
        return SamplingResult(Decision.RECORD_ONLY)

    def get_description(self):
        return "record only"


def test_a_processor_that_fails_over_a_span_that_is_recorded_only_costs_no_call():
    provider = TracerProvider(sampler=RecordOnly(), shutdown_on_exit=False)
    provider.add_span_processor(Broken("end"))
    with Tracing(JoinedRecorder(provider)).start("call", "server") as span:
        assert current_trace.get() is span.context
    assert current_trace.get() is None


def test_a_provider_set_later_that_cannot_be_joined_costs_the_span_and_not_the_call(monkeypatch):
    class Strange(trace.TracerProvider):
        def get_tracer(self, *args, **kwargs):
            raise TypeError("unexpected argument")

    monkeypatch.setattr(trace, "get_tracer_provider", trace.NoOpTracerProvider)
    tracing = configure_tracing(service="t", environ={})
    monkeypatch.setattr(trace, "get_tracer_provider", Strange)
    with tracing.start("call") as span:
        assert current_trace.get() is span.context
    assert not tracing.recording
