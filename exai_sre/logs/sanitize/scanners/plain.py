"""The scanner that needs nothing but the standard library."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Set
from typing import Any

from exai_sre.logs.sanitize.scanners.glance import around, glance
from exai_sre.logs.sanitize.scanners.vocabulary import Vocabulary

__all__ = ["PlainScanner"]


class PlainScanner:
    """A pattern that passes over most of a text at a glance; where it stops, the few keywords that can stand there."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.name = "plain"
        self.knows_shapes = False
        self.whole_event: Callable[[dict[str, Any]], bool] | None = None
        self._vocabulary = vocabulary
        self._stops = re.compile(glance(vocabulary.keywords)).finditer
        self._around = around(vocabulary.keywords)

    def any(self, text: str) -> bool:
        """Whether a keyword stands in ``text`` that makes it worth to try the rules."""
        refuted: set[str] = set()
        for keyword in self._found(text.lower()):
            if keyword not in refuted:
                if self._vocabulary.is_worth(keyword, text):
                    return True
                refuted.add(keyword)
        return False

    def keywords(self, text: str) -> Set[str]:
        """All keywords that stand in ``text``."""
        return frozenset(self._found(text.lower()))

    def _found(self, lowered: str) -> Iterator[str]:
        for stop in self._stops(lowered):
            at = stop.start()
            for before, behind, table in self._around:
                for keyword, start in table.get(lowered[at - before : at + behind], ()):
                    if at >= start and lowered.startswith(keyword, at - start):
                        yield keyword
