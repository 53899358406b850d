"""Escaping that no input can use to forge a line, to reorder what a reader sees, or to hide from him."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["escape", "escape_json", "escape_non_ascii", "is_safe"]

# C0, DEL and C1 controls, line and paragraph separators, the bidirectional controls of
# "Trojan Source" (CVE-2021-42574), what no screen shows (zero-width space, word joiner, invisible
# operators, interlinear marks, the byte order mark, tag characters), and lone surrogates, which no
# stream can encode. The zero-width joiners stay: Persian, Indic scripts and emoji need them.
_UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_NON_ASCII: Final = re.compile(r"[^\x00-\x7f]")
_SHORT: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_BMP: Final = 0xFFFF


def is_safe(text: str) -> bool:
    """Whether ``text`` has no character that must be escaped."""
    # What is printable in Unicode's sense is quickly told, and none of it is unsafe.
    return text.isprintable() or _UNSAFE.search(text) is None


def escape(text: str) -> str:
    """``text`` with every unsafe character written as an escape sequence; the same object if there is none."""
    return text if is_safe(text) else _UNSAFE.sub(_short, text)


def escape_json(text: str) -> str:
    r"""A JSON document with every unsafe character written as ``\uXXXX``; its value stays the same.

    The document must come without insignificant white space, so that such characters occur
    in strings only.
    """
    if text.isascii() and "\x7f" not in text:
        # Other controls of ASCII cannot stand raw in a JSON document.
        return text
    return text if is_safe(text) else _UNSAFE.sub(_unicode, text)


def escape_non_ascii(text: str) -> str:
    r"""``text`` with every character beyond ASCII as ``\uXXXX``, for streams that lack it; JSON stays JSON."""
    return _NON_ASCII.sub(_unicode, text)


def _short(match: re.Match[str]) -> str:
    return _SHORT.get(match[0]) or _unicode(match)


def _unicode(match: re.Match[str]) -> str:
    """The escape of JSON: beyond the basic plane, a pair of surrogates."""
    code = ord(match[0])
    if code <= _BMP:
        return f"\\u{code:04x}"
    above = code - _BMP - 1
    return f"\\u{0xD800 + (above >> 10):04x}\\u{0xDC00 + (above & 0x3FF):04x}"
