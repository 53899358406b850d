"""Steps between a call of a logger and its line, as structlog processors."""

from __future__ import annotations

import sys
import traceback
from collections.abc import MutableMapping
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any

from exai_sre.clock import Clock
from exai_sre.context.correlation import correlation_id
from exai_sre.context.trace import current_trace
from exai_sre.logs.levels import LEVELS, level_name
from exai_sre.logs.plain import plain
from exai_sre.logs.sanitize import Sanitizer
from exai_sre.logs.tail import LogTail
from exai_sre.names import LabelName, LogField

if TYPE_CHECKING:
    from exai_sre.metrics.families.telemetry import TelemetryMetrics

__all__ = ["Complete", "Deliver", "Redact", "format_exception"]

EventDict = MutableMapping[str, Any]


def format_exception(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Replace ``exc_info`` and ``stack_info`` by text: chain, notes and groups, never local variables."""
    if "stack_info" in event:
        stack = event.pop("stack_info")
        if stack:
            event[LogField.STACK] = stack if isinstance(stack, str) else "".join(traceback.format_stack())
    if "exc_info" in event:
        error = _exception(event.pop("exc_info"))
        if error is not None:
            trace = traceback.TracebackException.from_exception(error, capture_locals=False, compact=True)
            event[LogField.EXCEPTION] = "".join(trace.format()).rstrip("\n")
    return event


def _exception(given: object) -> BaseException | None:
    """The exception that a user meant by ``exc_info=given``: itself, a triple, or the one being handled."""
    if isinstance(given, BaseException):
        return given
    if isinstance(given, tuple):
        triple: tuple[type[BaseException] | None, BaseException | None, TracebackType | None] = given
        return triple[1]
    return sys.exc_info()[1] if given else None


class Redact:
    """Takes the secrets out of what the caller said, before anything else sees it."""

    def __init__(self, sanitizer: Sanitizer) -> None:
        self._sanitizer = sanitizer

    def __call__(self, _logger: Any, _method: str, event: EventDict) -> EventDict:
        """The event without secrets; the event itself where there were none."""
        redacted: EventDict = self._sanitizer.redact(event)
        return redacted


class Complete:
    """Adds time, level, service and the ids of the running unit of work.

    These come after the redaction: they are made or checked by this library, so that they
    need no scan, and no caller can overwrite them.
    """

    def __init__(self, service: str, clock: Clock) -> None:
        self._service = service
        self._clock = clock

    def __call__(self, logger: Any, method: str, event: EventDict) -> EventDict:
        """A new event of JSON-ready values, the fields that every line has first."""
        line: dict[str, Any] = {
            LogField.TIME: datetime.fromtimestamp(self._clock.time(), UTC).isoformat(timespec="microseconds")[:-6]
            + "Z",
            LogField.LEVEL: level_name(method),
            LogField.EVENT: plain(event.pop(LogField.EVENT, "")),
            LogField.SERVICE: self._service,
        }
        name = getattr(logger, "name", None) or event.pop(LogField.LOGGER, None)
        if name is not None:
            line[LogField.LOGGER] = plain(name)
        correlation = correlation_id.get()
        if correlation is not None:
            line[LogField.CORRELATION_ID] = correlation
        trace = current_trace.get()
        if trace is not None:
            line[LogField.TRACE_ID] = trace.trace_id
            line[LogField.SPAN_ID] = trace.span_id
            line[LogField.TRACE_FLAGS] = "01" if trace.sampled else "00"
        for name, value in event.items():
            line[f"{name}_" if name in line else str(name)] = plain(value)
        return line


class Deliver:
    """Counts the line and hands it to the tail."""

    def __init__(self, metrics: TelemetryMetrics | None, tail: LogTail | None) -> None:
        self._tail = tail
        self._events = metrics.log_events if metrics else None
        self._bound = (
            {level: metrics.log_events.labels(**{LabelName.LEVEL: level}) for level in LEVELS} if metrics else {}
        )

    def __call__(self, _logger: Any, _method: str, event: EventDict) -> EventDict:
        """The event as it came."""
        if self._events is not None:
            level = event[LogField.LEVEL]
            counter = self._bound.get(level) or self._events.labels(**{LabelName.LEVEL: level})
            counter.inc()
        if self._tail is not None:
            self._tail.append(event)
        return event
