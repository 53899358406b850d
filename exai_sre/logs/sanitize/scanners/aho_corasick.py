"""The scanner by an Aho-Corasick automaton, from the extra ``fast``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from typing import Any

from exai_sre.extras import require
from exai_sre.logs.sanitize.scanners.vocabulary import Vocabulary

__all__ = ["AhoCorasickScanner"]


class AhoCorasickScanner:
    """One automaton for all keywords: each character is read once, however many keywords there are."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        """Build the automaton.

        Raises:
            MissingExtraError: ``pyahocorasick`` is not installed.
        """
        self.name = "aho-corasick"
        self.knows_shapes = False
        self.whole_event: Callable[[dict[str, Any]], bool] | None = None
        self._doubts = vocabulary.doubts
        automaton: Any = require("ahocorasick", package="pyahocorasick", extra="fast").Automaton()
        for keyword in vocabulary.keywords:
            automaton.add_word(keyword, keyword)
        automaton.make_automaton()
        self._each: Callable[[str], Iterator[Any]] = automaton.iter if vocabulary.keywords else _none

    def any(self, text: str) -> bool:
        """Whether a keyword stands in ``text`` that makes it worth to try the rules."""
        doubts = self._doubts
        refuted: set[str] = set()
        for _, keyword in self._each(text.lower()):
            if keyword in refuted:
                continue
            doubt = doubts.get(keyword)
            if doubt is None or doubt(text) is not None:
                return True
            refuted.add(keyword)
        return False

    def keywords(self, text: str) -> Set[str]:
        """All keywords that stand in ``text``."""
        return frozenset([keyword for _, keyword in self._each(text.lower())])


def _none(_text: str) -> Iterator[Any]:
    return iter(())
