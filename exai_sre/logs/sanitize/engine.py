"""Applies rules to one text: a quick look for keywords first, then the rules that they name."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from exai_sre.logs.sanitize.rule import Rule, Span, marker

__all__ = ["Engine"]

_NEVER = "(?!)"


class Engine:
    """A compiled set of rules; keeps nothing of what it sees."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = tuple(rules)
        keywords = sorted({keyword for rule in rules for keyword in rule.keywords})
        self._keyword = re.compile("|".join(map(re.escape, keywords)) or _NEVER)
        self._triggers = tuple(rule.trigger for rule in rules if rule.trigger is not None)

    def suspicious(self, text: str) -> bool:
        """Whether any rule may have something to find in ``text``; ``False`` is certain."""
        if self._keyword.search(text.lower()):
            return True
        return any(trigger.search(text) for trigger in self._triggers)

    def apply(self, text: str, count: Callable[[str], None]) -> str:
        """``text`` after one pass of the rules; the same object where nothing was found.

        Args:
            text: what to redact.
            count: called with the rule's name for each secret taken out.
        """
        lowered = text.lower()
        for rule in self._rules:
            if _concerns(rule, text, lowered):
                text = _take_out(rule, text, count)
        return text


def _concerns(rule: Rule, text: str, lowered: str) -> bool:
    if rule.trigger is not None:
        return rule.trigger.search(text) is not None
    return any(keyword in lowered for keyword in rule.keywords)


def _take_out(rule: Rule, text: str, count: Callable[[str], None]) -> str:
    pieces: list[str] = []
    kept = at = 0
    stand_in = marker(rule.name)
    while (match := rule.pattern.search(text, at)) is not None:
        span = rule.locate(text, match) if rule.locate else _secret(match)
        at = max(match.end(), match.start() + 1)
        if span is not None:
            pieces += (text[kept : span[0]], stand_in)
            kept = span[1]
            at = max(kept, match.start() + 1)
            count(rule.name)
    if not pieces:
        return text
    pieces.append(text[kept:])
    return "".join(pieces)


def _secret(match: re.Match[str]) -> Span:
    return match.span("secret") if "secret" in match.re.groupindex else match.span()
