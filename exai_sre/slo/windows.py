"""Durations as people write them in OpenSLO and Prometheus: ``5m``, ``1d``, ``4w``, ``1h30m``."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["BURN_WINDOWS", "DAY", "HOUR", "MINUTE", "WEEK", "format_duration", "parse_duration"]

MINUTE: Final = 60
"""Seconds."""
HOUR: Final = 60 * MINUTE
"""Seconds."""
DAY: Final = 24 * HOUR
"""Seconds."""
WEEK: Final = 7 * DAY
"""Seconds."""

BURN_WINDOWS: Final = (5 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 6 * HOUR, DAY, 3 * DAY, 30 * DAY)
"""Windows in seconds for which a burn rate is recorded and shown."""

_UNITS = {"w": WEEK, "d": DAY, "h": HOUR, "m": MINUTE, "s": 1}
_DURATION = re.compile(r"(?:(\d{1,9})w)?(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?", re.ASCII)


def parse_duration(text: str) -> int:
    """Seconds that a duration text means.

    Units are w, d, h, m and s, each at most once and the larger before the smaller, as in
    Prometheus. Months, quarters and years have no fixed length and are refused.

    Raises:
        ValueError: the text is no duration, or it is zero.
    """
    match = _DURATION.fullmatch(text)
    seconds = (
        sum(int(count or 0) * unit for count, unit in zip(match.groups(), _UNITS.values(), strict=True)) if match else 0
    )
    if not seconds:
        raise ValueError(f"{text!r} is no duration above zero such as 5m, 6h, 30d or 4w")
    return seconds


def format_duration(seconds: int) -> str:
    """The shortest duration text in days or smaller units: 21600 is ``6h``, 2592000 is ``30d``.

    Raises:
        ValueError: ``seconds`` is not above zero.
    """
    if seconds <= 0:
        raise ValueError(f"{seconds} s is no duration above zero")
    parts = []
    for unit, size in list(_UNITS.items())[1:]:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts)
