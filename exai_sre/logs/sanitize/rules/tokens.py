"""Shorthand for the commonest kind of rule: a token with a prefix of its own."""

from __future__ import annotations

import re

from exai_sre.logs.sanitize.judge import is_varied
from exai_sre.logs.sanitize.rule import Rule, Span, start

__all__ = ["prefixed", "varied"]


def varied(_text: str, match: re.Match[str]) -> Span | None:
    """The whole match, unless it is a mask or a sample of a few characters."""
    return match.span() if is_varied(match[0]) else None


def prefixed(name: str, prefix: str, rest: str, example: str, *, keyword: str = "") -> Rule:
    """The rule for tokens that begin with ``prefix`` and go on with ``rest``.

    Args:
        name: name of the rule.
        prefix: pattern of the prefix.
        rest: pattern of what follows, possessive or of bounded length.
        example: a token of that kind.
        keyword: words of which every such token has one in it, lower case, parted by white space; by
            default the prefix.
    """
    return Rule(
        name=name,
        keywords=tuple(keyword.split()) or (prefix.lower(),),
        pattern=rf"{start()}(?:{prefix}){rest}(?![A-Za-z0-9])",
        true=(f"rejected «{example}» (401)", f'{{"nested":{{"k":"«{example}»"}}}}'),
        false=(f"{example[:6]} is too short",),
        locate=varied,
    )
