"""The ways out of a process, each as a function from cases to what somebody outside gets of each."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any
from urllib.parse import unquote

import structlog
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import CollectorRegistry, Counter
from prometheus_client.openmetrics.exposition import generate_latest

from exai_sre.context import Baggage, current_baggage, inject, inject_meta
from exai_sre.context.baggage import Member
from exai_sre.logs import LogTail, Sanitizer, configure_logging, get_logger, shutdown_logging
from exai_sre.logs.redaction_filter import RedactionFilter
from exai_sre.logs.sanitize.json_lines import JsonLines
from exai_sre.logs.sanitize.stream import StreamRedactor
from exai_sre.metrics import Catalog, CatalogCollector, Label, NotCharted
from exai_sre.metrics.redaction import RedactedCollector
from exai_sre.otel_redaction import redacting_log_processor, redacting_span_processor

# OpenTelemetry's logs are public, in modules with an underscore.
otel_logs = import_module("opentelemetry._logs")
sdk_logs = import_module("opentelemetry.sdk._logs")
sdk_logs_export = import_module("opentelemetry.sdk._logs.export")

SANITIZER = Sanitizer()
"""One for all cases, as in a service: its caches are part of what is proved."""

_LONGEST_EXEMPLAR = 110

Exit = Callable[[Sequence[Any]], list[str]]

TOGETHER = 8
"""Values that leave in one event, one record, one span, so that a case costs little beside its redaction."""


def groups(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (values[at : at + TOGETHER] for at in range(0, len(values), TOGETHER))


def each_its_own(outputs: Sequence[str], count: int) -> list[str]:
    """What came out of a group is what came out of each of its values."""
    return [outputs[at // TOGETHER] for at in range(count)]


def named(values: Sequence[Any]) -> dict[str, Any]:
    return {f"v{number}": value for number, value in enumerate(values)}


def error_of(values: Sequence[Any]) -> BaseException | None:
    return next((value for value in values if isinstance(value, BaseException)), None)


def event_of(values: Sequence[Any]) -> str:
    return next((value for value in values if isinstance(value, str)), "said")


def configured(values: Sequence[Any], log: Callable[[Sequence[Any]], object], renderer: str, **options: Any) -> str:
    """What the configured logging writes when ``log`` is called with each group."""
    stream = io.StringIO()
    configure_logging("svc", renderer, stream=stream, sanitizer=SANITIZER, **options)
    try:
        for group in groups(values):
            log(group)
    finally:
        shutdown_logging()
        structlog.reset_defaults()
    return stream.getvalue()


def log_event(group: Sequence[Any]) -> None:
    get_logger("app").info(event_of(group), **named(group), exc_info=error_of(group))


def log_record(group: Sequence[Any]) -> None:
    """Half of the values as arguments, half as further fields; which half, alternates from round to round."""
    log = logging.getLogger("leak.proof")
    log.error(" %s" * len(group[::2]), *group[::2], extra=named(group[1::2]), exc_info=error_of(group))


def through_structlog(renderer: str) -> Exit:
    def exit_(values: Sequence[Any]) -> list[str]:
        return each_its_own(configured(values, log_event, renderer).splitlines(), len(values))

    return exit_


def through_the_standard_library(values: Sequence[Any]) -> list[str]:
    return each_its_own(configured(values, log_record, "json").splitlines(), len(values))


def on_the_live_page(values: Sequence[Any]) -> list[str]:
    tail = LogTail(len(values))
    configured(values, log_event, "json", tail=tail)
    return each_its_own([json.dumps(line, ensure_ascii=False) for line in tail.lines()], len(values))


class _Formatted(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{logging.Formatter().format(record)} {vars(record)!r}")


def through_foreign_handlers(values: Sequence[Any]) -> list[str]:
    handler = _Formatted()
    handler.addFilter(RedactionFilter(SANITIZER))
    log = logging.Logger("app")
    log.addHandler(handler)
    for group in groups(values):
        log.error(" %s" * len(group[::2]), *group[::2], extra=named(group[1::2]), exc_info=error_of(group))
    return each_its_own(handler.lines, len(values))


def attributes_of(values: Sequence[Any]) -> dict[str, Any]:
    """``values`` as attributes: texts by their own keys, where a value has such, else as one text."""
    attributes = {}
    for name, value in named(values).items():
        if isinstance(value, dict) and all(
            isinstance(k, str) and isinstance(v, (str, bytes)) for k, v in value.items()
        ):
            attributes |= {f"{name}.{key}": text for key, text in value.items()}
        else:
            attributes[name] = value if isinstance(value, (str, bytes)) else repr(value)
    return attributes


def in_spans(values: Sequence[Any]) -> list[str]:
    exporter = InMemorySpanExporter()
    tracers = TracerProvider(shutdown_on_exit=False)
    tracers.add_span_processor(redacting_span_processor(SimpleSpanProcessor(exporter), SANITIZER.redact))
    tracer = tracers.get_tracer("app")
    for group in groups(values):
        half, error = len(group) // 2, error_of(group)
        with tracer.start_as_current_span(event_of(group), attributes=attributes_of(group[:half])) as span:
            span.add_event("event", attributes_of(group[half:]))
            if error is not None:
                span.record_exception(error)
    sent = [encode_spans([span]).SerializeToString().decode("latin-1") for span in exporter.get_finished_spans()]
    return each_its_own(sent, len(values))


def in_otel_logs(values: Sequence[Any]) -> list[str]:
    exporter = sdk_logs_export.InMemoryLogRecordExporter()
    loggers = sdk_logs.LoggerProvider(shutdown_on_exit=False)
    loggers.add_log_record_processor(redacting_log_processor(SANITIZER.redact))
    loggers.add_log_record_processor(sdk_logs_export.SimpleLogRecordProcessor(exporter))
    log = loggers.get_logger("app")
    for group in groups(values):
        log.emit(otel_logs.LogRecord(body=event_of(group), attributes=attributes_of(group), exception=error_of(group)))
    records = [data.log_record for data in exporter.get_finished_logs()]
    sent = [f"{record.body!r} {dict(record.attributes)!r} {record.exception!r}" for record in records]
    return each_its_own(sent, len(values))


def in_labels(values: Sequence[str]) -> list[str]:
    catalog = Catalog(redact=SANITIZER.redact_text)
    label = Label("user", bound=200)
    counter = catalog.counter("leaks_total", "A.", labels=(label,), chart=NotCharted("a test"))
    gauge = catalog.gauge("leaks_now", "B.", labels=(label,), chart=NotCharted("a test"))
    for value, other in zip(values[::2], values[1::2], strict=True):
        counter.labels(user=value).inc()
        gauge.labels(user=other).set(1)
    registry = CollectorRegistry()
    registry.register(CatalogCollector(catalog))
    return [generate_latest(registry).decode()] * len(values)


def in_foreign_labels(values: Sequence[str]) -> list[str]:
    theirs, ours = CollectorRegistry(), CollectorRegistry()
    counter = Counter("a", "A.", ["user"], registry=theirs)
    for value, other in zip(values[::2], values[1::2], strict=True):
        counter.labels(value).inc(exemplar={"k": other} if len(other) <= _LONGEST_EXEMPLAR else None)
    ours.register(RedactedCollector(theirs, SANITIZER.redact_text))
    return [generate_latest(ours).decode()] * len(values)


def in_baggage(values: Sequence[str]) -> list[str]:
    given = []
    for number, value in enumerate(values):
        carrier: dict[str, Any] = {}
        token = current_baggage.set(Baggage((Member("note", value), Member("n", "1"))))
        try:
            (inject, inject_meta)[number % 2](carrier, baggage=["note", "n"], redact=SANITIZER.redact_text)
        finally:
            current_baggage.reset(token)
        given.append(unquote(str(carrier)))
    return given


def through_the_command_line(values: Sequence[str]) -> list[str]:
    lines = JsonLines(SANITIZER.redact, SANITIZER.redact_text)
    stream = StreamRedactor(SANITIZER.redact_text)
    given = [stream.feed(lines.feed(f"{value}\n")) for value in values]
    given.append(stream.feed(lines.finish()) + stream.finish())
    return ["".join(given)] * len(values)


OF_VALUES: Mapping[str, Exit] = {
    "json": through_structlog("json"),
    "console": through_structlog("console"),
    "logfmt": through_structlog("logfmt"),
    "standard library": through_the_standard_library,
    "live page": on_the_live_page,
    "foreign handlers": through_foreign_handlers,
    "spans": in_spans,
    "otel logs": in_otel_logs,
}
"""What takes any value."""

OF_TEXTS: Mapping[str, Exit] = {
    "labels": in_labels,
    "foreign labels": in_foreign_labels,
    "baggage": in_baggage,
    "command line": through_the_command_line,
}
"""What takes texts alone."""
