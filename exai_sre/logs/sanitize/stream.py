"""Redaction of a text that comes in pieces: no secret escapes because it lies across two of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

__all__ = ["BLOCK", "StreamRedactor"]

BLOCK: Final = 16 * 1024
"""Characters that are redacted at a time."""

_BEHIND: Final = 6 * 1024
_TRIES: Final = 8
# How a secret may go on in the next line: indented as in XML or YAML, quoted as in JSON, as a line of PEM.
_NEXT_LINES: Final = (
    "    zQ7rT2xK9mB4vN8wH3\n",
    '    "zQ7rT2xK9mB4vN8wH3"\n',
    "zQ7rT2xK9mB4vN8wH3pL6sD1" * 2 + "\n",
)


class StreamRedactor:
    """Redacts a stream of text in bounded memory; nothing but secrets is changed.

    A block ends where a cut makes no difference: where the text up to there and the text behind,
    each redacted apart, are the same as redacted together. Ends of lines are tried first, then
    gaps between words, then any place. Where all fail, a secret is longer than half a block, and
    of its middle a part is thrown away, for the marker stands for all of it.

    Args:
        redact: takes the secrets out of a text of up to ``2 * BLOCK`` characters.
        eager: for those who watch: give each line as soon as it is complete, unless a secret could
            go on in the next one.
        seen: called with each piece as it came and as it is given.

    Attributes:
        thrown_away: characters of such long secrets so far.
    """

    def __init__(
        self, redact: Callable[[str], str], *, eager: bool = False, seen: Callable[[str, str], None] | None = None
    ) -> None:
        self.thrown_away = 0
        self._redact = redact
        self._eager = eager
        self._seen = seen
        self._waiting = ""

    def feed(self, text: str) -> str:
        """Take the next piece; what can be given by now."""
        self._waiting += text
        given = "".join(self._blocks())
        if self._eager:
            given += self._lines()
        return given

    def finish(self) -> str:
        """The rest, when no more comes."""
        return self._give(len(self._waiting), self._redact(self._waiting))

    def _give(self, end: int, redacted: str) -> str:
        if self._seen is not None:
            self._seen(self._waiting[:end], redacted)
        self._waiting = self._waiting[end:]
        return redacted

    def _blocks(self) -> Iterator[str]:
        while len(self._waiting) >= 2 * BLOCK:
            block = self._block()
            if block is None:
                self.thrown_away += BLOCK // 2
                self._waiting = self._waiting[: BLOCK // 2] + self._waiting[BLOCK:]
            else:
                yield block

    def _block(self) -> str | None:
        """A block up to the first place where a cut makes no difference; ``None`` where there is none."""
        text, redact = self._waiting[: BLOCK + _BEHIND], self._redact
        for cut in _cuts(text):
            together = text[: cut + _BEHIND]
            redacted = redact(together)
            if redacted == together:
                return self._give(cut, text[:cut])
            before = redact(text[:cut])
            if redacted == before + redact(text[cut : cut + _BEHIND]):
                return self._give(cut, before)
        return None

    def _lines(self) -> str:
        """The complete lines, unless a secret could go on behind them."""
        end = self._waiting.rfind("\n") + 1
        lines = self._waiting[:end]
        redacted = self._redact(lines)
        if not lines or any(self._goes_on(lines, redacted, further) for further in _NEXT_LINES):
            return ""
        return self._give(end, redacted)

    def _goes_on(self, lines: str, redacted: str, further: str) -> bool:
        return self._redact(lines + further) != redacted + self._redact(further)


def _cuts(text: str) -> Iterator[int]:
    """Places for a cut in the second half of the first block, the best first; steps grow, to get past a long secret."""
    for separator in ("\n", " "):
        at, step = BLOCK, 1
        while (at := text.rfind(separator, BLOCK // 2, at)) >= 0:
            yield at + 1
            at, step = at - step, 2 * step
    yield from range(BLOCK, BLOCK // 2, -BLOCK // (2 * _TRIES))
