"""Deadline and attempts over a hop: what is left of both, as the next service reads it.

A deadline travels as the time that is left, so that the clocks of two machines need not agree.
Both are sent to services of one's own alone, and taken over from those alone: a stranger who
sets a deadline decides which calls miss it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from exai_sre.context.attempt import attempts_left
from exai_sre.context.deadline import current_deadline, remaining
from exai_sre.context.fields import field_values
from exai_sre.context.limits import current_limits, limits_within
from exai_sre.names import CarrierKey

__all__ = [
    "NO_LIMITS",
    "HopLimits",
    "extract_limits",
    "extract_limits_meta",
    "inject_limits",
    "inject_limits_meta",
    "limits_of_hop",
]

_LONGEST: Final = 9
_HEADERS: Final = (CarrierKey.TIMEOUT, CarrierKey.ATTEMPTS)
_META: Final = (CarrierKey.META_TIMEOUT, CarrierKey.META_ATTEMPTS)


class HopLimits(NamedTuple):
    """What the caller allows.

    Attributes:
        timeout: seconds that were left when the caller sent the request; ``None`` for no deadline.
        attempts: attempts that the caller has left, the running one included; ``None`` outside retries.
    """

    timeout: float | None = None
    attempts: int | None = None


NO_LIMITS: Final = HopLimits()
"""A caller that allows everything."""


def extract_limits(headers: Mapping[str, Any] | None) -> HopLimits:
    """Read the caller's limits in HTTP headers; what is no number of at most 9 digits is none."""
    return _read(field_values(headers, _HEADERS), *_HEADERS) if headers else NO_LIMITS


def extract_limits_meta(meta: object) -> HopLimits:
    """Read the caller's limits in the ``_meta`` of an MCP message."""
    if not meta or not isinstance(meta, Mapping):
        return NO_LIMITS
    return _read({name: [meta[name]] for name in _META if name in meta}, *_META)


def inject_limits(carrier: MutableMapping[str, str], now: float) -> None:
    """Write what is left of the running task's limits into HTTP headers; a field that is there stays.

    Args:
        carrier: the headers of an outgoing request.
        now: monotonic time in seconds, from the clock that set the deadline.
    """
    present = {name.lower() for name in carrier}
    for name, value in zip(_HEADERS, _left(now), strict=True):
        if value is not None and name not in present:
            carrier[name] = str(value)


def inject_limits_meta(meta: MutableMapping[str, Any], now: float) -> None:
    """Write what is left of the running task's limits into a ``_meta``; see :func:`inject_limits`."""
    for name, value in zip(_META, _left(now), strict=True):
        if value is not None:
            meta.setdefault(name, value)


@contextmanager
def limits_of_hop(limits: HopLimits, now: float) -> Iterator[None]:
    """Run the body under a caller's limits; an earlier deadline that is already set stays in force.

    Args:
        limits: what the caller allows.
        now: monotonic time in seconds at which the request arrived.
    """
    if limits == NO_LIMITS:
        yield
        return
    inner = limits_within(current_limits.get())
    if limits.timeout is not None:
        at = now + limits.timeout
        inner.deadline = at if inner.deadline is None else min(at, inner.deadline)
    if limits.attempts is not None:
        inner.attempts = limits.attempts
    token = current_limits.set(inner)
    try:
        yield
    finally:
        current_limits.reset(token)


def _left(now: float) -> tuple[int | None, int | None]:
    seconds = remaining(now) if current_deadline.get() is not None else None
    return None if seconds is None else int(seconds * 1000), attempts_left.get()


def _read(found: Mapping[str, list[object]], timeout: str, attempts: str) -> HopLimits:
    milliseconds = _number(found.get(timeout))
    return HopLimits(None if milliseconds is None else milliseconds / 1000, _number(found.get(attempts)))


def _number(values: list[object] | None) -> int | None:
    value = values[0] if values is not None and len(values) == 1 else None
    if type(value) is int:
        value = str(value)
    if not isinstance(value, str) or len(value) > _LONGEST or not (value.isascii() and value.isdigit()):
        return None
    return int(value)
