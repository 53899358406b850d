"""Redaction of one text: bounded in length, repeated until nothing changes, closed on failure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from exai_sre.logs.sanitize.engine import Engine
from exai_sre.logs.sanitize.rule import FAILED, marker

__all__ = ["MARGIN", "TextRedactor"]

MARGIN: Final = 4096
"""Characters that are redacted beyond a cut and then thrown away; no secret is longer in practice."""

_PASSES: Final = 8
_CACHED: Final = 4096
_CACHED_LENGTH: Final = 96
_CUT_LENGTH: Final = 64


class TextRedactor:
    """Applies an engine to texts.

    Attributes:
        clean: short texts known to hold nothing; a text in it needs no look.
    """

    def __init__(self, engine: Engine, count: Callable[[str], None], fail: Callable[[], None], limit: int) -> None:
        self.clean: set[str] = set()
        self._engine = engine
        self._count = count
        self._fail = fail
        self._limit = limit

    def redact(self, text: str) -> str:
        """``text`` without secrets; the same object where there were none. Never raises."""
        if text in self.clean:
            return text
        try:
            if len(text) > self._limit or self._engine.suspicious(text):
                return self._settled(text)
        except Exception:  # a text that cannot be looked at is not let through
            self._fail()
            return marker(FAILED)
        self._remember(text)
        return text

    def _settled(self, text: str) -> str:
        """What further passes do not change: a secret may come to light when its neighbour is gone."""
        for _ in range(_PASSES):
            short = len(text) <= self._limit
            redacted = self._engine.apply(text, self._count) if short else self._cut(text)
            if redacted == text:
                return text
            text = redacted
        self._fail()
        return marker(FAILED)

    def _cut(self, text: str) -> str:
        """Head and tail of a long text, redacted.

        Each is redacted together with a margin that is then thrown away, so that no secret on
        the edge is left in part.
        """
        half = self._limit // 2 - _CUT_LENGTH
        head = self._engine.apply(text[: half + MARGIN], self._count)[:-MARGIN][:half]
        tail = self._engine.apply(text[-half - MARGIN :], self._count)[MARGIN:][-half:]
        return f"{head}[CUT:{len(text) - 2 * half}]{tail}"

    def _remember(self, text: str) -> None:
        if len(text) <= _CACHED_LENGTH:
            if len(self.clean) >= _CACHED:
                self.clean.clear()
            self.clean.add(text)
