"""Log lines as OpenTelemetry log records, made from the finished line: after redaction, with its ids."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from exai_sre.context.trace import TraceContext
from exai_sre.names import Attribute, LogField

__all__ = ["BridgedRecord", "LogRecordSink", "OtelBridge", "bridged"]

_SEVERITIES: Final = {
    "debug": (5, "DEBUG"),
    "info": (9, "INFO"),
    "warning": (13, "WARN"),
    "error": (17, "ERROR"),
    "critical": (21, "FATAL"),
}
"""Number and short name of each level. Source: OpenTelemetry's logs data model, "Displaying Severity"."""

_NAMES: Final = {
    LogField.CORRELATION_ID: Attribute.CORRELATION_ID,
    LogField.EXCEPTION_TYPE: Attribute.EXCEPTION_TYPE,
    LogField.EXCEPTION_MESSAGE: Attribute.EXCEPTION_MESSAGE,
    LogField.EXCEPTION: Attribute.EXCEPTION_STACKTRACE,
    LogField.STACK: Attribute.CODE_STACKTRACE,
}
_ELSEWHERE: Final = {
    LogField.TIME,
    LogField.LEVEL,
    LogField.EVENT,
    LogField.SERVICE,
    LogField.LOGGER,
    LogField.TRACE_ID,
    LogField.SPAN_ID,
    LogField.TRACE_FLAGS,
}
_DEPTH: Final = 8
"""Levels of nesting that stay structured: Protocol Buffers readers refuse messages nested deeper than 100."""
_INT64: Final = 2**63
_MICROSECOND: Final = 1000
_EXPORTER: Final = "opentelemetry"


@dataclass(frozen=True, slots=True)
class BridgedRecord:
    """One log line in the terms of OpenTelemetry's logs data model.

    Attributes:
        scope: name of the instrumentation scope: the logger's.
        timestamp: nanoseconds since the Unix epoch.
        severity: ``SeverityNumber``; 0 for a level that is none of ours.
        severity_text: short name of the severity.
        body: the event.
        attributes: the other fields.
        trace: position of the running span, if any.
    """

    scope: str
    timestamp: int
    severity: int
    severity_text: str
    body: str
    attributes: dict[str, Any]
    trace: TraceContext | None


class LogRecordSink(Protocol):
    """Where bridged records go; :class:`exai_sre.logs.otel.OtelLogs` in production."""

    def emit(self, record: BridgedRecord) -> None:
        """Take one record without blocking."""
        ...


class OtelBridge:
    """Hands each finished line to OpenTelemetry; a structlog processor for the place before the renderer.

    Lines of OpenTelemetry's own loggers are left out: a failing exporter would feed itself.
    """

    def __init__(self, sink: LogRecordSink, *, on_drop: Callable[[str, int], None] | None = None) -> None:
        """Take the way out.

        Args:
            sink: where the records go.
            on_drop: called with the reason ``bridge_failed`` and the number of lines, if it fails.
        """
        self._sink = sink
        self._on_drop = on_drop

    def __call__(self, _logger: Any, _method: str, event: Any) -> Any:
        """The event as it came; never raises."""
        if str(event.get(LogField.LOGGER, "")).split(".", 1)[0] != _EXPORTER:
            try:
                self._sink.emit(bridged(event))
            except Exception:  # a line that cannot be bridged is still written
                if self._on_drop is not None:
                    self._on_drop("bridge_failed", 1)
        return event


def bridged(line: Mapping[str, Any]) -> BridgedRecord:
    """The record of one finished line.

    Raises:
        KeyError: the line lacks a field that every line has.
        ValueError: its time is none.
    """
    number, text = _SEVERITIES.get(line[LogField.LEVEL], (0, str(line[LogField.LEVEL]).upper()))
    attributes = {
        _NAMES.get(name, name): _value(value)
        for name, value in line.items()
        if name not in _ELSEWHERE and value is not None
    }
    body = line[LogField.EVENT]
    return BridgedRecord(
        scope=_text(str(line.get(LogField.LOGGER, line[LogField.SERVICE]))),
        timestamp=_nanoseconds(line[LogField.TIME]),
        severity=number,
        severity_text=text,
        body=_text(body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)),
        attributes={_text(name): value for name, value in attributes.items()},
        trace=_trace(line),
    )


def _nanoseconds(time: str) -> int:
    at = datetime.fromisoformat(time)
    return int(at.replace(microsecond=0).timestamp()) * 1_000_000 * _MICROSECOND + at.microsecond * _MICROSECOND


def _trace(line: Mapping[str, Any]) -> TraceContext | None:
    """The position on the line: of the running span or, outside of one, a caller's; what is malformed is none."""
    trace_id, span_id, flags = (line.get(name) for name in (LogField.TRACE_ID, LogField.SPAN_ID, LogField.TRACE_FLAGS))
    if not (isinstance(trace_id, str) and isinstance(span_id, str) and isinstance(flags, str)):
        return None
    return TraceContext.parse(f"00-{trace_id}-{span_id}-{flags}")


def _value(value: Any, depth: int = _DEPTH) -> Any:
    """A value that the wire format can carry, whatever it is: one that it cannot would cost the whole batch."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int) and not -_INT64 <= value < _INT64:
        return str(value)
    if not isinstance(value, (dict, list)):
        return value
    if depth <= 0:
        return _text(json.dumps(value, ensure_ascii=False))
    if isinstance(value, list):
        return [_value(item, depth - 1) for item in value]
    return {_text(key): _value(item, depth - 1) for key, item in value.items()}


def _text(text: str) -> str:
    """``text`` with lone surrogates escaped, which UTF-8 does not have."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()
    return text
