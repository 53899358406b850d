"""Applies rules to one text: a quick look for keywords first, then the rules that they name."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from exai_sre.logs.sanitize.literals import any_of
from exai_sre.logs.sanitize.rule import Rule, Span, marker

__all__ = ["Engine"]


class Engine:
    """A set of rules, each compiled when it is first needed; keeps nothing of what it sees."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = tuple(rules)
        self._patterns: dict[int, re.Pattern[str]] = {}
        by_keyword: dict[str, list[int]] = {}
        for number, rule in enumerate(self._rules):
            for keyword in rule.keywords:
                by_keyword.setdefault(keyword, []).append(number)
        self._by_keyword = tuple(by_keyword.items())
        self._keyword = re.compile(any_of(by_keyword))
        self._triggers = tuple((re.compile(rule.trigger), n) for n, rule in enumerate(self._rules) if rule.trigger)

    def suspicious(self, text: str) -> bool:
        """Whether any rule may have something to find in ``text``; ``False`` is certain."""
        if self._keyword.search(text.lower()):
            return True
        return any(trigger.search(text) for trigger, _ in self._triggers)

    def apply(self, text: str, count: Callable[[str], None]) -> str:
        """``text`` after one pass of the rules; the same object where nothing was found.

        Args:
            text: what to redact.
            count: called with the rule's name for each secret taken out.
        """
        lowered = text.lower()
        concerned = {number for keyword, numbers in self._by_keyword if keyword in lowered for number in numbers}
        concerned.update(number for trigger, number in self._triggers if trigger.search(text))
        for number in sorted(concerned):
            text = _take_out(self._rules[number], self._pattern(number), text, count)
        return text

    def _pattern(self, number: int) -> re.Pattern[str]:
        pattern = self._patterns.get(number)
        if pattern is None:
            pattern = self._patterns[number] = re.compile(self._rules[number].pattern)
        return pattern


def _take_out(rule: Rule, pattern: re.Pattern[str], text: str, count: Callable[[str], None]) -> str:
    pieces: list[str] = []
    kept = at = 0
    stand_in = marker(rule.name)
    while (match := pattern.search(text, at)) is not None:
        span = rule.locate(text, match) if rule.locate else _secret(match)
        at = max(match.end(), match.start() + 1)
        if span is not None:
            pieces += (text[kept : span[0]], stand_in)
            kept = at = span[1]
            count(rule.name)
    if not pieces:
        return text
    pieces.append(text[kept:])
    return "".join(pieces)


def _secret(match: re.Match[str]) -> Span:
    return match.span("secret") if "secret" in match.re.groupindex else match.span()
