"""What scanners look for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from exai_sre.logs.sanitize.rule import Rule

__all__ = ["Vocabulary"]


class Vocabulary:
    """The keywords and shapes of a set of rules.

    Attributes:
        keywords: lower-case literals, each the keyword of some rule.
        strong: those keywords that are enough to be worth a try of their rules.
        doubts: for the other keywords, which stand in ordinary texts too, a search for the
            shapes of their rules.
        shapes: sources of all shapes, of rules with and without keywords.
    """

    def __init__(self, words: Iterable[str], rules: Sequence[Rule] = ()) -> None:
        """Gather what to look for.

        Args:
            words: literals to look for besides.
            rules: rules whose keywords and shapes to look for.
        """
        strong = {*words, *[keyword for rule in rules if not rule.shape for keyword in rule.keywords]}
        shaped: dict[str, list[str]] = {}
        for rule in rules:
            for keyword in rule.keywords:
                if keyword not in strong:
                    shaped.setdefault(keyword, []).append(rule.shape)
        self.strong = tuple(sorted(strong))
        self.keywords = tuple(sorted({*strong, *shaped}))
        self.doubts: dict[str, Callable[[str], re.Match[str] | None]] = {
            keyword: re.compile("|".join(shapes)).search for keyword, shapes in shaped.items()
        }
        self.shapes = tuple(sorted({rule.shape for rule in rules if rule.shape}))

    def is_worth(self, keyword: str, text: str) -> bool:
        """Whether a keyword that stands in ``text`` makes it worth to try its rules."""
        doubt = self.doubts.get(keyword)
        return doubt is None or doubt(text) is not None
