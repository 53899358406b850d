"""What is known about keys: their sensitivity, looked up once per spelling."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from exai_sre.logs.sanitize.keys import Sensitivity, sensitivity

__all__ = ["KeyTable"]

_CACHED: Final = 4096
_CACHED_LENGTH: Final = 96


class KeyTable:
    """Sensitivity of keys, with a user's own secret keys.

    Attributes:
        known: sensitivity of keys seen before, of those alone whose own text holds no secret.
        is_standard: whether the user has named no keys.
    """

    def __init__(self, secret: Collection[str] = ()) -> None:
        self.known: dict[str, Sensitivity] = {}
        self._secret = frozenset(map(_spelling, secret))
        self.is_standard = not self._secret

    def look_up(self, key: str, *, clean: bool) -> Sensitivity:
        """Sensitivity of ``key``; ``clean`` says whether its own text was looked at and holds no secret."""
        level = Sensitivity.STRONG if _spelling(key) in self._secret else sensitivity(key)
        if clean and len(key) <= _CACHED_LENGTH:
            if len(self.known) >= _CACHED:
                self.known.clear()
            self.known[key] = level
        return level


def _spelling(key: str) -> str:
    """``key`` without what differs between spellings: case, hyphens, underscores, dots."""
    return "".join(character for character in key.lower() if character.isalnum())
