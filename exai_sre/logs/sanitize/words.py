"""Sets of words, written as prose."""

from __future__ import annotations

from typing import Final

__all__ = ["KEYWORDS", "word_set"]

KEYWORDS: Final = ("pass", "pwd", "secret", "token", "key", "cred", "auth", "cookie", "access", "cvv", "cvc", "login")
"""What each key that says something about its value has in it."""


def word_set(text: str) -> frozenset[str]:
    """The words of ``text``, which are parted by white space."""
    return frozenset(text.split())
