"""Redaction on OpenTelemetry's own path, through the real SDK and its JSON form."""

from __future__ import annotations

import logging
from importlib import import_module
from typing import Any

import pytest
from opentelemetry import trace as api
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanContext, Status, StatusCode, TraceFlags, TraceState

from exai_sre.logs import Sanitizer
from exai_sre.logs.sanitize import marker
from exai_sre.otel_redaction import redacting_log_processor, redacting_span_processor

# OpenTelemetry's logs are public, in modules with an underscore.
otel_logs = import_module("opentelemetry._logs")
sdk_logs = import_module("opentelemetry.sdk._logs")
sdk_logs_export = import_module("opentelemetry.sdk._logs.export")

TOKEN = "ghp_" + "aB3dE6gH9j" * 3 + "kL1mN4"
GONE = marker("github-token", len(TOKEN))
REMOTE = SpanContext(0x11, 0x22, is_remote=True, trace_flags=TraceFlags(1), trace_state=TraceState([("vendor", TOKEN)]))


class Seen(SpanProcessor):
    """Keeps what it is handed."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any]] = []

    def on_start(self, span: Any, parent_context: Any = None) -> None:
        self.calls.append(("start", parent_context))

    def on_end(self, span: Any) -> None:
        self.calls.append(("end", span))

    def shutdown(self) -> None:
        self.calls.append(("shutdown", None))

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        self.calls.append(("flush", timeout_millis))
        return False


def provider(exporter: InMemorySpanExporter, **options: Any) -> TracerProvider:
    made = TracerProvider(shutdown_on_exit=False, **options)
    made.add_span_processor(redacting_span_processor(SimpleSpanProcessor(exporter), Sanitizer().redact))
    return made


def exported(**options: Any) -> Any:
    exporter = InMemorySpanExporter()
    tracer = provider(exporter, **options).get_tracer("lib")
    parent = api.set_span_in_context(api.NonRecordingSpan(REMOTE))
    with tracer.start_as_current_span(f"GET /{TOKEN}", parent, links=[api.Link(REMOTE, {"key": TOKEN})]) as span:
        span.set_attributes({"url.full": f"https://h/?t={TOKEN}", TOKEN: 1, "list": ["a", TOKEN], "password": 77})
        span.add_event(f"event {TOKEN}", {"note": TOKEN})
        span.record_exception(ValueError(TOKEN))
        span.set_status(Status(StatusCode.ERROR, f"failed: {TOKEN}"))
    return exporter.get_finished_spans()[0]


def test_no_part_of_a_span_keeps_a_secret() -> None:
    span = exported(resource=Resource({"process.command_args": ["app", "--token", TOKEN]}))
    assert TOKEN not in span.to_json()
    assert TOKEN not in repr(vars(span))
    assert span.name == f"GET /{GONE}"
    assert span.attributes == {
        "url.full": f"https://h/?t={GONE}",
        GONE: 1,
        "list": ("a", GONE),
        "password": marker("key"),
    }
    assert [event.name for event in span.events] == [f"event {GONE}", "exception"]
    assert span.events[1].attributes["exception.message"] == GONE
    assert span.status.description == f"failed: {GONE}"
    assert span.links[0].attributes == {"key": GONE}
    assert not span.context.trace_state
    assert not span.links[0].context.trace_state


def test_what_is_no_secret_of_the_span_stays() -> None:
    span = exported(span_limits=SpanLimits(max_span_attributes=3, max_events=1))
    assert span.parent.span_id == REMOTE.span_id
    assert span.context.trace_id == REMOTE.trace_id
    assert span.context.trace_flags == 1
    assert span.kind is api.SpanKind.INTERNAL
    assert span.status.status_code is StatusCode.ERROR
    assert span.end_time >= span.start_time > 0
    assert span.instrumentation_scope.name == "lib"
    assert (span.dropped_attributes, span.dropped_events, span.dropped_links) == (1, 1, 0)


def test_a_span_without_secrets_is_handed_on_as_it_is() -> None:
    seen = Seen()
    tracers = TracerProvider(shutdown_on_exit=False)
    tracers.add_span_processor(redacting_span_processor(seen, Sanitizer().redact))
    state = SpanContext(1, 2, is_remote=True, trace_flags=TraceFlags(1), trace_state=TraceState([("vendor", "ok")]))
    parent = api.set_span_in_context(api.NonRecordingSpan(state))
    with tracers.get_tracer("lib").start_as_current_span("a", parent, links=[api.Link(state)]) as span:
        span.set_attribute("n", 1)
        span.add_event("e")
    (_, context), (_, ended) = seen.calls
    assert context is parent
    original = span
    assert ended.attributes == {"n": 1}
    assert ended.context is original.get_span_context()
    assert type(ended).__name__ == "ReadableSpan"


def test_the_other_processor_is_flushed_and_shut_down() -> None:
    seen = Seen()
    processor = redacting_span_processor(seen, Sanitizer().redact)
    assert processor.force_flush(17) is False
    processor.shutdown()
    assert seen.calls == [("flush", 17), ("shutdown", None)]


def test_where_the_redaction_fails_the_span_stays_without_its_contents() -> None:
    def fail(_value: Any) -> Any:
        raise RuntimeError(TOKEN)

    exporter = InMemorySpanExporter()
    tracers = TracerProvider(shutdown_on_exit=False, resource=Resource({"a": TOKEN}))
    tracers.add_span_processor(redacting_span_processor(SimpleSpanProcessor(exporter), fail))
    with tracers.get_tracer(TOKEN, attributes={"b": TOKEN}).start_as_current_span(TOKEN) as span:
        span.set_attribute("a", TOKEN)
        span.add_event(TOKEN, {"a": TOKEN})
    (ended,) = exporter.get_finished_spans()
    assert TOKEN not in ended.to_json()
    assert ended.instrumentation_scope.name == marker("failed")
    assert ended.name == marker("failed")
    assert ended.attributes == {}


def logged(exporter: Any, redact: Any = None, **fields: Any) -> Any:
    loggers = sdk_logs.LoggerProvider(resource=Resource({"command": f"--token={TOKEN}"}), shutdown_on_exit=False)
    loggers.add_log_record_processor(redacting_log_processor(redact or Sanitizer().redact))
    loggers.add_log_record_processor(sdk_logs_export.SimpleLogRecordProcessor(exporter))
    record = otel_logs.LogRecord(severity_number=otel_logs.SeverityNumber.ERROR, **fields)
    loggers.get_logger("lib", attributes={"note": TOKEN}).emit(record)
    assert loggers.force_flush()
    loggers.shutdown()
    return record, exporter.get_finished_logs()[0]


def test_no_part_of_a_log_record_keeps_a_secret_and_nothing_of_the_callers_changes() -> None:
    body = {"said": f"got {TOKEN}", "deep": [{"password": "hunter2horse"}]}
    attributes = {"key": TOKEN, "n": 3, TOKEN: "a"}
    record, data = logged(
        sdk_logs_export.InMemoryLogRecordExporter(),
        body=body,
        attributes=attributes,
        event_name=f"event.{TOKEN}",
        severity_text=TOKEN,
        exception=ValueError(TOKEN),
    )
    assert TOKEN not in data.to_json()
    assert "hunter2horse" not in data.to_json()
    assert TOKEN not in repr(vars(data.log_record))
    assert data.instrumentation_scope.attributes == {"note": GONE}
    assert data.log_record.body["said"] == f"got {GONE}"
    assert data.log_record.attributes["n"] == 3
    assert data.log_record.attributes["exception.message"] == GONE
    assert data.log_record.severity_number is otel_logs.SeverityNumber.ERROR
    assert record.body is body
    assert body["deep"] == [{"password": "hunter2horse"}]
    assert attributes == {"key": TOKEN, "n": 3, TOKEN: "a"}


def test_a_log_record_without_secrets_is_handed_on_as_it_is() -> None:
    body = {"said": "plain"}
    record, data = logged(sdk_logs_export.InMemoryLogRecordExporter(), body=body, attributes={"n": 1})
    assert data.log_record is record
    assert data.log_record.body is body


def test_a_resource_is_looked_at_once() -> None:
    seen: list[Any] = []
    sanitizer = Sanitizer()

    def redact(value: Any) -> Any:
        seen.append(value)
        return sanitizer.redact(value)

    tracers = TracerProvider(shutdown_on_exit=False, resource=Resource({"a": TOKEN}))
    exporter = InMemorySpanExporter()
    tracers.add_span_processor(redacting_span_processor(SimpleSpanProcessor(exporter), redact))
    for _ in range(3):
        tracers.get_tracer("lib").start_span("a").end()
    assert [span.resource.attributes["a"] for span in exporter.get_finished_spans()] == [GONE] * 3
    assert sum(value == {"a": TOKEN} for value in seen) == 1


def test_where_the_redaction_fails_the_log_record_stays_without_its_contents() -> None:
    def fail(_value: Any) -> Any:
        raise RuntimeError(TOKEN)

    _, data = logged(sdk_logs_export.InMemoryLogRecordExporter(), fail, body=TOKEN, attributes={"a": TOKEN})
    assert data.log_record.body == marker("failed")
    assert TOKEN not in data.to_json()


def test_a_record_without_a_resource_is_no_fault() -> None:
    record = sdk_logs.ReadWriteLogRecord(otel_logs.LogRecord(body=TOKEN), resource=None, instrumentation_scope=None)
    redacting_log_processor(Sanitizer().redact).on_emit(record)
    assert record.log_record.body == GONE
    assert record.resource is None


@pytest.fixture(autouse=True)
def _quiet() -> Any:
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    yield
    logging.getLogger("opentelemetry").setLevel(logging.NOTSET)


class Unreadable(dict):  # type: ignore[type-arg]
    """Attributes that somebody changes while they are read."""

    def __iter__(self) -> Any:
        raise RuntimeError("changed size during iteration")

    def keys(self) -> Any:
        raise RuntimeError("changed size during iteration")


@pytest.mark.parametrize("attributes", [Unreadable(a=1), [("a", TOKEN)], TOKEN])
def test_attributes_that_cannot_be_read_are_left_out(attributes: Any) -> None:
    record = sdk_logs.ReadWriteLogRecord(otel_logs.LogRecord(body="b"), resource=None, instrumentation_scope=None)
    record.log_record.attributes = attributes
    redacting_log_processor(Sanitizer().redact).on_emit(record)
    assert record.log_record.attributes == {}
