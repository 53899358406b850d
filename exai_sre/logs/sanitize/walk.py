"""Redaction of nested values: copy on write, bounded in depth and size, closed on failure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set, Sized
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from exai_sre.logs.plain import mapping_of
from exai_sre.logs.sanitize.exception import exception_text
from exai_sre.logs.sanitize.judge import is_placeholder
from exai_sre.logs.sanitize.key_table import KeyTable
from exai_sre.logs.sanitize.keys import Sensitivity
from exai_sre.logs.sanitize.rule import FAILED, marker
from exai_sre.logs.sanitize.text import TextRedactor

__all__ = ["BY_KEY", "BY_TYPE", "TOO_DEEP", "Walk"]

BY_KEY: Final = "key"
"""Name, in markers and metrics, of redaction because of the key."""
BY_TYPE: Final = "type"
"""Name of redaction because of the value's type, such as pydantic's ``SecretStr``."""
TOO_DEEP: Final = "too-deep"
"""Name of what stands for a value nested too deeply, in a circle, or behind too many others."""

_DEPTH: Final = 24
_NODES: Final = 20_000
_HARMLESS: Final = (int, float, complex, datetime, date, time, timedelta)


class Walk:
    """Redacts one tree of values.

    What is not a container is judged by its text, and replaced by its redacted text if that
    differs. Changed dataclasses and pydantic models come back as dicts of their fields, other
    mappings than dicts as dicts, and sequences as their own kind.
    """

    def __init__(
        self, text: TextRedactor, keys: KeyTable, count: Callable[[str], None], fail: Callable[[], None]
    ) -> None:
        self._clean = text.clean
        self._redact_text = text.redact
        self._keys = keys
        self._count = count
        self._fail = fail
        self._open: set[int] = set()
        self._nodes = 0

    def value(self, value: Any) -> Any:
        """``value`` without secrets; the same object where there were none. Never raises."""
        if value is None or type(value) in (bool, int, float):
            return value
        if type(value) is str:
            return self._redact_text(value)
        try:
            return self._guarded(value)
        except Exception:  # a value that cannot be looked at is not let through
            self._fail()
            return marker(FAILED)

    def _guarded(self, value: Any) -> Any:
        self._nodes += 1
        identity = id(value)
        if identity in self._open or len(self._open) >= _DEPTH or self._nodes > _NODES:
            self._count(TOO_DEEP)
            return marker(TOO_DEEP)
        self._open.add(identity)
        try:
            return self._by_kind(value)
        finally:
            self._open.discard(identity)

    def _by_kind(self, value: Any) -> Any:
        if hasattr(type(value), "get_secret_value"):
            self._count(BY_TYPE)
            return marker(BY_TYPE)
        fields = mapping_of(value)
        if fields is not None:
            return self._mapping(value, fields)
        if isinstance(value, (list, tuple, Set)):
            return self._sequence(value)
        if isinstance(value, str):
            return self._redact_text(value)
        if isinstance(value, (bytes, bytearray, memoryview)):
            return self._bytes(value)
        if isinstance(value, _HARMLESS):
            return value
        return self._by_text(value)

    def _mapping(self, value: Any, fields: Mapping[Any, Any]) -> Any:
        known, clean = self._keys.known, self._clean
        changed = False
        result: dict[Any, Any] = {}
        for key, item in fields.items():
            name = key
            level = known.get(key) if type(key) is str else None
            if level is None:
                name, level = self._key(key)
            if level:
                redacted = self._under_key(level, item)
            else:
                redacted = item if type(item) is str and item in clean else self.value(item)
            changed = changed or redacted is not item or name is not key
            result[name] = redacted
        return result if changed else value

    def _key(self, key: Any) -> tuple[Any, Sensitivity]:
        """A key without the secrets in its own text, and what it says about its value."""
        name = self.value(key)
        level = self._keys.look_up(key, clean=name is key) if isinstance(key, str) else Sensitivity.NONE
        return name, level

    def _under_key(self, level: Sensitivity, item: Any) -> Any:
        """The marker in place of what stands under a telling key, unless that says nothing."""
        if item is None or item is True or item is False or (isinstance(item, Sized) and not len(item)):
            return item
        if level is Sensitivity.WEAK and isinstance(item, (int, float)):
            return item
        if isinstance(item, str) and is_placeholder(item):
            return item
        self._count(BY_KEY)
        return marker(BY_KEY)

    def _sequence(self, value: Any) -> Any:
        items = list(value)
        redacted = [self.value(item) for item in items]
        if all(new is old for new, old in zip(redacted, items, strict=True)):
            return value
        if isinstance(value, tuple) and hasattr(type(value), "_fields"):
            return type(value)(*redacted)
        kind = next((kind for kind in (tuple, list, frozenset, set) if isinstance(value, kind)), list)
        return kind(redacted)

    def _bytes(self, value: bytes | bytearray | memoryview) -> Any:
        raw = bytes(value)
        try:
            text, encoding = raw.decode("utf-8"), "utf-8"
        except UnicodeDecodeError:
            text, encoding = raw.decode("latin-1"), "latin-1"
        redacted = self._redact_text(text)
        return value if redacted is text else redacted.encode(encoding)

    def _by_text(self, value: Any) -> Any:
        text = exception_text(value) if isinstance(value, BaseException) else repr(value)
        redacted = self._redact_text(text)
        return value if redacted is text else redacted
