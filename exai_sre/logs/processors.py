"""Steps between a call of a logger and its line, as structlog processors."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Mapping, MutableMapping
from datetime import UTC, datetime
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

from exai_sre.clock import Clock
from exai_sre.context.connection import connection_id
from exai_sre.context.correlation import correlation_id
from exai_sre.context.ids import is_uuid
from exai_sre.context.trace import current_trace
from exai_sre.logs.levels import LEVELS, level_name
from exai_sre.logs.plain import plain
from exai_sre.logs.sanitize import Sanitizer
from exai_sre.logs.sanitize.exception import raised_in, traceback_text
from exai_sre.logs.tail import LogTail
from exai_sre.names import LabelName, LogField

if TYPE_CHECKING:
    from exai_sre.metrics.families.telemetry import TelemetryMetrics

__all__ = ["Complete", "Deliver", "Redact", "format_exception"]

EventDict = MutableMapping[str, Any]

_READY: Final = frozenset({str, int, bool, type(None)})
_FLAGS: Final = ("00", "01", "02", "03")
"""Values of ``trace_flags``, by sampled (1) and random (2)."""


def format_exception(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Replace ``exc_info`` and ``stack_info`` by text: chain, notes and groups, never local variables.

    Type and message of an exception are fields of their own as well, for those who group by them.
    """
    if "stack_info" in event:
        stack = event.pop("stack_info")
        if stack:
            event[LogField.STACK] = stack if isinstance(stack, str) else "".join(traceback.format_stack())
    if "exc_info" in event:
        error = _exception(event.pop("exc_info"))
        if error is not None:
            event[LogField.EXCEPTION_TYPE] = _type_name(type(error))
            event[LogField.EXCEPTION_MESSAGE] = _message(error)
            event[LogField.EXCEPTION] = _traceback(error)
    return event


def _type_name(kind: type[BaseException]) -> str:
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # whoever logs an exception must not get another one
        return "<exception str() failed>"


def _traceback(error: BaseException) -> str:
    try:
        return traceback_text(error)
    except Exception:  # as above
        return "<exception has no traceback>"


def _exception(given: object) -> BaseException | None:
    """The exception that a user meant by ``exc_info=given``: itself, a triple, or the one being handled."""
    if isinstance(given, (BaseException, tuple)):
        return raised_in(given)
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

    These come after the redaction, so that no caller can overwrite them: a caller's field of the
    same name gets an underscore at its end. What this library made or checked needs no scan; an id
    that came from outside is no more than a text of harmless characters, which may be a token.

    Args:
        service: name of the service.
        clock: source of the time.
        redact: takes the secrets out of ids.
    """

    def __init__(self, service: str, clock: Clock, redact: Callable[[str], str]) -> None:
        self._service = service
        self._clock = clock
        self._redact = redact
        self._second = (-1, "")

    def __call__(self, logger: Any, method: str, event: EventDict) -> EventDict:
        """A new event of JSON-ready values, the fields that every line has first."""
        line: dict[str, Any] = {
            LogField.TIME: self._time(),
            LogField.LEVEL: level_name(method),
            LogField.EVENT: plain(event.pop(LogField.EVENT, "")),
            LogField.SERVICE: self._service,
        }
        name = getattr(logger, "name", None) or event.pop(LogField.LOGGER, None)
        if name is not None:
            line[LogField.LOGGER] = plain(name)
        correlation = correlation_id.get()
        if correlation is not None:
            line[LogField.CORRELATION_ID] = self._shown(correlation)
        trace = current_trace.get()
        if trace is not None:
            line[LogField.TRACE_ID] = trace.trace_id
            line[LogField.SPAN_ID] = trace.span_id
            line[LogField.TRACE_FLAGS] = _FLAGS[trace.sampled | trace.random << 1]
        for key, value in event.items():
            field = key if key not in line and type(key) is str else _free(str(key), line)
            kind = type(value)
            line[field] = value if kind in _READY or (kind is float and isfinite(value)) else plain(value)
        connection = connection_id.get()
        if connection is not None:
            # the connection's own lines say it themselves
            line.setdefault(LogField.CONNECTION_ID, self._shown(connection))
        return line

    def _shown(self, unit: str) -> str:
        """An id without secrets; most are UUIDs, in which there are none."""
        return unit if is_uuid(unit) else self._redact(unit)

    def _time(self) -> str:
        """Now, to the microsecond; the date is formatted once a second."""
        whole, microseconds = divmod(round(self._clock.time() * 1_000_000), 1_000_000)
        second, text = self._second
        if second != whole:
            text = datetime.fromtimestamp(whole, UTC).isoformat()[:-6]
            self._second = (whole, text)
        return f"{text}.{microseconds:06}Z"


def _free(name: str, line: Mapping[str, Any]) -> str:
    """``name`` with as many underscores as it takes to be none of the line's fields."""
    while name in line:
        name += "_"
    return name


class Deliver:
    """Counts the line and hands it to the tail."""

    def __init__(self, metrics: TelemetryMetrics | None, tail: LogTail | None) -> None:
        self._tail = tail
        self._events = metrics.log_events if metrics else None
        self._count = {level: _counter(metrics, level) for level in LEVELS} if metrics else {}

    def __call__(self, _logger: Any, _method: str, event: EventDict) -> EventDict:
        """The event as it came."""
        if self._events is not None:
            level = event[LogField.LEVEL]
            count = self._count.get(level) or self._events.labels(**{LabelName.LEVEL: level}).inc
            count()
        if self._tail is not None:
            self._tail.append(event)
        return event


def _counter(metrics: TelemetryMetrics, level: str) -> Callable[[], object]:
    """Counts one line of that level."""
    series = metrics.log_events.labels(**{LabelName.LEVEL: level})
    # Most lines say that all is well: nobody looks for their traces, and a tick costs next to nothing.
    return series.inc if LEVELS[level] >= LEVELS["warning"] else series.tick
