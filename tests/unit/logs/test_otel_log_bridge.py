"""The bridge to OpenTelemetry's logs: what arrives there, in which terms, and what does not."""

from __future__ import annotations

import importlib
import io
import json
import logging
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import pytest
import structlog

from exai_sre.context import TraceContext, correlation_id, current_trace
from exai_sre.errors import MissingExtraError, SettingError
from exai_sre.logs import Sanitizer, configure_logging, get_logger, shutdown_logging
from exai_sre.logs.bridge import BridgedRecord, OtelBridge, bridged
from exai_sre.logs.otel import OtelLogs, existing_provider, own_provider, provider_for
from exai_sre.metrics import Catalog
from exai_sre.metrics.families import TelemetryMetrics
from exai_sre.names import LabelName
from exai_sre.testing import VirtualClock

API = importlib.import_module("opentelemetry._logs")
SDK_EXPORT = importlib.import_module("opentelemetry.sdk._logs.export")
ENCODER = importlib.import_module("opentelemetry.exporter.otlp.proto.common._log_encoder")
TRACE = TraceContext("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", sampled=True)
CLOCK = VirtualClock(epoch=1768415726.408433)

configure = partial(configure_logging, sanitizer=Sanitizer())


@pytest.fixture
def exporter() -> Any:
    return SDK_EXPORT.InMemoryLogRecordExporter()


@pytest.fixture
def provider(exporter: Any) -> Iterator[Any]:
    provider = own_provider(exporter, {"service.name": "svc"}, batch=False)
    yield provider
    shutdown_logging()
    structlog.reset_defaults()
    provider.shutdown()


def records(exporter: Any) -> list[Any]:
    return [finished.log_record for finished in exporter.get_finished_logs()]


def test_a_line_becomes_a_record_with_the_same_ids(provider: Any, exporter: Any) -> None:
    stream = io.StringIO()
    configure("svc", stream=stream, otel=provider, clock=CLOCK)
    tokens = correlation_id.set("c-1234567"), current_trace.set(TRACE)
    get_logger("shop.payments").warning(
        "payment_refused", order=7, tags=["a", 1, None], nested={"k": {"l": True}}, no=None
    )
    correlation_id.reset(tokens[0])
    current_trace.reset(tokens[1])
    shutdown_logging()
    (finished,) = exporter.get_finished_logs()
    record = finished.log_record
    assert record.body == "payment_refused"
    assert (record.severity_number, record.severity_text) == (API.SeverityNumber.WARN, "WARN")
    assert record.timestamp == 1768415726408433000
    assert (f"{record.trace_id:032x}", f"{record.span_id:016x}") == (TRACE.trace_id, TRACE.span_id)
    assert record.trace_flags == 1
    assert finished.instrumentation_scope.name == "shop.payments"
    assert finished.resource.attributes["service.name"] == "svc"
    attributes = json.loads(finished.to_json())["attributes"]
    assert attributes == {
        "exai.correlation_id": "c-1234567",
        "order": 7,
        "tags": ["a", 1, None],
        "nested": {"k": {"l": True}},
    }
    line = json.loads(stream.getvalue())
    assert line["trace_id"] == TRACE.trace_id


@pytest.mark.parametrize(
    ("level", "number", "text"),
    [
        ("debug", 5, "DEBUG"),
        ("info", 9, "INFO"),
        ("warning", 13, "WARN"),
        ("error", 17, "ERROR"),
        ("critical", 21, "FATAL"),
    ],
)
def test_each_level_has_its_severity(provider: Any, exporter: Any, level: str, number: int, text: str) -> None:
    configure("svc", stream=io.StringIO(), otel=provider, level="debug")
    getattr(get_logger("a"), level)("x")
    getattr(logging.getLogger("b"), level)("x")
    assert [(r.severity_number.value, r.severity_text) for r in records(exporter)] == [(number, text)] * 2


def test_a_level_of_nobodys_table_has_none(provider: Any, exporter: Any) -> None:
    configure("svc", stream=io.StringIO(), otel=provider)
    logging.getLogger("b").log(35, "x")
    (record,) = records(exporter)
    assert (record.severity_number.value, record.severity_text) == (0, "LEVEL 35")


def test_an_exception_has_its_type_message_and_stack_trace_without_secrets(provider: Any, exporter: Any) -> None:
    configure("svc", stream=io.StringIO(), otel=provider)
    try:
        raise ConnectionError("cannot reach https://bot:hunter2-x9@db.example/")
    except ConnectionError:
        get_logger("a").exception("failed", stack_info=True)
        logging.getLogger("b").exception("failed")
    for record in records(exporter):
        attributes = dict(record.attributes)
        assert attributes["exception.type"] == "ConnectionError"
        assert attributes["exception.message"].startswith("cannot reach https://bot:[REDACTED")
        assert "raise ConnectionError" in attributes["exception.stacktrace"]
        assert record.severity_number.value == 17
        assert "hunter2" not in repr(attributes)
    assert "test_otel_log_bridge" in dict(records(exporter)[0].attributes)["code.stacktrace"]


def test_without_a_span_a_record_has_no_ids_even_if_a_caller_names_some(provider: Any, exporter: Any) -> None:
    configure("svc", stream=io.StringIO(), otel=provider)
    get_logger("a").info("x", trace_id="nonsense", span_id="0" * 16, trace_flags=1)
    get_logger("a").info("x", trace_id="f" * 32, span_id="zz", trace_flags="01")
    assert [(record.trace_id, record.span_id) for record in records(exporter)] == [(0, 0)] * 2


class Loud(SDK_EXPORT.LogRecordExporter):  # type: ignore[misc, name-defined]
    """An exporter that logs on its way, as HTTP clients do, and fails."""

    def __init__(self) -> None:
        self.exported: list[str] = []

    def export(self, batch: Sequence[Any]) -> Any:
        self.exported += [finished.log_record.body for finished in batch]
        logging.getLogger("urllib3.connectionpool").warning("Retrying")
        get_logger("transport").warning("retrying")
        raise ConnectionError

    def shutdown(self) -> None:
        """Nothing to end."""

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        return True


@pytest.mark.parametrize("batch", [False, True])
def test_what_an_exporter_logs_is_written_and_never_exported(batch: bool) -> None:
    stream, exporter = io.StringIO(), Loud()
    provider = own_provider(exporter, {}, batch=batch)
    configure("svc", "logfmt", stream=stream, otel=provider)
    try:
        get_logger("a").info("once")
        provider.force_flush()
        provider.force_flush()
    finally:
        shutdown_logging()
        structlog.reset_defaults()
        provider.shutdown()
    assert exporter.exported == ["once"]
    assert stream.getvalue().count("event=Retrying") == 1
    assert stream.getvalue().count("event=retrying") == 1
    assert stream.getvalue().count("logger=opentelemetry") >= 1


def test_a_bridge_that_fails_costs_the_record_and_is_counted(provider: Any) -> None:
    class Failing:
        def emit(self, record: BridgedRecord) -> None:
            raise RuntimeError

    drops: list[tuple[str, int]] = []
    line = {"ts": "2026-01-01T00:00:00.000000Z", "level": "info", "event": "x", "service": "svc"}
    for bridge in (OtelBridge(Failing(), on_drop=lambda *drop: drops.append(drop)), OtelBridge(Failing())):
        assert bridge(None, "info", line) is line
    assert drops == [("bridge_failed", 1)]
    metrics = TelemetryMetrics.declare(Catalog())

    class Broken:
        def get_logger(self, *_: object) -> Any:
            raise RuntimeError

    stream = io.StringIO()
    configure("svc", stream=stream, otel=Broken(), metrics=metrics)
    get_logger("a").info("x")
    shutdown_logging()
    assert json.loads(stream.getvalue())["event"] == "x"
    assert metrics.log_dropped.labels(**{LabelName.REASON: "bridge_failed"}).value == 1


def test_no_value_can_cost_a_whole_batch(provider: Any, exporter: Any) -> None:
    deep: Any = "end"
    for _ in range(40):
        deep = {"d": [deep]}
    configure("svc", stream=io.StringIO(), otel=provider)
    log = get_logger("a")
    log.info("lone \ud800", value="\udfff", **{"\ud801": 1}, nested={"\ud800": ["\ud800"]})
    log.info(["no", "text"], big=2**70, negative=-(2**63), small=-(2**64), number=1.5, deep=deep, empty={})  # type: ignore[arg-type]
    request = ENCODER.encode_logs(exporter.get_finished_logs())
    encoded = type(request).FromString(request.SerializeToString())
    sent = encoded.resource_logs[0].scope_logs[0].log_records
    assert sent[0].body.string_value == "lone \\ud800"
    assert sent[1].body.string_value == '["no", "text"]'
    attributes = {item.key: item.value for item in sent[1].attributes}
    assert attributes["big"].string_value == str(2**70)
    assert attributes["negative"].int_value == -(2**63)
    assert attributes["small"].string_value == str(-(2**64))
    assert attributes["number"].double_value == 1.5


def test_a_record_needs_the_fields_that_every_line_has() -> None:
    with pytest.raises(KeyError):
        bridged({"event": "x"})


def test_many_loggers_do_not_grow_the_bridge_without_bound(exporter: Any, provider: Any) -> None:
    logs = OtelLogs(provider)
    for number in range(1500):
        logs.emit(BridgedRecord(f"logger-{number}", 1, 9, "INFO", "x", {}, None))
    assert len(exporter.get_finished_logs()) == 1500
    assert len(logs._loggers) == 1000


def test_where_opentelemetry_exports_the_standard_library_already_nothing_is_sent_twice(
    provider: Any, exporter: Any
) -> None:
    handler = importlib.import_module("opentelemetry.instrumentation.logging.handler").LoggingHandler(
        logger_provider=provider
    )
    logging.getLogger().addHandler(handler)
    try:
        configure("svc", stream=io.StringIO(), otel=provider)
        logging.getLogger("lib").warning("theirs")
        get_logger("a").warning("ours")
    finally:
        logging.getLogger().removeHandler(handler)
    assert [record.body for record in records(exporter)] == ["theirs", "ours"]


ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}


def test_nothing_is_sent_unless_the_environment_names_an_endpoint() -> None:
    assert existing_provider() is None
    assert provider_for("svc", {}) is None
    assert provider_for("svc", {**ENDPOINT, "OTEL_SDK_DISABLED": " TRUE "}) is None
    assert provider_for("svc", {**ENDPOINT, "OTEL_LOGS_EXPORTER": "none"}) is None
    stream = io.StringIO()
    configure("svc", stream=stream, otel=True)
    get_logger("a").info("x")
    shutdown_logging()
    structlog.reset_defaults()
    assert stream.getvalue()


@pytest.mark.parametrize("protocol", ["", "http/protobuf", "grpc"])
def test_the_environment_names_endpoint_protocol_and_service(protocol: str) -> None:
    environ = {**ENDPOINT, "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL": protocol, "OTEL_SERVICE_NAME": "named"}
    found = provider_for("svc", environ)
    assert found is not None
    provider, ours = found
    assert ours
    assert provider.resource.attributes["service.name"] == "named"
    provider.shutdown()


def test_an_unknown_protocol_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(SettingError, match=r"OTEL_EXPORTER_OTLP_PROTOCOL='http/json'.*http/protobuf or grpc"):
        provider_for("svc", {**ENDPOINT, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json"})


def test_the_applications_provider_is_joined_and_left_running(
    provider: Any, exporter: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(API, "get_logger_provider", lambda: provider)
    configure("svc", stream=io.StringIO(), otel=True)
    get_logger("a").info("x")
    shutdown_logging()
    get_logger("a").info("late")
    assert [record.body for record in records(exporter)] == ["x", "late"]


def test_a_provider_of_ours_is_shut_down_with_the_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    class Provider:
        def get_logger(self, *_: object) -> Any:
            return self

        def emit(self, record: Any) -> None:
            calls.append(record.body)

        def shutdown(self) -> None:
            calls.append("shutdown")

    monkeypatch.setattr("exai_sre.logs.otel.provider_for", lambda *_: (Provider(), True))
    configure("svc", stream=io.StringIO(), otel=True)
    get_logger("a").info("x")
    shutdown_logging()
    structlog.reset_defaults()
    assert calls == ["x", "shutdown"]


def test_an_installation_without_opentelemetry_logs_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(module: str, *, package: str, extra: str) -> Any:
        raise MissingExtraError(package, extra)

    monkeypatch.setattr("exai_sre.logs.otel.require", missing)
    assert existing_provider() is None
    with pytest.raises(MissingExtraError, match=r"exai-sre\[otel\]"):
        configure("svc", stream=io.StringIO(), otel=object())


def test_a_logs_api_that_is_too_old_is_an_error_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    class Record:
        def __init__(self, trace_id: int = 0) -> None:
            self.trace_id = trace_id

    monkeypatch.setattr(API, "LogRecord", Record)
    with pytest.raises(MissingExtraError, match=r"opentelemetry-api>=1\.35"):
        OtelLogs(object())
