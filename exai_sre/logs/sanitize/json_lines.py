"""Lines of JSON, judged by their structure: a number under ``pin``, a list under ``cookies``."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

__all__ = ["JsonLines"]

_LONGEST: Final = 64 * 1024


class JsonLines:
    """Redacts lines that are JSON objects or arrays, which stay such; every other text passes as it is.

    It goes before a redaction of the text, which sees the lines one by one and knows no
    structure. Of a line that holds a secret every other byte stays where redacting its text
    leaves JSON without secrets; else it is written anew, compactly where it was compact.

    Args:
        redact: takes the secrets out of a value and returns the same object where there are none.
        redact_text: does so for a text.
        seen: called with each line that changes, with what it becomes, and with its number from 1.
    """

    def __init__(
        self,
        redact: Callable[[Any], Any],
        redact_text: Callable[[str], str],
        seen: Callable[[str, str, int], None] | None = None,
    ) -> None:
        self._redact = redact
        self._redact_text = redact_text
        self._seen = seen
        self._waiting = ""
        self._number = 0

    def feed(self, text: str) -> str:
        """Take the next piece; the lines that are complete, and what is too long to be a line."""
        *lines, self._waiting = (self._waiting + text).split("\n")
        given = "".join([f"{self._line(line)}\n" for line in lines])
        if len(self._waiting) > _LONGEST:
            given, self._waiting = given + self._waiting, ""
        return given

    def finish(self) -> str:
        """The rest, when no more comes."""
        rest, self._waiting = self._waiting, ""
        return self._line(rest)

    def _line(self, line: str) -> str:
        self._number += 1
        value = _parsed(line)
        redacted = self._redact(value)
        if redacted is value:
            return line
        text = self._redact_text(line)
        kept = _parsed(text)
        if kept is None or self._redact(kept) is not kept:
            text = _written(redacted, line)
        if self._seen is not None:
            self._seen(line, text, self._number)
        return text


def _parsed(line: str) -> Any:
    """The object or list that ``line`` is; ``None`` where it is neither."""
    if line.lstrip()[:1] not in ("{", "[") or len(line) > _LONGEST:
        return None
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _written(value: Any, line: str) -> str:
    """``value`` as JSON, with the spaces and the line end that ``line`` has."""
    separators = (", ", ": ") if '": ' in line else (",", ":")
    return json.dumps(value, ensure_ascii=False, separators=separators) + ("\r" if line.endswith("\r") else "")
