"""When a peer wants to be asked again: header fields, vendors' own fields, and durations in text."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Final

__all__ = ["parse_duration", "parse_retry_after", "retry_after_in_body", "retry_after_in_headers"]

_DURATION: Final = re.compile(
    r"(?:(?P<h>\d+(?:\.\d+)?)h)?(?:(?P<m>\d+(?:\.\d+)?)m(?!s))?(?:(?P<s>\d+(?:\.\d+)?)s)?(?:(?P<ms>\d+(?:\.\d+)?)ms)?",
    re.ASCII,
)
_SECONDS_OF: Final = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}

_MILLISECONDS: Final = "retry-after-ms"
"""OpenAI's and Azure's header: milliseconds, finer than ``Retry-After``."""

_RESETS: Final = ("x-ratelimit-reset-requests", "x-ratelimit-reset-tokens")
"""OpenAI's headers: durations such as ``6m0s`` until a limit is whole again."""

_ASKED: Final = re.compile(r"(?:try again|retry) (?:after|in) (\d+(?:\.\d+)?) ?(?:s\b|seconds?\b)", re.ASCII | re.I)
"""Kimi and OpenAI say in the message of a rate limit how long to wait."""


def parse_retry_after(value: str | None, now: float) -> float | None:
    """Seconds to wait, never below 0; ``None`` for an absent or unreadable header.

    Source: RFC 9110, section 10.2.3; fractions of seconds are accepted as well.

    Args:
        value: the header as it came.
        now: seconds since the Unix epoch, for the date form.
    """
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - now
        except (ValueError, OverflowError):
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None


def parse_duration(text: str) -> float | None:
    """Seconds in a duration such as ``1s``, ``6m0s`` or ``20ms``; ``None`` where ``text`` is none."""
    found = _DURATION.fullmatch(text.strip()) if text.strip() else None
    if found is None:
        return None
    return sum(float(number) * _SECONDS_OF[unit] for unit, number in found.groupdict().items() if number)


def retry_after_in_headers(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that the header fields of a response ask to wait; ``None`` where they do not.

    ``retry-after-ms`` comes before ``Retry-After``. Without either, a limit that is used up
    (``x-ratelimit-remaining-*: 0``) names the time of its reset.

    Args:
        headers: header fields; names in any case.
        now: seconds since the Unix epoch.
    """
    fields = {name.lower(): value for name, value in headers.items()}
    milliseconds = parse_retry_after(fields.get(_MILLISECONDS), now)
    if milliseconds is not None:
        return milliseconds / 1000
    asked = parse_retry_after(fields.get("retry-after"), now)
    if asked is not None:
        return asked
    used_up = [fields[name] for name in _RESETS if fields.get(name.replace("reset", "remaining")) == "0"]
    waits = [wait for wait in map(parse_duration, used_up) if wait is not None]
    return max(waits, default=None)


def retry_after_in_body(error: Mapping[str, Any]) -> float | None:
    """Seconds that an error object of a vendor asks to wait; ``None`` where it does not.

    Args:
        error: the object: its ``retry_after`` in seconds, or the words of its ``message``.
    """
    value = error.get("retry_after")
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0 and math.isfinite(value):
        return float(value)
    found = _ASKED.search(str(error.get("message", "")))
    return float(found[1]) if found else None
