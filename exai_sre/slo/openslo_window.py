"""The time window of an SLO, compiled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

from exai_sre.slo.model import Calendar
from exai_sre.slo.openslo_slo import WindowSpec

__all__ = ["Window", "compile_window"]


@dataclass(frozen=True, slots=True)
class Window:
    """A rolling window, or one of the calendar.

    Attributes:
        seconds: its length, nominal for months, quarters and years.
        calendar: where it is one of the calendar.
    """

    seconds: int
    calendar: Calendar | None


def compile_window(spec: WindowSpec) -> Window:
    """The window that is meant.

    Raises:
        SpecError: it has no length, or it is one of the calendar and shorter than a day.
    """
    seconds = spec.duration.positive()
    if not spec.start:
        return Window(seconds, None)
    if spec.duration.unit in "mh":
        what = "a window of the calendar is one of days, weeks, months, quarters or years"
        raise spec.duration.value.fault(what, "write for example 1M for a month; 1m is a minute")
    unit = cast("Literal['d', 'w', 'M', 'Q', 'Y']", spec.duration.unit)
    return Window(seconds, Calendar(spec.start.replace(" ", "T"), spec.zone, unit, spec.duration.count))
