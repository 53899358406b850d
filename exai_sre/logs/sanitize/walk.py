"""Redaction of nested values: copy on write, bounded in depth and size, closed on failure."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence, Set, Sized
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from exai_sre.logs.sanitize.binary import redacted_bytes
from exai_sre.logs.sanitize.fields import fields_of, is_secret_type
from exai_sre.logs.sanitize.judge import is_placeholder, is_secret
from exai_sre.logs.sanitize.key_table import KeyTable
from exai_sre.logs.sanitize.keys import Sensitivity
from exai_sre.logs.sanitize.listed import are_pairs, name_of, redacted_command, told_value
from exai_sre.logs.sanitize.opaque import redacted_opaque
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
_KINDS: Final = (tuple, list, frozenset, set)
# As a number, the shortest that could be that of a card, and the first that could not.
_LONG, _TOO_LONG = 10**11, 10**19


class Walk:
    """Redacts one tree of values.

    What is not a container is judged by its text, and replaced by its redacted text if that
    differs. Changed dataclasses, models and the like come back as dicts of their fields, other
    mappings than dicts as dicts, and sequences as their own kind or as lists.
    """

    def __init__(
        self,
        text: TextRedactor,
        keys: KeyTable,
        count: Callable[[str], None],
        fail: Callable[[], None],
        tags: Callable[[str], Sequence[str]] = lambda _secret: (),
    ) -> None:
        """Prepare one walk.

        Args:
            text: redacts texts.
            keys: what keys say.
            count: called with the rule's name for each value taken out.
            fail: called for each value that could not be looked at.
            tags: keyed pseudonyms of a text that is taken out because of its key.
        """
        self._clean = text.clean
        self._redact_text = text.redact
        self._keys = keys
        self._count = count
        self._fail = fail
        self._tags = tags
        self._open: set[int] = set()
        self._nodes = 0

    def value(self, value: Any) -> Any:
        """``value`` without secrets; the same object where there were none. Never raises."""
        kind = type(value)
        if kind is str:
            return self._redact_text(value)
        if value is None or kind is bool or kind is float:
            return value
        if kind is int:
            return self._number(value) if _LONG <= value < _TOO_LONG else value
        try:
            return self._guarded(value)
        except Exception:  # a value that cannot be looked at is not let through
            return self._failed()

    def _failed(self) -> str:
        self._fail()
        return marker(FAILED)

    def _number(self, value: int) -> Any:
        text = str(value)
        redacted = self._redact_text(text)
        return value if redacted is text else redacted

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
        kind = type(value)
        if kind is dict:
            return self._mapping(value, value)
        if kind in _KINDS:
            return self._sequence(value)
        if is_secret_type(kind):
            self._count(BY_TYPE)
            return marker(BY_TYPE)
        fields = fields_of(value)
        if fields is not None:
            return self._with_fields(value, fields)
        if isinstance(value, (list, tuple, Set, deque)):
            return self._sequence(value)
        if isinstance(value, str):
            return self._redact_text(value)
        if isinstance(value, (bytes, bytearray, memoryview)):
            return redacted_bytes(value, self._redact_text)
        if isinstance(value, _HARMLESS):
            return value
        return redacted_opaque(value, self._redact_text)

    def _with_fields(self, value: Any, fields: Mapping[Any, Any]) -> Any:
        """By its fields; where these hold nothing, by its own text too, for some render that instead."""
        redacted = self._mapping(value, fields)
        if redacted is not value or isinstance(value, Mapping):
            return redacted
        return redacted_opaque(value, self._redact_text)

    def _mapping(self, value: Any, fields: Mapping[Any, Any]) -> Any:
        known, clean = self._keys.known, self._clean
        changed = False
        result: dict[Any, Any] = {}
        for key, item in fields.items():
            name = key
            level = known.get(key) if type(key) is str else None
            if level is None:
                name, level = self._key(key)
                if name is not key:
                    name = _unused(name, result)
            if level:
                redacted = self._under_key(level, item)
            else:
                redacted = item if type(item) is str and item in clean else self.value(item)
            changed = changed or redacted is not item or name is not key
            result[name] = redacted
        if "value" in fields or "Value" in fields:
            changed = self._told(fields, result) or changed
        return result if changed else value

    def _key(self, key: Any) -> tuple[Any, Sensitivity]:
        """A key without the secrets in its own text, and what it says about its value."""
        redacted = self.value(key)
        if redacted is not key and not _can_be_key(redacted):
            redacted = self._redact_text(repr(redacted))
        name = name_of(key)
        if name is None:
            return redacted, Sensitivity.NONE
        return redacted, self._keys.look_up(name, clean=redacted is key and type(key) is str)

    def _under_key(self, level: Sensitivity, item: Any) -> Any:
        """The marker in place of what stands under a telling key, unless that says nothing."""
        try:
            if self._says_nothing(level, item):
                return item
        except Exception:  # an item that cannot be asked for its length is taken out all the same
            self._fail()
        return self._by_key(item)

    def _by_key(self, item: Any) -> Any:
        """The marker in place of ``item``, as bytes where that is bytes."""
        self._count(BY_KEY)
        text = name_of(item)
        if text is None:
            return marker(BY_KEY)
        mark = marker(BY_KEY, len(text), self._tags(text))
        return mark.encode() if isinstance(item, bytes) else mark

    @staticmethod
    def _says_nothing(level: Sensitivity, item: Any) -> bool:
        if item is None or item is True or item is False or (isinstance(item, Sized) and not len(item)):
            return True
        if level is Sensitivity.WEAK and isinstance(item, (int, float)):
            return True
        text = name_of(item)
        return text is not None and is_placeholder(text)

    def _told(self, fields: Mapping[Any, Any], result: dict[Any, Any]) -> bool:
        """Take out the value of ``{"name": ..., "value": ...}`` if the name tells; whether that was so."""
        told = told_value(fields)
        if told is None:
            return False
        under, name = told
        item = result.get(under)
        redacted = self._named(name, item)
        result[under] = redacted
        return redacted is not item

    def _named(self, name: str, item: Any) -> Any:
        """A value beside its name: as under a key, but words that cannot be secrets stay."""
        level = self._keys.look_up(name, clean=False)
        text = name_of(item)
        if not level or text is None or not is_secret(text, level, key=name, quoted=True):
            return item
        return self._by_key(item)

    def _sequence(self, value: Any) -> Any:
        names = getattr(type(value), "_fields", None)
        if isinstance(value, tuple) and names is not None:
            fields = dict(zip(names, value, strict=True))
            redacted = self._mapping(fields, fields)
            return value if redacted is fields else type(value)._make(redacted.values())  # type: ignore[attr-defined]
        items = list(value)
        new = self._pairs(items) if items and are_pairs(items) else [self.value(item) for item in items]
        new = redacted_command(new, self._redact_text) or new
        if all(one is other for one, other in zip(new, items, strict=True)):
            return value
        return next((kind for kind in _KINDS if isinstance(value, kind)), list)(new)

    def _pairs(self, items: Sequence[Any]) -> list[Any]:
        """Pairs of name and value, each judged by its name; what is no secret by that, like anything else."""
        redacted = []
        for pair in items:
            name = name_of(pair[0])
            item = pair[1] if name is None else self._named(name, pair[1])
            told = pair if item is pair[1] else (pair[0], item) if isinstance(pair, tuple) else [pair[0], item]
            redacted.append(self.value(told))
        return redacted


def _can_be_key(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def _unused(name: Any, taken: Mapping[Any, Any]) -> Any:
    """``name``, or with a number behind it if another key has become the same."""
    number = 2
    unused = name
    while unused in taken:
        unused, number = f"{name}#{number}", number + 1
    return unused
