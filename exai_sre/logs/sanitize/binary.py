"""Redaction of bytes, whatever text they may hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["redacted_bytes", "text_of"]


def text_of(raw: bytes) -> tuple[str, str]:
    """``raw`` as text, and the encoding by which that becomes the same bytes again."""
    try:
        return raw.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return raw.decode("latin-1"), "latin-1"


def redacted_bytes(value: bytes | bytearray | memoryview, redact: Callable[[str], str]) -> Any:
    """``value`` without secrets, as bytes; the same object where there were none.

    A secret in UTF-16 or UTF-32 stands between zero bytes; where there is one, those are left out.
    """
    text, encoding = text_of(bytes(value))
    redacted = redact(text)
    if "\0" in redacted:
        narrow = redacted.replace("\0", "")
        narrowed = redact(narrow)
        if narrowed is not narrow:
            redacted = narrowed
    return value if redacted is text else redacted.encode(encoding)
