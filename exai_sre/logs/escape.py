"""Escaping that no input can use to forge a line or to reorder what a reader sees."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["escape", "escape_json"]

# C0, DEL and C1 controls, line and paragraph separators, the bidirectional controls of
# "Trojan Source" (CVE-2021-42574), the byte order mark, and lone surrogates, which no stream can encode.
_UNSAFE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_SHORT: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def escape(text: str) -> str:
    """``text`` with every unsafe character written as an escape sequence; the same object if there is none."""
    return _UNSAFE.sub(_short, text) if _UNSAFE.search(text) else text


def escape_json(text: str) -> str:
    r"""A JSON document with every unsafe character written as ``\uXXXX``; its value stays the same.

    The document must come without insignificant white space, so that such characters occur
    in strings only.
    """
    return _UNSAFE.sub(_unicode, text) if _UNSAFE.search(text) else text


def _short(match: re.Match[str]) -> str:
    return _SHORT.get(match[0]) or _unicode(match)


def _unicode(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"
