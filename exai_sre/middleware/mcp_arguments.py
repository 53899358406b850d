"""The arguments of a tool call as log lines show them; the usual small ones without detours."""

from __future__ import annotations

from math import isfinite
from typing import Any, Final

from exai_sre.middleware.request_logging import (
    LONGEST,
    LONGEST_NAME,
    WIDEST,
    SupportsRedaction,
    cut,
    encode_arguments,
    summarise,
)

__all__ = ["argument_text"]

_SMALL: Final = 4096
_PLAIN: Final = frozenset({bool, float, int, type(None)})


def argument_text(arguments: object, sanitizer: SupportsRedaction | None, *, scanned_later: bool = False) -> str | None:
    """What :func:`~exai_sre.middleware.request_logging.summarise` says, sooner where arguments are few and flat.

    Args:
        arguments: the arguments as they came.
        sanitizer: redacts them; without one only their shape is given.
        scanned_later: whether whoever writes the line scans its texts, so that once is enough.
    """
    if sanitizer is None or not isinstance(arguments, dict) or not _is_small(arguments):
        return summarise(arguments, sanitizer)
    if not arguments:
        return None
    try:
        # As a structure first, then as text: see summarise. What is cut below could no longer be
        # told for what it is, so that is never left to others.
        redacted = sanitizer.redact(arguments)
        if redacted is not arguments and not (isinstance(redacted, dict) and _is_small(redacted)):
            return summarise(arguments, sanitizer)
        text = encode_arguments(redacted)
        if not scanned_later or len(text) > LONGEST:
            text = sanitizer.redact_text(text)
    except Exception:
        # A redaction that fails must not let the value through, nor cost the request.
        return summarise(arguments, None)
    return cut(text)


def _is_small(arguments: dict[Any, Any]) -> bool:
    if len(arguments) > WIDEST:
        return False
    size = 0
    for name, value in arguments.items():
        if type(name) is not str or len(name) > LONGEST_NAME:
            return False
        kind = type(value)
        if kind is str:
            size += len(value)
        elif kind not in _PLAIN or (kind is float and not isfinite(value)):
            return False
    return size <= _SMALL
