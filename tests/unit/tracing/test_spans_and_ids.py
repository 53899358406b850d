"""Tracing: ids always, spans only where sampled."""

import asyncio
import random
from collections.abc import Iterator
from contextlib import suppress
from contextvars import copy_context

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from exai_sre.context import TraceContext, current_trace
from exai_sre.metrics import Catalog
from exai_sre.metrics.families import TelemetryMetrics
from exai_sre.tracing import Tracing, configure_tracing

REMOTE = TraceContext("c" * 32, "d" * 16, sampled=True, tracestate="a=1")


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    yield exporter
    exporter.shutdown()


def recording(exporter: InMemorySpanExporter, **settings) -> Tracing:
    return configure_tracing(service="test", exporter=exporter, batch=False, share=False, environ={}, **settings)


def ids(span) -> tuple[str, str]:
    return f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}"


def test_without_a_recorder_calls_have_ids_that_are_not_sampled():
    tracing = Tracing()
    assert not tracing.recording
    with tracing.start("outer") as outer:
        assert current_trace.get() is outer.context
        assert not outer.context.sampled
        with tracing.start("inner") as inner:
            assert inner.context.trace_id == outer.context.trace_id
            assert inner.context.span_id != outer.context.span_id
        assert current_trace.get() is outer.context
    assert current_trace.get() is None
    assert tracing.flush()
    tracing.shutdown()


def test_without_a_recorder_a_recorded_trace_passes_through_unbroken():
    with Tracing().start("call", "server", REMOTE) as span:
        assert span.context is REMOTE


def test_ids_are_never_zero():
    with Tracing(random_bits=lambda bits: 0).start("call") as span:
        assert (int(span.context.trace_id, 16), int(span.context.span_id, 16)) == (1, 1)


def test_a_sampled_call_is_exported_with_the_ids_that_it_ran_under(exporter):
    tracing = recording(exporter, version="1.2")
    with tracing.start("call", "server", REMOTE, links=(TraceContext("e" * 32, "f" * 16, sampled=True),)) as span:
        span.set("k", 7)
        running = trace.get_current_span().get_span_context()
        assert (f"{running.trace_id:032x}", f"{running.span_id:016x}") == (span.context.trace_id, span.context.span_id)
    (exported,) = exporter.get_finished_spans()
    assert ids(exported) == (span.context.trace_id, span.context.span_id)
    assert f"{exported.parent.span_id:016x}" == REMOTE.span_id
    assert exported.context.trace_state.to_header() == "a=1"
    assert exported.kind is trace.SpanKind.SERVER
    assert exported.attributes == {"k": 7}
    assert exported.status.status_code is trace.StatusCode.UNSET
    assert f"{exported.links[0].context.trace_id:032x}" == "e" * 32
    assert exported.resource.attributes["service.name"] == "test"
    assert exported.resource.attributes["service.version"] == "1.2"
    assert not trace.get_current_span().get_span_context().is_valid


def test_children_hang_below_their_parents_and_foreign_spans_join_the_tree(exporter):
    tracing = recording(exporter)
    with tracing.start("outer") as outer:
        foreign = tracing.recorder.provider.get_tracer("foreign")  # type: ignore[union-attr]
        with foreign.start_as_current_span("foreign"):
            pass
        with tracing.start("inner"):
            pass
    spans = {span.name: span for span in exporter.get_finished_spans()}
    assert f"{spans['foreign'].parent.span_id:016x}" == outer.context.span_id
    assert f"{spans['inner'].parent.span_id:016x}" == outer.context.span_id
    assert spans["outer"].parent is None


def test_the_application_span_that_runs_becomes_the_parent(exporter):
    tracing = recording(exporter)
    with tracing.recorder.provider.get_tracer("app").start_as_current_span("app") as app:  # type: ignore[union-attr]
        with tracing.start("call") as span:
            assert span.context.trace_id == f"{app.get_span_context().trace_id:032x}"
        with tracing.start("root", root=True) as root:
            assert root.context.trace_id != span.context.trace_id


def test_an_unsampled_call_that_succeeds_leaves_nothing(exporter):
    tracing = recording(exporter, sampler_ratio=0.0)
    with tracing.start("call") as span:
        running = trace.get_current_span().get_span_context()
        assert f"{running.span_id:016x}" == span.context.span_id
        with tracing.recorder.provider.get_tracer("foreign").start_as_current_span("foreign"):  # type: ignore[union-attr]
            pass
    assert exporter.get_finished_spans() == ()


def test_an_error_marks_the_span_unless_it_was_excused_or_withdrawn(exporter):
    tracing = recording(exporter)
    for name, error in (("failed", KeyError()), ("withdrawn", asyncio.CancelledError())):
        with pytest.raises(type(error)), tracing.start(name):
            raise error
    with suppress(KeyError), tracing.start("excused") as span:
        span.excuse()
        raise KeyError
    with tracing.start("judged") as span:
        span.fail("tool_error")
    found = {span.name: (span.status.status_code.name, dict(span.attributes)) for span in exporter.get_finished_spans()}
    assert found == {
        "failed": ("ERROR", {"error.type": "KeyError"}),
        "withdrawn": ("UNSET", {}),
        "excused": ("UNSET", {}),
        "judged": ("ERROR", {"error.type": "tool_error"}),
    }


def test_the_share_of_recorded_traces_is_the_ratio(exporter):
    bits = random.Random(7).getrandbits
    tracing = recording(exporter, sampler_ratio=0.25)
    tracing._bits = bits
    for _ in range(400):
        with tracing.start("call"):
            pass
    assert 70 <= len(exporter.get_finished_spans()) <= 130


def test_attributes_are_redacted_and_one_that_the_redaction_fails_on_is_dropped(exporter):
    def redact(text: str) -> str:
        if text == "poison":
            raise RuntimeError
        return text.replace("secret", "***")

    with recording(exporter, redact=redact).start("call", attributes={"a": "a secret", "b": "poison", "c": 1}):
        pass
    assert exporter.get_finished_spans()[0].attributes == {"a": "a ***", "c": 1}


def test_calls_are_counted_by_what_became_of_their_span(exporter):
    metrics = TelemetryMetrics.declare(Catalog())
    tracing = recording(exporter, sampler_ratio=0.0, metrics=metrics)
    with tracing.start("sampled", parent=REMOTE):
        pass
    with tracing.start("unsampled"):
        pass
    with tracing.start("late") as span:
        span.fail("x")
    counts = {bound.values[0]: bound.value for bound in metrics.spans.series()}
    assert counts == {"late": 1, "sampled": 1, "unsampled": 1}


def test_a_trace_that_starts_here_says_that_its_id_is_random(exporter):
    with recording(exporter).start("call") as span:
        assert span.context.traceparent.endswith("-03")
        assert trace.get_current_span().get_span_context().trace_flags == 3
    with recording(exporter).start("call", parent=REMOTE) as span:
        assert span.context.traceparent.endswith("-01")


def test_a_call_that_ends_in_another_context_than_it_began_in_is_exported_all_the_same(exporter):
    running = recording(exporter).start("stream")
    copy_context().run(running.__enter__)
    running.__exit__(None, None, None)
    assert [span.name for span in exporter.get_finished_spans()] == ["stream"]


def test_the_current_position_is_that_of_the_innermost_span_whoever_made_it(exporter):
    tracing = recording(exporter)
    assert tracing.current() is None
    with tracing.start("ours") as span:
        assert tracing.current() == span.context
        foreign = tracing.recorder.provider.get_tracer("foreign")  # type: ignore[union-attr]
        with foreign.start_as_current_span("foreign") as theirs:
            assert tracing.current() == tracing.recorder.read(theirs)  # type: ignore[union-attr]
            with tracing.start("inner"):
                pass
    spans = {span.name: span for span in exporter.get_finished_spans()}
    assert spans["inner"].parent.span_id == spans["foreign"].context.span_id


@pytest.mark.parametrize("ratio", [0.0, 1.0])
async def test_calls_that_interleave_never_take_each_others_ids(exporter, ratio):
    tracing = recording(exporter, sampler_ratio=ratio)
    turns = random.Random(3)

    async def call(number: int) -> None:
        with tracing.start(f"outer {number}") as outer:
            for _ in range(turns.randrange(4)):
                await asyncio.sleep(0)
            with tracing.start(f"inner {number}") as inner:
                await asyncio.sleep(0)
                assert current_trace.get() is inner.context
                assert inner.context.trace_id == outer.context.trace_id
                inner.fail("x")
            assert current_trace.get() is outer.context
            outer.fail("x")

    await asyncio.gather(*(call(number) for number in range(300)))
    spans = {span.name: span for span in exporter.get_finished_spans()}
    assert len(spans) == (600 if ratio else 300)
    for number in range(300) if ratio else ():
        inner, outer = spans[f"inner {number}"], spans[f"outer {number}"]
        assert (inner.parent.span_id, inner.context.trace_id) == (outer.context.span_id, outer.context.trace_id)
