"""When the present calendar window of an SLO began, by the clock on the wall of its time zone."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from exai_sre.slo.model import Calendar

__all__ = ["window_start"]

_DAYS: Final = {"d": 1, "w": 7}
_MONTHS: Final = {"M": 1, "Q": 3, "Y": 12}


def window_start(calendar: Calendar, at: float) -> float:
    """Begin of the window that holds ``at``, both in seconds since the Unix epoch.

    Args:
        calendar: windows of whole days, weeks, months, quarters or years from a start on.
        at: a moment; before the start of the calendar its windows are continued backwards.

    Raises:
        ValueError: the start is no date and time.
        ZoneInfoNotFoundError: the time zone is not known here.
    """
    zone = ZoneInfo(calendar.zone)
    first = datetime.fromisoformat(calendar.start).replace(tzinfo=None)
    now = datetime.fromtimestamp(at, zone).replace(tzinfo=None)
    if calendar.unit in _DAYS:
        length = timedelta(days=_DAYS[calendar.unit] * calendar.count)
        begin = first + (now - first) // length * length
    else:
        begin = _month_window(first, now, _MONTHS[calendar.unit] * calendar.count)
    return begin.replace(tzinfo=zone).timestamp()


def _month_window(first: datetime, now: datetime, months: int) -> datetime:
    """Begin of the window of so many months; the day of the start exists in every month."""
    elapsed = (now.year - first.year) * 12 + now.month - first.month
    if (now.day, now.time()) < (first.day, first.time()):
        elapsed -= 1
    year, month = divmod(first.year * 12 + first.month - 1 + elapsed // months * months, 12)
    return datetime.combine(date(year, month + 1, first.day), first.time())
