"""W3C baggage: values that travel with a unit of work, and leave it only by an allow-list."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

__all__ = ["MAX_BYTES", "MAX_MEMBERS", "NO_BAGGAGE", "Baggage", "Member", "current_baggage"]

MAX_MEMBERS: Final = 64
"""Members of a ``baggage`` list (W3C Baggage, section 3.3.2)."""

MAX_BYTES: Final = 8192
"""Bytes of a ``baggage`` list (same section)."""

_TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"  # noqa: S105  # nosec B105
_VALUE = r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*"
_PROPERTY = re.compile(rf"{_TOKEN}(?:[ \t]*=[ \t]*{_VALUE})?", re.ASCII)
_MEMBER = re.compile(rf"(?P<key>{_TOKEN})[ \t]*=[ \t]*(?P<value>{_VALUE})", re.ASCII)
# What stands for itself in a value; everything else is percent-encoded, the percent sign too.
_PLAIN: Final = "!#$&'()*+-./:<=>?@[]^_`{|}~"


@dataclass(frozen=True, slots=True)
class Member:
    """One entry of a baggage list.

    Attributes:
        key: a token (RFC 9110).
        value: the decoded value.
        metadata: properties behind the value as they came, without the leading semicolon.
    """

    key: str
    value: str
    metadata: str = ""

    def __str__(self) -> str:
        """The entry as it stands in a header."""
        # Few requests carry baggage, and to load this is a tenth of what importing the metrics costs.
        from urllib.parse import quote

        text = f"{self.key}={quote(self.value, safe=_PLAIN)}"
        return f"{text};{self.metadata}" if self.metadata else text


@dataclass(frozen=True, slots=True)
class Baggage:
    """The baggage of a unit of work.

    Attributes:
        members: entries in the order in which they came.
    """

    members: tuple[Member, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Baggage | None:
        """Read a ``baggage`` value; ``None`` where it is malformed or exceeds a limit."""
        if len(text) > MAX_BYTES or not text.isascii():
            return None
        parts = text.split(",")
        if len(parts) > MAX_MEMBERS:
            return None
        members = [_parse_member(part) for part in parts]
        kept = tuple(member for member in members if member is not None)
        return cls(kept) if len(kept) == len(members) else None

    def get(self, key: str) -> str | None:
        """The value under ``key``; the last one where it repeats."""
        return next((member.value for member in reversed(self.members) if member.key == key), None)

    def only(self, keys: Collection[str]) -> Baggage:
        """The entries whose key is in ``keys``."""
        return Baggage(tuple(member for member in self.members if member.key in keys))

    def redacted(self, redact: Callable[[str], str]) -> Baggage:
        """The same entries with ``redact`` applied to value and metadata; one on which it fails is left out."""
        kept: list[Member] = []
        for member in self.members:
            with suppress(Exception):
                metadata = redact(member.metadata) if member.metadata else ""
                # with its key before it, which may be what tells that the value is a secret
                before = f"{member.key}="
                together = redact(before + member.value)
                value = redact(together[len(before) :] if together.startswith(before) else member.value)
                kept.append(Member(member.key, value, metadata if metadata == member.metadata else ""))
        return Baggage(tuple(kept))

    def __str__(self) -> str:
        """The list as it stands in a header."""
        return ",".join(str(member) for member in self.members)


NO_BAGGAGE: Final = Baggage()
"""Baggage without entries."""


def _parse_member(text: str) -> Member | None:
    pair, *properties = (part.strip(" \t") for part in text.split(";"))
    match = _MEMBER.fullmatch(pair)
    if match is None or not all(_PROPERTY.fullmatch(each) for each in properties):
        return None
    from urllib.parse import unquote  # late, see Member

    return Member(match["key"], unquote(match["value"], errors="replace"), ";".join(properties))


current_baggage: ContextVar[Baggage] = ContextVar("exai_sre_current_baggage", default=NO_BAGGAGE)
"""The baggage of the running task."""
