"""Moments as people write them in a file: ISO 8601 with a zone, or a date."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from exai_sre.slo.documents import Value

__all__ = ["moment_text", "read_end", "read_moment"]

_FORM = "write 2026-01-31T14:30:00Z, or with an offset such as +02:00"


def read_moment(value: Value) -> float:
    """Seconds since the Unix epoch of a moment with its zone; quotes make no difference.

    Raises:
        SpecError: it is no moment, or has no zone.
    """
    moment = _parsed(value)
    if moment.tzinfo is None:
        raise value.fault(f"has no zone: {_written(value)!r}", _FORM)
    return moment.timestamp()


def read_end(value: Value) -> float:
    """Seconds since the Unix epoch of a moment, or of the end of a day (UTC) where a date stands.

    Raises:
        SpecError: it is neither.
    """
    try:
        day = date.fromisoformat(_written(value))
        return (datetime.combine(day, time(), UTC) + timedelta(days=1)).timestamp()
    except (ValueError, OverflowError):
        return read_moment(value)


def moment_text(seconds: float) -> str:
    """A moment in UTC, such as ``2026-01-31T14:30:00Z``."""
    return datetime.fromtimestamp(round(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _parsed(value: Value) -> datetime:
    text = _written(value)
    try:
        moment = datetime.fromisoformat(text)
        # The epoch's seconds of the first and last years lie outside what a clock can say.
        moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise value.fault(f"is no moment: {text!r}", _FORM) from None
    return moment


def _written(value: Value) -> str:
    """What was written; YAML takes an unquoted moment for a value of its own kind."""
    if value.kind != "scalar" or value.missing:
        value.text()
    return str(value.node.value)
