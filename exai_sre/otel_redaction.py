"""Redaction on OpenTelemetry's own path: processors for spans and log records that anybody made.

They stand beside whatever set OpenTelemetry up, and need of this library a function that redacts::

    redact = Sanitizer().redact
    tracer_provider.add_span_processor(redacting_span_processor(BatchSpanProcessor(exporter), redact))
    logger_provider.add_log_record_processor(redacting_log_processor(redact))
    logger_provider.add_log_record_processor(BatchLogRecordProcessor(log_exporter))
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from exai_sre.extras import require
from exai_sre.names import REDACTION_FAILED

__all__ = ["redacting_log_processor", "redacting_span_processor"]


def redacting_span_processor(following: Any, redact: Callable[[Any], Any]) -> Any:
    """A span processor that hands ended spans to ``following`` without secrets.

    Looked at are name, attributes, events, links, the status's description, resource, scope and
    the vendor's part of the trace state. A span without secrets is handed on as it is, another
    one as a copy; what ``redact`` fails on is taken out, and the span stays.

    Args:
        following: the processor that exports, such as a ``BatchSpanProcessor``. It must not be added
            to the provider itself, or it would get every span twice, once in clear.
        redact: takes the secrets out of any value and returns the same object where there are none,
            such as ``Sanitizer().redact``.

    Raises:
        MissingExtraError: OpenTelemetry is not installed.
    """
    trace = require("opentelemetry.sdk.trace", package="opentelemetry-sdk", extra="otel")
    rebuild = _SpanCopies(_Closed(redact))

    class RedactingSpanProcessor(trace.SpanProcessor):  # type: ignore[misc, name-defined]
        def on_start(self, span: Any, parent_context: Any = None) -> None:
            following.on_start(span, parent_context)

        def on_end(self, span: Any) -> None:
            following.on_end(rebuild.without_secrets(span))

        def shutdown(self) -> None:
            following.shutdown()

        def force_flush(self, timeout_millis: int = 30_000) -> bool:
            return bool(following.force_flush(timeout_millis))

    return RedactingSpanProcessor()


def redacting_log_processor(redact: Callable[[Any], Any]) -> Any:
    """A log record processor after which every further one sees records without secrets; add it first.

    Looked at are body, attributes, event name, severity text, resource and scope. The exception
    itself is taken off the record: the SDK has written it into the attributes before, as text.

    Args:
        redact: as for :func:`redacting_span_processor`.

    Raises:
        MissingExtraError: OpenTelemetry is not installed.
    """
    logs = require("opentelemetry.sdk._logs", package="opentelemetry-sdk", extra="otel")
    closed = _Closed(redact)
    origins = _Origins(closed)

    class RedactingLogProcessor(logs.LogRecordProcessor):  # type: ignore[misc, name-defined]
        def on_emit(self, log_record: Any) -> None:
            log_record.log_record = _clean_record(log_record.log_record, closed)
            log_record.resource = origins.resource(log_record.resource)
            log_record.instrumentation_scope = origins.scope(log_record.instrumentation_scope)

        def shutdown(self) -> None:
            return None

        def force_flush(self, timeout_millis: int = 30_000) -> bool:  # noqa: ARG002
            return True

    return RedactingLogProcessor()


class _Closed:
    """A redaction that never raises and gives back what OpenTelemetry takes."""

    def __init__(self, redact: Callable[[Any], Any]) -> None:
        self._redact = redact

    def value(self, value: Any) -> Any:
        """``value`` without secrets, or a marker."""
        try:
            return self._redact(value)
        except Exception:  # what cannot be looked at is not exported
            return REDACTION_FAILED

    def attributes(self, attributes: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        """The same object where there were no secrets, else a dict; without entries where it fails."""
        if not attributes:
            return attributes
        if not isinstance(attributes, Mapping):
            return {}
        try:
            # As a plain dict: for those there is a short way.
            given = dict(attributes)
        except Exception:  # what cannot be looked at is not exported
            return {}
        redacted = self.value(given)
        if redacted is given:
            return attributes
        return redacted if isinstance(redacted, Mapping) else {}


class _Origins:
    """Resources and scopes, which repeat on every record: each is looked at when it is seen first."""

    def __init__(self, closed: _Closed) -> None:
        self._closed = closed
        self._resources = _Last()
        self._scopes = _Last()

    def resource(self, resource: Any) -> Any:
        """``resource`` without secrets."""
        return self._resources.of(resource, self._clean_resource)

    def scope(self, scope: Any) -> Any:
        """``scope``, an instrumentation scope, without secrets."""
        return self._scopes.of(scope, self._clean_scope)

    def _clean_resource(self, resource: Any) -> Any:
        attributes = self._closed.attributes(resource.attributes)
        if attributes is resource.attributes:
            return resource
        return type(resource)(attributes, resource.schema_url)

    def _clean_scope(self, scope: Any) -> Any:
        name = self._closed.value(scope.name)
        attributes = self._closed.attributes(scope.attributes)
        if name is scope.name and attributes is scope.attributes:
            return scope
        return type(scope)(name, scope.version, scope.schema_url, attributes)


class _Last:
    """What became of the last object."""

    def __init__(self) -> None:
        self._known: tuple[Any, Any] = (None, None)

    def of(self, thing: Any, make: Callable[[Any], Any]) -> Any:
        """``make(thing)``, or what it gave last time for the same object; nothing for nothing."""
        known, made = self._known
        if thing is None:
            return None
        if known is not thing:
            made = make(thing)
            self._known = (thing, made)
        return made


def _clean_record(record: Any, closed: _Closed) -> Any:
    """A log record of OpenTelemetry's API without secrets; a copy, for the application may hold on to it."""
    changed = {
        name: redacted
        for name in ("body", "severity_text", "event_name")
        if (redacted := closed.value(value := getattr(record, name, None))) is not value
    }
    attributes = closed.attributes(record.attributes)
    if attributes is not record.attributes:
        changed["attributes"] = attributes
    if getattr(record, "exception", None) is not None:
        changed["exception"] = None
    if not changed:
        return record
    clean = copy.copy(record)
    for name, value in changed.items():
        setattr(clean, name, value)
    return clean


class _SpanCopies:
    """Makes copies of ended spans without what must not leave."""

    def __init__(self, closed: _Closed) -> None:
        self._closed = closed
        self._origins = _Origins(closed)
        self._sdk = require("opentelemetry.sdk.trace", package="opentelemetry-sdk", extra="otel")
        self._api = require("opentelemetry.trace", package="opentelemetry-api", extra="otel")
        self._made = _readable(self._sdk)

    def without_secrets(self, span: Any) -> Any:
        """``span`` itself where it holds none."""
        parts: dict[str, Any] = {
            "name": self._closed.value(span.name),
            "context": self._position(span.context),
            "parent": self._position(span.parent),
            "resource": self._origins.resource(span.resource),
            "instrumentation_scope": self._origins.scope(span.instrumentation_scope),
            "status": self._status(span.status),
        }
        lists = {
            "attributes": self._attributes(span),
            "events": _each(span.events, self._event),
            "links": _each(span.links, self._link),
        }
        if all(new is getattr(span, name) for name, new in parts.items()) and not any(lists.values()):
            return span
        kept = {name: getattr(span, name) if new is None else new for name, new in lists.items()}
        return self._made(span, **parts, **kept)

    def _attributes(self, span: Any) -> Mapping[str, Any] | None:
        """The attributes without secrets; ``None`` where there were none."""
        attributes = span.attributes
        redacted = self._closed.attributes(attributes)
        return None if redacted is attributes else redacted

    def _position(self, position: Any) -> Any:
        if position is None or not position.trace_state:
            return position
        header = position.trace_state.to_header()
        if self._closed.value(header) is header:
            return position
        return self._api.SpanContext(position.trace_id, position.span_id, position.is_remote, position.trace_flags)

    def _status(self, status: Any) -> Any:
        description = self._closed.value(status.description)
        return status if description is status.description else self._api.Status(status.status_code, description)

    def _event(self, event: Any) -> Any:
        name, attributes = self._closed.value(event.name), self._closed.attributes(event.attributes)
        if name is event.name and attributes is event.attributes:
            return event
        return self._sdk.Event(name, attributes, event.timestamp)

    def _link(self, link: Any) -> Any:
        context, attributes = self._position(link.context), self._closed.attributes(link.attributes)
        if context is link.context and attributes is link.attributes:
            return link
        return self._api.Link(context, attributes)


def _each(items: Sequence[Any], clean: Callable[[Any], Any]) -> list[Any] | None:
    """``items`` made clean one by one; ``None`` where nothing changed."""
    redacted = [clean(item) for item in items]
    return None if all(new is old for new, old in zip(redacted, items, strict=True)) else redacted


def _readable(sdk: Any) -> Any:
    class RedactedSpan(sdk.ReadableSpan):  # type: ignore[misc]
        """A copy that knows how much the limits of the first span had cut away."""

        def __init__(self, span: Any, **parts: Any) -> None:
            super().__init__(kind=span.kind, start_time=span.start_time, end_time=span.end_time, **parts)
            self._dropped = (span.dropped_attributes, span.dropped_events, span.dropped_links)

        @property
        def dropped_attributes(self) -> int:
            return int(self._dropped[0])

        @property
        def dropped_events(self) -> int:
            return int(self._dropped[1])

        @property
        def dropped_links(self) -> int:
            return int(self._dropped[2])

    return RedactedSpan
