"""The scanner that a setting names."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from exai_sre.errors import MissingExtraError, SettingError
from exai_sre.logs.sanitize.rule import Rule
from exai_sre.logs.sanitize.scanners.aho_corasick import AhoCorasickScanner
from exai_sre.logs.sanitize.scanners.hyperscan import HyperscanScanner
from exai_sre.logs.sanitize.scanners.plain import PlainScanner
from exai_sre.logs.sanitize.scanners.scanner import Scanner
from exai_sre.logs.sanitize.scanners.vocabulary import Vocabulary

__all__ = ["SCANNERS", "scanner_for"]

_BY_NAME: Final[dict[str, Callable[[Vocabulary], Scanner]]] = {
    "hyperscan": HyperscanScanner,
    "aho-corasick": AhoCorasickScanner,
    "plain": PlainScanner,
}
SCANNERS: Final = ("auto", *_BY_NAME)
"""Names of scanners; ``auto`` is the quickest that is installed."""


@lru_cache(maxsize=16)
def scanner_for(name: str, words: tuple[str, ...], rules: tuple[Rule, ...] = ()) -> Scanner:
    """The scanner of that name for literals and for the keywords and shapes of rules.

    It takes long to build and keeps nothing of what it sees, so that all who ask for the same one share it.

    Raises:
        SettingError: no such scanner.
        MissingExtraError: what it needs is not installed.
    """
    vocabulary = Vocabulary(words, rules)
    if name == "auto":
        return _quickest(vocabulary)
    if name not in _BY_NAME:
        raise SettingError("scanner", name, "no such scanner", remedy=f"use of {', '.join(SCANNERS)}")
    return _BY_NAME[name](vocabulary)


def _quickest(vocabulary: Vocabulary) -> Scanner:
    for kind in (HyperscanScanner, AhoCorasickScanner):
        try:
            return kind(vocabulary)
        except MissingExtraError:
            continue
    return PlainScanner(vocabulary)
