"""Applies rules to one text: a quick look for keywords first, then the rules that they name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from string import ascii_uppercase
from typing import Any, Final

from exai_sre.logs.sanitize.rule import Locate, Rule, Span, is_in_marker, marker
from exai_sre.logs.sanitize.scanners import Scanner, scanner_for

__all__ = ["Engine", "StandIn", "fold"]

StandIn = Callable[[str, str], str]
"""Makes the text that stands in place of a secret, from the rule's name and the secret."""

_Search = Callable[[str, int], "re.Match[str] | None"]
_Compiled = tuple[Rule, _Search, Locate]
_COMBINATIONS: Final = 1024
_MARK: Final = "[REDACTED:"
# Lower case that changes no length: of ASCII, and of the Kelvin sign, which is a k to str.lower.
_FOLDING: Final = str.maketrans({**{upper: upper.lower() for upper in ascii_uppercase}, "\u212a": "k"})


class Engine:
    """A set of rules, each compiled when it is first needed; keeps nothing of what it sees.

    Attributes:
        whole_event: says of an event of plain values whether any rule may have something to find
            in it or in its keys; ``None`` where the scanner has no quick way to tell.
    """

    def __init__(self, rules: Sequence[Rule], stand_in: StandIn | None = None, scanner: str = "auto") -> None:
        """Prepare the scanner.

        Args:
            rules: in the order in which they are tried.
            stand_in: makes what stands in place of a secret; by default the marker.
            scanner: name of the scanner.

        Raises:
            SettingError: no such scanner.
            MissingExtraError: what the scanner needs is not installed.
        """
        self._rules = tuple(rules)
        self._stand_in = stand_in or _marker
        self._compiled: dict[int, _Compiled] = {}
        self._by_keyword = _index({n: rule.keywords for n, rule in enumerate(self._rules) if not rule.names})
        self._by_name = _index({n: rule.names for n, rule in enumerate(self._rules)})
        self._before_names = frozenset(keyword for rule in self._rules if rule.names for keyword in rule.keywords)
        self._triggers = tuple(
            (re.compile(rule.trigger).search, n) for n, rule in enumerate(self._rules) if rule.trigger
        )
        self._scanner: Scanner = scanner_for(scanner, (), self._rules)
        self._names: Scanner = scanner_for(scanner, tuple(self._by_name))
        self._name_needs = frozenset(literal for rule in self._rules if rule.names for literal in rule.needs)
        asked = [r.trigger for r in self._rules if r.trigger and not (self._scanner.knows_shapes and r.shape)]
        self._asked = re.compile("|".join(asked)).search if asked else None
        self._combinations: dict[Set[str], tuple[tuple[int, ...], bool]] = {}
        self.whole_event: Callable[[dict[str, Any]], bool] | None = None if self._asked else self._scanner.whole_event

    def suspicious(self, text: str) -> bool:
        """Whether any rule may have something to find in ``text``; ``False`` is certain."""
        if self._scanner.any(text):
            return True
        return self._asked is not None and self._asked(text) is not None

    def apply(self, text: str, count: Callable[[str], None]) -> str:
        """``text`` after one pass of the rules; the same object where nothing was found.

        Args:
            text: what to redact.
            count: called with the rule's name for each secret taken out.
        """
        folded: str | None = None
        for number in self._concerned(text):
            compiled = self._compiled.get(number) or self._compile(number)
            rule, search, _ = compiled
            if rule.needs and not _has_one(text, rule.needs):
                continue
            subject = text
            if rule.folded:
                subject = folded = fold(text) if folded is None else folded
            match = search(subject, 0)
            if match is not None:
                redacted = self._take_out(compiled, match, text, subject, count)
                if redacted is not text:
                    text, folded = redacted, None
        return text

    def _concerned(self, text: str) -> Sequence[int]:
        """Numbers of the rules that may have something to find, in order."""
        keywords = self._scanner.keywords(text)
        concerned = self._combinations.get(keywords)
        if concerned is None:
            numbers = {number for keyword in keywords for number in self._by_keyword.get(keyword, ())}
            concerned = tuple(sorted(numbers)), not keywords.isdisjoint(self._before_names)
            if len(self._combinations) >= _COMBINATIONS:
                self._combinations.clear()
            self._combinations[keywords] = concerned
        known, may_be_named = concerned
        further = [number for trigger, number in self._triggers if trigger(text)]
        if may_be_named:
            further += self._named(text)
        return sorted({*known, *further}) if further else known

    def _named(self, text: str) -> list[int]:
        """Numbers of the rules of which a name stands in ``text``."""
        if not _has_one(text, self._name_needs):
            return []
        return [number for name in self._names.keywords(text) for number in self._by_name[name]]

    def _compile(self, number: int) -> _Compiled:
        """A rule with its search, and with what finds the secret's bounds."""
        rule = self._rules[number]
        pattern = re.compile(rule.pattern)
        locate = rule.locate or (_of_secret if "secret" in pattern.groupindex else _of_all)
        compiled = self._compiled[number] = rule, pattern.search, locate
        return compiled

    def _take_out(
        self, compiled: _Compiled, match: re.Match[str] | None, text: str, subject: str, count: Callable[[str], None]
    ) -> str:
        """``text`` without what the rule finds from its first ``match`` on."""
        rule, search, locate = compiled
        marked = _MARK in text
        pieces: list[str] = []
        kept = 0
        while match is not None:
            span = locate(text, match)
            at = max(match.end(), match.start() + 1)
            if span is not None and not (marked and is_in_marker(text, span[0])):
                begin, end = span
                pieces += (text[kept:begin], self._stand_in(rule.name, text[begin:end]))
                kept = at = end
                count(rule.name)
            match = search(subject, at)
        if not pieces:
            return text
        pieces.append(text[kept:])
        return "".join(pieces)


def _of_secret(_text: str, match: re.Match[str]) -> Span:
    return match.span("secret")


def _of_all(_text: str, match: re.Match[str]) -> Span:
    return match.span()


def _has_one(text: str, literals: Iterable[str]) -> bool:
    # A generator in any() would cost as much as the search.
    for literal in literals:  # noqa: SIM110
        if literal in text:
            return True
    return False


def _index(words: Mapping[int, Iterable[str]]) -> dict[str, list[int]]:
    """For each word the numbers of the rules that have it."""
    index: dict[str, list[int]] = {}
    for number, those in words.items():
        for word in those:
            index.setdefault(word, []).append(number)
    return index


def fold(text: str) -> str:
    """``text`` in lower case, as long as before."""
    return text.lower() if text.isascii() else text.translate(_FOLDING)


def _marker(rule: str, secret: str) -> str:
    return marker(rule, len(secret))
