"""A redaction rule: what it is called, when it is worth a try, what it takes out, and its examples."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

__all__ = ["FAILED", "MARKER", "Locate", "Rule", "Span", "marker", "start", "unmark"]

MARKER: Final = r"\[REDACTED:[a-z0-9-]{1,64}+\]"
"""Source of a pattern that matches what :func:`marker` makes."""

FAILED: Final = "failed"
"""Name of what stands for a value on which the sanitizer failed."""

Span: TypeAlias = tuple[int, int]
Locate: TypeAlias = Callable[[str, "re.Match[str]"], Span | None]
"""Finds the secret that a match stands for, as start and end; ``None`` where it is no secret."""


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
    """

    name: str
    keywords: tuple[str, ...]
    pattern: str
    true: tuple[str, ...]
    false: tuple[str, ...] = ()
    locate: Locate | None = None
    trigger: str = ""


def marker(rule: str) -> str:
    """The text that stands in place of what the rule of that name took out."""
    return f"[REDACTED:{rule}]"


def start(further: str = "") -> str:
    r"""Source of a pattern for where a word may begin: not behind a letter, a digit or an underscore.

    Behind an escape sequence it may, although that ends in a letter or digit: ``\n``, ``\u0022``, ``%22``.

    Args:
        further: characters behind which it may not begin either, as they stand in a character class.
    """
    return rf"(?:(?<![A-Za-z0-9_{further}])|(?<=\\[bfnrt])|(?<=%[0-9A-Fa-f]{{2}})|(?<=\\u[0-9A-Fa-f]{{4}}))"


def unmark(example: str) -> tuple[str, tuple[str, ...]]:
    """The text of an example without guillemets, and the secrets that stood between them."""
    return example.replace("«", "").replace("»", ""), tuple(re.findall("«([^»]*)»", example))
