"""What a redaction found, told from the text before and after it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from exai_sre.logs.sanitize.rule import MARKER

__all__ = ["Finding", "findings_in", "rules_in"]

_MARKER: Final = re.compile(MARKER)


@dataclass(frozen=True, slots=True)
class Finding:
    """One value that was taken out.

    Attributes:
        line: number of the line in which it began, from 1.
        rule: name of the rule.
    """

    line: int
    rule: str


def findings_in(text: str, redacted: str, first_line: int = 1) -> Iterator[Finding]:
    """What was taken out of ``text`` to give ``redacted``, in order; markers that it had before do not count.

    Args:
        text: the text as it came; ``first_line`` is the number of its first line.
        redacted: the same text with markers in place of what was taken out.
        first_line: as said.
    """
    read = kept = 0
    line = first_line
    for match in _MARKER.finditer(redacted):
        between = redacted[kept : match.start()]
        start = text.find(between, read)
        end = (start if start >= 0 else read) + len(between)
        line += text.count("\n", read, end)
        read, kept = end, match.end()
        if text.startswith(match[0], end):
            read += len(match[0])
            continue
        yield Finding(line, _rule(match[0]))


def rules_in(redacted: str) -> Counter[str]:
    """How many markers a text has, by the name of their rule."""
    return Counter(map(_rule, _MARKER.findall(redacted)))


def _rule(mark: str) -> str:
    return mark.strip("[]").split(":")[1]
