"""Any value as JSON-ready data, so that what was redacted is exactly what is rendered."""

from __future__ import annotations

import math
from collections.abc import Set
from datetime import date, datetime, time
from typing import Any, Final

from exai_sre.logs.sanitize.fields import fields_of, is_secret_type

__all__ = ["plain"]

_DEPTH: Final = 32
_VALUES: Final = 20_000
_CUT: Final = "..."
_MASK: Final = "***"


def plain(value: Any) -> Any:
    """``value`` as nested dicts and lists of strings, numbers, booleans and ``None``. Never raises.

    Sets become lists, dataclasses, pydantic models and the like dicts, bytes and exceptions text, and
    what is not known its ``repr``; a value that is secret by its type is ``"***"``. What lies deeper
    than 32 levels, or behind 20,000 other values, becomes ``"..."``; what cannot be read, a text that
    says so.
    """
    if value is None or value is True or value is False:
        return value
    kind = type(value)
    if kind is str or kind is int:
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(float(value))
    return _Plain().of(value, _DEPTH)


class _Plain:
    """Copies one tree of values; its bound also ends those that contain themselves."""

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left = _VALUES

    def of(self, value: Any, depth: int) -> Any:
        if value is None or isinstance(value, (str, int, float)):
            return _scalar(value)
        self._left -= 1
        if depth <= 0 or self._left <= 0:
            return _CUT
        try:
            return self._container(value, depth - 1)
        except Exception:  # what is logged is anybody's object, and a line with a hole beats none
            return f"<unreadable: {type(value).__name__}>"

    def _container(self, value: Any, depth: int) -> Any:
        if is_secret_type(type(value)):
            return _MASK
        fields = fields_of(value)
        if fields is not None:
            return {str(key): self.of(item, depth) for key, item in fields.items()}
        if isinstance(value, (list, tuple, Set)):
            return [self.of(item, depth) for item in value]
        return _text(value)


def _scalar(value: Any) -> Any:
    if value is None or value is True or value is False:
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int(value)
    return float(value) if math.isfinite(value) else str(float(value))


def _text(value: Any) -> str:
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).decode("utf-8", "backslashreplace")
    return str(value) if isinstance(value, BaseException) else repr(value)
