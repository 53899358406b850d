"""Values without fields and items: judged by every text under which they could show themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from exai_sre.logs.sanitize.exception import exception_text

__all__ = ["redacted_opaque"]


def redacted_opaque(value: Any, redact: Callable[[str], str]) -> Any:
    """``value`` itself where none of its texts holds a secret, else its redacted ``repr``.

    Of an exception it is the text of the whole chain. ``str`` counts as well as ``repr``: some
    types, such as URLs, hide their password from one of them only.
    """
    shown = exception_text(value) if isinstance(value, BaseException) else repr(value)
    redacted = redact(shown)
    if redacted is not shown:
        return redacted
    if getattr(type(value), "__str__", None) is not object.__str__ and _holds_a_secret(str(value), redact):
        return redacted
    if isinstance(value, BaseException) and _holds_a_secret(repr(value), redact):
        return redacted
    return value


def _holds_a_secret(text: str, redact: Callable[[str], str]) -> bool:
    return redact(text) is not text
