"""Any value as JSON-ready data, so that what was redacted is exactly what is rendered."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Set
from datetime import date, datetime, time
from typing import Any

__all__ = ["plain"]

_DEPTH = 32


def plain(value: Any, depth: int = _DEPTH) -> Any:
    """``value`` as nested dicts and lists of strings, numbers, booleans and ``None``.

    Sets become lists, dataclasses and pydantic models dicts, bytes and exceptions text, and what
    is not known its ``repr``. What lies deeper than ``depth`` becomes ``"..."``.
    """
    if value is None or value is True or value is False:
        return value
    kind = type(value)
    if kind is str or kind is int:
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(float(value))
    if depth <= 0:
        return "..."
    fields = mapping_of(value)
    if fields is not None:
        return {str(key): plain(item, depth - 1) for key, item in fields.items()}
    if isinstance(value, (list, tuple, Set)):
        return [plain(item, depth - 1) for item in value]
    return _text(value)


def mapping_of(value: Any) -> Mapping[Any, Any] | None:
    """The fields of a mapping, dataclass or pydantic model; ``None`` for anything else."""
    if isinstance(value, Mapping):
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    names = getattr(type(value), "model_fields", None)
    if isinstance(names, dict) and hasattr(type(value), "model_dump"):
        extra = getattr(value, "model_extra", None) or {}
        return {name: getattr(value, name) for name in names} | extra
    return None


def _text(value: Any) -> Any:
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).decode("utf-8", "backslashreplace")
    return str(value) if isinstance(value, BaseException) else repr(value)
