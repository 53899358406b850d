"""The vendor part of W3C trace context: checked as a whole, passed on unchanged."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["MAX_MEMBERS", "valid_tracestate", "with_member"]

MAX_MEMBERS: Final = 32
"""Members of a ``tracestate`` (W3C Trace Context, section 3.3.1.1)."""

_LONGEST: Final = 16_384
_MEMBER = re.compile(
    r"(?P<key>[a-z0-9][a-z0-9_\-*/]{0,255}(?:@[a-z][a-z0-9_\-*/]{0,13})?)"
    r"=(?P<value>[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e])",
    re.ASCII,
)


def _members(text: str) -> list[str]:
    return [member for part in text.split(",") if (member := part.strip(" \t"))]


def valid_tracestate(text: str) -> str | None:
    """The list with blank members removed and order kept; ``None`` where it must be dropped.

    A malformed member, a repeated key or more than 32 members drop the whole list (W3C Trace
    Context, section 3.3).
    """
    if len(text) > _LONGEST:
        return None
    if "," not in text and _MEMBER.fullmatch(text):
        return text
    members = _members(text)
    matches = [_MEMBER.fullmatch(member) for member in members]
    if len(members) > MAX_MEMBERS or not all(matches):
        return None
    keys = {match["key"] for match in matches if match}
    return ",".join(members) if len(keys) == len(members) else None


def with_member(text: str, key: str, value: str) -> str:
    """``text``, which is valid, with ``key`` set to ``value`` and moved to the front.

    The last member makes room where the list is full.
    """
    others = [member for member in _members(text) if not member.startswith(f"{key}=")]
    return ",".join([f"{key}={value}", *others][:MAX_MEMBERS])
