"""Redaction of one text: bounded in length, repeated until nothing changes, closed on failure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from exai_sre.logs.sanitize.engine import Engine
from exai_sre.logs.sanitize.rule import FAILED, marker

__all__ = ["CACHED_LENGTH", "MARGIN", "TextRedactor"]

MARGIN: Final = 4096
"""Characters that are redacted beyond a cut and then thrown away; no secret is longer in practice."""
CACHED_LENGTH: Final = 128
"""Longest text, in characters, that is remembered as clean."""

_PASSES: Final = 8
_CACHED: Final = 4096
_CUT_LENGTH: Final = 64


class TextRedactor:
    """Applies an engine to texts.

    Attributes:
        clean: short texts known to hold nothing; a text in it needs no look.
        engine: the engine.
    """

    def __init__(self, engine: Engine, count: Callable[[str], None], fail: Callable[[], None], limit: int) -> None:
        self.clean: set[str] = set()
        self.engine = engine
        self._count = count
        self._fail = fail
        self._limit = limit

    def redact(self, text: str) -> str:
        """``text`` without secrets; the same object where there were none. Never raises."""
        if text in self.clean:
            return text
        try:
            if len(text) <= self._limit and not self.engine.suspicious(text):
                self.remember(text)
                return text
        except Exception:  # a text that cannot be looked at is not let through
            return self._failed()
        return self.redact_suspicious(text)

    def redact_suspicious(self, text: str) -> str:
        """The same for a text in which some rule may have something to find."""
        try:
            text = self._settled(text)
        except Exception:  # as above
            return self._failed()
        self.remember(text)
        return text

    def remember(self, text: str) -> None:
        """Note that ``text`` holds nothing, if it is short; forget all others where there are too many."""
        if len(text) <= CACHED_LENGTH:
            if len(self.clean) >= _CACHED:
                self.clean.clear()
            self.clean.add(text)

    def _settled(self, text: str) -> str:
        """What further passes do not change: a secret may come to light when its neighbour is gone."""
        for _ in range(_PASSES):
            short = len(text) <= self._limit
            redacted = self.engine.apply(text, self._count) if short else self._cut(text)
            if redacted == text:
                return text
            if redacted in self.clean:
                return redacted
            text = redacted
        return self._failed()

    def _failed(self) -> str:
        self._fail()
        return marker(FAILED)

    def _cut(self, text: str) -> str:
        """Head and tail of a long text, redacted.

        Each is redacted together with a margin that is then thrown away, so that no secret on
        the edge is left in part.
        """
        half = self._limit // 2 - _CUT_LENGTH
        head = self.engine.apply(text[: half + MARGIN], self._count)[:-MARGIN][:half]
        tail = self.engine.apply(text[-half - MARGIN :], self._count)[MARGIN:][-half:]
        return f"{head}[CUT:{len(text) - 2 * half}]{tail}"
