"""Calendar windows in PromQL: the number of the window that a moment lies in, in local time.

Local time is UTC plus the offset of the zone, written out as data: the offset at the start, and
each change of it up to :data:`LAST_YEAR`. Windows of days and weeks are then a division, those of
months, quarters and years follow the calendar functions of PromQL.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final

from exai_sre.errors import SpecError
from exai_sre.generate.measure.shape import Recording
from exai_sre.generate.series import Series, SlothLabel, identity
from exai_sre.slo.model import Calendar, Slo
from exai_sre.slo.windows import DAY, HOUR, MINUTE

__all__ = ["CURRENT", "FIRST_YEAR", "LAST_YEAR", "calendar_recordings", "longest", "window_label"]

FIRST_YEAR: Final = 2024
"""First year whose changes of clocks are known to the rules."""
LAST_YEAR: Final = 2037
"""Last year whose changes of clocks are known to the rules: time zone files end there too."""

CURRENT: Final = Series.CALENDAR
"""Name of the recorded number of the current window."""

_STEP: Final = 30 * MINUTE
_DAYS: Final = {"d": 1, "w": 7}
_MONTHS: Final = {"M": 1, "Q": 3, "Y": 12}
_LONGEST: Final = {"d": 1, "w": 7, "M": 31, "Q": 92, "Y": 366}
_EPOCH: Final = datetime(1970, 1, 1)
_SAFE_DAY: Final = 28
_STRIDE: Final = timedelta(days=7)
"""No zone changes its clocks twice in a week."""


def calendar_recordings(slo: Slo) -> tuple[Recording, ...]:
    """The number of the current calendar window; nothing for a rolling window.

    Raises:
        SpecError: the zone is unknown, or the windows do not begin where PromQL can tell.
    """
    if slo.calendar is None:
        return ()
    return (Recording(Series.CALENDAR, _index(slo, slo.calendar)),)


def window_label(slo: Slo, series: str) -> str:
    """A vector of one element whose label ``calendar_window`` is the recorded number.

    Args:
        slo: the objective.
        series: :data:`CURRENT`, which may be followed by an offset.
    """
    name, _, offset = series.partition(" ")
    chosen = f"{name}{identity(slo)}{f' {offset}' if offset else ''}"
    # count_values counts one series of that value: the result is 1.
    return f'count_values("{SlothLabel.CALENDAR}", {chosen})'


def longest(calendar: Calendar) -> int:
    """Seconds that no window of the calendar exceeds: an hour for a change of clocks, one for recordings included."""
    return _LONGEST[calendar.unit] * calendar.count * DAY + 2 * HOUR


def _index(slo: Slo, calendar: Calendar) -> str:
    start = _start(slo, calendar)
    local = _local(slo, calendar)
    if calendar.unit in _DAYS:
        length = _DAYS[calendar.unit] * calendar.count * DAY
        return f"floor(vector(({local} - {_seconds(start)}) / {length}))"
    if start.day > _SAFE_DAY:
        raise _refused(slo, f"windows that begin on day {start.day} of a month do not exist in each", "begin by day 28")
    shift = (start.day - 1) * DAY + start.hour * HOUR + start.minute * MINUTE
    moment = f"vector({local} - {shift})" if shift else f"vector({local})"
    length = _MONTHS[calendar.unit] * calendar.count
    first = start.year * 12 + start.month
    return f"floor((year({moment}) * 12 + month({moment}) - {first}) / {length})"


def _start(slo: Slo, calendar: Calendar) -> datetime:
    try:
        start = datetime.fromisoformat(calendar.start).replace(tzinfo=None)
    except ValueError:
        raise _refused(slo, f"{calendar.start!r} is no date and time", "write 2026-01-01 00:00:00") from None
    return start


def _seconds(moment: datetime) -> int:
    return int((moment - _EPOCH).total_seconds())


def _local(slo: Slo, calendar: Calendar) -> str:
    """Local time in seconds: the clock on the wall read as if it were UTC."""
    changes = list(_changes(slo, calendar.zone))
    start = _seconds(_start(slo, calendar))
    if any((start - offset) % _STEP for _, offset in changes):
        raise _refused(
            slo,
            f"{calendar.start} in {calendar.zone} is not always a full half-hour of UTC, in which events are recorded",
            "choose another start time, in most zones one such as 00:00:00",
        )
    offset = changes[0][1]
    text = f"(time() + {offset}" if offset >= 0 else f"(time() - {-offset}"
    for (_, before), (at, after) in pairwise(changes):
        delta = after - before
        text += f" {'+' if delta > 0 else '-'} {abs(delta)} * (time() >= bool {at})"
    return f"{text})"


def _changes(slo: Slo, name: str) -> Iterator[tuple[int, int]]:
    """Moments (Unix seconds) with the offset in seconds that holds from then on; the first is the start."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise _refused(slo, f"the time zone {name!r} is not known", "give an IANA name such as Europe/Berlin") from None

    def offset(moment: datetime) -> int:
        return int((moment.astimezone(zone).utcoffset() or timedelta()).total_seconds())

    moment = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
    end = datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC)
    yield int(moment.timestamp()), offset(moment)
    while moment < end:
        following = moment + _STRIDE
        if offset(following) != offset(moment):
            low, high = moment, following
            while high - low > timedelta(minutes=1):
                middle = low + (high - low) / 2
                low, high = (low, middle) if offset(middle) == offset(following) else (middle, high)
            yield round(high.timestamp() / MINUTE) * MINUTE, offset(following)
        moment = following


def _refused(slo: Slo, what: str, remedy: str) -> SpecError:
    return SpecError(
        f"{slo.id}: {what}",
        file=slo.source.file,
        line=slo.source.line,
        field="spec.timeWindow[0].calendar",
        remedy=remedy,
    )
