"""A redaction rule: what it is called, when it is worth a try, what it takes out, and its examples."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from exai_sre.errors import SettingError

__all__ = [
    "FAILED",
    "MARKER",
    "Locate",
    "Rule",
    "Span",
    "behind",
    "is_in_marker",
    "length_class",
    "marker",
    "start",
    "unmark",
]

MARKER: Final = r"\[REDACTED:[a-z0-9-]{1,64}+(?::[0-9]{1,9}+\+)?+(?::h=[0-9a-f]{16}){0,2}+\]"
"""Source of a pattern that matches what :func:`marker` makes."""

FAILED: Final = "failed"
"""Name of what stands for a value on which the sanitizer failed."""

Span: TypeAlias = tuple[int, int]
Locate: TypeAlias = Callable[[str, "re.Match[str]"], Span | None]
"""Finds the secret that a match stands for, as start and end; ``None`` where it is no secret."""

_SHORTEST_CLASS: Final = 8
_NAME: Final = re.compile(r"[a-z0-9-]{1,64}")
_WHOLE_MARKER: Final = re.compile(MARKER)
_LONGEST_MARKER: Final = 128


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of sensitive value.

    The pattern must run in linear time on any input: no quantifier inside or beside another
    that can match the same text, except possessive or bounded ones.

    Attributes:
        name: name in markers and metrics: lower case, digits, hyphens.
        keywords: lower-case words of which at least one stands in every text that the rule concerns.
        pattern: source of what to look for, compiled when first needed. Without ``locate`` its
            group ``secret``, or else the whole match, is taken out.
        true: examples that it finds, the secret between guillemets.
        false: examples that it leaves alone.
        locate: decides about a match and finds the secret's bounds; a rejected match is
            searched on from its end.
        trigger: in place of keywords, for kinds that have none: source of a quick pattern that is
            found in every text that the rule concerns.
        shape: a pattern without look-around that is found in every text that the rule concerns. Beside
            a trigger it serves scanners that know no look-around; beside keywords that stand in
            ordinary texts too it says which of those are worth a try.
        names: lower-case words of which at least one must stand in the text besides a keyword; they are
            looked for only where a keyword of such a rule stands.
        needs: literals of which at least one must stand in the text besides a keyword; empty for none.
        folded: whether the pattern is written for, and applied to, the text in lower case: much quicker
            than a pattern that ignores case. Groups of a match are then lower case too.
        about: what kind of value that is, for people.

    Raises:
        SettingError: the rule would never find anything, or its marker would not be known for one.
    """

    name: str
    keywords: tuple[str, ...]
    pattern: str
    true: tuple[str, ...]
    false: tuple[str, ...] = ()
    locate: Locate | None = None
    trigger: str = ""
    shape: str = ""
    names: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    folded: bool = False
    about: str = ""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise SettingError("rule", self.name, "no name for a marker", remedy="use a-z, 0-9 and hyphens, at most 64")
        if not (self.keywords or self.trigger):
            raise SettingError("rule", self.name, "would never be tried", remedy="give it keywords or a trigger")
        for word in (*self.keywords, *self.names):
            if not word or not word.isascii() or word != word.lower():
                raise SettingError(
                    "rule", self.name, f"keyword {word!r} is never found", remedy="write it in lower-case ASCII"
                )


def marker(rule: str, length: int | None = None, tags: Sequence[str] = ()) -> str:
    """The text that stands in place of what the rule of that name took out.

    Args:
        rule: name of the rule.
        length: characters that were taken out; the marker names their class only. ``None``
            where what was taken out is no text.
        tags: keyed pseudonyms of what was taken out, each 16 hexadecimal digits.
    """
    size = "" if length is None else f":{length_class(length)}+"
    return f"[REDACTED:{rule}{size}{''.join([f':h={tag}' for tag in tags])}]"


def length_class(length: int) -> int:
    """The least length of the class that ``length`` is in: 1, 8, 16, 32 and so on by powers of two."""
    return 1 << (length.bit_length() - 1) if length >= _SHORTEST_CLASS else 1


def start(further: str = "") -> str:
    r"""Source of a pattern for where a word may begin: not behind a letter, a digit or an underscore.

    Behind an escape sequence it may, although that ends in a letter or digit: ``\n``, ``\x22``, ``\u0022``, ``%22``.

    Args:
        further: characters behind which it may not begin either, as they stand in a character class.
    """
    escaped = r"(?<=\\[bfnrt])|(?<=%[0-9A-Fa-f]{2})|(?<=\\x[0-9A-Fa-f]{2})|(?<=\\u[0-9A-Fa-f]{4})"
    return f"(?:(?<![A-Za-z0-9_{further}])|{escaped})"


def is_in_marker(text: str, at: int) -> bool:
    """Whether the character at ``at`` belongs to a marker."""
    opened = text.rfind("[", max(0, at - _LONGEST_MARKER), at)
    if opened < 0:
        return False
    whole = _WHOLE_MARKER.match(text, opened)
    return whole is not None and whole.end() > at


def behind(literal: str, further: str = "") -> str:
    """Source that makes sure, behind a literal, that it stood where a word may begin.

    Written behind and not before the literal, it lets the search leap from one literal to the next.
    """
    return f"(?<={start(further)}{re.escape(literal)})"


def unmark(example: str) -> tuple[str, tuple[str, ...]]:
    """The text of an example without guillemets, and the secrets that stood between them."""
    return example.replace("«", "").replace("»", ""), tuple(re.findall("«([^»]*)»", example))
