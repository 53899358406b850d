"""The one file of this package that knows OpenTelemetry: its logger providers, and records for them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any, Final

from exai_sre.context.trace import TraceContext
from exai_sre.errors import MissingExtraError, SettingError
from exai_sre.extras import require
from exai_sre.logs.bridge import BridgedRecord, OtelBridge
from exai_sre.names import Attribute
from exai_sre.version import __version__

__all__ = ["OtelLogs", "existing_provider", "exports", "otel_bridge", "own_provider", "provider_for"]

_SCOPES: Final = 1000
"""Loggers whose OpenTelemetry counterpart is kept."""
_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_HTTP: Final = "http/protobuf"
_GRPC: Final = "grpc"
_EXPORTERS: Final = {_HTTP: ("http", "otel"), _GRPC: ("grpc", "otel-grpc")}

_EMITTING: ContextVar[bool] = ContextVar("exai_sre_log_bridge_emitting", default=False)


def _api(module: str) -> Any:
    return require(f"opentelemetry.{module}", package="opentelemetry-api", extra="otel")


def _sdk(module: str) -> Any:
    return require(f"opentelemetry.sdk.{module}", package="opentelemetry-sdk", extra="otel")


class OtelLogs:
    """Emits records on a logger provider, one OpenTelemetry logger per logger of ours.

    What is logged while a record is emitted or exported is not emitted again.
    """

    def __init__(self, provider: Any) -> None:
        """Take a provider.

        Args:
            provider: an OpenTelemetry ``LoggerProvider``, of the SDK or of the application.

        Raises:
            MissingExtraError: OpenTelemetry is not installed, or its logs API is older than 1.35.
        """
        logs = _api("_logs")
        if "context" not in inspect.signature(logs.LogRecord.__init__).parameters:
            raise MissingExtraError("opentelemetry-api>=1.35", "otel")
        self._record = logs.LogRecord
        self._severity = logs.SeverityNumber
        self._trace = _api("trace")
        self._empty = _api("context").Context()
        self._exporting = _exporting()
        self._provider = provider
        self._loggers: dict[str, Any] = {}

    def emit(self, record: BridgedRecord) -> None:
        """See :meth:`exai_sre.logs.bridge.LogRecordSink.emit`."""
        if _EMITTING.get() or self._exporting():
            return
        token = _EMITTING.set(True)
        try:
            self._logger(record.scope).emit(self._converted(record))
        finally:
            _EMITTING.reset(token)

    def _logger(self, scope: str) -> Any:
        logger = self._loggers.get(scope)
        if logger is None:
            logger = self._provider.get_logger(scope, __version__)
            if len(self._loggers) < _SCOPES:
                self._loggers[scope] = logger
        return logger

    def _converted(self, record: BridgedRecord) -> Any:
        return self._record(
            timestamp=record.timestamp,
            context=self._empty if record.trace is None else self._context(record.trace),
            severity_number=self._severity(record.severity),
            severity_text=record.severity_text,
            body=record.body,
            attributes=record.attributes,
        )

    def _context(self, position: TraceContext) -> Any:
        trace = self._trace
        span = trace.SpanContext(
            int(position.trace_id, 16),
            int(position.span_id, 16),
            is_remote=False,
            trace_flags=trace.TraceFlags(int(position.traceparent[-2:], 16)),
        )
        return trace.set_span_in_context(trace.NonRecordingSpan(span), self._empty)


def otel_bridge(provider: Any, *, on_drop: Callable[[str, int], None] | None = None) -> OtelBridge:
    """A structlog processor that hands finished lines to a logger provider; its place is before the renderer.

    Args:
        provider: an OpenTelemetry ``LoggerProvider``.
        on_drop: called with a reason and the number of lines that could not be handed over.

    Raises:
        MissingExtraError: OpenTelemetry is not installed, or its logs API is older than 1.35.
    """
    return OtelBridge(OtelLogs(provider), on_drop=on_drop)


def _exporting() -> Any:
    """Whether the running code is an exporter's, as OpenTelemetry marks it for instrumentations."""
    enabled = require(
        "opentelemetry.instrumentation.utils", package="opentelemetry-instrumentation", extra="otel"
    ).is_instrumentation_enabled
    return lambda: not enabled()


def provider_for(service: str, environ: Mapping[str, str]) -> tuple[Any, bool] | None:
    """The logger provider to use, and whether it is ours to shut down; ``None`` where nothing is exported.

    Args:
        service: ``service.name`` of a provider of ours, unless ``OTEL_SERVICE_NAME`` says otherwise.
        environ: the environment variables.

    Raises:
        SettingError: an ``OTEL_*`` variable has a value that cannot be used.
        MissingExtraError: an endpoint is configured and OpenTelemetry is not installed.
    """
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return None
    present = existing_provider()
    if present is not None:
        return present, False
    if not exports(environ):
        return None
    name = environ.get("OTEL_SERVICE_NAME", "").strip() or service
    return own_provider(_otlp_exporter(environ), {Attribute.SERVICE_NAME: name}), True


def existing_provider() -> Any | None:
    """The logger provider that the application has set, or ``None`` where there is none."""
    try:
        logs = _api("_logs")
    except MissingExtraError:
        return None
    provider = logs.get_logger_provider()
    return provider if hasattr(provider, "force_flush") else None


def exports(environ: Mapping[str, str]) -> bool:
    """Whether the ``OTEL_*`` variables ask for logs to be exported by OTLP."""
    wanted = environ.get("OTEL_LOGS_EXPORTER", "otlp").strip().lower() in {"", "otlp"}
    return wanted and any(environ.get(name, "").strip() for name in _ENDPOINTS)


def own_provider(exporter: Any, resource: Mapping[str, str], *, batch: bool = True) -> Any:
    """A logger provider of ours.

    Args:
        exporter: an OpenTelemetry ``LogRecordExporter``.
        resource: resource attributes.
        batch: export from a background thread, dropping the oldest records rather than blocking;
            without it each record is exported as it is logged.
    """
    export = _sdk("_logs.export")
    processor = export.BatchLogRecordProcessor if batch else export.SimpleLogRecordProcessor
    provider = _sdk("_logs").LoggerProvider(resource=_sdk("resources").Resource.create(dict(resource)))
    provider.add_log_record_processor(processor(exporter))
    return provider


def _otlp_exporter(environ: Mapping[str, str]) -> Any:
    name, protocol = next(((n, v) for n in _PROTOCOLS if (v := environ.get(n, "").strip())), ("", _HTTP))
    if protocol not in _EXPORTERS:
        raise SettingError(name, protocol, "is not supported", remedy=f"set it to {_HTTP} or {_GRPC}")
    kind, extra = _EXPORTERS[protocol]
    module = require(
        f"opentelemetry.exporter.otlp.proto.{kind}._log_exporter",
        package=f"opentelemetry-exporter-otlp-proto-{kind}",
        extra=extra,
    )
    return module.OTLPLogExporter()
