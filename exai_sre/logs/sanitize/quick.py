"""The short way through an event of plain values: most hold nothing, and that is seen at one look."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from exai_sre.logs.sanitize.identifiers import Identifiers
from exai_sre.logs.sanitize.key_table import KeyTable
from exai_sre.logs.sanitize.text import TextRedactor

__all__ = ["PlainEvents"]

_MOST_PARTS: Final = 32
_NUMBERS: Final = frozenset((int, float, bool, type(None)))
_MOST_KEYS: Final = 4096
_TELLING: Final = ("value", "Value")
_LONG_NUMBER: Final = 10**11
_SEEN_AT_ONCE: Final = 32 * 1024
_ADMIT_EACH: Final = 8


class PlainEvents:
    """Redacts nested dicts of texts, numbers, booleans and ``None`` under keys that say nothing.

    Gives what a walk over all values gives, or gives up; what it gives up on is for the walk. All
    texts not seen before are looked at together, joined by line ends: a keyword in one of them is
    one in all of them.
    """

    def __init__(self, text: TextRedactor, keys: KeyTable, identifiers: Identifiers | None = None) -> None:
        """Prepare the short way.

        Args:
            text: redacts texts.
            keys: what keys say.
            identifiers: knows texts in which no rule finds anything; ``None`` where one may.
        """
        self._text = text
        self._others = identifiers.others if identifiers else None
        self._clean = text.clean
        self._suspicious = text.engine.suspicious
        self._keys = keys
        self._harmless: set[str] = set()
        self._looks = 0

    def redact(self, event: dict[Any, Any]) -> dict[Any, Any] | None:
        """``event`` without secrets, itself where there were none; ``None`` to give up."""
        texts = self._unknown(event)
        if texts is None:
            return None
        if texts and self._others is not None:
            texts = self._others(texts)
        if not texts or not self._look(texts):
            return event
        redact = self._text.redact if len(texts) > 1 else self._text.redact_suspicious
        changed = {text: new for text in texts if (new := redact(text)) is not text}
        return _replaced(event, changed) if changed else event

    def _look(self, texts: Sequence[str]) -> bool:
        """Whether any of ``texts`` may hold something; if not, some of them are remembered.

        All of them would soon fill the memory with texts that never come again.
        """
        joined = texts[0] if len(texts) == 1 else "\n".join(texts)
        if len(joined) > _SEEN_AT_ONCE or self._suspicious(joined):
            return True
        self._looks += 1
        if self._looks % _ADMIT_EACH == 0:
            for text in texts:
                self._text.remember(text)
        return False

    def _unknown(self, event: dict[Any, Any]) -> Sequence[str] | None:
        """The texts of ``event`` that are not known to be clean; ``None`` where it is not plain."""
        harmless, clean = self._harmless, self._clean
        texts: list[str] = []
        parts = [event]
        for part in parts:
            if not (harmless.issuperset(part) or self._is_harmless(part)):
                return None
            for value in part.values():
                kind = type(value)
                if kind is str:
                    if value not in clean:
                        texts.append(value)
                elif kind is dict:
                    parts.append(value)
                elif kind not in _NUMBERS or (kind is int and value >= _LONG_NUMBER):
                    return None
            if len(parts) > _MOST_PARTS:
                return None
        return texts

    def _is_harmless(self, part: dict[Any, Any]) -> bool:
        """Whether all keys say nothing, about their own value or about others; those that do not are remembered."""
        known = self._keys.known
        for key in part:
            if type(key) is not str or key in _TELLING:
                return False
            level = known.get(key)
            if level is None:
                level = self._keys.look_up(key, clean=self._text.redact(key) is key)
            if level or key not in known:
                return False
            if len(self._harmless) >= _MOST_KEYS:
                self._harmless.clear()
            self._harmless.add(key)
        return True


def _replaced(event: dict[Any, Any], changed: dict[str, str]) -> dict[Any, Any]:
    """A copy of ``event`` with some texts replaced; nested dicts in which none is stay the same objects."""
    copy: dict[Any, Any] | None = None
    for key, value in event.items():
        kind = type(value)
        new = changed.get(value) if kind is str else _replaced(value, changed) if kind is dict else None
        if new is not None and new is not value:
            copy = copy or event.copy()
            copy[key] = new
    return event if copy is None else copy
