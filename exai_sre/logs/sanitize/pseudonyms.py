"""Keyed pseudonyms: equal secrets get equal tags, by which events can be joined, and nobody learns the secret."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Final

from exai_sre.errors import SettingError

__all__ = ["Pseudonyms"]

_TAG_BYTES: Final = 8
_SHORTEST_KEY: Final = 16
_MOST_KEYS: Final = 2


class Pseudonyms:
    """Tags by BLAKE2b in keyed mode (RFC 7693, 2.9), 64 bits each.

    The tag of a value depends on the key alone, so that all processes with the same key agree.
    While a key is being rotated the new and the old one are both given: values then carry two
    tags, by which they can be joined with what was logged before and with what will be.
    """

    def __init__(self, keys: Sequence[bytes] = ()) -> None:
        """Prepare the hashes.

        Args:
            keys: none, one, or during a rotation two keys of 16 to 64 bytes each, the new one first.

        Raises:
            SettingError: too many keys, or one of the wrong length.
        """
        if len(keys) > _MOST_KEYS:
            raise SettingError("pseudonym_keys", str(len(keys)), "too many keys", remedy="give the new and the old one")
        for key in keys:
            if not _SHORTEST_KEY <= len(key) <= blake2b.MAX_KEY_SIZE:
                raise SettingError(
                    "pseudonym_keys", f"{len(key)} bytes", "wrong length", remedy="use secrets.token_bytes(32)"
                )
        self._hashes = tuple(blake2b(key=key, digest_size=_TAG_BYTES) for key in keys)

    def __bool__(self) -> bool:
        """Whether there is any key."""
        return bool(self._hashes)

    def tags(self, secret: str) -> list[str]:
        """One tag of 16 hexadecimal digits per key; empty without keys."""
        if not self._hashes:
            return []
        raw = secret.encode("utf-8", "surrogatepass")
        tags = []
        for keyed in self._hashes:
            own = keyed.copy()
            own.update(raw)
            tags.append(own.hexdigest())
        return tags
