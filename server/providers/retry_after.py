"""The ``Retry-After`` header: seconds or a date."""

from __future__ import annotations

import math
from email.utils import parsedate_to_datetime

__all__ = ["parse_retry_after"]


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
