"""Moments as people write them in histories and incident lists, and as reports show them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

__all__ = ["clock_text", "minutes_text", "parse_moment"]

_SECONDS = re.compile(r"\d{1,13}(\.\d{1,9})?", re.ASCII)
_MILLISECONDS: Final = 1e11
"""From here on a number of seconds would lie in the year 5138, so it is one of milliseconds."""


def parse_moment(text: str) -> float:
    """Seconds since the Unix epoch of an ISO 8601 date and time, or of a plain number of seconds.

    A time without a zone is taken as UTC; a number from 1e11 on is one of milliseconds.

    Raises:
        ValueError: the text is neither.
    """
    text = text.strip()
    if _SECONDS.fullmatch(text):
        number = float(text)
        return number / 1000 if number >= _MILLISECONDS else number
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no moment such as 2026-01-31T14:05:00Z or 1767225600") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def clock_text(moment: float) -> str:
    """A moment to the minute, in UTC: ``2026-01-31 14:05``."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M")


def minutes_text(seconds: float) -> str:
    """A length of time in the two largest units that matter: ``3d 4h``, ``2h 5m``, ``7m``."""
    minutes = round(seconds / 60)
    days, rest = divmod(minutes, 1440)
    hours, left = divmod(rest, 60)
    parts = [f"{count}{unit}" for count, unit in ((days, "d"), (hours, "h"), (left, "m")) if count]
    return " ".join(parts[:2]) or "0m"
